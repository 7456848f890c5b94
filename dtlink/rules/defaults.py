"""What is not reported unless it is asked for, and why.

A rule is on by default only if a board's maintainer would act on what it finds. The
others are chosen by name, by family, or by the word ``all``; ``default`` means those that are on.
They are listed here and not in their files, so that a run without them imports none of them.
"""

from __future__ import annotations

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: The word that means every rule.
ALL: Final = "all"
#: The word that means the rules that are on by default.
DEFAULT: Final = "default"


class OffByDefault(NamedTuple):
    """A rule whose findings, or whose notes, are reported only where they are asked for."""

    rule: str
    """Its id; the name of a family stands for all rules of that family."""
    reason: str
    notes_only: bool = False
    """Whether its errors and warnings are reported all the same."""


OFF: Final = (
    OffByDefault(
        "bsa",
        "only systems that are to comply with Arm's BSA or SBSA have to, and others work without",
    ),
    OffByDefault(
        "cycle/supplier-cycle",
        "most boards have cycles, and the kernel relaxes those that are harmless",
        notes_only=True,
    ),
    OffByDefault(
        "iommu/map-empty",
        "boot loaders fill in such entries, and nothing in the tree shows whether one does",
    ),
    OffByDefault(
        "iommu/map-strict",
        "they matter with fw_devlink.strict=1 only, which is reported as a warning",
        notes_only=True,
    ),
    OffByDefault(
        "iommu/shared-stream-id",
        "the hardware decides on the IDs, and many machines share them on purpose",
        notes_only=True,
    ),
    OffByDefault(
        "legacy/dmas-without-names",
        "the device works without DMA, and on many boards that is meant",
    ),
    OffByDefault(
        "legacy/hidden-link",
        "the drivers that read the old name defer by themselves until the supplier is there",
    ),
    OffByDefault(
        "legacy/old-name",
        "kernels read the old name too, and most boards of some vendors have one",
    ),
    OffByDefault(
        "legacy/redundant-interrupts",
        "the kernel reads interrupts-extended, and the other property is inherited on purpose",
    ),
    OffByDefault(
        "legacy/singular-gpio",
        "the GPIO library and fw_devlink read both suffixes",
    ),
    OffByDefault(
        "legacy/stream-id-cells",
        "the kernel reads iommus, and the property has no effect",
        notes_only=True,
    ),
    OffByDefault(
        "module/kexec-dma",
        "it matters where kexec is used only, and holds for nearly every board with an SMMU",
    ),
    OffByDefault(
        "module/sync-state-held",
        "it costs power at most, and one device without a driver is enough for it",
    ),
    OffByDefault(
        "module/unload",
        "it matters where modules are unloaded only, and holds for nearly every board",
    ),
    OffByDefault(
        "phandle/lost-suppliers",
        "empty entries are usual in lists by index, and drivers wait for the rest themselves",
        notes_only=True,
    ),
    OffByDefault(
        "phandle/names-mismatch",
        "the driver does without the entry of that name, or is not known to ask for it",
        notes_only=True,
    ),
    OffByDefault(
        "supplier/disabled",
        "drivers do without optional suppliers that a board leaves disabled",
        notes_only=True,
    ),
    OffByDefault(
        "supplier/unordered-iommu",
        "every board with an IOMMU has it; module/iommu-late reports what a given kernel does",
        notes_only=True,
    ),
)
_BY_RULE: Final = {each.rule: each for each in OFF}


def off_by_default(rule: str) -> OffByDefault | None:
    """What is off of a rule; ``None``: nothing."""
    return _BY_RULE.get(rule) or _BY_RULE.get(rule.partition("/")[0])


def is_on(rule: str) -> bool:
    """Whether a rule is run without ``--select``."""
    off = off_by_default(rule)
    return off is None or off.notes_only
