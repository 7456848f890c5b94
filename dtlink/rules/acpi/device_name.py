r"""The path of a device does not match the path that Linux builds.

What it finds: paths of named components (IORT) and platform devices (RIMT) that do not end within
their node, are empty or not absolute, have segments of more or fewer than four characters, or, if
the devices of the namespace are known, belong to none of them: a table with the devices of several
platforms, or a device that is below another in the namespace (\\_SB_.URS0.USB0, not \\_SB_.USB0).
Why it matters: Linux compares the name with the device's full path, byte for byte. In that path
each segment has four characters, filled up with underscores: \\_SB_.GPU0. A device that no node
matches has no IOMMU, no MSIs, no address limit, and there is no message. Other systems take
\\_SB.GPU0 for the same path.
What to do: write the full path, as /sys/bus/acpi/devices/*/path shows it, with a NUL after it.
References: Arm DEN0049, named component node; RISC-V IO Mapping Table specification, platform
device node; Linux, drivers/acpi/arm64/iort.c, iort_match_node_callback();
drivers/acpi/riscv/rimt.c, rimt_match_node_callback(); drivers/acpi/acpica/nsnames.c,
acpi_ns_build_normalized_path().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.layout import Struct
from dtlink.rules.acpi._effects import MOST_RELATED, Effect, effect_of, listed
from dtlink.rules.acpi._rows import (
    CheckedTable,
    NamedDevice,
    NameFault,
    NameRows,
    checked_tables,
)
from dtlink.rules.iort._nodes import full_path
from dtlink.rules.model import Example, Finding, Fix, Safety, Severity, Tables, rule

#: Characters of each segment of a path.
_SEGMENT = 4
#: Faults of which a table may have many, for one reason.
_TOGETHER = (NameFault.UNKNOWN, NameFault.UNPADDED, NameFault.UNUSABLE)
#: How many paths of the namespace a fix names.
_MOST_MEANT = 16
#: Of more devices of one name none is guessed.
_MOST_NEAR = 64
_DEFAULT: Effect[NamedDevice] = Effect("no device matches the node")


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the node then has an effect on Linux: the device gets an SMMU or an ITS"),
    examples=(
        Example(
            about="IORT",
            bad=Tables(
                """
                IORT
                  smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
                  gpu: named-component object_name="GPU0"
                    map flags=1 output=smmu
                """,
                finds=("gpu:object_name",),
            ),
            good=Tables(
                """
                IORT
                  smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
                  gpu: named-component object_name="\\_SB_.GPU0"
                    map flags=1 output=smmu
                """
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                RIMT
                  iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
                  gpu: platform-device id=1 object_name="\\_SB.GPU0"
                    map count=1 output=iommu
                """,
                finds=("gpu:object_name",),
            ),
            good=Tables(
                """
                RIMT
                  iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
                  gpu: platform-device id=1 object_name="\\_SB_.GPU0"
                    map count=1 output=iommu
                """
            ),
        ),
    ),
)
def device_name(board: TablesBoard) -> Iterator[Finding]:
    """One finding a path; one for all of a kind of which a table may have many."""
    for checked in checked_tables(board):
        rows = checked.rows.names
        structures = list(rows.among(checked.table)) if rows else []
        if rows is None or not structures:
            continue  # Asking for the namespace runs a program.
        known = _known(board)
        alike: dict[object, list[NamedDevice]] = {}
        for each in structures:
            if fault := _fault(each, known):
                effect = effect_of(
                    rows.effects, NamedDevice(each, fault), checked.version, _DEFAULT
                )
                key = (fault, effect.text) if fault in _TOGETHER else each
                alike.setdefault(key, []).append(NamedDevice(each, fault))
        names = {full_path(_name(each)) for each in structures}
        unnamed = (known or frozenset()) - names
        for cases in alike.values():
            yield _finding(checked, rows, cases, unnamed)


def _known(board: TablesBoard) -> frozenset[str] | None:
    """The full paths of the namespace's devices, if they are known."""
    there = board.machine.device_paths
    return None if there is None else frozenset(full_path(each) or each for each in there)


def _fault(each: Struct, known: frozenset[str] | None) -> NameFault | None:
    """What is wrong with a name."""
    name = _name(each)
    path = full_path(name)
    if b"\0" not in each.data[each.offset("object_name") : each.fields_end]:
        # A mapping whose first byte is 0 ends the name by luck.
        lucky = each.data[each.fields_end : each.fields_end + 1] == b"\0" and path == name
        return NameFault.LUCKY if lucky else NameFault.UNTERMINATED
    if path is None:
        unusable = bool(_long(name)) or not (name or any(each.members()))
        return NameFault.UNUSABLE if unusable else NameFault.NOT_A_PATH
    if known is not None and path not in known:
        return NameFault.UNKNOWN
    return NameFault.UNPADDED if path != name else None


def _name(each: Struct) -> str:
    name: str = getattr(each, "object_name", "")
    return name


def _long(name: str) -> str:
    """The first segment that has too many characters."""
    parts = (part.lstrip("\\") for part in name.split("."))
    return next((part for part in parts if len(part) > _SEGMENT), "")


def _finding(
    checked: CheckedTable, rows: NameRows, cases: Sequence[NamedDevice], unnamed: AbstractSet[str]
) -> Finding:
    first = cases[0]
    effect = effect_of(rows.effects, first, checked.version, _DEFAULT)
    return device_name.finding(
        first.where,
        _message(cases),
        property_name="object_name",
        effect=effect.of(first),
        fix=_fix(cases, unnamed),
        severity=effect.severity,
        related=[each.where for each in cases[1 : MOST_RELATED + 1]],
        likely=rows.likely and first.fault is NameFault.UNKNOWN,
        alias=checked.alias(device_name.id),
    )


def _message(cases: Sequence[NamedDevice]) -> str:
    fault = cases[0].fault
    several = listed([each.where.name for each in cases])
    if fault is NameFault.UNPADDED:
        return f"path segments of {several} have fewer than four characters"
    if len(cases) == 1:
        return _message_of_one(*cases[0])
    if fault is NameFault.UNKNOWN:
        return f"{several} refer to devices that the namespace does not have"
    return f"the names of {several} have segments of more than four characters, or are empty"


def _message_of_one(where: Struct, fault: NameFault) -> str:
    name = _name(where)
    at = f"{where.WORD}@{where.start:#x}"
    if fault in (NameFault.UNTERMINATED, NameFault.LUCKY):
        ends = "its mappings begin" if where.fields_end < where.end else "it ends"
        number = where.fields_end - where.start
        return f"the name of {where.name} has no NUL before byte {number} of the node, where {ends}"
    if fault is NameFault.UNKNOWN:
        return f'{at} refers to "{name}", but the namespace has no such device'
    if not name:
        return f"the name of {at} is empty"
    if (long := _long(name)) and name.startswith("\\"):
        return f'the name of {at} is "{name}": segment {long} has more than four characters'
    return f'the name of {at} is "{name}", which is not an absolute path'


def _fix(cases: Sequence[NamedDevice], unnamed: AbstractSet[str]) -> Fix | str:
    fault = cases[0].fault
    if fault in (NameFault.UNTERMINATED, NameFault.LUCKY):
        return "End the name with a NUL, before the mappings."
    if fault is NameFault.UNPADDED:
        right = {_name(each.where): full_path(_name(each.where)) or "" for each in cases}
        told = listed([f'"{right[_name(each.where)]}"' for each in cases])
        return _renamed(f"Set object_name to {told}.", cases, right)
    if fault is NameFault.UNKNOWN:
        return _fix_unknown(cases, unnamed)
    return 'Set object_name to the full path of the device, such as "\\_SB_.DEV0".'


def _renamed(text: str, cases: Sequence[NamedDevice], names: Mapping[str, str]) -> Fix | str:
    """With edits where all of the structures have room for their names."""
    fields = [(each.where, "object_name", names.get(_name(each.where), "")) for each in cases]
    fits = (where.offset(name) + len(path) < where.fields_end for where, name, path in fields)
    return Fix.setting(text, *fields) if all(fits) and all(path for *_, path in fields) else text


def _fix_unknown(cases: Sequence[NamedDevice], unnamed: AbstractSet[str]) -> Fix | str:
    """The paths that the namespace has instead, for those of which it has one."""
    names = [_name(each.where) for each in cases]
    by_last: dict[str, list[list[str]]] = {}
    for path in sorted(unnamed):
        segments = _segments(path)
        by_last.setdefault(segments[-1], []).append(segments)
    meant = {name: near for name in names if (near := _meant(name, by_last))}
    rest = len(names) - len(meant)
    remove = "Remove the nodes of devices that the platform does not have"
    if not meant:
        return f"{remove}; for the others, set object_name to the full path of the device."
    told = listed([f'"{near}" for {name}' for name, near in meant.items()], _MOST_MEANT)
    text = f"Set object_name to {told}." + (f" {remove}." if rest else "")
    return _renamed(text, cases, meant)


def _meant(name: str, by_last: Mapping[str, Sequence[Sequence[str]]]) -> str | None:
    r"""The one device that no node names and whose path has all segments of a name, in order, the
    last as its last: ``\_SB_.URS0.USB0`` for ``\_SB_.USB0``.
    """
    *outer, last = _segments(full_path(name) or name)
    near = by_last.get(last, ())
    found = [each for each in near if _has(each, outer)] if len(near) <= _MOST_NEAR else []
    return "\\" + ".".join(found[0]) if len(found) == 1 else None


def _segments(path: str) -> list[str]:
    return path.removeprefix("\\").split(".")


def _has(path: Sequence[str], outer: Sequence[str]) -> bool:
    rest = iter(path[:-1])
    return all(each in rest for each in outer)
