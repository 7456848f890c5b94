"""A supplier is under a node whose children the kernel does not populate.

What it finds: a supplier with ``compatible`` below a child of the root that has none (``clocks``,
``regulators`` …). Clocks and interrupt controllers that the kernel starts before there are devices
work nevertheless; the others never become devices. One finding for each such parent.
Why it matters: the kernel creates devices for the children of the root and of buses
(``simple-bus`` and the like); it skips a node without ``compatible`` and all its children. The
consumer waits forever for the supplier's device ("wait for supplier …").
What to do: move the supplier into the root, or make its parent a bus:
``compatible = "simple-bus";``.
References: Linux, drivers/of/platform.c, of_platform_bus_create(); the tables of OF_DECLARE() in
Linux 6.12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.early import is_served_early
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.supplier._waiting import also, effect, fallen, nodes, stranded


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Dts(
        """
        / {
            regulators {
                vcc: regulator-vcc { compatible = "regulator-fixed"; regulator-name = "vcc"; };
            };
            mmc@1000 { compatible = "vendor,mmc"; reg = <0x1000>; vmmc-supply = <&vcc>; };
        };
        """,
        finds=("/mmc@1000:vmmc-supply",),
    ),
    good=Dts(
        """
        / {
            clocks {
                osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            };
            vcc: regulator-vcc { compatible = "regulator-fixed"; regulator-name = "vcc"; };
            mmc@1000 {
                compatible = "vendor,mmc"; reg = <0x1000>; clocks = <&osc>; vmmc-supply = <&vcc>;
            };
        };
        """
    ),
)
def unpopulated(board: TreeBoard) -> Iterator[Finding]:
    """Every supplier with a compatible that never becomes a device."""
    compatible = board.tree.holders("compatible")
    containers: dict[Node, list[Link]] = {}
    for links in stranded(board):
        device = board.device(links[0].supplier)
        if device.index in compatible and not _comes_early(board, device):
            container = [node for node in device.ancestors if node.parent][-1]
            containers.setdefault(container, []).extend(links)
    for container, links in containers.items():
        yield _finding(board, links, container)


def _comes_early(board: TreeBoard, device: Node) -> bool:
    return any(
        is_served_early(node.compatible, board.version) for node in (device, *device.ancestors)
    )


def _finding(board: TreeBoard, links: Sequence[Link], container: Node) -> Finding:
    first = links[0]
    down = fallen(board, list(dict.fromkeys(link.supplier for link in links)))
    device = board.device(first.supplier)
    return unpopulated.finding(
        first,
        f"{first.entry} references {first.supplier.path}; {container.path} has no compatible, so "
        f"the kernel does not populate its children{also(links)}",
        effect=effect(board, first, down),
        fix=f'Write {board.ref(container)} {{ compatible = "simple-bus"; }}; or move {device.name} '
        "into the root.",
        supplier=first.supplier,
        related=(container, *(link.node for link in links[1:]), *nodes(board, down)),
        likely=True,
    )
