"""Which IOMMU, MSI controller and reserved regions a requester has, and who may be given it."""
