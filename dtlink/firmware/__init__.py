"""Readers of firmware descriptions, one per format: DTB, DTS, ACPI tables."""
