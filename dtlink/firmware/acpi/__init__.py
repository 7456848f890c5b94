"""ACPI tables that say which IOMMU and which MSI controller serve a device."""
