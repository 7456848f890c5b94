"""Words that the rules about overlays share."""

from __future__ import annotations

from dtlink.rules.model import Finding
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.overlays import PlacedFault
    from dtlink.facts.overlays import OverlayProblem


def at(placed: PlacedFault, finding: Finding) -> Finding:
    """The finding with the overlay that it is about; its offset is one in no input."""
    if not placed.overlay:
        return finding
    place = placed.fault.place
    location = place or finding.location
    return finding._replace(overlay=placed.overlay, offset=None, location=location)


def refused(problem: OverlayProblem, *values: str) -> str:
    """What becomes of the overlay."""
    text = f"a boot loader refuses the whole overlay (libfdt: {problem.libfdt})"
    return f"{text}; {at_run_time(problem, *values)}" if problem.kernel else text


def at_run_time(problem: OverlayProblem, *values: str) -> str:
    """What the kernel does if it applies the overlay itself."""
    line = f': "{problem.log.format(*values)}"' if problem.log else ""
    return f"of_overlay_fdt_apply() returns {problem.kernel}{line}"
