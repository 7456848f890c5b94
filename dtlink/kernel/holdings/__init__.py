"""What one kernel holds: its configuration, its modules, and the drivers built into it."""
