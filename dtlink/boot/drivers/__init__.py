"""Which driver each node of a devicetree has in one kernel."""
