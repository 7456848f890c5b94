"""An overlay was checked without a base.

What it finds: an overlay that is an input of its own. The note lists the labels that it needs.
Why it matters: whether the labels and paths exist, and what the devices that it adds depend on, can
only be checked with the base.
What to do: lint it with a base (``dtlink lint base.dtb --overlay this.dtbo``), or find those that
it fits (``dtlink lint this.dtbo --bases FOLDER``).
References: libfdt, fdt_overlay.c, fdt_overlay_apply().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import counted, listed

_LABELS = 12


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    since="0.2",
    bad=Dts('/plugin/; &i2c1 { status = "okay"; };', finds=("/",)),
    good=Dts("/ { i2c1: i2c { }; };", overlays=('/plugin/; &i2c1 { status = "okay"; };',)),
)
def without_base(board: TreeBoard) -> Iterator[Finding]:
    """The overlay, unless bases are known."""
    if board.tree.is_overlay and not board.overlays.fits:
        labels = board.overlays.labels
        needs = f"{counted(len(labels), 'label')} of a base: {listed(labels, _LABELS)}"
        yield without_base.finding(
            board.tree.root,
            f"needs {needs}" if labels else "needs no labels of a base",
            effect="references into the base, and what they lead to, were not checked",
            fix="Lint it on a base: dtlink lint base.dtb --overlay this.dtbo",
        )
