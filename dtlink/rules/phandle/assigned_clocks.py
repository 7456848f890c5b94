"""A parent or a rate is assigned to no clock.

What it finds: ``assigned-clock-parents`` with an entry for which ``assigned-clocks`` has none, or
an empty one; and ``assigned-clock-rates`` (or ``-rates-u64``) with a rate for which there is none.
Why it matters: the three lists belong together by index. The bus sets the clocks before it calls
the driver's probe function. A parent without a clock ends that with -ENOENT, so that the device
never probes, or the clock controller's later clocks are not set. A rate without a clock is ignored
without a message, and the clock that it was meant for keeps its rate.
What to do: write the entry into ``assigned-clocks``; a 0 in ``assigned-clock-parents`` or
``-rates`` skips an entry of it.
References: Linux, drivers/clk/clk-conf.c, __set_clk_parents(), __set_clk_rates();
drivers/base/platform.c, platform_probe().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.links.reference import Flaw, Link, Reference
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.firmware.edits import PropertyValue

_CLOCKS, _PARENTS = "assigned-clocks", "assigned-clock-parents"
_RATES = {"assigned-clock-rates": 1, "assigned-clock-rates-u64": 2}
"""How many cells a rate has."""
_TREE = """
/ {
    osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
    cru: clock-controller@1000 { compatible = "vendor,cru"; reg = <0x1000>; #clock-cells = <1>; };
    mac@2000 {
        compatible = "vendor,mac"; reg = <0x2000>; clocks = <&cru 1>;
        assigned-clocks = %s; assigned-clock-parents = <&osc>, <&osc>;
        assigned-clock-rates = <0>, <25000000>;
    };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the clock may be what is missing"),
    since="0.2",
    needs=(_PARENTS, *_RATES),
    bad=Dts(
        _TREE % "<&cru 1>",
        finds=("/mac@2000:assigned-clock-parents", "/mac@2000:assigned-clock-rates"),
    ),
    good=Dts(_TREE % "<&cru 1>, <&cru 2>"),
)
def assigned_clocks(board: TreeBoard) -> Iterator[Finding]:
    """Each list with an entry that is assigned to no clock."""
    tree = board.tree
    if tree.is_overlay:  # the base tree may have the clocks
        return
    lists = _entries(board)
    nodes = {node for name in (_PARENTS, *_RATES) for node in tree.holders(name)}
    for node in sorted(nodes - tree.disabled):
        clocks = lists.get((node, _CLOCKS), [])
        if not _is_whole(board, node, _CLOCKS, clocks):
            continue
        known = {ref.entry for ref in clocks}
        count = max(known, default=-1) + 1
        parents = lists.get((node, _PARENTS), [])
        lost = [ref for ref in parents if ref.entry not in known]
        if lost and _is_whole(board, node, _PARENTS, parents):
            yield _parent(board, lost[0], count)
        for name, width in _RATES.items():
            if node in tree.holders(name):
                at = _first_rate(tree[node], name, width, known)
                if at is not None:
                    yield _rate(tree[node], name, width, at, count)


def _entries(board: TreeBoard) -> Mapping[tuple[int, str], Sequence[Reference]]:
    """The entries of the lists of each node, by the lists' names."""
    found: dict[tuple[int, str], list[Reference]] = {}
    for row, references in board.graph.columns:
        for ref in references if row.name in (_CLOCKS, _PARENTS) else ():
            found.setdefault((ref.node, row.name), []).append(ref)
    return found


def _is_whole(board: TreeBoard, node: int, name: str, refs: Sequence[Reference]) -> bool:
    """Whether every entry of a list was read: other rules report the others."""
    at = board.tree.holders(name).get(node)
    if at is None:
        return True
    end = refs[-1].cell + 1 + refs[-1].args if refs else 0
    is_read = end == board.tree.size(at) >> 2 or not any(board.tree.cells_at(at)[end:])
    return is_read and all(ref.flaw is not Flaw.ASSUMED_CELLS for ref in refs)


def _first_rate(node: Node, name: str, width: int, known: set[int]) -> int | None:
    """The first rate that is not 0 and has no clock."""
    rates = (at // width for at, cell in enumerate(node.cells(name)) if cell)
    return next((rate for rate in rates if rate not in known), None)


def _parent(board: TreeBoard, ref: Reference, clocks: int) -> Finding:
    node = board.tree[ref.node]
    return assigned_clocks.finding(
        Link(board.tree, ref),
        f"{_PARENTS}[{ref.entry}] is the parent of no clock: {_there(node, ref.entry, clocks)}",
        effect=f"{node.name} does not probe: its bus sets the clocks first, and gets -ENOENT",
        fix=_fix(node, _PARENTS, ref.entry, clocks, _parents(board, ref.node, clocks)),
    )


def _rate(node: Node, name: str, width: int, rate: int, clocks: int) -> Finding:
    return assigned_clocks.finding(
        node,
        f"rate {rate} of {name} is for no clock: {_there(node, rate, clocks)}",
        effect="the kernel ignores the rate without a message: the clock keeps its own",
        fix=_fix(node, name, rate, clocks, (tuple(node.cells(name)[: clocks * width]),)),
        property_name=name,
        severity=Severity.WARNING,
    )


def _parents(board: TreeBoard, node: int, clocks: int) -> PropertyValue:
    """The parents of the clocks that there are."""
    from dtlink.firmware.edit_values import phandle_list

    refs = [
        ref
        for ref in board.graph.references
        if ref.node == node and ref.binding.name == _PARENTS and ref.entry < clocks
    ]
    end = max((ref.cell + 1 + ref.args for ref in refs), default=0)
    return phandle_list(board.tree[node], _PARENTS, "#clock-cells", end)


def _fix(node: Node, name: str, first: int, clocks: int, kept: PropertyValue) -> Fix:
    """Cut a list to as many entries as there are clocks."""
    from dtlink.firmware.edits import DeleteProperty, SetProperty, ref

    if first < clocks:
        return Fix(f"Write the clock of entry {first} into {_CLOCKS}, or a 0 into {name}.")
    add = f", or add the clock to {_CLOCKS}"
    if not any(map(len, kept)):
        return Fix(f"Delete {name}{add}.", (DeleteProperty(ref(node), name),))
    text = f"Cut {name} to {counted(clocks, 'entry', 'entries')}{add}."
    return Fix(text, (SetProperty(ref(node), name, kept),))


def _there(node: Node, entry: int, clocks: int) -> str:
    """What ``assigned-clocks`` has instead."""
    if not node.has(_CLOCKS):
        return f"{node.name} has no {_CLOCKS}"
    if entry < clocks:
        return f"{_CLOCKS}[{entry}] is empty"
    return f"{_CLOCKS} has {counted(clocks, 'entry', 'entries')}"
