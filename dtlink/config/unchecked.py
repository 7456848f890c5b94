"""Inputs that no chosen rule is about: they are not fine, they were not checked."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from dtlink.rules.catalogue import (
    AGAINST_FAMILY,
    EVERY_TABLE_FAMILY,
    KERNEL_FAMILY,
    OVERLAY_FAMILY,
    SCHEMA_FAMILY,
    TABLES_OF,
    TREE_FAMILIES,
    chosen_rules,
    family_of,
)
from dtlink.rules.model import Dts, Tables
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted, joined

if TYPE_CHECKING:
    from dtlink.config.model import LintSettings
    from dtlink.report.model import InputReport
    from dtlink.report.totals import Totals

#: The forms of devicetrees; all others are of ACPI tables.
_TREES = frozenset(("fdt", "fdt-overlay", "fdt-folder", "dts"))
#: Its rules are about comments.
_SOURCE_FAMILY = "source"
#: What the families need that are not asked of every devicetree.
_NEEDED = {
    KERNEL_FAMILY: "--kernel",
    AGAINST_FAMILY: "--against",
    SCHEMA_FAMILY: "--schema",
    OVERLAY_FAMILY: "overlays (.dtbo, .dtso, --overlay)",
    _SOURCE_FAMILY: "devicetree source",
}


def is_checked(item: InputReport, settings: LintSettings) -> bool:
    """Whether a chosen rule was run on an input that was read."""
    chosen = settings.select or settings.ignore
    if not chosen or not item.form or item.silent:
        return True
    is_source = item.form == "dts"
    is_overlay = (
        item.form == "fdt-overlay"
        or bool(item.overlays)
        or (is_source and (item.member or item.path).endswith(".dtso"))
    )
    tables = None if item.form in _TREES else tuple(item.tables)
    families = ((OVERLAY_FAMILY, is_overlay), (_SOURCE_FAMILY, is_source))
    without = (*settings.not_asked, *(family for family, has in families if not has))
    return _has_rules(settings.selected, settings.ignore, tables, without)


@lru_cache(maxsize=256)
def _has_rules(
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    tables: tuple[str, ...] | None,
    without: tuple[str, ...],
) -> bool:
    kind = Dts if tables is None else Tables
    found = chosen_rules(select, ignore, kind, tables)
    return any(family_of(each.id) not in without for each in found)


def unchecked_note(totals: Totals, settings: Iterable[LintSettings]) -> str:
    """What to say of a run some of whose inputs no chosen rule is about; empty if there are none.

    ``settings`` are those of the inputs.
    """
    if not totals.unchecked:
        return ""
    chosen = [rule for each in settings for rule in chosen_rules(each.selected, each.ignore)]
    needs: dict[str, dict[str, None]] = {}
    # A rule about every table may be chosen for one kind of table, by its alias.
    for family in sorted({family_of(name) for each in chosen for name in each.only or (each.id,)}):
        needs.setdefault(_need(family), {})[family] = None
    given = joined((f"{need} ({', '.join(of)})" for need, of in needs.items()), "or")
    why = f"the chosen rules need {given}" if chosen else "no rule is chosen"
    if totals.unchecked == totals.inputs:
        return f"nothing was checked: {why}"
    return f"{totals.unchecked:,} of {counted(totals.inputs, 'input')} not checked: {why}"


def _need(family: str) -> str:
    """What an input must be, or what must be given, for the rules of a family."""
    if family in TREE_FAMILIES:
        return _NEEDED.get(family, "devicetrees")
    if family == EVERY_TABLE_FAMILY:
        return "ACPI tables"
    signatures = TABLES_OF.get(family, (family.upper(),))
    return f"ACPI tables with {joined(signatures, 'or')}"
