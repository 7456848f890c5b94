"""Faults of VIOT tables: virtio-iommu."""
