"""What one kernel does with one board."""
