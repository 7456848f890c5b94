"""What devicetrees are made of."""

from __future__ import annotations

from dtlink.firmware import dts
from tests.benchmarks.shapes.shape import TREE


def source(nodes: str) -> bytes:
    """A devicetree source."""
    return f"/dts-v1/;\n/ {{ {nodes} }};\n".encode()


def blob(*nodes: str) -> bytes:
    """The same as a blob."""
    return dts.read_text(source("".join(nodes)).decode()).blob


ALL = (*TREE, "lint --select all --format json @", "lint --diff @", "inspect @")
