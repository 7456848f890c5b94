"""What holds forevery ACPI table."""
