"""Faults of a devicetree source that leave no trace in the tree that is made from it."""
