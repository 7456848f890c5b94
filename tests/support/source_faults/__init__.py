"""Faults that are put into the text of real boards' sources, and what fixes make of them."""
