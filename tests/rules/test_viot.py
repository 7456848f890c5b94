"""The rules on VIOT tables: where they speak, and where they must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.read import decode, read_folder
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding, Severity
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble
from tests.support.boards import SHARED
from tests.support.limits import at_most

IOMMU = "VIOT\n iommu: virtio-iommu-pci function=0x8\n"
ALL = " all: pci-range bdf_end=0xffff output=iommu\n"


def lint(source: Machine | str) -> list[Finding]:
    read = source if isinstance(source, Machine) else Machine.of(assemble(source))
    checked = check(TablesBoard(read), choose(["viot"]))
    assert checked.faults == []
    return checked.findings


def told(text: str) -> set[tuple[str, str]]:
    return {(each.identity.removeprefix("viot/"), each.severity.value) for each in lint(text)}


def only(text: str) -> Finding:
    (finding,) = lint(text)
    return finding


@pytest.mark.parametrize(
    "text",
    [
        # The IOMMU within the range that it serves, as QEMU writes it.
        IOMMU + ALL,
        # Beside other things, in any order: nodes may name later ones.
        "VIOT\n pci-range bdf_end=0xff output=iommu\n iommu: virtio-iommu-mmio base=0x1000",
        # A bus behind an expander, with IDs that leave the others free.
        IOMMU
        + " pci-range bdf_end=0xff output=iommu\n"
        + " pci-range bdf_start=0x1000 bdf_end=0x10ff endpoint_start=0x1000 output=iommu",
        # Several segments in one range.
        IOMMU + " pci-range segment_end=9 bdf_end=0xffff output=iommu",
        # Two IOMMUs may use the same endpoint IDs.
        IOMMU
        + " other: virtio-iommu-pci function=0x10\n pci-range bdf_end=0xff output=iommu\n"
        + " pci-range bdf_start=0x1000 bdf_end=0x10ff output=other",
        # Ranges over each other that agree about what they share.
        IOMMU
        + " pci-range bdf_end=0xff output=iommu\n"
        + " pci-range bdf_start=0x80 bdf_end=0x1ff endpoint_start=0x80 output=iommu",
        # The ID that the IOMMU itself would have is free for another.
        IOMMU
        + " pci-range bdf_end=0xff output=iommu\n mmio-endpoint base=1 endpoint=8 output=iommu",
        # The same said twice.
        IOMMU + " mmio-endpoint base=1 output=iommu\n mmio-endpoint base=1 output=iommu",
        # Padding between the header and the nodes, and behind them.
        "VIOT node_offset=64\n iommu: virtio-iommu-pci gap=16\n pci-range output=iommu size=24",
        # No node at all.
        "VIOT",
    ],
    ids=range(10),
)
def test_legal_tables_are_silent(text: str) -> None:
    assert lint(text) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pci-range length=0", "Empty node"),
        ("pci-range bdf_end=0xff output=iommu length=23", "Invalid PCI node size"),
        ("mmio-endpoint output=iommu length=8", "Invalid MMIO node size"),
    ],
)
def test_what_linux_says_of_a_short_node(body: str, expected: str) -> None:
    finding = only(f"{IOMMU}{ALL} {body}")
    assert (finding.identity, finding.severity) == ("viot/frame", Severity.ERROR)
    assert f'"ACPI: VIOT: [Firmware Bug]: {expected}"' in finding.effect
    assert (finding.property_name, finding.offset) == ("length", 48 + 16 + 24 + 2)


def test_a_short_iommu_is_told_once() -> None:
    finding = only("VIOT\n a: virtio-iommu-pci length=12 size=12\n pci-range bdf_end=9 output=a")
    assert finding.identity == "viot/frame"
    assert "No IOMMU node found" in finding.effect


def test_a_node_beyond_the_end() -> None:
    """Linux checks where a node begins, and no more."""
    harmless = only(IOMMU + ALL + " virtio-iommu-mmio base=1 length=99")
    assert (harmless.identity, harmless.severity) == ("viot/frame", Severity.WARNING)
    cut = only(IOMMU + " pci-range bdf_end=0xffff output=iommu length=24 size=12")
    assert (cut.identity, cut.severity) == ("viot/frame", Severity.ERROR)
    assert "follows the table in memory" in cut.effect
    lost = only(IOMMU.replace("VIOT", "VIOT node_count=4") + ALL.replace("\n", " length=99\n"))
    assert (lost.identity, lost.severity) == ("viot/frame", Severity.ERROR)
    assert "the 2 nodes" in lost.effect


def test_more_nodes_announced_than_there_are_and_fewer() -> None:
    more = only(IOMMU.replace("VIOT", "VIOT node_count=3") + ALL)
    assert (more.severity, more.message) == (
        Severity.WARNING,
        "node_count announces 1 more node than there are",
    )
    fewer = only(IOMMU.replace("VIOT", "VIOT node_count=2") + ALL + " mmio-endpoint output=iommu")
    assert fewer.severity is Severity.WARNING
    assert fewer.message == "24 bytes follow the 2 nodes that node_count announces"


def test_a_first_node_within_the_header() -> None:
    finding = only(IOMMU.replace("VIOT", "VIOT node_offset=36") + ALL)
    assert (finding.identity, finding.property_name) == ("viot/frame", "node_offset")


@pytest.mark.parametrize(
    ("output", "what", "line"),
    [
        ("0", "not the offset of a node", "Node pointer overflows"),
        ("0x38", "inside virtio-iommu-pci@0x30", "No IOMMU node found"),
        ("all", "refers to pci-range@0x40", "No IOMMU node found"),
        ("0x2000", "outside the table", "Node pointer overflows"),
    ],
)
def test_outputs_that_are_no_iommu(output: str, what: str, line: str) -> None:
    finding = only(f"{IOMMU}{ALL} mmio-endpoint base=1 endpoint=0x10000 output={output}")
    assert finding.identity == "viot/illegal-target"
    assert what in finding.message
    assert line in finding.effect
    assert finding.fix.text == "Set output to 0x30 (virtio-iommu-pci 0000:00:01.0)."


def test_no_iommu_is_told_once_for_all() -> None:
    finding = only("VIOT\n pci-range bdf_end=9 output=0x30\n mmio-endpoint output=0x30")
    assert (finding.identity, finding.subject.path) == ("viot/no-iommu", "VIOT/header")
    assert "no virtio-iommu for pci-range@0x30" in finding.message


def test_overlapping_ranges_name_what_they_share() -> None:
    finding = only(
        IOMMU + " pci-range bdf_end=0x1ff output=iommu\n"
        " late: pci-range bdf_start=0x180 bdf_end=0x2ff endpoint_start=0x9000 output=iommu"
    )
    assert (finding.identity, finding.severity) == ("viot/range-overlap", Severity.WARNING)
    assert "01:10.0 to 01:1f.7 of segment 0" in finding.message
    assert "endpoint 0x9000 at" in finding.effect
    assert "endpoint 0x180" not in finding.message
    assert "0x180 at" in finding.effect


def test_one_finding_for_a_range_over_many() -> None:
    one = " pci-range bdf_start={0} bdf_end={0} endpoint_start={0} output=iommu\n"
    many = IOMMU + "".join(one.format(at) for at in range(9, 99))
    assert lint(many + " pci-range bdf_end=0xff output=iommu") == []
    finding = only(many + " pci-range bdf_end=0xff endpoint_start=0x8000 output=iommu")
    assert finding.identity == "viot/range-overlap"
    assert "and functions with 89 more ranges" in finding.message


def test_one_finding_for_many_ranges_with_the_same_ids() -> None:
    one = " pci-range bdf_start={0} bdf_end={0} output=iommu\n"
    finding = only(IOMMU + "".join(one.format(at) for at in range(9, 99)))
    assert (finding.identity, finding.severity) == ("viot/endpoint-id-overlap", Severity.ERROR)
    assert finding.message.endswith("; 88 more nodes share IDs")


def test_a_range_and_a_device_with_one_endpoint_id() -> None:
    finding = only(IOMMU + ALL + " mmio-endpoint base=0x1000 endpoint=0x1234 output=iommu")
    assert (finding.identity, finding.severity) == ("viot/endpoint-id-overlap", Severity.ERROR)
    assert finding.property_name == "endpoint"
    assert "endpoint ID 0x1234 of virtio-iommu-pci@0x30" in finding.message


def test_endpoint_ids_of_an_iommu_with_two_nodes() -> None:
    text = (
        IOMMU + " again: virtio-iommu-pci function=0x8\n pci-range bdf_end=0xff output=iommu\n"
        " pci-range bdf_start=0x1000 bdf_end=0x10ff output=again"
    )
    assert told(text) == {("duplicate-iommu", "warning"), ("endpoint-id-overlap", "error")}


@pytest.mark.parametrize(
    ("mcfg", "iommu", "apic", "expected"),
    [
        ("segment=0 end_bus=0x7f", "function=0x8000", "", "bus 0x80"),
        ("segment=0 end_bus=0x7f", "function=0x8000", " ioapic id=1", ""),
        ("segment=0 end_bus=0x7f", "segment=1", " ioapic id=1", "segment 1"),
        ("segment=0 end_bus=0x7f", "function=0x7fff", "", ""),
        ("segment=3", "segment=3 function=0xffff", "", ""),
        ("segment=3 start_bus=9 end_bus=2", "segment=3", "", "no bus"),
    ],
)
def test_the_bus_of_an_iommu(mcfg: str, iommu: str, apic: str, expected: str) -> None:
    text = f"APIC\n{apic}\nMCFG\n allocation {mcfg}\nVIOT\n a: virtio-iommu-pci {iommu}\n"
    found = lint(text + " pci-range bdf_end=0xff segment_start=9 segment_end=9 output=a")
    assert [each.identity for each in found] == (["viot/iommu-off-bus"] if expected else [])
    assert all(expected in each.message for each in found)


def test_without_an_mcfg_no_bus_is_missing() -> None:
    assert told("VIOT\n a: virtio-iommu-pci segment=7\n pci-range output=a") == set()
    assert told("MCFG\nVIOT\n a: virtio-iommu-pci segment=7\n pci-range output=a") == set()


def test_an_unused_iommu_is_worth_knowing() -> None:
    assert told(IOMMU) == {("unused-iommu", "info")}
    assert told(IOMMU + " second: virtio-iommu-mmio base=1\n pci-range output=second") == {
        ("unused-iommu", "info")
    }


def test_reserved_bytes_are_told_once() -> None:
    finding = only(
        IOMMU.replace("VIOT", "VIOT reserved=1").replace("0x8", "0x8 node_reserved=2") + ALL
    )
    assert (finding.identity, finding.subject.path) == ("viot/reserved-bits", "VIOT/header")
    assert "0x2 in node_reserved of virtio-iommu-pci@0x30" in finding.message


def test_tables_full_of_faults_are_told_in_time() -> None:
    count = 5_000
    body = bytearray(b"\x04\0\x10\0" + bytes(12))
    for number in range(count):
        numbers = (0, 9, number % 977, 0x8000 - number, (number * 7) & 0xFFFF if number % 2 else 48)
        body += b"\x01\xff\x18\0" + number.to_bytes(4, "little")
        body += b"".join(each.to_bytes(2, "little") for each in numbers) + bytes(6)
    data = b"VIOT" + (48 + len(body)).to_bytes(4, "little") + bytes(28)
    data += (count + 1).to_bytes(2, "little") + b"\x30\0" + bytes(8) + body
    with at_most(30):
        assert lint(Machine.of({"VIOT": data}))


def test_real_tables_have_no_faults() -> None:
    top = SHARED / "tables" / "qemu"
    folders = sorted({path.parent for path in top.glob("*/VIOT.bin")})
    if not folders:
        pytest.skip(f"no real tables in {top}")
    for folder in folders:
        rules = {each.identity for each in lint(read_folder(str(folder)))}
        assert rules == ({"viot/unused-iommu"} if "defbypass" in folder.name else set()), folder


def test_the_damaged_table_of_another_tool() -> None:
    path: Path = SHARED / "tables" / "fwts-tests" / "viot-0001" / "acpidump-0002.log"
    if not path.exists():
        pytest.skip(f"no {path}")
    found = lint(decode(path.read_bytes(), str(path)))
    assert sorted(each.identity for each in found) == [
        "viot/duplicate-iommu",
        "viot/frame",
        "viot/reserved-bits",
        "viot/unknown-type",
        "viot/unknown-type",
    ]
    assert not any(each.severity is Severity.ERROR for each in found)
