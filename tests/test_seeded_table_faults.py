"""Faults seeded into real ACPI tables are found, at the right structure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.engine.fixing import WantedFixes, changed, fix_whole
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.read import decode, read_folder
from dtlink.firmware.acpi.table import TableHeader
from dtlink.firmware.edits import Edit, SetField
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree
from dtlink.report.model import InputReport
from dtlink.rules.catalogue import all_rules
from dtlink.rules.model import Finding
from dtlink.rules.run import check
from tests.support.boards import SHARED
from tests.support.table_faults import TABLE_FAULTS, TableFault

TABLES = SHARED / "tables"
#: Machines of each kind of source that are tried.
_MOST = 40
#: Every so many machines are fixed.
_FIXED = 3


@lru_cache(maxsize=1)
def machines() -> Sequence[tuple[str, Machine]]:
    """Real machines, by name, but those that were damaged on purpose."""
    if not TABLES.is_dir():
        pytest.skip(f"no real tables in {TABLES} (set DTLINK_SHARED)")
    found: list[tuple[str, Machine]] = []
    for kind in ("qemu", "retail", "linuxhw/DMAR", "linuxhw/IVRS", "linuxhw/acpidump"):
        found += [(path.name, read) for path in _few(TABLES / kind) if (read := _read(path))]
    return found


def _few(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())[:_MOST] if folder.is_dir() else []


def _read(path: Path) -> Machine | None:
    try:
        return read_folder(str(path)) if path.is_dir() else decode(path.read_bytes(), str(path))
    except InputError:
        return None


def lint(machine: Machine) -> list[Finding]:
    checked = check(TablesBoard(machine, Settings()), all_rules())
    assert checked.faults == []
    return checked.findings


@lru_cache(maxsize=512)
def before(number: int) -> frozenset[tuple[str, str]]:
    return frozenset((each.rule, _at(each.subject.path)) for each in lint(machines()[number][1]))


@pytest.mark.parametrize("fault", TABLE_FAULTS, ids=lambda fault: fault.id)
def test_a_fault_in_a_real_table_is_found(fault: TableFault) -> None:
    places, missed = 0, []
    for number, (name, machine) in enumerate(machines()):
        planted = fault.plant(machine, f"{fault.id} {name}")
        if planted is None or (fault.rule, _at(planted[1])) in before(number):
            continue
        blobs, path = planted
        places += 1
        found = [each for each in lint(Machine.of(blobs)) if each.rule == fault.rule]
        worst = min((each.severity.rank for each in found), default=None)
        if worst is None or worst > fault.severity.rank:
            missed.append(f"{name}, {path}: {[each.severity.value for each in found]}")
        elif not any(_at(path) in map(_at, (each.subject.path, *each.related)) for each in found):
            missed.append(f"{name}, {path}: it is at {[each.subject.path for each in found]}")
    assert missed == []
    assert places >= fault.tables, f"{fault.id} fits on {places} machines"


@pytest.mark.parametrize("fault", TABLE_FAULTS, ids=lambda fault: fault.id)
def test_no_fix_of_a_fault_in_a_real_table_is_taken_back(fault: TableFault) -> None:
    """All edits that are proposed are made, and prove right."""
    for name, machine in machines()[::_FIXED]:
        if planted := fault.plant(machine, f"{fault.id} {name}"):
            made = fix_whole(_report, changed, Machine.of(planted[0]), WantedFixes(unsafe=True))
            assert [each.reason for each in made.left if each.is_fault] == [], name
            assert not any(table.sum for table in _written(made.firmware, made.edits))


def _report(firmware: Tree | Machine) -> InputReport:
    assert isinstance(firmware, Machine)
    return InputReport("", findings=lint(firmware))


def _written(firmware: Tree | Machine, edits: Sequence[Edit]) -> Iterator[TableHeader]:
    assert isinstance(firmware, Machine)
    for word in {each.table for each in edits if isinstance(each, SetField)}:
        yield firmware.tables[word]


def _at(path: str) -> str:
    """The structure and the offset of a path, without the value that it shows."""
    return path.partition(" (")[0]
