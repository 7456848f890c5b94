"""Overlays: whether they can be applied, and what they do to their base."""
