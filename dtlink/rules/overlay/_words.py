"""Words that the rules about overlays share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dtlink.facts import overlays as facts
from dtlink.rules.model import Finding
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.board.overlays import BaseFit, PlacedFault
    from dtlink.facts.overlays import OverlayProblem

_LABELS = 6


def at(placed: PlacedFault, finding: Finding) -> Finding:
    """The finding with the overlay that it is about; its offset is one in no input."""
    if not placed.overlay:
        return finding
    return finding._replace(overlay=placed.overlay, offset=None)


def refused(problem: OverlayProblem, *values: str) -> str:
    """What becomes of the overlay."""
    text = f"a boot loader refuses the whole overlay (libfdt: {problem.libfdt})"
    return f"{text}; {at_run_time(problem, *values)}" if problem.kernel else text


def at_run_time(problem: OverlayProblem, *values: str) -> str:
    """What the kernel does if it applies the overlay itself."""
    line = f': "{problem.log.format(*values)}"' if problem.log else ""
    return f"of_overlay_fdt_apply() returns {problem.kernel}{line}"


def why_not(fit: BaseFit) -> str:
    """Why an overlay can't be applied to a base; empty if it can."""
    if fit.error:
        return fit.error
    fatal = [each for each in fit.faults if each.problem.fatal]
    labels = [each.what for each in fatal if each.problem is facts.UNKNOWN_LABEL]
    if any(each.problem is facts.NO_SYMBOLS for each in fatal):
        return f"it has no __symbols__ (build it with {facts.SYMBOLS_OPTION})"
    reasons = [f"it lacks the {_nouns(labels)} {listed(labels, _LABELS)}"] if labels else []
    paths = [each.what for each in fatal if each.problem is facts.UNKNOWN_TARGET]
    if paths:
        reasons.append(f"it has no {listed(paths, _LABELS)}")
    told = {facts.UNKNOWN_LABEL, facts.UNKNOWN_TARGET}
    others = dict.fromkeys(each.problem.name for each in fatal if each.problem not in told)
    return "; ".join((*reasons, *others))


def _nouns(labels: Sequence[str]) -> str:
    return "label" if len(labels) == 1 else "labels"
