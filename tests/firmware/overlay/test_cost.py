"""Overlays made so that a walk would grow faster than its input."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import SourceNode, cells, strings, write
from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays
from tests.support.limits import at_most

_NODES = 5000


def _base() -> SourceNode:
    root = SourceNode()
    bus = root.child("soc")
    bus.children = [SourceNode(f"d@{at}", {"phandle": cells(at + 1)}) for at in range(_NODES)]
    symbols = {f"l{at}": strings(f"/soc/d@{at}") for at in range(_NODES)}
    root.children.append(SourceNode("__symbols__", symbols))
    return root


def _fragments() -> SourceNode:
    """A fragment for each node."""
    root = SourceNode()
    fixups = {f"l{at}": strings(f"/fragment@{at}:target:0") for at in range(_NODES)}
    root.children = [
        SourceNode(
            f"fragment@{at}",
            {"target": cells(0xFFFFFFFF)},
            [SourceNode("__overlay__", {"x": b""})],
        )
        for at in range(_NODES)
    ]
    root.children.append(SourceNode("__fixups__", fixups))
    return root


def _unknown_labels() -> SourceNode:
    root = _fragments()
    table = root.children[-1]
    table.properties = {f"q{name}": value for name, value in table.properties.items()}
    return root


def _one(content: SourceNode) -> SourceNode:
    """One fragment."""
    content.name = "__overlay__"
    return SourceNode(
        "", {}, [SourceNode("fragment@0", {"target-path": strings("/soc")}, [content])]
    )


def _new_nodes() -> SourceNode:
    return _one(SourceNode("", {}, [SourceNode(f"n@{at}") for at in range(_NODES)]))


def _new_properties() -> SourceNode:
    return _one(SourceNode("", {f"p{at}": b"" for at in range(_NODES)}))


def _clashes() -> SourceNode:
    """Every node of the base gets another phandle, and a reference to itself."""
    nodes = [
        SourceNode(f"d@{at}", {"phandle": cells(at + 1), "r": cells(at + 1)})
        for at in range(_NODES)
    ]
    root = _one(SourceNode("", {}, nodes))
    table = root.child("__local_fixups__").child("fragment@0").child("__overlay__")
    table.children = [SourceNode(f"d@{at}", {"r": cells(0)}) for at in range(_NODES)]
    return root


def _long_property() -> SourceNode:
    """One property with as many references."""
    root = _one(SourceNode("", {"r": cells(*[0xFFFFFFFF] * _NODES)}))
    fixups = {f"l{at}": strings(f"/fragment@0/__overlay__:r:{at * 4}") for at in range(_NODES)}
    root.children.append(SourceNode("__fixups__", fixups))
    return root


@pytest.mark.parametrize(
    "overlay",
    [_fragments, _unknown_labels, _new_nodes, _new_properties, _clashes, _long_property],
)
def test_the_time_is_in_proportion(overlay: Callable[[], SourceNode]) -> None:
    base, made = fdt.read(write(_base())), fdt.read(write(overlay()))
    with at_most(4):
        apply_overlays(base, [NamedOverlay("a.dtbo", made)])
