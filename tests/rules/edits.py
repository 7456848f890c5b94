"""What edits do to the findings of a board: shared by the examples and the sweeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dtlink.firmware.edits import SetField
from dtlink.rules.model import Finding

Key = tuple[str, str, str | None]

#: Rules whose bad example has a fix with edits; others may have them too.
WITH_EDITS = frozenset(
    (
        "acpi/checksum",
        "acpi/dangling-reference",
        "acpi/illegal-target",
        "acpi/reserved-bits",
        "acpi/unknown-segment",
        "cycle/iommu-behind-itself",
        "cycle/supplier-cycle",
        "dmar/affinity",
        "dmar/scope-type",
        "iort/address-limit",
        "iort/ats-attribute",
        "iort/id-wrap",
        "iort/memory-attributes",
        "iort/missing-field",
        "iort/node-revision",
        "iort/null-mapping",
        "iort/off-by-one",
        "iort/pmcg-reference",
        "iort/proximity-domain",
        "iort/requester-id-range",
        "ivrs/memory-range",
        "legacy/both-gpio-names",
        "legacy/dead-compatible",
        "legacy/dead-property",
        "legacy/hidden-link",
        "legacy/mmu-masters",
        "legacy/old-name",
        "legacy/redundant-interrupts",
        "legacy/singular-gpio",
        "phandle/assigned-clocks",
        "phandle/interrupt-cells",
        "phandle/interrupt-map",
        "phandle/leftover-cells",
        "phandle/missing-cells",
        "phandle/names-mismatch",
        "phandle/no-interrupt-parent",
        "phandle/second-supply",
        "phandle/wrong-cells",
        "rimt/boundary-id",
        "rimt/id-range",
        "schema/entry-names",
        "schema/missing-property",
        "schema/property-shape",
        "supplier/disabled",
        "supplier/misspelt-name",
        "supplier/not-a-provider",
        "tree/status",
        "viot/iommu-off-bus",
    )
)

#: Rules that speak about what a fix adds, and are right to: by the rule that is fixed.
ALLOWED: Mapping[str, frozenset[str]] = {
    # Informational on every board with iommus, which these masters now have.
    "legacy/mmu-masters": frozenset(("supplier/unordered-iommu",)),
}


def key(finding: Finding) -> Key:
    """What a finding is about: a structure by its offset, since edits may set what names it."""
    return finding.rule, finding.subject.path.partition(" (")[0], finding.property_name


def left(
    edited: Iterable[Finding], after: Iterable[Finding], others: Iterable[Finding] = ()
) -> Counter[Key]:
    """The findings with edits that are still there; ``others`` of the same property may be."""
    return Counter(map(key, edited)) & (Counter(map(key, after)) - Counter(map(key, others)))


def new(rule: str, before: Iterable[Finding], after: Iterable[Finding]) -> Counter[Key]:
    """The findings that were not there before the edits of a rule.

    One whose property got another name is not new: its rule has as many at the node as before.
    """
    allowed = ALLOWED.get(rule, frozenset())
    added = Counter(map(key, after)) - Counter(map(key, before))
    more = Counter(key(each)[:2] for each in after) - Counter(key(each)[:2] for each in before)
    return Counter(
        {
            each: count
            for each, count in added.items()
            if each[:2] in more and each[0] not in allowed
        }
    )


def of_table(name: str, edits: Sequence[Any]) -> list[SetField]:
    """The edits of one table."""
    return [each for each in edits if isinstance(each, SetField) and each.table == name]
