"""The two sides of a comparison: what they are, and what could not be compared."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.views.diff.compare import lacking
from dtlink.views.diff.rows import IdentityRow
from dtlink.views.diff.snapshot import Snapshot

if TYPE_CHECKING:
    from dtlink.report.model import InputReport


class Side(NamedTuple):
    """One of the two."""

    identity: IdentityRow
    snapshot: Snapshot

    @property
    def path(self) -> str:
        """The input."""
        return self.identity.path

    @property
    def form(self) -> str:
        """As of an input's report; empty if it is not known."""
        return self.identity.form or ""

    @property
    def is_overlay(self) -> bool:
        """Whether it is an overlay, which is not a board."""
        return self.snapshot.is_overlay or self.form == "fdt-overlay"

    @property
    def kind(self) -> str:
        """``tables`` or ``devicetree``."""
        return "tables" if self.form.startswith(("acpi", "iasl", "hexdump")) else "devicetree"


def of_firmware(item: InputReport) -> Side:
    """A side that was read. Raises :class:`TypeError` for a report without a snapshot."""
    if not isinstance(item.view, Snapshot):
        raise TypeError(f"{item.path} has no snapshot")
    identity = IdentityRow(
        path=item.name,
        sha256=item.sha256 or None,
        form=item.form or None,
        model=item.model or None,
        compatible=tuple(item.compatible),
    )
    return Side(identity, item.view)


def _cut(side: Side, name: str, others: str) -> Iterator[str]:
    """What is not known since the report of a side lacks findings."""
    for rule, omitted in sorted(side.snapshot.omitted.items()):
        yield f"not compared ({name} is a report without {omitted:,} of them): {rule} that {others}"


def notes(old: Side, new: Side, kernel: str, dtlink: str) -> Iterator[str]:
    """What keeps the two from being comparable; ``kernel`` is the version firmware is read for."""
    groups: dict[str, list[str]] = {}
    for what, name in lacking(old.snapshot, new.snapshot):
        groups.setdefault(name, []).append(what)
    for name, kinds in groups.items():
        yield f"not compared ({name} is a report without them): {', '.join(kinds)}"
    yield from _cut(old, "OLD", "only NEW has")
    yield from _cut(new, "NEW", "only OLD has")
    versions = [side.identity.kernel_version or kernel for side in (old, new)]
    if versions[0] != versions[1]:
        yield f"OLD is for Linux {versions[0]}, NEW for {versions[1]}: this may cause changes"
    makers = [side.identity.dtlink or dtlink for side in (old, new)]
    if makers[0] != makers[1]:
        yield f"OLD is by dtlink {makers[0]}, NEW by {makers[1]}: rules may have been added since"
