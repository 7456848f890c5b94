"""Flash partitions are below a node whose ``#size-cells`` is 0.

What it finds: nodes ``partition@…`` with ``reg`` whose parent, a flash or its controller, has
``#size-cells = <0>``; one finding for each such parent.
Why it matters: a ``reg`` without a size describes no partition. Linux takes the size cells for 1
and warns ("#size-cells is wrongly set to <0>, assuming <1> for parsing partitions"), then refuses
all partitions of the flash if a ``reg`` has another length (-EINVAL), and passes over those with
``compatible``. What other nodes reference in them, such as the NVMEM cell of a MAC address, never
exists: the network device is deferred forever, or gets a random address.
What to do: put the partitions into a node ``partitions`` with ``compatible = "fixed-partitions"``
and its own ``#address-cells`` and ``#size-cells``.
References: Linux, drivers/mtd/parsers/ofpart_core.c, parse_fixed_partitions(); binding
mtd/partitions/fixed-partitions.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import beside, listed, noun

_NAME = b"partition@"
_NODE = """
/ {
    nand@1000 {
        compatible = "vendor,nand"; reg = <0x1000>; #address-cells = <1>; #size-cells = <0>;
        %s
    };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    needs=("#size-cells",),
    asks="has_partitions",
    bad=Dts(
        _NODE % 'partition@0 { label = "boot"; reg = <0>; };', finds=("/nand@1000/partition@0:reg",)
    ),
    good=Dts(
        _NODE
        % """
        partitions {
            compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
            partition@0 { label = "boot"; reg = <0 0x100000>; };
        };
        """
    ),
)
def partition_cells(board: TreeBoard) -> Iterator[Finding]:
    """Each node with such partitions."""
    tree = board.tree
    names, registers = tree.layout.names, tree.holders("reg")
    found: dict[int, list[Node]] = {}
    for node in [node for node in registers if names[node].startswith(_NAME)]:
        found.setdefault(tree.parents[node], []).append(tree[node])
    for parent in tree.holders("#size-cells") if found else ():
        is_flat = parent in found and tree.cell("#size-cells", parent) == 0
        if is_flat and parent not in tree.disabled:
            yield _finding(board, tree[parent], found[parent])


def _finding(board: TreeBoard, parent: Node, partitions: Sequence[Node]) -> Finding:
    first, *others = partitions
    users = _users(board, partitions)
    lost = f"; {listed(users, 2)} {noun(len(users), 'finds', 'find')} nothing in them"
    count = len(partitions)
    return partition_cells.finding(
        first,
        f"{beside(first.path, len(others), 'partition')} {noun(count, 'is', 'are')} below "
        f"{parent.path}, whose #size-cells is 0",
        effect='"#size-cells is wrongly set to <0>, assuming <1> for parsing partitions"; those '
        f"without a size, or with compatible, are not partitions{lost if users else ''}",
        fix=f"Put the partitions of {parent.path} into a node partitions with compatible = "
        '"fixed-partitions", #address-cells and #size-cells = <1>.',
        property_name="reg",
        related=[parent, *others],
    )


def _users(board: TreeBoard, partitions: Sequence[Node]) -> list[str]:
    """The nodes that reference something in the partitions."""
    inside = {node.index for node in partitions}
    parents = board.tree.parents
    return list(
        dict.fromkeys(
            board.tree.path(ref.node)
            for ref in board.graph.references
            if inside & {ref.supplier, parents[ref.supplier], parents[parents[ref.supplier]]}
        )
    )
