"""The real tables beside the checkout: all are read, and what is legal stays silent."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import pytest

from dtlink import engine
from dtlink.firmware.acpi.acpidump import is_acpidump
from dtlink.report.model import InputReport
from dtlink.rules.model import Severity
from tests.support.boards import SHARED

TABLES = SHARED / "tables"
#: The real tables with an error, and the rules that raise it. Both machines' kernels say the same:
#: "DMAR reported at address 0!", "IOAPIC[0] not in IVRS table".
FAULTY = {
    "linuxhw/DMAR/Lenovo__IdeaPadFlex_15_20309__D19FB82D46CF.dmar.bin": {"dmar/unit-address"},
    "linuxhw/acpidump/MSI__MS-7793__A78785119709.acpidump.txt": {"ivrs/missing-ioapic"},
}
#: Vectors that were damaged on purpose.
MADE_TO_FAIL = "fwts-tests/"


@lru_cache(maxsize=1)
def reports() -> dict[str, InputReport]:
    if not TABLES.is_dir():
        pytest.skip(f"no real tables in {TABLES} (set DTLINK_SHARED)")
    task = engine.Task(engine.lint, engine.lint)
    paths = list(engine.expand([str(TABLES)]))
    return {item.path[len(str(TABLES)) + 1 :]: item for item in engine.run(paths, task, jobs=1)}


def rules_of(item: InputReport, severity: Severity) -> set[str]:
    return {finding.rule for finding in item.findings if finding.severity is severity}


def test_all_are_read() -> None:
    assert {path: item.error for path, item in reports().items() if item.error} == {}
    refused = {each.path.rpartition("/")[2] for item in reports().values() for each in item.refused}
    # One laptop's MADT was copied as an empty file.
    assert refused <= {"apic.dat"}
    forms = Counter(item.form for item in reports().values())
    assert set(forms) >= {"acpi", "acpi-folder", "acpidump", "iasl"}


def test_no_rule_raises() -> None:
    assert [fault for item in reports().values() for fault in item.faults] == []


def test_errors_are_those_that_kernels_have() -> None:
    found = {
        path: rules_of(item, Severity.ERROR)
        for path, item in reports().items()
        if not path.startswith(MADE_TO_FAIL)
    }
    assert {path: rules for path, rules in found.items() if rules} == FAULTY


@pytest.mark.parametrize(
    ("machine", "rules"),
    [
        ("qemu/virt-smmuv3", {"iort/off-by-one"}),
        ("qemu/q35-intel", set()),
        ("qemu/q35-amd-ir", set()),
        ("qemu/q35-viot", set()),
        ("qemu/virt-viot", set()),
        ("qemu/virt-none-its", set()),
        # Its named components have ranges of IDs only, its IDs are the vendor's.
        ("retail/lenovo-thinkpad-x13s", {"iort/qualcomm-platform"}),
    ],
)
def test_warnings_of_well_known_machines(machine: str, rules: set[str]) -> None:
    item = reports().get(machine)
    if item is None:
        pytest.skip(f"no {machine}")
    assert rules_of(item, Severity.WARNING) == rules


def test_texts_that_are_no_tables_are_left_alone() -> None:
    assert not is_acpidump(b"qemu-system-aarch64 -M virt")
    assert not any(path.endswith("COMMAND") for path in reports())
