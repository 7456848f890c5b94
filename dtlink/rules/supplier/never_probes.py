"""A device waits forever for a supplier that never becomes a device.

What it finds: devices that wait, by the prediction of fw_devlink with a driver for every device,
for a node that neither becomes a device nor is a part of one: an AMBA device without registers, or
the remote end of a graph endpoint without ``compatible``. One finding for each such supplier, with
all the devices that wait for those in turn. The simpler causes are reported by supplier/no-device
and supplier/unpopulated only.
Why it matters: no driver is called for a device before its suppliers are devices, whether or not
it would use them, and no timeout ends that wait.
What to do: make the supplier a device (``compatible``, ``reg``), disable its end of the graph, or
remove the reference.
References: Linux, drivers/base/core.c, device_links_check_suppliers() and
fw_devlink_relax_link(); drivers/of/platform.c, of_amba_device_create(). From 6.3 on (6.1 by
backport) any node can be a supplier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Walk
from dtlink.facts.bindings import KERNEL_BINDINGS
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted, noun

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.tree import Tree

#: The rows that some kernel follows, by identity: a row is slow to hash, and a board has hundreds.
_FOLLOWED = frozenset(map(id, KERNEL_BINDINGS))


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Dts(
        """
        / {
            lcdc: lcd-controller@1000 {
                compatible = "vendor,lcdc";
                reg = <0x1000>;
                port { lcdc_out: endpoint { remote-endpoint = <&panel_in>; }; };
            };
            panel {
                port { panel_in: endpoint { remote-endpoint = <&lcdc_out>; }; };
            };
        };
        """,
        finds=("/lcd-controller@1000/port/endpoint:remote-endpoint",),
    ),
    good=Dts(
        """
        / {
            lcdc: lcd-controller@1000 {
                compatible = "vendor,lcdc";
                reg = <0x1000>;
                port { lcdc_out: endpoint { remote-endpoint = <&panel_in>; }; };
            };
            panel {
                compatible = "vendor,panel";
                port { panel_in: endpoint { remote-endpoint = <&lcdc_out>; }; };
            };
        };
        """
    ),
)
def never_probes(board: TreeBoard) -> Iterator[Finding]:
    """Every such supplier that no other rule reports."""
    if (
        board.tree.is_overlay
        or not _is_worth_a_prediction(board)
        or not board.profile.orders_probing
    ):
        return
    from dtlink.rules.supplier._waiting import stranded, waiting

    told = {links[0].supplier.path for links in stranded(board)}
    for supplier, devices in waiting(board).items():
        if supplier not in told:
            nodes_of = board.tree.by_path
            yield from _finding(board, nodes_of[supplier], nodes_of[devices[0]])


def _is_worth_a_prediction(board: TreeBoard) -> bool:
    """Whether a device has a link to a supplier of which, by a short look, there is no device.

    All others become devices, or parts of devices, sooner or later: below the root whatever has
    ``compatible`` is made a device, and its driver speaks for what is below it.
    """
    outside = set[int]().union(*board.unpopulated)
    tree, version = board.tree, board.version
    if any(not _is_tended(tree, ref[1], version) for ref in _links(board, outside, outside)):
        return True
    amba = _without_registers(board)
    return bool(amba and _links(board, amba, amba))


def _links(
    board: TreeBoard, suppliers: AbstractSet[int], outside: AbstractSet[int]
) -> list[Reference]:
    """What fw_devlink follows of the references to these suppliers, by devices not ``outside``."""
    if suppliers.isdisjoint(board.suppliers):
        return []
    compatible, graph = board.tree.holders("compatible"), board.graph
    return [
        ref
        for row, references in graph.columns
        if id(row) in _FOLLOWED
        for ref in references
        if ref[1] in suppliers
        and ref[0] in compatible
        and ref[0] not in outside
        and not graph.not_followed(ref)
    ]


def _without_registers(board: TreeBoard) -> set[int]:
    """AMBA devices whose registers can't be found.

    To be quick, one device of a bus stands for all that have ``reg``, and it is not checked whether
    another device has taken them: those cases are not seen.
    """
    tree = board.tree
    nodes = tree.with_compatible(b"arm,primecell")
    if nodes.isdisjoint(board.suppliers):
        return set()
    from dtlink.links.address import first_region

    suspects, placed = nodes & board.suppliers, tree.holders("reg").keys()
    buses = {tree.parents[node]: node for node in suspects & placed}
    lost = {bus for bus, node in buses.items() if first_region(tree, node) is None}
    return {node for node in suspects if node not in placed or tree.parents[node] in lost}


def _is_tended(tree: Tree, node: int, version: KernelVersion) -> bool:
    """Whether the kernel looks for a node at its path: firmware, or what starts early."""
    compatible = tree.holders("compatible")
    top = below = node
    while node > 0:
        top, below = node, top
        if node in compatible and _starts_early(tree.value(compatible[node]), version):
            return True
        node = tree.parents[node]
    return tree.layout.names[top] == b"firmware" and below in compatible


@lru_cache(maxsize=1024)
def _starts_early(compatible: bytes, version: KernelVersion) -> bool:
    from dtlink.facts.early import is_served_early

    return is_served_early(compatible.decode("latin-1").split("\0"), version)


def _references(board: TreeBoard, supplier: Node, device: Node) -> Iterator[Reference]:
    """What a device's properties say of a supplier; nothing where an iommu-map is misread."""
    exact = board.profile.links_nodes
    for ref in _by_consumer(board).get(device.index, ()):
        if board.graph.not_followed(ref):
            continue
        if supplier.index == (ref[1] if exact else _nearest_device(board, ref[1])):
            yield ref


@lru_cache(maxsize=1)
def _by_consumer(board: TreeBoard) -> Mapping[int, Sequence[Reference]]:
    """The references of each node, of the board at hand."""
    found: dict[int, list[Reference]] = {}
    for ref in board.graph.references:
        found.setdefault(ref[0], []).append(ref)
    return found


def _below_root(node: Node) -> Node:
    """The ancestor that is a child of the root: what lacks a ``compatible`` for a device."""
    parent = node.parent
    while parent is not None and parent.index:
        node, parent = parent, parent.parent
    return node


def _nearest_device(board: TreeBoard, node: int) -> int:
    """The node that kernels before 6.1 link to: the nearest with ``compatible``, or the root."""
    device = board.device_index(node)
    return device if device in board.tree.holders("compatible") else 0


def _finding(board: TreeBoard, supplier: Node, device: Node) -> Iterator[Finding]:
    ref = next(_references(board, supplier, device), None)
    if ref is None:
        return  # reported by iommu/map-strict
    if ref.supplier in board.tree.mistakable:
        return  # reported by phandle/duplicate-phandle
    from dtlink.rules.supplier._waiting import effect, fallen, nodes

    link = Link(board.tree, ref)
    down = fallen(board, [supplier])
    if supplier.index == 0:
        supplier = _below_root(link.supplier)
    is_graph = link.binding.walk is Walk.ENDPOINT
    others = len(down) - 1
    verb = noun(others, "waits", "wait")
    more = f"; {counted(others, 'more device')} {verb} with it" if others else ""
    yield never_probes.finding(
        link,
        f"{device.name} references {supplier.path} ({link.entry}), which never becomes a "
        f"device{more}",
        effect=effect(board, link, down),
        fix=f'Write {board.ref(supplier)} {{ compatible = "…"; }};'
        + (f", or delete {link.property_name} from {link.node.path}." * is_graph),
        supplier=supplier,
        related=nodes(board, down),
        likely=True,
    )
