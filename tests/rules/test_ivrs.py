"""The rules on IVRS tables: where they speak, and where they must not."""

from __future__ import annotations

import pytest

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.read import decode
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding, Severity
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble
from tests.support.boards import SHARED

BLOCK = "  ivhd-40 base=0xfeb80000\n    range device=8\n    range-end device=0xffff\n"
SOUTHBRIDGE = "    special handle=33 source=0xa0\n"
IOMMU = BLOCK + SOUTHBRIDGE


def lint(source: Machine | str) -> list[Finding]:
    read = source if isinstance(source, Machine) else Machine.of(assemble(source))
    checked = check(TablesBoard(read), choose(["ivrs"]))
    assert checked.faults == []
    return checked.findings


def told(body: str) -> set[tuple[str, str]]:
    return {
        (each.identity.removeprefix("ivrs/"), each.severity.value) for each in lint("IVRS\n" + body)
    }


def only(text: str) -> Finding:
    (finding,) = lint(text)
    return finding


# What is legal.


@pytest.mark.parametrize(
    "body",
    [
        # Padding, and flags that nearly every table has.
        BLOCK.replace("base", "flags=0xb0 base") + "    pad\n    pad\n" + SOUTHBRIDGE,
        # An IOMMU among its own devices, and a device named several times in its block.
        IOMMU + "    select device=2\n    select device=0x100\n    select device=0x100\n",
        # The same entry of an I/O APIC twice.
        IOMMU + SOUTHBRIDGE,
        # Older blocks first, and no devices of the namespace in them.
        "  ivhd-10 base=0xfeb80000\n    range device=8\n    range-end device=0xffff\n"
        + SOUTHBRIDGE
        + IOMMU
        + '    acpi-hid device=0xa5 hid="AMDI0020" uid_format=2 uid="\\_SB.FUR0"\n'
        + '    acpi-hid device=0x60 hid="MSFT0201" uid_format=1 uid=1,0\n'
        + '    acpi-hid device=0x99 hid="PNPD0040"\n',
        # Memory blocks between those of an IOMMU, and a length that is not in whole pages.
        "  ivhd-11 base=0xfeb80000\n    range device=8\n    range-end device=0xffff\n"
        + SOUTHBRIDGE
        + "  ivmd-select device=0x300 flags=8 range_start=0x70000000 range_length=0x1800\n"
        + IOMMU,
        # The alias range that stands for a bus that is not there, of two IOMMUs.
        IOMMU.replace("0xffff", "0x3fff")
        + "    alias-range device=0xff00 alias=0xa4\n    range-end device=0xffff\n"
        + "  ivhd-40 device=0x4002 base=0xfd000000\n"
        + "    range device=0x4008\n    range-end device=0xfffe\n",
        # Another place of the southbridge's I/O APIC, on some machines of Hygon.
        BLOCK + "    special handle=33 source=0x58\n",
    ],
)
def test_legal_tables_are_silent(body: str) -> None:
    assert told(body) == set()


# What is not.


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (IOMMU + "    entry type=0x44 size=8\n", {("unknown-entry", "warning")}),
        (IOMMU + "  block type=0x30 size=32\n", {("unknown-entry", "warning")}),
        # A type for newer systems, after the others.
        (IOMMU + "  block type=0x51 size=32\n", {("unknown-entry", "info")}),
        (
            IOMMU + "  ivmd-all flags=0x17 range_start=0x70000000 range_length=0x1000\n",
            {("reserved-bits", "info")},
        ),
        (IOMMU + "    alias device=8 alias=9 reserved=1\n", {("reserved-bits", "info")}),
        (IOMMU + "    entry type=0x90\n", {("unknown-entry", "error")}),
        (IOMMU + "    range-end device=0x9\n", {("unpaired-range", "error")}),
        (IOMMU + "    ext-range device=0x9\n", {("unpaired-range", "error")}),
        (IOMMU + "    special variety=0 handle=1\n", {("special-device", "error")}),
        (IOMMU + "    special handle=33 source=1\n", {("special-device", "warning")}),
        (BLOCK + "    special handle=33 source=1\n", {("missing-ioapic", "error")}),
        (IOMMU.replace("0xfeb80000", "0"), {("iommu-base", "error")}),
        (IOMMU.replace("0xfeb80000", "0xfeb81000"), {("iommu-base", "error")}),
        (IOMMU + IOMMU, {("iommu-base", "error")}),
        (
            IOMMU + "  ivhd-40 device=0x4002 base=0xfeb84000 efr=0x200\n    select device=8\n",
            {("duplicate-device", "warning")},
        ),
        (
            IOMMU + "  ivhd-40 device=0x4002 base=0xfeb80000\n    select device=8\n",
            {("iommu-base", "error"), ("duplicate-device", "warning")},
        ),
        (
            IOMMU + "  ivhd-10 base=0xfeb80000\n    all\n" + SOUTHBRIDGE,
            {("block-order", "warning")},
        ),
        ("  block type=0x51 size=32\n" + IOMMU, {("block-order", "error")}),
        (
            "  ivmd-all flags=7 range_start=0x70000000 range_length=0x1000\n",
            {("no-iommu", "error")},
        ),
        ("", {("no-iommu", "error")}),
        ("  ivhd-11 base=0x4000\n" + SOUTHBRIDGE, {("no-device", "error")}),
    ],
)
def test_faults(body: str, expected: set[tuple[str, str]]) -> None:
    assert told(body) >= expected
    assert {fault for fault in told(body) if fault[1] == "error"} <= expected


@pytest.mark.parametrize(
    ("fields", "severity", "consequence"),
    [
        ('hid=""', "error", "Invalid HID."),
        ('hid="uart"', "warning", "has no IOMMU"),
        ('hid="AMDI0020" uid_length=3 size=25', "warning", "Invalid UID length."),
        ('hid="AMDI0020" uid_format=2', "warning", "every device of this hardware ID"),
        ('hid="AMDI0020" uid_format=3 uid="x"', "warning", "every device of this hardware ID"),
        ('hid="AMDI0020" uid_format=1 uid=0,1', "warning", "lowest byte, 0"),
    ],
)
def test_devices_of_the_namespace(fields: str, severity: str, consequence: str) -> None:
    finding = only(f"IVRS\n{IOMMU}    acpi-hid device=1 {fields}\n")
    assert (finding.identity, finding.severity.value) == ("ivrs/acpi-hid", severity)
    assert consequence in finding.effect


@pytest.mark.parametrize(
    ("block", "severity", "message"),
    [
        ("ivmd-all range_length=0x1000", "warning", "neither a unity mapping nor an exclusion"),
        ("ivmd-all flags=7", "error", "has the length 0"),
        ("ivmd-all flags=7 range_start=0x800 range_length=0x1000", "error", "within a page"),
        ("ivmd-all flags=1 range_length=0x1000", "error", "without reading or writing"),
        (
            "ivmd-range flags=7 device=0x300 aux=0x2ff range_length=0x1000",
            "error",
            "which is lower",
        ),
        (
            "ivmd-all flags=7 range_start=0xfffffffffffff000 range_length=0x2000",
            "error",
            "beyond the address space",
        ),
    ],
)
def test_memory(block: str, severity: str, message: str) -> None:
    finding = only(f"IVRS\n{IOMMU}  {block}\n")
    assert (finding.identity, finding.severity.value) == ("ivrs/memory-range", severity)
    assert message in finding.message


# I/O APICs.

MADT = "APIC\n  ioapic id=4 gsi_base=0\n  ioapic id=5 gsi_base=24\nIVRS\n"


def test_an_ioapic_that_no_entry_names() -> None:
    finding = only(MADT + BLOCK + "    special handle=4 source=0xa0\n")
    assert finding.message.startswith(
        "the MADT has I/O APIC 5, but the blocks of type 40h in the IVRS have"
    )
    assert "IOAPIC[5] not in IVRS table" in finding.effect
    assert "southbridge" not in finding.effect


def test_the_first_entry_of_a_handle_counts() -> None:
    entries = ("    special handle=4 source=1\n", "    special handle=4 source=0xa0\n")
    rest = "    special handle=5 source=2\n"
    assert {each.identity for each in lint(MADT + BLOCK + "".join(entries) + rest)} == {
        "ivrs/missing-ioapic",
        "ivrs/special-device",
    }
    found = lint(MADT + BLOCK + "".join(reversed(entries)) + rest)
    assert [each.identity for each in found] == ["ivrs/special-device"]


def test_the_entries_of_blocks_that_linux_does_not_take_do_not_count() -> None:
    old = "  ivhd-10 base=0xfeb80000\n    range device=8\n    range-end device=0xffff\n"
    entries = "    special handle=4 source=0xa0\n    special handle=5 source=1\n"
    rules = {each.identity for each in lint(MADT + old + entries + BLOCK)}
    assert rules == {"ivrs/missing-ioapic", "ivrs/block-mismatch"}


# Frames, and what they hide.


def test_a_length_of_zero_hangs_the_boot() -> None:
    finding = only(
        f"IVRS\n{IOMMU}  ivmd-all length=0 flags=7 range_start=0x70000000 range_length=0x1000\n"
    )
    assert (finding.identity, finding.severity.value) == ("ivrs/frame", "error")
    assert "never advances" in finding.effect


def test_entries_that_linux_does_not_read_are_warnings() -> None:
    old = "  ivhd-10 base=0xfeb80000 size=42 length=42\n" + IOMMU.split("\n", 1)[1]
    new = IOMMU.replace("special handle=33", "special handle=33")
    found = {(each.identity, each.severity.value) for each in lint("IVRS\n" + old + new)}
    assert found == {("ivrs/frame", "warning")}


def test_devices_behind_the_device_table() -> None:
    body = "  ivhd-11 base=0x1000000\n    range device=8\n    range-end device=0x{:x}\n"
    near = "    special handle=33 source=0xa0\n    special handle=34 source=0x101\n"
    # 128 entries of 32 bytes make a page, and the table is a power of two of pages.
    assert told(body.format(0x80) + SOUTHBRIDGE) == set()
    assert told(body.format(0x100) + near) == set()
    assert told(body.format(0xFF) + near) == {("beyond-device-table", "error")}


def test_a_memory_block_that_names_the_first_iommu() -> None:
    """Linux then takes its type for that of the IOMMUs' blocks."""
    finding = only(
        f"IVRS\n{IOMMU}  ivmd-select device=2 flags=7 range_start=0x70000000 range_length=0x1000\n"
    )
    assert (finding.identity, finding.severity.value) == ("ivrs/block-order", "error")
    assert "Unsupported IVHD type 0x21" in finding.effect


def test_one_finding_for_a_pair_of_iommus() -> None:
    other = (
        "  ivhd-40 device=0x{0:x} base=0x{1:x}\n"
        "    range device=0x{0:x}\n    range-end device=0xffff\n    select device=0x{0:x}\n"
    )
    body = IOMMU + other.format(0x4000, 0xFD000000) + other.format(0x8000, 0xFD100000)
    found = lint("IVRS\n" + body)
    assert [each.identity for each in found] == ["ivrs/duplicate-device"] * 2
    assert "Linux attaches these devices to 0000:40:00.0" in found[0].effect


# Real tables.


def test_real_tables() -> None:
    folder = SHARED / "tables" / "linuxhw" / "IVRS"
    if not folder.is_dir():
        pytest.skip(f"no real tables in {folder} (set DTLINK_SHARED)")
    found = {
        (path.name.partition("__")[2].partition("__")[0], each.identity, each.severity.value)
        for path in sorted(folder.iterdir())
        for each in lint(decode(path.read_bytes()))
    }
    # Two I/O APICs of one number; without its MADT it can't be said which the machine has.
    assert found == {("A320M-S2H", "ivrs/special-device", "warning")}


def test_real_tables_with_their_madt() -> None:
    dump = SHARED / "tables" / "linuxhw" / "acpidump" / "MSI__MS-7793__A78785119709.acpidump.txt"
    if not dump.is_file():
        pytest.skip(f"no real tables in {SHARED} (set DTLINK_SHARED)")
    finding = only_of(decode(dump.read_bytes()))
    assert finding.identity == "ivrs/missing-ioapic"
    assert finding.message == (
        "the MADT has I/O APIC 0, but the blocks of type 10h in the IVRS have none"
    )


def only_of(machine: Machine) -> Finding:
    (finding,) = lint(machine)
    return finding


# Buses that are left out.


@pytest.mark.parametrize(
    ("last", "buses"),
    [
        (0xFE, "01 to 3f"),
        (0x100, "02 to 3f"),
        (0x3EFF, "3f"),
        (0x3F00, None),
        (0xFFFF, None),
    ],
)
def test_buses_of_the_mcfg_without_an_entry(last: int, buses: str | None) -> None:
    text = f"IVRS\n{BLOCK.replace('0xffff', hex(last))}{SOUTHBRIDGE}MCFG\n"
    allocation = "  allocation base=0xf8000000 segment={} end_bus=0x3f\n"
    found = [each for each in lint(text + allocation.format(0)) if each.rule == "ivrs/uncovered"]
    assert [f"bus {buses} of" in each.message for each in found] == ([True] if buses else [])
    other = lint(text + allocation.format(1))
    assert "ivrs/uncovered" not in {each.rule for each in other}, "no block is for that segment"


def test_a_list_of_the_functions_that_were_found_is_only_worth_knowing() -> None:
    block = "  ivhd-40 base=0xfeb80000\n    range device=0\n    range-end device=2\n"
    block += "    select device=0x90\n    select device=0x100\n" + SOUTHBRIDGE
    mcfg = "MCFG\n  allocation base=0xf8000000 segment=0 end_bus=0x10\n"
    [found] = [each for each in lint(f"IVRS\n{block}{mcfg}") if each.rule == "ivrs/uncovered"]
    assert found.severity is Severity.INFO
    block = block.replace("    select device=0x100\n", "")
    [found] = [each for each in lint(f"IVRS\n{block}{mcfg}") if each.rule == "ivrs/uncovered"]
    assert found.severity is Severity.WARNING


def test_a_gap_within_the_buses_is_named() -> None:
    block = "  ivhd-40 base=0xfeb80000\n    range device=8\n    range-end device=0x1ff\n"
    block += "    range device=0x400\n    range-end device=0xfff\n" + SOUTHBRIDGE
    mcfg = "MCFG\n  allocation base=0xf8000000 segment=0 end_bus=0x10\n"
    found = {each.rule: each.message for each in lint(f"IVRS\n{block}{mcfg}")}
    assert "bus 02 to 03, 10 of segment 0" in found["ivrs/uncovered"]
