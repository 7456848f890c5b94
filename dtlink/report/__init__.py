"""How are findings reported? One file per output format."""
