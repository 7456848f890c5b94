"""A property names a phandle that no node has.

What it finds: an entry of a supplier property whose phandle resolves to nothing.
Why it matters: the supplier can't be found. fw_devlink stops reading the property there, so later
entries order nothing either, and the driver's own look-up fails (-ENOENT, -EINVAL or, for some
subsystems, a deferral without end).
What to do: name an existing node by its label. In an overlay, check that the label is one that the
base tree exports.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.links.reference import Why
from dtlink.rules.board import Board
from dtlink.rules.model import Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Dts(
        """
        / {
            serial@1000 { compatible = "ns16550a"; clocks = <0x99>; };
        };
        """,
        finds=("/serial@1000:clocks",),
    ),
    good=Dts(
        """
        / {
            osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
            serial@1000 { compatible = "ns16550a"; clocks = <&osc>; };
        };
        """
    ),
)
def dangling(board: Board) -> Iterator[Finding]:
    """Every entry that names no node."""
    for entry in board.failures(Why.DANGLING):
        yield dangling.finding(
            entry,
            f"{entry.entry} names phandle {entry.value:#x}, which no node has",
            consequence=f"{entry.node.name} finds no {entry.binding.kind} there; "
            "fw_devlink links nothing from this entry on",
            fix=f"name the {entry.binding.kind} by its label in {entry.property_name}",
        )
