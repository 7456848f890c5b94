"""What do the bytes say? One reader per format."""
