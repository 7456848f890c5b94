"""A supplier can never become a device.

What it finds: a supplier without ``compatible``, of which no ancestor has one either, or only a
plain bus (``simple-bus`` and the like): no driver can match it, and none provides it as a part of
its own device. One finding for each such supplier.
Why it matters: a consumer waits for the supplier's device before its driver is called, and no
timeout ends that ("wait for supplier …"). Where only a part of a device references the supplier,
the request of the device's driver fails.
What to do: add the ``compatible`` of its binding to the supplier (``fixed-clock``,
``regulator-fixed`` …), or remove the reference.
References: Linux, drivers/of/platform.c, of_platform_bus_create(), and drivers/base/core.c,
device_links_check_suppliers().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.links.reference import Link
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.supplier._waiting import (
    effect,
    fallen,
    nodes,
    on_plain_buses,
    stranded,
)
from dtlink.wording import also


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    asks="without_device",
    bad=Dts(
        """
        / {
            vcc: regulator-vcc { regulator-name = "vcc"; };
            mmc@1000 { compatible = "vendor,mmc"; reg = <0x1000>; vmmc-supply = <&vcc>; };
        };
        """,
        finds=("/mmc@1000:vmmc-supply",),
    ),
    good=Dts(
        """
        / {
            vcc: regulator-vcc { compatible = "regulator-fixed"; regulator-name = "vcc"; };
            mmc@1000 { compatible = "vendor,mmc"; reg = <0x1000>; vmmc-supply = <&vcc>; };
        };
        """
    ),
)
def no_device(board: TreeBoard) -> Iterator[Finding]:
    """Every supplier without compatible on it or an ancestor."""
    compatible = board.tree.holders("compatible")
    for links in stranded(board):
        if board.device_index(links[0].reference.supplier) not in compatible:
            yield _finding(board, links)
    for links in on_plain_buses(board):
        yield _on_a_bus(board, links)


def _finding(board: TreeBoard, links: Sequence[Link]) -> Finding:
    first = links[0]
    down = fallen(board, [first.supplier])
    return no_device.finding(
        first,
        f"{first.entry} references {first.supplier.path}; neither it nor an ancestor has a "
        f"compatible, so no device is created{also([link.node.path for link in links])}",
        effect=effect(board, first, down),
        fix=_fix(board, first),
        supplier=first.supplier,
        related=[*(link.node for link in links[1:]), *nodes(board, down)],
        likely=first.binding.resource.starts_by_path,
    )


def _on_a_bus(board: TreeBoard, links: Sequence[Link]) -> Finding:
    first = links[0]
    bus = board.device(first.supplier)
    return no_device.finding(
        first,
        f"{first.entry} references {first.supplier.path}, which has no compatible; its parent "
        f"{bus.name} is a plain bus, whose driver provides nothing"
        f"{also([link.node.path for link in links])}",
        effect=effect(board, first, {}),
        fix=_fix(board, first),
        supplier=first.supplier,
        related=[link.node for link in links[1:]],
        likely=True,
    )


def _fix(board: TreeBoard, link: Link) -> str:
    kind, supplier = link.binding.kind, link.supplier
    if link.binding.resource.is_part and supplier.parent and supplier.parent.parent:
        return f"Add the compatible of what provides the {kind} to {board.ref(supplier.parent)}."
    return f"Add the {kind}'s compatible to {board.ref(supplier)}."
