"""The links that ACPI tables tell of, in the same graph as those of a devicetree."""
