"""Tables on which dtlink once fell short, each with its right answer; and more of each kind."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.read import decode, read_folder
from dtlink.firmware.inputs import Input
from dtlink.links.acpi.properties import properties
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble
from tests.support.boards import SHARED
from tests.support.tables import machine

CASES = SHARED / "cases/acpi"

#: What ``lint`` reports by default: rules, by case. Those that are not here must be silent.
EXPECTED: dict[str, dict[str, int]] = {
    "bsa-131-two-rc-one-smmu": {"iommu/map-output-overlap": 1, "iort/no-its-mapping": 1},
    "cb-8122b3f6-drhd-last": {"acpi/nothing-described": 1},
    "cb-cnl-no-igd": {"dmar/host-address-width": 1},
    "cb-deltalake-ioapic-ids": {"dmar/ioapic": 1, "dmar/duplicate-scope": 1},
    "cb-ioapic-lpc": {"ivrs/missing-ioapic": 1},
    "cb-mandolin-ioapic1": {"ivrs/missing-ioapic": 1},
    "cb-picasso-bus0-only": {"ivrs/uncovered": 1},
    "cb-picasso-gap-55": {"acpi/unknown-type": 1, "ivrs/uncovered": 1},
    "cb-picasso-gap-aa": {"acpi/unknown-type": 1, "ivrs/missing-ioapic": 1, "ivrs/uncovered": 1},
    "cb-picasso-gap-ff": {"acpi/unknown-type": 1, "ivrs/missing-ioapic": 1, "ivrs/uncovered": 1},
    "cb-picasso-gap-garb44": {"acpi/unknown-type": 1, "ivrs/uncovered": 1},
    "cb-picasso-gap-zero": {"ivrs/uncovered": 1},
    "cb-snb-ioapic-hardcoded": {"dmar/ioapic": 1},
    "ch3296-multiseg": {"iort/segment-without-root-complex": 1, "iort/withdrawn-revision": 1},
    "ch7586-maf": {"iort/memory-attributes": 1, "iort/withdrawn-revision": 1},
    "dmar-checksum": {"acpi/checksum": 1},
    "dmar-only-ioapic-unit": {"dmar/uncovered": 1},
    "edk2-12251-no-valid-flag": {"iort/single-mapping": 1, "iort/smmu-interrupts": 1},
    "edk2-13137-iwb": {"acpi/device-name": 4, "acpi/duplicate": 1},
    "ivrs-bus0-min": {"ivrs/uncovered": 1},
    "ivrs-checksum": {"acpi/checksum": 1},
    "lkml-sb-ioapic-alias": {"ivrs/missing-ioapic": 1},
    "morello-ats3": {"iort/ats-attribute": 1, "iort/memory-attributes": 1},
    "nv-dual-smmu": {"iort/input-overlap": 1},
    "nv-single-count": {"iort/no-its-mapping": 1},
    "one-mcfg-fault": {"dmar/ioapic": 1},
    "qemu11-rimt-pci": {"rimt/uncovered": 1},
    "sbl-mtl-bar-a": {"dmar/unit-address": 1},
    "sbl-mtl-bar-b": {"dmar/duplicate-unit": 1},
    "two-mcfg-fault": {"dmar/ioapic": 1},
}
#: What is reported with ``--show info``, of the cases that are about it.
NOTES = {
    "ch7586-maf": {"iort/ats-attribute", "iommu/bus-uncovered", "acpi/reserved-bits"},
    "gicv5-its": {"iort/its-not-in-madt"},
    "nv-single-count": {"iort/single-mapping"},
}


def read_case(name: str) -> Machine:
    """The tables of a case: a folder, or its only table."""
    files = [each for each in (CASES / name).iterdir() if each.suffix != ".txt"]
    if len(files) == 1:
        return decode(files[0].read_bytes(), str(files[0]))
    return read_folder(str(CASES / name))


def lint(
    tables: str | Machine,
    version: KernelVersion = DEFAULT,
    *,
    paths: frozenset[str] | None = None,
    rules: str = "default",
) -> list[Finding]:
    read = machine(tables) if isinstance(tables, str) else tables
    read.device_paths = paths
    checked = check(TablesBoard(read, Settings(version)), choose([rules]))
    assert checked.faults == []
    return checked.findings


def reported(found: list[Finding]) -> dict[str, int]:
    return dict(Counter(each.rule for each in found if each.severity is not Severity.INFO))


def find(found: list[Finding], rule: str) -> Finding:
    (only,) = (each for each in found if each.rule == rule)
    return only


def names() -> list[str]:
    return sorted(each.name for each in CASES.glob("*") if each.is_dir()) or ["no cases"]


@pytest.mark.parametrize("name", names())
def test_cases(name: str) -> None:
    if not CASES.is_dir():
        pytest.skip("no ../shared/cases")
    found = lint(read_case(name))
    assert reported(found) == EXPECTED.get(name, {})
    assert {each.rule for each in found if each.severity is Severity.INFO} >= NOTES.get(name, set())


def test_an_older_kernel_takes_a_range_for_the_msis_of_the_smmu() -> None:
    if not CASES.is_dir():
        pytest.skip("no ../shared/cases")
    for version, expected in (("5.10", "error"), ("6.1", "error"), ("6.2", ""), ("7.2", "")):
        found = lint(read_case("nv-5a3aea7d-old-kernel"), KernelVersion.parse(version))
        assert [each.severity.value for each in found] == ([expected] if expected else [])


# Identifiers, ATS, single mappings and stream IDs of an IORT

IORT = """
APIC
  gicd
  its id=0
IORT table_revision=5
  its: its-group ids=0 identifier=1
  smmu: smmu-v3 base=0x5000000 event_gsiv=74 gerr_gsiv=75 pri_gsiv=76 sync_gsiv=77 identifier=2
    map count=0x1ffff output=its
"""
RC = "  rc: root-complex segment=0 identifier=3 {}\n    map count=0xffff output=smmu\n"


@pytest.mark.parametrize(
    ("nodes", "version", "effects"),
    [
        ("  its-group ids=0 identifier=2\n", "7.2", ["compares the identifiers of SMMUv3 nodes"]),
        ("  its-group ids=0 identifier=2\n", "6.1", ["does not read these identifiers"]),
        ("  smmu-v3 base=0x6000000 identifier=2\n", "6.12", ["command queue extension"]),
        (
            "  smmu-v3 base=0x6000000 identifier=2\n  its-group ids=0 identifier=2\n",
            "7.2",
            ["command queue extension", "compares the identifiers of SMMUv3 nodes"],
        ),
    ],
)
def test_equal_identifiers(nodes: str, version: str, effects: list[str]) -> None:
    found = lint(IORT + nodes, KernelVersion.parse(version))
    told = [each.effect for each in found if each.rule == "acpi/duplicate"]
    assert len(told) == len(effects)
    assert all(want in has for want, has in zip(effects, told, strict=True))


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ("node_revision=0 ats=1", ""),
        ("node_revision=1 ats=3", "warning"),
        ("node_revision=2 ats=3", ""),
        ("node_revision=2 ats=5", "warning"),
        ("node_revision=3 ats=7", ""),
        ("node_revision=4 ats=2", "warning"),
        ("node_revision=4 ats=0", ""),
    ],
)
def test_ats_attribute(fields: str, severity: str) -> None:
    found = [each for each in lint(IORT + RC.format(fields)) if each.rule == "iort/ats-attribute"]
    assert [each.severity.value for each in found] == ([severity] if severity else [])


def test_memory_flags_in_the_place_of_the_ats_attribute() -> None:
    found = lint(IORT + RC.format("node_revision=3 ats=3 memory_flags=0"))
    assert reported(found) == {"iort/memory-attributes": 1}
    assert "Set memory_flags to 0x3" in find(found, "iort/memory-attributes").fix.text
    # An ITS alone, so that ATS has no use.
    text = IORT + RC.format("node_revision=3 ats=3 memory_flags=0").replace("=smmu", "=its")
    assert "Set memory_flags" in find(lint(text), "iort/ats-attribute").fix.text


def test_counts_of_single_mappings() -> None:
    text = IORT + RC.format("").replace("count=", "flags=1 count=")
    note = find(lint(text), "iort/single-mapping")
    assert (note.severity, note.property_name) == (Severity.INFO, None)
    assert note.effect.endswith("Windows on Arm requires 0")
    assert lint(text.replace("count=0xffff output=smmu", "count=0 output=smmu")) == []


COMPONENT = """
  nc: named-component object_name="\\_SB_.USB0" identifier=4
    map flags=1 output_base={} output=smmu
    map flags=1 output_base={} output=smmu
"""


def test_a_component_with_a_stream_id_of_a_root_complex() -> None:
    finding = find(
        lint(IORT + RC.format("") + COMPONENT.format(16, 17)), "iommu/map-output-overlap"
    )
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert "requester ID 0x10 (00:02.0)" in finding.message
    assert lint(IORT + RC.format("") + COMPONENT.format(0x10000, 0x10001)) == []
    # Buses that the MCFG does not have give no stream IDs.
    mcfg = "MCFG\n  allocation base=0x40000000 segment=0 end_bus=0\n"
    assert lint(IORT + RC.format("") + COMPONENT.format(0x100, 0x101) + mcfg) == []
    # At an SMMUv2 they share a translation, and lose nothing.
    v2 = IORT.replace("smmu-v3 base=0x5000000 event_gsiv=74 gerr_gsiv=75 pri_gsiv=76", "smmu #")
    v2 = v2.split("#")[0] + "base=0x5000000 identifier=2\n    map count=0x1ffff output=its\n"
    found = lint(v2 + RC.format("") + COMPONENT.format(16, 17))
    assert "iommu/map-output-overlap" not in {each.rule for each in found}


# Buses without a mapping


@pytest.mark.parametrize(
    ("count", "target", "severity", "effect"),
    [
        (0xFF, "its", "info", "no MSI controller"),
        (0xFF, "smmu", "info", "no IOMMU"),
        (0x7FFF, "smmu", "warning", "no IOMMU"),
        (0xBFFF, "its", "warning", "no MSI controller"),
    ],
)
def test_buses_without_a_mapping(count: int, target: str, severity: str, effect: str) -> None:
    mcfg = "MCFG\n  allocation base=0x40000000 segment=0\n"
    text = IORT + RC.format("").replace("0xffff", hex(count)).replace("=smmu", f"={target}")
    finding = find(lint(text + mcfg), "iommu/bus-uncovered")
    assert (finding.severity.value, finding.confidence) == (severity, Confidence.LIKELY)
    assert effect in finding.effect


def test_root_buses_exist() -> None:
    text = IORT + RC.format("").replace("0xffff", "0xff")
    one = "MCFG\n  allocation base=0x40000000 segment=0 end_bus=0x3f\n"
    more = one + "  allocation base=0x40000000 segment=0 start_bus=0x40\n"
    assert find(lint(text + more), "iommu/bus-uncovered").severity is Severity.WARNING
    read = machine(text + one)
    read.code = {"DSDT": b"\x08_SEG\x00\x08_BBN\x00 \x08_BBN\x0a\x10"}
    assert find(lint(read), "iommu/bus-uncovered").severity is Severity.WARNING
    read.code = {"DSDT": b"\x08_SEG\x00\x08_BBN\x00 \x08_BBN\x0a\x50"}
    assert find(lint(read), "iommu/bus-uncovered").severity is Severity.INFO


def test_an_its_alone_is_no_iommu_that_is_lost() -> None:
    second = "  root-complex segment=0 identifier=5\n    map count=0xffff output={}\n"
    first = RC.format("").replace("0xffff", "0xff")
    for target, lost in (("its", "no MSI controller"), ("smmu", "neither an IOMMU nor an MSI")):
        text = IORT + first.replace("=smmu", f"={target}") + second.format(target)
        assert f"get {lost}" in find(lint(text), "acpi/duplicate").effect


# Memory ranges and buses of an IVRS

IVRS = """
APIC
  ioapic id=33 address=0xfec00000
IVRS
  ivhd-11 base=0xfeb80000
    all
    special handle=33 source=0xa0
"""


@pytest.mark.parametrize(
    ("fields", "severity", "words"),
    [
        ("flags=7 range_start=0 range_length=1", "warning", "0x1 bytes at address 0"),
        ("flags=8 range_start=0 range_length=0x1000", "warning", "0x1000 bytes at address 0"),
        ("flags=7 range_start=0x70000000 range_length=0xfff", "info", "length 0xfff"),
        ("flags=8 range_start=0x70000000 range_length=1", "info", "length 0x1"),
        # One page, for a unity mapping or an exclusion, is as good as many.
        ("flags=8 range_start=0x70000000 range_length=0x1000", "", ""),
        ("flags=7 range_start=0x70000000 range_length=0x1000", "", ""),
        ("flags=7 range_start=0 range_length=0xa0000", "", ""),
    ],
)
def test_memory_ranges(fields: str, severity: str, words: str) -> None:
    found = lint(f"{IVRS}  ivmd-select device=0x300 {fields}\n")
    assert [each.severity.value for each in found] == ([severity] if severity else [])
    assert all(words in each.message for each in found)


@pytest.mark.parametrize(
    ("block", "served"),
    [
        ("ivmd-select device=0x3fff", True),
        ("ivmd-select device=0x4000", False),
        ("ivmd-range device=0x3f00 aux=0x40ff", True),
        ("ivmd-range device=0x4000 aux=0x40ff", False),
        ("ivmd-all", True),
    ],
)
def test_memory_of_devices_without_an_iommu(block: str, served: bool) -> None:  # noqa: FBT001
    text = IVRS.replace("    all\n", "    range device=0x8\n    range-end device=0x3fff\n")
    found = lint(f"{text}  {block} flags=7 range_start=0x70000000 range_length=0x1000\n")
    assert reported(found) == ({} if served else {"ivrs/memory-range": 1})
    assert all("which no entry gives to an IOMMU" in each.message for each in found)


def iommus(*buses: int) -> str:
    """An IVRS with IOMMUs, each of them for 32 buses from one on; the MCFG has 256."""
    blocks = "".join(
        f"  ivhd-11 base={0xFEB80000 + bus * 0x10000:#x} device={bus * 256 + 2}\n"
        f"    range device={bus * 256 + 8}\n    range-end device={(bus + 31) * 256 + 254}\n"
        for bus in buses
    )
    entry = "    special handle=33 source=0xa0\n"
    mcfg = "MCFG\n  allocation base=0xf8000000 segment=0\n"
    return IVRS.partition("IVRS")[0] + "IVRS\n" + blocks + entry + mcfg


@pytest.mark.parametrize(
    ("buses", "severity"),
    [
        ((0, 0x40, 0x80, 0xC0), "info"),  # each host bridge has 32 of the 64 buses
        ((0, 0x40, 0x80), "warning"),  # one is missing
        ((0,), "warning"),
        ((0x20, 0x60, 0xA0, 0xE0), "warning"),  # the first bus
        (tuple(range(0, 256, 32)), ""),
    ],
)
def test_buses_that_an_ivrs_leaves_out(buses: tuple[int, ...], severity: str) -> None:
    found = [each for each in lint(iommus(*buses)) if each.rule == "ivrs/uncovered"]
    assert [each.severity.value for each in found] == ([severity] if severity else [])


# Functions that a RIMT leaves out

RIMT = """
RIMT
  iommu: iommu id=0 hardware_id="00101400" flags=1 function={:#x}
  root-complex id=1 segment=0
"""


@pytest.mark.parametrize(
    ("function", "maps", "mcfg", "expected"),
    [
        # As QEMU writes it for an IOMMU at 00:05.0.
        (0x28, ["source_base=0x29 count=0xffd7 output_base=0x29"], 0xFF, ["warning 0x8-0x27"]),
        (8, ["source_base=9 count=0xfff7 output_base=9"], 0xFF, []),  # the host bridge alone
        (0x28, ["count=0x27", "source_base=0x29 count=0xffd7 output_base=0x29"], 0xFF, []),
        # A hole in a bus, and one between buses.
        (0, ["count=0x180", "source_base=0x190 count=0x100 output_base=0x190"], 2, ["0x181-0x18f"]),
        (0, ["count=0x100"], 0xFF, ["info buses 01-ff"]),
        (0, ["count=0xf000"], 0xFF, ["warning buses f0-ff"]),
        (0, ["count=0x100"], 0, []),
        (0, ["source_base=0x10 count=8", "source_base=0x30 count=8"], 0xFF, []),  # as is meant
    ],
)
def test_functions_of_a_rimt(
    function: int, maps: list[str], mcfg: int, expected: list[str]
) -> None:
    rows = "".join(f"    map {each} output=iommu\n" for each in maps)
    text = f"MCFG\n  allocation base=0x30000000 segment=0 end_bus={mcfg}\n"
    found = lint(RIMT.format(function) + rows + text, KernelVersion.parse("7.2"))
    told = [f"{each.severity.value} {each.message}" for each in found if "unc" in each.rule]
    words = [want.split() for want in expected]
    assert len(told) == len(words)
    assert all(word in has for want, has in zip(words, told, strict=True) for word in want)


def test_linux_counts_the_ids_of_a_rimt_up_to_the_iommu_itself() -> None:
    rows = "    map count={} output=iommu\n    map source_base=0x29 count=0xffd7 output=iommu\n"
    for count, slipped in ((0x28, True), (0x27, False), (0x29, False)):
        found = lint(RIMT.format(0x28) + rows.format(count), KernelVersion.parse("7.2"))
        told = [each for each in found if each.rule == "rimt/iommu-in-own-range"]
        assert len(told) == (count > 0x27)
        assert all(("one ID too far" in each.message) is slipped for each in told)
        assert all(("Set count to 0x27" in each.fix.text) is slipped for each in told)


# Units of a DMAR that translate nothing

IOAPIC = '    ioapic enumeration_id=2 bus=0xf0 hops="1f.0"\n'
HPET = '    hpet enumeration_id=0 bus=0xf0 hops="0f.0"\n'
PCI = '    endpoint hops="{}"\n'


def dmar(*units: tuple[int, int, str]) -> str:
    """A DMAR with units: their segment, flags and scopes."""
    heads = (
        f"  drhd base={0xFED90000 + number * 0x1000:#x} segment={segment} flags={flags}\n{scopes}"
        for number, (segment, flags, scopes) in enumerate(units)
    )
    return "APIC\n  ioapic id=2 address=0xfec00000\nDMAR flags=1\n" + "".join(heads)


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        # Interrupts alone, beside a unit that has the rest.
        ([(0, 0, IOAPIC), (0, 1, HPET)], {}),
        ([(0, 0, HPET), (0, 0, PCI.format("02.0")), (0, 1, IOAPIC)], {}),
        ([(0, 0, ""), (0, 1, IOAPIC)], {"dmar/ignored-unit": "warning"}),
        (
            [(0, 0, ""), (0, 0, PCI.format("02.0") + IOAPIC)],
            {"dmar/ignored-unit": "warning", "dmar/uncovered": "warning"},
        ),
        (
            [(0, 0, PCI.format("02.0")), (0, 0, HPET + IOAPIC)],
            {"dmar/uncovered": "warning"},
        ),
        (
            [(0, 1, IOAPIC), (1, 0, PCI.format("02.0")), (1, 0, PCI.format("03.0"))],
            {"dmar/uncovered": "warning"},
        ),
    ],
)
def test_units_that_translate_nothing(
    units: list[tuple[int, int, str]], expected: dict[str, str]
) -> None:
    assert {each.rule: each.severity.value for each in lint(dmar(*units))} == expected


# ITSs of a GICv5, and several MCFGs


@pytest.mark.parametrize(
    ("frame", "version", "severities"),
    [
        ("its id=0", "6.12", []),
        ("its-translate-frame id=0", "7.2", []),
        ("its-translate-frame id=1", "7.2", ["error"]),
        ("its-translate-frame id=0", "6.12", ["info"]),
    ],
)
def test_the_its_of_an_iort_is_in_the_madt(frame: str, version: str, severities: list[str]) -> None:
    text = IORT.replace("its id=0", frame) + RC.format("")
    found = lint(text, KernelVersion.parse(version))
    told = [each.severity.value for each in found if each.rule == "iort/its-not-in-madt"]
    assert told == severities


@pytest.mark.parametrize("counting", ["MCFG1", "MCFG2"])
def test_of_two_mcfgs_the_first_counts(tmp_path: Path, counting: str) -> None:
    """The one of segment 1, of which the IORT has no root complex, first or second."""
    other = {"MCFG1": "MCFG2", "MCFG2": "MCFG1"}[counting]
    for name, data in assemble(IORT + RC.format("")).items():
        (tmp_path / name).write_bytes(data)
    for name, segment in ((counting, 1), (other, 0)):
        text = f"MCFG\n  allocation base=0x40000000 segment={segment}\n"
        (tmp_path / name).write_bytes(assemble(text)["MCFG"])
    read = read_folder(str(tmp_path))
    (note,) = read.repeated
    assert "Linux takes the first" in note
    found = {each.rule for each in lint(read)}
    assert ("iort/segment-without-root-complex" in found) is (counting == "MCFG1")


# Cases that are about other commands


@pytest.fixture
def cases() -> Path:
    if not CASES.is_dir():
        pytest.skip("no ../shared/cases")
    return CASES


def test_the_devicetree_of_a_rimt_maps_more(cases: Path) -> None:
    from dtlink.firmware.read import decode as decode_input
    from dtlink.firmware.read import load_input
    from dtlink.firmware.tree import Tree
    from dtlink.views.same_machine import SameMachineView

    path = Input(str(cases / "qemu11-rimt-pci.dtb"))
    tree = decode_input(load_input(path), str(path))
    assert isinstance(tree, Tree)
    view = SameMachineView.of(tree, read_case("qemu11-rimt-pci"))
    ((difference,),) = (host.differences for host in view.hosts)
    assert (difference.aspect.value, difference.acpi) == ("IOMMU", None)
    assert [(each.first, each.last) for each in difference.ids] == [(0, 0x27)]


def test_flags_that_differ(cases: Path) -> None:
    old, new = (
        {each.row.name: each.value for each in properties(read_folder(str(cases / name)))}
        for name in ("dmar-flag-optin", "dmar-flag-none")
    )
    changed = {name for name in old if old[name] != new[name]}
    assert changed == {"DMA_CTRL_PLATFORM_OPT_IN"}
