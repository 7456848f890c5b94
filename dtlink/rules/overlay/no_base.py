"""An overlay can be applied to none of the bases that were named.

What it finds: an overlay that is an input of its own, if ``--bases``, or the command line, names
several bases and a boot loader refuses the overlay on each. With one base, the reasons are findings
of their own.
Why it matters: the overlay is built for no board that is there.
What to do: see the reason for the base that is nearest.
References: libfdt, fdt_overlay.c, fdt_overlay_apply().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.overlays import BaseFit
from dtlink.board.tree import TreeBoard
from dtlink.facts.overlays import SYMBOLS_OPTION
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import counted


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    since="0.2",
    bad=Dts(
        '/plugin/; &i2c1 { status = "okay"; };',
        bases=("/ { i2c0: i2c { }; };", "/ { spi0: spi { }; };"),
        finds=("/",),
    ),
    good=Dts(
        '/plugin/; &i2c1 { status = "okay"; };',
        bases=("/ { i2c0: i2c { }; };", "/ { i2c1: i2c { }; };"),
    ),
)
def no_base(board: TreeBoard) -> Iterator[Finding]:
    """The overlay that fits none of several bases."""
    fits = board.overlays.fits
    if len(fits) < 2 or any(each.is_applied for each in fits):
        return
    if all(each.lacks_symbols for each in fits):
        yield no_base.finding(
            board.tree.root,
            f"applies to none of {counted(len(fits), 'base')}: none has __symbols__",
            effect="a boot loader finds no label of the base, and refuses the overlay",
            fix=f"Build the base with {SYMBOLS_OPTION}.",
        )
    else:
        nearest = min(fits, key=_distance)
        yield no_base.finding(
            board.tree.root,
            f"applies to none of {counted(len(fits), 'base')}; nearest: {nearest.path}",
            effect=f"on {nearest.path}, {nearest.why}",
            fix="Run dtlink lint with this overlay and that base only.",
        )


def _distance(fit: BaseFit) -> tuple[bool, int]:
    return bool(fit.error), sum(each.problem.fatal for each in fit.faults)
