"""Who needs whom? Supplier bindings, the walks over them, and the graph."""
