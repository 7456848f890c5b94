"""What holds for every ACPI table."""
