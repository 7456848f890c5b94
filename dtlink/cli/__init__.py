"""What did the user ask? One file per command."""
