"""Graphs from a few lines of DTS, told in short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware import dts
from dtlink.firmware.tree import Tree
from dtlink.links.graph import Graph
from dtlink.links.reference import Failure, UnresolvedReason

#: Clocks of each width, resets and regulators, to be put beside consumers.
SUPPLIERS = """
    none: none { };
    c0: clk0 { #clock-cells = <0>; };
    c1: clk1 { #clock-cells = <1>; };
    c2: clk2 { #clock-cells = <2>; };
    off: off { #clock-cells = <0>; status = "disabled"; };
"""


def graph(
    source: str,
    version: KernelVersion = DEFAULT,
    patch: Mapping[str, bytes] | None = None,
    **options: Any,
) -> Graph:
    """The graph of the nodes below a root."""
    return Graph.of(tree(source, patch), version, **options)


def tree(source: str, patch: Mapping[str, bytes] | None = None) -> Tree:
    """The tree of the nodes below a root."""
    return dts.read_text(f"/ {{ {source} }};", patch=patch)


def links(made: Graph, *bindings: str) -> list[tuple[str, str, str, tuple[int, ...]]]:
    """Consumer, supplier, entry and arguments of each link."""
    return [
        (link.consumer.path, link.supplier.path, link.entry, link.args)
        for link in made.links
        if not bindings or link.binding.name in bindings
    ]


def failures(made: Graph) -> list[tuple[str, str, UnresolvedReason, int]]:
    """Node, entry, reason and value of each entry that does not resolve."""
    entries = (Failure(made.firmware, raw) for raw in made.unresolved)
    return [(entry.node.path, entry.entry, entry.why, entry.value) for entry in entries]


def not_followed(made: Graph) -> list[str]:
    """Why the kernel makes no link, for each link; empty where it makes one."""
    return [made.not_followed(link.reference) for link in made.links]
