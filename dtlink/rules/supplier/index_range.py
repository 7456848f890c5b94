"""A reference has an index that its provider does not have.

What it finds: a clock, a reset line or a power domain of a provider with one cell whose index is
higher than any in the headers of its binding (Linux 5.10 to 7.2). Several references to one
provider are one finding. It is *likely*: a header of a newer kernel may have more.
Why it matters: the provider refuses the index. The driver's request fails (-EINVAL, or -ENOENT for
a clock that is not registered), and a power domain that does not exist ends the probe. Most often
the index is that of another SoC of the family, a register's number, or an argument of the wrong
entry.
What to do: use the macro of the binding's header for the SoC of the board.
References: Linux, drivers/clk/clk.c, of_clk_src_onecell_get(); drivers/reset/core.c,
of_reset_simple_xlate(); drivers/pmdomain/core.c, genpd_xlate_onecell(); include/dt-bindings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from dtlink.board.tree import TreeBoard
from dtlink.facts.index_limits import KINDS, index_limit
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import also

#: Above all indexes, which have one cell.
_NONE = 1 << 32
_TREE = """
/ {
    cru: clock-controller@1000 {
        compatible = "rockchip,rk3399-cru"; reg = <0x1000>; #clock-cells = <1>; #reset-cells = <1>;
    };
    serial@2000 { compatible = "ns16550a"; reg = <0x2000>; clocks = <&cru %d>; };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    needs=("#clock-cells", "#reset-cells", "#power-domain-cells"),
    bad=Dts(_TREE % 4000, finds=("/serial@2000:clocks",)),
    good=Dts(_TREE % 81),
)
def index_range(board: TreeBoard) -> Iterator[Finding]:
    """The references to each provider whose index it does not have."""
    if not _is_exceeded(board):
        return
    highest: dict[tuple[int, str], list[Reference]] = {}
    for row, references in board.graph.columns:
        kind = row.kind
        for ref in [ref for ref in references if ref[7] == 1] if kind in KINDS else ():
            highest.setdefault((ref[1], kind), []).append(ref)
    for (supplier, kind), refs in highest.items():
        limit = _limit(board, supplier, kind)
        lost = [ref for ref in refs if limit is not None and _index(board, ref) > limit]
        if limit is not None and lost and supplier not in board.tree.mistakable:
            yield _finding([Link(board.tree, ref) for ref in lost], limit)


def _is_exceeded(board: TreeBoard) -> bool:
    """Whether an index is too high: on most boards none is, and no list of references is made."""
    words, limits = board.tree.words, {kind: _Limits(board, kind) for kind in KINDS}
    for row, references in board.graph.columns:
        highest = limits.get(row.kind)
        if highest is None:
            continue
        with_index = [ref for ref in references if ref[7] == 1]
        if [ref for ref in with_index if words[ref[4] + 4 + ref[6]] > highest[ref[1]]]:
            return True
    return False


class _Limits(dict[int, int]):
    """The highest indexes of one kind, by provider."""

    def __init__(self, board: TreeBoard, kind: str) -> None:
        super().__init__()
        self._board, self._kind = board, kind

    def __missing__(self, supplier: int) -> int:
        limit = _limit(self._board, supplier, self._kind)
        self[supplier] = _NONE if limit is None else limit
        return self[supplier]


def _index(board: TreeBoard, ref: Reference) -> int:
    return board.tree.words[ref.at + 3 + ref.cell + 1]


def _limit(board: TreeBoard, supplier: int, kind: str) -> int | None:
    """The highest index of any of a provider's compatible strings."""
    at = board.tree.holders("compatible").get(supplier)
    return None if at is None else _limit_of(board.tree.value(at), kind)


@lru_cache(maxsize=1024)
def _limit_of(compatible: bytes, kind: str) -> int | None:
    limits = [
        index_limit(name, kind)
        for name in compatible.removesuffix(b"\0").decode("latin-1").split("\0")
    ]
    return max((each for each in limits if each is not None), default=None)


def _finding(links: Sequence[Link], limit: int) -> Finding:
    first, kind = links[0], links[0].binding.kind
    name = next(each for each in first.supplier.compatible if index_limit(each, kind) is not None)
    return index_range.finding(
        first,
        f"{first.entry} has index {first.args[0]}; the highest that the binding of {name} has for "
        f"a {kind} is {limit}{also([link.node.path for link in links])}",
        effect=f"{first.supplier.path} refuses it: {first.node.name} does not get the {kind}",
        fix=f"Write the index of the {kind} that was meant in {first.entry}, by the macro of the "
        "binding's header.",
        supplier=first.supplier,
        related=[link.node for link in links[1:]],
        likely=True,
    )
