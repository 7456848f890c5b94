"""Supplier-consumer links: walkers of supplier properties, ID maps, and the graph."""
