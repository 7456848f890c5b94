"""What is compared of one input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import CycleReport
    from dtlink.report.entries import Json
    from dtlink.views.cycles import CycleRow
    from dtlink.views.diff.rows import FindingRow, WaitRow
    from dtlink.views.links import LinkRow, PropertyRow


class Snapshot(NamedTuple):
    """What is known of one input; ``None`` for what is not."""

    findings: Sequence[FindingRow] | None = None
    waits: Sequence[WaitRow] | None = None
    cycles: Sequence[CycleRow] | None = None
    cycle_lines: Sequence[CycleReport] | None = None
    """The kernel's log lines about cycles."""
    links: Sequence[LinkRow] | None = None
    ignored: frozenset[str] = frozenset()
    """Fingerprints of findings that a configuration takes out: neither gained nor lost."""
    nodes: Mapping[str, bool] | None = None
    """All nodes by path, and whether they are enabled."""
    has_kernel: bool = False
    """``waits`` has those that come of what one kernel holds."""
    is_overlay: bool = False
    """The input is an overlay, which is not a board."""
    properties: Sequence[PropertyRow] | None = None
    """Of tables."""
    omitted: Mapping[str, int] = {}
    """How many findings of a rule a saved report lacks."""

    def members(self) -> Mapping[str, Json]:
        """None: a snapshot is compared, not reported."""
        return {}

    def has(self, kind: str) -> bool:
        """Whether a kind of thing is known."""
        return getattr(self, kind) is not None


#: An input that is not there.
NOTHING = Snapshot((), (), (), (), nodes={})
#: An input of which nothing needs to be known, since the other is the same.
SAME = Snapshot((), (), (), (), (), nodes={})
