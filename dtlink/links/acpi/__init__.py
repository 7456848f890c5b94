"""The links that ACPI tables describe, in the same graph as those of a devicetree."""
