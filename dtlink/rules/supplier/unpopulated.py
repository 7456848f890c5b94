"""A supplier is under a node whose children the kernel does not populate.

What it finds: a supplier with ``compatible`` below a child of the root that has none (``clocks``,
``regulators`` …), or below a ``syscon`` that is nothing else: of its other strings no driver of
this kernel version has any (*likely*). Clocks and interrupt controllers that the kernel starts
before there are devices work nevertheless; the others never become devices. One finding for each
such parent.
Why it matters: the kernel creates devices for the children of the root and of buses
(``simple-bus`` and the like); it skips a node without ``compatible`` and all its children. The
registers of a ``syscon`` are shared without a device, and nothing creates its children. The
consumer waits forever for the supplier's device ("wait for supplier …").
What to do: move the supplier into the root, or make its parent a bus:
``compatible = "simple-bus";``, or of a ``syscon`` ``"syscon", "simple-mfd"``.
References: Linux, drivers/of/platform.c, of_platform_bus_create(); drivers/mfd/syscon.c,
device_node_get_regmap(); drivers/bus/simple-pm-bus.c, simple_pm_bus_of_match; the tables of
OF_DECLARE() in Linux 6.12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.devices import SYSCON
from dtlink.board.tree import TreeBoard
from dtlink.facts.early import is_served_early
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.supplier._waiting import effect, fallen, nodes, stranded
from dtlink.wording import also


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    asks="unreached",
    fix=Safety(False, "the kernel then makes devices of all its children"),
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
        yield _finding(board, links, container, "has no compatible")
    for container, links in _below_syscons(board).items():
        yield _finding(board, links, container, "is a syscon that no driver takes")


def _below_syscons(board: TreeBoard) -> dict[Node, list[Link]]:
    """The links to what is a child of a syscon that nothing populates, by the syscon."""
    tree, found = board.tree, dict[Node, list[Link]]()
    lost = _children_of_syscons(board)
    for ref in [ref for ref in board.graph.references if ref[1] in lost] if lost else ():
        if ref.consumer not in tree.disabled and board.graph.orders(ref):
            syscon = tree[tree.parents[board.device_index(ref.supplier)]]
            found.setdefault(syscon, []).append(Link(tree, ref))
    return found


def _children_of_syscons(board: TreeBoard) -> set[int]:
    """The suppliers that are, or are parts of, a child of a syscon that nothing populates."""
    tree, numbers, used = board.tree, board.device_numbers, board.below_syscons
    bare = {each for each in {tree.parents[node] for node in used} if _is_bare(board, tree[each])}
    lost = {
        node for node in used if tree.parents[node] in bare and not _comes_early(board, tree[node])
    }
    return {node for node in board.suppliers - tree.disabled if numbers[node] in lost}


def _is_bare(board: TreeBoard, syscon: Node) -> bool:
    """Whether no driver has any other of a syscon's strings."""
    others = [name for name in syscon.compatible if name != SYSCON.decode()]
    index = board.known_drivers
    return index is not None and not any(any(index.entries(name)) for name in others)


def _comes_early(board: TreeBoard, device: Node) -> bool:
    return any(
        is_served_early(node.compatible, board.version) for node in (device, *device.ancestors)
    )


def _finding(board: TreeBoard, links: Sequence[Link], container: Node, why: str) -> Finding:
    first = links[0]
    down = fallen(board, list(dict.fromkeys(link.supplier for link in links)))
    device = board.device(first.supplier)
    return unpopulated.finding(
        first,
        f"{first.entry} references {first.supplier.path}; {container.path} {why}, so "
        f"the kernel does not populate its children{also([link.node.path for link in links])}",
        effect=effect(board, first, down),
        fix=_fix(board, container, device),
        supplier=first.supplier,
        related=(container, *(link.node for link in links[1:]), *nodes(board, down)),
        likely=True,
    )


def _fix(board: TreeBoard, container: Node, device: Node) -> Fix | str:
    from dtlink.firmware.edits import SetProperty, ref

    if container.compatible:
        edit = SetProperty(ref(container), "compatible", (*container.compatible, "simple-mfd"))
        return Fix(f'Add "simple-mfd" to compatible of {container.path}.', (edit,))
    write = f'Write {board.ref(container)} {{ compatible = "simple-bus"; }};'
    return f"{write} or move {device.name} into the root."
