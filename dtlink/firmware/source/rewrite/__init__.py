"""Edits of a tree as edits of the source that it was made from."""

from dtlink.firmware.source.rewrite.edits import written

__all__ = ["written"]
