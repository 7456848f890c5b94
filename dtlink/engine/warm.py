"""What processes would each import, imported before they are forked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import SourceNode, cells, strings, write
from dtlink.firmware.tree import Tree
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.report.answer import InputAnswer


def warm(task: Callable[[Tree], InputAnswer]) -> None:
    """Do what is done with every tree with a small one, in which much is wrong."""
    with suppress(Exception):  # it is raised again where an input shows it
        task(fdt.read(write(sample())))


def sample() -> SourceNode:
    """A tree with a disabled supplier, a cycle, a dangling phandle and a root filesystem.

    Rules and predictions import what they need to judge these when they meet one.
    """
    root = SourceNode("", {"compatible": strings("x,board"), "#address-cells": cells(1)})
    root.child("chosen").properties["bootargs"] = strings("root=/dev/mmcblk0p1")
    soc = root.child("soc")
    soc.properties["compatible"] = strings("simple-bus")
    for number, name in enumerate(("clock", "timer"), 1):
        soc.child(name).properties |= {
            "compatible": strings(f"x,{name}"),
            "#clock-cells": cells(0),
            "phandle": cells(number),
            "clocks": cells(3 - number),
        }
    soc.child("reset").properties |= {
        "compatible": strings("x,reset"),
        "#reset-cells": cells(0),
        "phandle": cells(3),
        "status": strings("disabled"),
    }
    soc.child("mmc").properties |= {
        "compatible": strings("x,mmc"),
        "clocks": cells(1, 9),
        "resets": cells(3),
    }
    return root
