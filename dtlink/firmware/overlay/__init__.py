"""Overlays on their base: the merge, and why one can't be applied."""
