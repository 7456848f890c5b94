"""An entry has fewer argument cells than its supplier takes.

What it finds: an entry at the end of a supplier property, or of ``interrupts``, that ends before
its specifier is whole.
Why it matters: the kernel refuses the entry (-EINVAL): the driver does not get its supplier, and
fw_devlink does not link it. Often the fault is in an earlier entry: one with an argument too few
takes the next entry's phandle as its own argument.
What to do: write as many arguments as the supplier's cells property says, in every entry.
References: Linux, drivers/of/base.c, of_phandle_iterator_next(), and drivers/of/irq.c,
of_irq_parse_one(); Devicetree Specification 2.4.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Walk
from dtlink.links.reference import Failure, UnresolvedReason
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule
from dtlink.rules.phandle._elsewhere import is_told_elsewhere
from dtlink.rules.phandle._entry import (
    asked_cells,
    cells_name,
    read_by_list,
    severity_of,
    size_in_cells,
)
from dtlink.wording import counted


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    covers=Covers.SUPPLIER,
    asks="graph.unresolved",
    bad=Dts(
        """
        / {
            gpio: gpio@1000 {
                compatible = "vendor,gpio"; reg = <0x1000>; gpio-controller; #gpio-cells = <2>;
            };
            mmc@2000 { compatible = "vendor,mmc"; reg = <0x2000>; cd-gpios = <&gpio 4>; };
        };
        """,
        finds=("/mmc@2000:cd-gpios",),
    ),
    good=Dts(
        """
        / {
            gpio: gpio@1000 {
                compatible = "vendor,gpio"; reg = <0x1000>; gpio-controller; #gpio-cells = <2>;
            };
            mmc@2000 { compatible = "vendor,mmc"; reg = <0x2000>; cd-gpios = <&gpio 4 1>; };
        };
        """
    ),
)
def truncated_specifier(board: TreeBoard) -> Iterator[Finding]:
    """Every entry that ends too early."""
    for entry in board.failures(UnresolvedReason.TRUNCATED):
        if entry.target and not is_told_elsewhere(board, entry):
            yield truncated_specifier.finding(
                entry,
                f"{entry.entry} ends after {_there(entry)}: {entry.target.path} "
                f"{'has' if cells_name(entry) else 'takes'} {asked_cells(entry)}",
                effect=_effect(entry),
                fix=f"Complete the last entry of {entry.property_name}, or an entry before it.",
                supplier=entry.target,
                severity=severity_of(entry.binding),
            )


def _is_list(entry: Failure) -> bool:
    return entry.binding.name != "interrupts"


def _found(entry: Failure) -> int:
    return size_in_cells(entry) - entry.raw.cell - (1 if _is_list(entry) else 0)


def _there(entry: Failure) -> str:
    count = _found(entry)
    if not _is_list(entry):
        return counted(count, "cell")
    return counted(count, "argument") if count else "no arguments"


def _effect(entry: Failure) -> str:
    what = entry.binding.kind if entry.binding.walk is not Walk.INTERRUPTS else "interrupt"
    lost = f"{entry.node.name} does not get the {what} of this entry"
    if not read_by_list(entry) or not entry.target:
        return lost
    name = cells_name(entry)
    found = f"{name} = {entry.target.cell(name)} found {_found(entry)}"
    return f'"OF: {entry.node.path}: {found}"; {lost}'
