"""A length, a count or an offset does not fit what the table holds.

What it finds: a table that is shorter than its header, or whose first node is inside the header;
structures, device scopes and device entries whose length is 0, less than their type needs, or more
than is left of what holds them; fewer structures than the header announces, or more; bytes left
over at an end; arrays that do not lie in their node after its fields, or that share bytes.
Why it matters: Linux steps from structure to structure by these lengths, takes the counts as they
are, and checks little of it. From a wrong length on it reads other bytes as structures, IDs and
addresses: devices get no IOMMU, or a wrong one. Some tables hang the boot (length 0).
What to do: make each length that of the fields, the arrays and the entries; count what is there.
References: ACPI specification 6.5, 5.2.34 (VIOT); Arm DEN0049 (IORT); Intel VT-d, 8.1 to 8.3
(DMAR); AMD 48882 (IVRS); RISC-V IO Mapping Table specification, 2 (RIMT); Linux,
drivers/acpi/viot.c, viot_check_bounds(); drivers/acpi/arm64/iort.c, iort_scan_node();
drivers/iommu/intel/dmar.c, dmar_walk_remapping_entries(), dmar_alloc_dev_scope();
drivers/iommu/amd/init.c, find_last_devid_acpi(); drivers/acpi/riscv/rimt.c, rimt_scan_node().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.layout import Struct
from dtlink.firmware.acpi.table import FrameFault, FrameFaultKind, TableHeader
from dtlink.records import NamedTuple
from dtlink.rules.acpi._effects import Effect, effect_of, table_of
from dtlink.rules.acpi._rows import CheckedTable, checked_tables
from dtlink.rules.model import Example, Finding, Fix, Safety, Severity, Tables, rule
from dtlink.wording import besides, noun


class _Words(NamedTuple):
    """The sentences for a kind of fault, to be filled in by :func:`_filled`."""

    message: str
    fix: str


_WORDS: Mapping[FrameFaultKind, _Words] = {
    FrameFaultKind.SHORT: _Words(
        "{name} has length {length}, but its type needs at least {least}",
        "Set length to the bytes up to the next one, its fields and entries included.",
    ),
    FrameFaultKind.BEYOND: _Words(
        "{name} has length {length}, but {holder} ends after {room} bytes",
        "Correct its length, or that of what holds it.",
    ),
    FrameFaultKind.MISSING: _Words(
        "{field} announces {length} more {what}{s} than there are", "Set {field} to {there}."
    ),
    FrameFaultKind.UNANNOUNCED: _Words(
        "{room} bytes follow the {length} {what}{s} that {field} announces",
        "Count all {what}s in {field}, or end the table after the last.",
    ),
    FrameFaultKind.LEFTOVER: _Words(
        "{room} bytes after the last {what} of {holder} are too few for another",
        "Remove these bytes, or correct the lengths before them.",
    ),
    FrameFaultKind.OVERLAP: _Words(
        "{what} of {name} overlap from byte {offset} of the node",
        "Give each array bytes of its own.",
    ),
}
#: Of what is too short and is not a structure.
_SHORT: Mapping[str, _Words] = {
    "table": _Words(
        "the table has {length} bytes, but its header needs {room}",
        "Extend the table to at least {room} bytes.",
    ),
    "first node": _Words(
        "{field} is {length:#x}, inside the header",
        "Set {field} to the offset of the first node ({room} if it follows the header).",
    ),
}
_ARRAY = _Words(
    "{what} of {name} needs {length} bytes, but the node has {room} for it",
    "Set {field} to what the node holds, and its length to include all of it.",
)
_ARRAY_OUTSIDE = _ARRAY._replace(
    message="{what} of {name} begins inside its fields or after its end"
)
_DEFAULT: Effect[FrameFault] = Effect(
    "a reader that goes by it takes other bytes for what was meant, or reads no further"
)


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the length may be what is wrong"),
    examples=(
        Example(
            about="IORT",
            bad=Tables(
                """
                IORT
                  its: its-group ids=0
                  smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000 mapping_count=2
                    map count=0xffff output=its
                  root-complex segment=0
                    map count=0xffff output=smmu
                """,
                finds=("smmu:mapping_count",),
            ),
            good=Tables(
                """
                IORT
                  its: its-group ids=0
                  smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
                    map count=0xffff output=its
                  root-complex segment=0
                    map count=0xffff output=smmu
                """
            ),
        ),
        Example(
            about="VIOT",
            bad=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  range: pci-range bdf_end=0xff output=iommu length=16
                """,
                finds=("range:length",),
            ),
            good=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  range: pci-range bdf_end=0xff output=iommu
                """
            ),
        ),
        Example(
            about="DMAR",
            bad=Tables(
                """
                DMAR
                  drhd base=0xfed90000 flags=1
                  region: rmrr base=0x7b800000 last=0x7fffffff length=0x40
                    endpoint hops="02.0"
                """,
                finds=("region",),
            ),
            good=Tables(
                """
                DMAR
                  drhd base=0xfed90000 flags=1
                  region: rmrr base=0x7b800000 last=0x7fffffff
                    endpoint hops="02.0"
                """
            ),
        ),
        Example(
            about="IVRS",
            bad=Tables(
                """
                IVRS
                  iommu: ivhd-11 base=0xfeb80000
                    all
                    special handle=33 source=0xa0
                  memory: ivmd-all flags=7 length=64 range_start=0x70000000 range_length=0x1000
                """,
                finds=("memory",),
            ),
            good=Tables(
                """
                IVRS
                  iommu: ivhd-11 base=0xfeb80000
                    all
                    special handle=33 source=0xa0
                  memory: ivmd-all flags=7 range_start=0x70000000 range_length=0x1000
                """
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                RIMT
                  iommu: iommu base=0x3010000 hardware_id="RSCV0004"
                  rc: root-complex segment=0 mapping_count=2
                    map count=0x10000 output=iommu
                """,
                finds=("rc",),
            ),
            good=Tables(
                """
                RIMT
                  iommu: iommu base=0x3010000 hardware_id="RSCV0004"
                  root-complex segment=0
                    map count=0x10000 output=iommu
                """
            ),
        ),
    ),
)
def frame(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each fault, or for each kind of fault."""
    for checked in checked_tables(board):
        for faults in _grouped(checked):
            effect = effect_of(checked.rows.frame.effects, faults[0], checked.version, _DEFAULT)
            if effect.text:
                yield _finding(checked, faults, effect)


def _grouped(checked: CheckedTable) -> Iterator[list[FrameFault]]:
    """The faults of a table, those together that make one finding."""
    table, rows = checked.table, checked.rows.frame
    _ = table.structures
    found: dict[object, list[FrameFault]] = {}
    for number, case in enumerate(chain(table.frame_faults, table.minor_frame_faults)):
        # acpi/unknown-type reports what has no length because its type is unknown.
        if case.kind is not FrameFaultKind.UNKNOWN:
            same = case.kind, case.what, type(_place(checked, case)), case.length
            found.setdefault(same if rows.together else number, []).append(case)
    yield from found.values()


def _place(checked: CheckedTable, case: FrameFault) -> Struct:
    where = case.where
    unread = checked.rows.frame.at_holder and not where.index and where.owner is not None
    return where.owner if unread and where.owner else where


def _finding(
    checked: CheckedTable, faults: list[FrameFault], effect: Effect[FrameFault]
) -> Finding:
    first = faults[0]
    where, words = _place(checked, first), _words(first)
    named = checked.rows.frame.names_field and where is first.where
    return frame.finding(
        where,
        _filled(words.message, first) + besides(len(faults)),
        property_name=(first.field or None) if named else None,
        effect=effect.of(first),
        fix=_fix(_filled(words.fix, first), faults),
        severity=effect.severity,
        alias=checked.alias(frame.id),
    )


def _words(case: FrameFault) -> _Words:
    """The sentences for a fault."""
    if case.kind is FrameFaultKind.SHORT:
        return _SHORT.get(case.what, _WORDS[case.kind])
    if case.kind is FrameFaultKind.BEYOND and case.field != "length":
        return _ARRAY if case.room or case.what == "ITS ids" else _ARRAY_OUTSIDE
    return _WORDS[case.kind]


def _filled(text: str, case: FrameFault) -> str:
    if "{" not in text:
        return text
    table = table_of(case.where)
    beyond = case.kind is FrameFaultKind.BEYOND
    holder = (case.where.owner if beyond else None) or case.where
    return text.format(
        **case._asdict(),
        name=_name(case.where),
        holder=_called(holder),
        s=noun(case.length, ""),
        least=type(case.where).least(),
        there=getattr(table, "node_count", 0) - case.length,
    )


def _called(holder: Struct) -> str:
    return "the table" if isinstance(holder, TableHeader) else _name(holder)


def _name(where: Struct) -> str:
    """Its name, which Struct.name makes anew each time, from its path, which is kept."""
    return where.path[len(where.TABLE) + 1 :]


def _fix(text: str, faults: list[FrameFault]) -> Fix | str:
    """With edits where the bytes that are there say the count."""
    counts = [(each.where, each.field, _count(each)) for each in faults]
    fields = [(where, field, count) for where, field, count in counts if count is not None]
    if len(fields) != len(faults):
        return text
    return Fix.setting(text, *fields)._replace(reveals=True)


def _count(case: FrameFault) -> int | None:
    """How many entries there are, where they end with the structure that they are in."""
    if not case.field.endswith("_count") or not case.where.has(case.field):
        return None
    announced: int = getattr(case.where, case.field)
    if case.kind is FrameFaultKind.MISSING:
        nodes = case.where.structures if isinstance(case.where, TableHeader) else ()
        is_all = bool(nodes) and nodes[-1].end == case.where.end
        return announced - case.length if is_all else None
    if case.kind is not FrameFaultKind.BEYOND or not case.room or case.length % announced:
        return None
    count, rest = divmod(case.room, case.length // announced)
    return count if count and not rest else None
