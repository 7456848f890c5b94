"""How is it told? One file per output format."""
