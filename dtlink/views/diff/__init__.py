"""What changed between two descriptions of a machine."""
