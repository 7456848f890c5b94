"""The rules on DMAR tables: where they speak, and where they must not."""

from __future__ import annotations

import pytest

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.machine import Machine
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble
from tests.support.boards import SHARED

UNIT = 'DMAR flags=1\n drhd base=0xfed91000 flags=1\n  ioapic enumeration_id=2 hops="1f.0"\n'


def lint(source: Machine | str) -> list[Finding]:
    read = source if isinstance(source, Machine) else Machine.of(assemble(source))
    checked = check(TablesBoard(read), choose(["dmar"]))
    assert checked.faults == []
    return checked.findings


def told(text: str) -> set[tuple[str, str]]:
    return {(each.identity.removeprefix("dmar/"), each.severity.value) for each in lint(text)}


def only(text: str) -> Finding:
    (finding,) = lint(text)
    return finding


# What is legal.


@pytest.mark.parametrize(
    "body",
    [
        # One region for several devices, and overlapping regions.
        (
            ' rmrr base=0x1000 last=0x2fff\n  endpoint hops="1d.0"\n  endpoint hops="1a.0"\n'
            ' rmrr base=0x2000 last=0x3fff\n  endpoint hops="1d.0"\n'
        ),
        # One HPET block that sends from several functions.
        '  hpet bus=0xf0 hops="0f.0"\n  hpet bus=0xf0 hops="0f.1"\n',
        # Flags: x2APIC opt-out, DMA opt-in are in the header; all ports, ATC required.
        " atsr flags=1\n",
        ' satc flags=1\n  endpoint hops="02.0"\n',
        # The flags of a scope are SIDP's.
        ' sidp\n  endpoint flags=0x1f hops="02.0"\n',
        # A path through two bridges.
        ' rmrr base=0x1000 last=0x1fff\n  endpoint hops="1c.0-00.0-00.1"\n',
        # A large, but possible, set of registers elsewhere.
        " drhd base=0xd0000000 segment=1 flags=1 register_size=4\n",
        # A device of a unit that includes all may be named too.
        '  endpoint hops="02.0"\n',
    ],
)
def test_legal_tables_are_silent(body: str) -> None:
    assert told(UNIT + body) == set()


def test_scopes_alone_are_enough_for_a_segment() -> None:
    """QEMU names each device, and has no INCLUDE_PCI_ALL."""
    assert told('DMAR\n drhd base=0x1000\n  endpoint hops="1f.2"\n  bridge hops="02.0"') == set()


# Frames.


def test_length_0_stops_linux_only_where_it_reads() -> None:
    hangs = only(UNIT + " structure type=9 length=0")
    assert hangs.severity.value == "error"
    assert "loops forever" in hangs.effect
    assert (
        "loops forever" in only(UNIT + " rmrr base=0x1000 last=0x1fff\n  endpoint length=0").effect
    )
    unread = only(UNIT + " sidp\n  endpoint length=0")
    assert "loops forever" not in unread.effect


def test_frames_alike_are_told_once() -> None:
    finding = only(UNIT + " rhsa size=8 length=8\n" * 50)
    assert "(and 49 more)" in finding.message


def test_a_broken_frame_hides_what_may_be_behind_it() -> None:
    """No finding says that something is missing which could not be read."""
    assert told("DMAR\n structure type=9 length=0\n drhd base=0x1000 flags=1") == {
        ("frame", "error")
    }


# Units.


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("base=0 flags=1", {("unit-address", "error")}),
        ("base=0xffffffffffffffff flags=1", {("unit-address", "error")}),
        ("base=0xfed90800 flags=1", {("unit-address", "error")}),
        ("base=0xfed90000 flags=1 register_size=0x1f", {("unit-address", "warning")}),
    ],
)
def test_addresses_where_no_unit_is(unit: str, expected: set[tuple[str, str]]) -> None:
    assert told(f"DMAR\n drhd {unit}") == expected


def test_registers_that_overlap() -> None:
    larger = ' drhd base=0xfed00000 register_size=9\n  endpoint hops="02.0"\n'
    table = f"DMAR\n{larger} drhd base=0xfed91000 flags=1"
    assert told(table) == {("duplicate-unit", "error")}
    assert "Can't reserve memory" in only(table).effect
    assert told(table.replace("register_size=9", "register_size=0")) == set()


def test_the_address_of_another_segments_unit() -> None:
    table = "DMAR\n drhd base=0x1000 flags=1\n drhd base=0x1000 segment=1 flags=1"
    assert told(table) == {("duplicate-unit", "error")}
    assert "Can't reserve memory" in only(table).effect


def test_one_unit_twice_is_told_once() -> None:
    assert told("DMAR\n drhd base=0x1000 flags=1\n drhd base=0x1000 flags=1") == {
        ("duplicate-unit", "error")
    }


def test_units_of_which_none_has_the_rest() -> None:
    text = (
        'DMAR\n drhd base=0x1000\n  endpoint hops="02.0"\n'
        ' drhd base=0x2000{}\n  ioapic enumeration_id=2 hops="1e.7"'
    )
    assert told(text.format("")) == {("uncovered", "warning")}
    assert told(text.format(" flags=1")) == set()
    assert told(text.format(" segment=1")) == {("uncovered", "info")}


def test_include_all_that_is_not_last() -> None:
    text = 'DMAR\n drhd base=0x1000 flags=1\n drhd base=0x2000\n  endpoint hops="02.0"'
    assert told(text) == {("include-all", "warning")}
    assert told(text.replace("0x2000", "0x2000 segment=1")) == set()


# Devices.


def test_a_segment_of_i_o_apics_only() -> None:
    text = 'DMAR flags=1\n drhd base=0x1000\n  ioapic bus=0xff hops="00.0"'
    assert told(text) == {("uncovered", "info")}


def test_a_region_for_a_device_that_no_unit_has() -> None:
    text = (
        'DMAR\n drhd base=0x1000\n  bridge hops="02.0"\n'
        ' rmrr base=0x1000 last=0x1fff\n  endpoint hops="{}"'
    )
    assert told(text.format("14.0")) == {("uncovered", "warning")}
    assert told(text.format("02.0-00.0")) == set()


def test_units_of_no_segment_of_the_mcfg_are_nobodys_fault() -> None:
    """The MCFG need not have the segment of a host bridge that is hot-plugged."""
    assert (
        told(
            "DMAR\n drhd base=0x1000 flags=1\n drhd base=0x2000 flags=1 segment=1\n"
            "MCFG\n allocation base=0xe0000000"
        )
        == set()
    )


def test_devices_in_two_units_are_one_finding_for_the_two() -> None:
    scopes = (
        '  endpoint hops="02.0"\n  endpoint hops="03.0"\n  ioapic enumeration_id=2 hops="1f.0"\n'
    )
    units = f" drhd base=0x1000\n{scopes} drhd base=0x2000\n{scopes}"
    finding = only(f"DMAR flags=1\n{units} drhd base=0x3000 flags=1")
    assert finding.identity == "dmar/duplicate-scope"
    assert "0000:00:02.0, 0000:00:03.0, ioapic 2" in finding.message
    assert "0x2000" in finding.effect.partition(";")[0]


@pytest.mark.parametrize(
    ("scope", "severity"),
    [
        ("endpoint", "error"),
        ('endpoint length=9 hops="02.0" size=9', "warning"),
        ('endpoint hops="02.8"', "error"),
        ('bridge hops="1c.0-20.0"', "error"),
        ('ioapic enumeration_id=5 hops="1f.9"', "error"),
        ("hpet", "error"),
        ('hpet hops="00.0"', "warning"),
        ('scope type=6 length=8 hops="02.0"', "warning"),
    ],
)
def test_scopes_that_name_nothing(scope: str, severity: str) -> None:
    assert told(f"{UNIT}  {scope}\n") == {("scope", severity)}


@pytest.mark.parametrize(
    ("structure", "scope", "confidence"),
    [
        ("atsr", 'endpoint hops="1c.0"', "likely"),
        ("rmrr base=0x1000 last=0x1fff", 'hpet hops="0f.0"', "sure"),
    ],
)
def test_scopes_of_the_wrong_kind(structure: str, scope: str, confidence: str) -> None:
    finding = only(f"{UNIT} {structure}\n  {scope}\n")
    assert (finding.identity, finding.severity.value) == ("dmar/scope", "warning")
    assert finding.confidence.value == confidence


@pytest.mark.parametrize(
    ("structure", "effect"),
    [
        ("rmrr base=0x1000 last=0x1fff", "maps the region for no device"),
        ("atsr", "no ATS"),
    ],
)
def test_devices_of_the_namespace_outside_of_a_unit(structure: str, effect: str) -> None:
    scope = 'acpi-device enumeration_id=1 hops="15.0"'
    name = ' andd device_number=1 object_name="\\_SB.PCI0.I2C0"\n'
    assert told(f"{UNIT}  {scope}\n{name}") == set()
    finding = only(f"{UNIT}  {scope}\n {structure}\n  {scope}\n{name}")
    assert (finding.identity, finding.severity.value) == ("dmar/scope", "warning")
    assert effect in finding.effect


# Interrupts.


def test_i_o_apics_matter_only_where_interrupts_are_remapped() -> None:
    table = "{}\n drhd base=0x1000 flags=1\nAPIC\n ioapic id=2"
    assert told(table.format("DMAR flags=1")) == {("ioapic", "error")}
    assert told(table.format("DMAR flags=6")) == set()


def test_without_a_madt_only_a_table_that_names_none_is_told() -> None:
    assert told("DMAR flags=1\n drhd base=0x1000 flags=1") == {("ioapic", "warning")}
    assert told(UNIT) == set()


def test_an_i_o_apic_that_the_madt_lacks_is_worth_knowing() -> None:
    extra = '  ioapic enumeration_id=9 hops="1f.1"\n'
    assert told(UNIT + extra + "APIC\n ioapic id=2") == {("ioapic", "info")}


def test_a_machine_without_i_o_apics_needs_no_scope() -> None:
    assert (
        told("DMAR flags=1\n drhd base=0x1000 flags=1\nAPIC\n entry type=0 size=8 length=8")
        == set()
    )


# Devices of the namespace.

NAMED = UNIT + '  acpi-device enumeration_id=1 hops="15.0"\n'


def test_names_and_scopes_belong_together() -> None:
    assert told(NAMED) == {("andd", "warning")}
    assert told(UNIT + ' andd device_number=1 object_name="A"') == {("andd", "warning")}
    assert told(NAMED + ' andd device_number=1 object_name="A"') == set()


def test_a_name_without_an_end() -> None:
    name = ' andd device_number=1 object_name="ABCD" size=12 length=12'
    assert told(NAMED + name) == {("andd", "error")}


def test_a_name_that_the_namespace_lacks() -> None:
    read = Machine.of(assemble(NAMED + ' andd device_number=1 object_name="\\_SB.PCI0.I2C"'))
    read.device_paths = frozenset({"\\_SB_.PCI0.I2C_"})
    assert lint(read) == []
    read.device_paths = frozenset({"\\_SB_.PCI0"})
    assert [each.identity for each in lint(read)] == ["dmar/andd"]


# Regions and widths.


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ("base=0x1000 last=0x1fff", set()),
        ("base=0 last=0", {("reserved-region", "warning")}),
        ("base=0x2000 last=0x1fff", {("reserved-region", "error")}),
        ("base=0x1800 last=0x2fff", {("reserved-region", "error")}),
        ("base=0x1000 last=0x17ff", {("reserved-region", "warning")}),
        ("base=0x8000000000 last=0x8000000fff", {("host-address-width", "warning")}),
    ],
)
def test_bounds_of_regions(bounds: str, expected: set[tuple[str, str]]) -> None:
    assert told(f'{UNIT} rmrr {bounds}\n  endpoint hops="02.0"') == expected


def test_a_region_for_nobody() -> None:
    assert told(UNIT + " rmrr base=0x1000 last=0x1fff") == {("reserved-region", "info")}


@pytest.mark.parametrize(
    ("width", "severity"), [(10, "error"), (11, ""), (63, ""), (64, "warning")]
)
def test_widths(width: int, severity: str) -> None:
    found = {each[1] for each in told(f"DMAR width={width}\n drhd base=0x1000 flags=1")}
    assert found == ({severity} if severity else set())


def test_reserved_bits_are_one_finding() -> None:
    finding = only('DMAR flags=0x80\n drhd base=0x1000 flags=3\n  endpoint reserved=1 hops="02.0"')
    assert finding.subject.path == "DMAR/header"
    assert "0x80 in flags of the header" in finding.message
    assert "0x2 in flags of drhd@0x30" in finding.message
    assert "0x1 in reserved of scope@0x40" in finding.message
    assert finding.fix.text == (
        "Clear bits 0x80 of flags, bits 0x2 of flags, bits 0x1 of reserved."
    )
    assert len(finding.fix.edits) == 3


def test_an_rhsa_before_its_unit() -> None:
    text = "DMAR\n rhsa base=0x1000\n drhd base=0x1000 flags=1"
    assert told(text) == {("affinity", "warning"), ("order", "info")}


# Real tables.

BROKEN = "Lenovo__IdeaPadFlex_15_20309"


def test_real_tables() -> None:
    """Of forty laptops and desktops one has a unit at address 0; QEMU's bypass is worth knowing."""
    paths = sorted((SHARED / "tables").glob("*/**/*[dD][mM][aA][rR].bin"))
    if not paths:
        pytest.skip(f"no real tables in {SHARED} (set DTLINK_SHARED)")
    for path in paths:
        blobs = {"DMAR": path.read_bytes()}
        if (madt := path.parent / "APIC.bin").exists():
            blobs["APIC"] = madt.read_bytes()
        found = {(each.identity, each.severity.value) for each in lint(Machine.of(blobs))}
        expected = set()
        if path.name.startswith(BROKEN):
            expected = {("dmar/unit-address", "error")}
        if path.parent.name == "q35-intel-defbypass":
            expected = {("dmar/uncovered", "info")}
        assert found == expected, path
