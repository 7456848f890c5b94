"""Packed data, the same each time: it may name a test, and names must be so in all processes."""

from __future__ import annotations

import gzip


def gzipped(data: bytes, level: int = 9) -> bytes:
    """Packed by gzip, with no time in it."""
    return gzip.compress(data, level, mtime=0)
