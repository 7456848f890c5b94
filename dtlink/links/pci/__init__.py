"""How PCI functions hang together: buses, DMA aliases, ACS and IOMMU groups."""
