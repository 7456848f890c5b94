"""The two sides of a comparison: what they are, what could not be compared, and the result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from dtlink.views.diff.compare import NOTHING, Picture, compare, lacking

if TYPE_CHECKING:
    from dtlink.report.model import InputReport
    from dtlink.views.diff.saved import Saved
    from dtlink.views.parts import Entry


class Side(NamedTuple):
    """One of the two."""

    path: str
    form: str
    identity: Entry
    """What it is, as JSON data."""
    picture: Picture
    kernel: str = ""
    """The version of the kernel that a saved report holds for."""
    dtlink: str = ""
    """The version of dtlink that wrote the report; empty for firmware."""

    @property
    def kind(self) -> str:
        """``tables`` or ``devicetree``."""
        return "tables" if self.form.startswith(("acpi", "iasl")) else "devicetree"


def of_saved(saved: Saved) -> Side:
    """A side that is told by a saved report."""
    told = {**saved.entry, "dtlink": saved.dtlink, "kernel_version": saved.kernel or None}
    return Side(
        saved.path, saved.entry["form"] or "", told, saved.picture, saved.kernel, saved.dtlink
    )


def of_firmware(item: InputReport) -> Side:
    """A side that was read, with its picture as the report's part."""
    told = {
        "path": item.path,
        "sha256": item.sha256 or None,
        "form": item.form or None,
        "model": item.model or None,
        "compatible": list(item.compatible),
        "dtlink": None,
        "kernel_version": None,
    }
    return Side(item.path, item.form, told, item.part)


def part(old: Side | None, new: Side | None) -> dict[str, Any]:
    """The part of a report. Of an input that only one of the two has, the links are not told."""
    before = NOTHING if old is None else old.picture
    after = NOTHING if new is None else new.picture
    both = old is not None and new is not None
    return {
        "changes": {
            "input": "both" if both else "gained" if old is None else "lost",
            "old": None if old is None else old.identity,
            "new": None if new is None else new.identity,
            "not_compared": [
                {"what": what, "lacks": name.lower()}
                for what, name in (lacking(before, after) if both else ())
            ],
            **compare(before, after),
        }
    }


def notes(old: Side, new: Side, kernel: str, dtlink: str) -> Iterator[str]:
    """What keeps the two from being comparable; ``kernel`` is the version firmware is read for."""
    groups: dict[str, list[str]] = {}
    for what, name in lacking(old.picture, new.picture):
        groups.setdefault(name, []).append(what)
    for name, kinds in groups.items():
        yield f"not compared, since {name} is a report without them: {', '.join(kinds)}"
    versions = [side.kernel or kernel for side in (old, new)]
    if versions[0] != versions[1]:
        yield f"OLD is told for Linux {versions[0]}, NEW for {versions[1]}: so some may differ"
    makers = [side.dtlink or dtlink for side in (old, new)]
    if makers[0] != makers[1]:
        yield f"OLD is by dtlink {makers[0]}, NEW by {makers[1]}: rules may have come since"
