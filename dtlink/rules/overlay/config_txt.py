"""A line of config.txt has no effect on the devicetree.

What it finds: overlays that are not there or not for this model, parameters that neither the
overlay nor the base has, and values that a parameter does not take.
Why it matters: a Raspberry Pi's boot loader goes on without what it can't use, and says so in its
own log only (``sudo vclog --msg``). The device stays as it was.
What to do: correct the name. After ``dtoverlay=NAME``, ``dtparam=`` is for that overlay first; an
empty ``dtoverlay=`` ends that.
References: Raspberry Pi documentation, "Device Trees, overlays, and parameters".
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts import overlays as facts
from dtlink.firmware.inputs import CONFIG_TXT
from dtlink.firmware.overlay.fragments import OVERRIDES
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.overlay._words import at
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.overlays import PlacedFault


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Dts(
        """
        / {
            i2c1: i2c { status = "disabled"; };
            __overrides__ { i2c_arm = <&i2c1>, "status"; };
        };
        """,
        config_txt="dtparam=i2c=on",
        finds=("/__overrides__:i2c",),
    ),
    good=Dts(
        """
        / {
            i2c1: i2c { status = "disabled"; };
            __overrides__ { i2c_arm = <&i2c1>, "status"; };
        };
        """,
        config_txt="dtparam=i2c_arm=on",
    ),
)
def config_txt(board: TreeBoard) -> Iterator[Finding]:
    """Every line without effect."""
    problems = (facts.NO_OVERLAY_FILE, facts.UNKNOWN_PARAMETER, facts.BAD_PARAMETER)
    root = board.tree.root
    for each in board.overlays.of(*problems):
        is_parameter = each.fault.problem is not facts.NO_OVERLAY_FILE
        found = config_txt.finding(
            (root.child(OVERRIDES) or root) if is_parameter else root,
            _message(each),
            effect="the boot loader goes on without it, and says so in its own log only",
            fix=_fix(each),
            property_name=each.fault.what if is_parameter else None,
        )
        yield at(each, found)


def _message(placed: PlacedFault) -> str:
    fault = placed.fault
    if fault.problem is facts.NO_OVERLAY_FILE:
        return f"the overlay {fault.what} can't be applied ({placed.overlay}): {fault.detail}"
    if fault.problem is facts.UNKNOWN_PARAMETER:
        either = f"neither {placed.overlay} nor the base has"
        return (
            f"{'the base has no' if _is_config(placed) else f'{either} a'} parameter {fault.what}"
        )
    if _is_config(placed):
        return f"the parameter {fault.what} of the base is not applied: {fault.detail}"
    return f"the parameter {fault.what} of {placed.overlay} is not applied: {fault.detail}"


def _is_config(placed: PlacedFault) -> bool:
    """Whether it is about a parameter of the base."""
    return placed.overlay.endswith(CONFIG_TXT)


def _fix(placed: PlacedFault) -> str:
    if placed.fault.problem is facts.BAD_PARAMETER:
        return "Use a value that the parameter takes; see the README of the overlays."
    return "Correct the name, or remove the line; the README of the overlays lists all."
