"""Rules that ask what the machine shows: its PCI functions, its memory map."""

from __future__ import annotations

from textwrap import dedent

import pytest

from dtlink.board.seen import SeenMachine
from dtlink.board.tables import TablesBoard
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.memory_map import MemoryMap, map_of
from dtlink.firmware.pci.functions import FunctionList
from dtlink.firmware.pci.lspci import functions_of
from dtlink.links.pci.hierarchy import PciHierarchy
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Confidence, Dts, Finding, Severity, Tables
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble

HOST = "00:00.0 Host bridge [0600]: A vendor Device [8086:0100]\n"
DISK = "00:1f.2 SATA controller [0106]: A vendor Device [8086:1e03]\n"
PORT = """\
00:1c.0 PCI bridge [0604]: A vendor Device [8086:1e10]
\tBus: primary=00, secondary=01, subordinate=04, sec-latency=0
\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00
"""
HOTPLUG_PORT = PORT + "\t\tSltCap:\tAttnBtn- PwrCtrl- MRL- AttnInd- PwrInd- HotPlug+ Surprise+\n"
CARD = "01:00.0 Ethernet controller [0200]: A vendor Device [8086:10fb]\n\tControl: I/O+\n"


def seen(listing: str, iomem: str = "") -> SeenMachine:
    pci = PciHierarchy(FunctionList(functions_of(listing))) if listing else None
    return SeenMachine(pci, MemoryMap(map_of(iomem)) if iomem else None)


def found(rule: str, tables: str, listing: str, iomem: str = "") -> list[Finding]:
    board = TablesBoard(Machine.of(assemble(dedent(tables))), seen=seen(listing, iomem))
    checked = check(board, choose((rule,), kind=Tables))
    assert checked.faults == []
    return list(checked.findings)


MAPPED = """\
IORT
  smmu: smmu-v3 base=0x9050000
  rc: root-complex segment=0
    map count=0xff output=smmu
MCFG
  allocation base=0x40000000 segment=0 end_bus=0x7f
"""


def test_buses_without_functions_are_no_gap() -> None:
    assert found("iommu/bus-uncovered", MAPPED, HOST + DISK) == []


def test_functions_without_a_mapping_are_named_and_sure() -> None:
    (gap,) = found("iommu/bus-uncovered", MAPPED, HOST + PORT + CARD)
    assert "0000:01:00.0 has" in gap.message
    assert gap.severity is Severity.WARNING
    assert gap.confidence is Confidence.SURE


def test_a_segment_counts_if_there_are_functions_in_it() -> None:
    tables = """\
    IORT
      its: its-group ids=0
      root-complex segment=0
        map count=0xffff output=its
    MCFG
      allocation base=0x4010000000 segment=0
      allocation base=0x5010000000 segment=1
    """
    assert found("iort/segment-without-root-complex", tables, HOST + DISK) == []
    disk = DISK.replace("00:1f", "0001:00:1f")
    (lost,) = found("iort/segment-without-root-complex", tables, HOST + disk)
    assert lost.message == "segment 1 of the machine has no root complex here"
    assert lost.confidence is Confidence.SURE


def test_functions_that_bypass_the_smmu_are_named() -> None:
    tables = """\
    IORT
      its: its-group ids=0
      smmu: smmu-v3 base=0x9050000
        map count=0xffff output=its
      root-complex segment=0
        map count=0xff output=smmu
        map input_base=0x100 count=0xfeff output_base=0x100 output=its
    MCFG
      allocation base=0x4010000000 segment=0
    """
    assert found("iort/bypassed-range", tables, HOST + DISK) == []
    (note,) = found("iort/bypassed-range", tables, HOST + PORT + CARD)
    assert "(0000:01:00.0) go to an ITS directly" in note.message


def test_functions_of_another_segment_are_another_machine_part() -> None:
    assert found("iommu/bus-uncovered", MAPPED, HOST + CARD.replace("01:00", "0001:01:00")) == []


TREE = """
/dts-v1/;
/ {
    smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
    pcie@2000 {
        compatible = "pci-host-ecam-generic";
        device_type = "pci";
        bus-range = <0x0 0x7f>;
        iommu-map = <0x0 &smmu 0x0 0x100>;
    };
};
"""


@pytest.mark.parametrize(("listing", "count"), [(HOST + DISK, 0), (HOST + PORT + CARD, 1), ("", 1)])
def test_a_devicetree_asks_the_same_functions(listing: str, count: int) -> None:
    board = TreeBoard(dts.read_text(TREE), seen=seen(listing))
    checked = check(board, choose(("iommu/bus-uncovered",), kind=Dts))
    assert len(checked.findings) == count
    confidence = Confidence.SURE if listing else Confidence.LIKELY
    assert all(each.confidence is confidence for each in checked.findings)


@pytest.mark.parametrize(
    ("entries", "functions"),
    [
        ("<0x0 &smmu 0x0 0x1>, <0x100 &smmu 0x1 0x1>", []),
        # The port itself is left out, as boards do.
        ("<0x100 &smmu 0x1 0x1>", []),
        ("<0x0 &smmu 0x0 0x1>, <0x200 &smmu 0x1 0x1>", ["0000:01:00.0"]),
    ],
)
def test_a_map_of_single_functions(entries: str, functions: list[str]) -> None:
    tree = TREE.replace("<0x0 &smmu 0x0 0x100>", entries)
    assert "&smmu 0x1 0x1" in tree
    board = TreeBoard(dts.read_text(tree), seen=seen(PORT + CARD))
    found = check(board, choose(("iommu/bus-uncovered",), kind=Dts)).findings
    assert len(found) == len(functions)
    assert all(name in found[0].message for name in functions)
    alone = TreeBoard(dts.read_text(tree))
    assert not check(alone, choose(("iommu/bus-uncovered",), kind=Dts)).findings


def test_one_of_several_hosts_is_known_by_the_nodes_of_its_functions() -> None:
    second = """
    pcie@3000 {
        compatible = "pci-host-ecam-generic";
        device_type = "pci";
        iommu-map = <0x0 &smmu 0x0 0x100>;
    };
    """
    tree = TREE.rstrip().removesuffix("};") + second + "};"
    node = "\tDevice tree node: /sys/firmware/devicetree/base/pcie@3000/pcie@0\n"
    listing = PORT.replace("\tBus", f"{node}\tBus") + CARD
    board = TreeBoard(dts.read_text(tree), seen=seen(listing))
    checked = check(board, choose(("iommu/bus-uncovered",), kind=Dts))
    sure = [each for each in checked.findings if each.confidence is Confidence.SURE]
    assert [each.subject.path for each in sure] == ["/pcie@3000"]
    assert len(checked.findings) == 2  # of the other host nothing is known


QEMU_IVRS = """\
IVRS
  ivhd-11 base=0xfeb80000 device=2
    range device=0x8
    range-end device=0xff
    special handle=33 source=0xa0
MCFG
  allocation base=0xf8000000 segment=0 end_bus=0x3f
"""


def test_an_ivrs_is_asked_for_the_functions_that_exist() -> None:
    assert len(found("ivrs/uncovered", QEMU_IVRS, "")) == 1
    assert found("ivrs/uncovered", QEMU_IVRS, HOST + DISK) == []
    (lost,) = found("ivrs/uncovered", QEMU_IVRS, HOST + PORT + CARD)
    assert "0000:01:00.0" in lost.message
    assert lost.confidence is Confidence.SURE


RIMT = """\
RIMT
  iommu: iommu id=0 base=0x10000000 hardware_id="RSCV0004"
  rc: root-complex id=1 segment=0
    map count=0x100 output_base=0 output=iommu
MCFG
  allocation base=0x30000000 segment=0
"""


def test_a_rimt_is_asked_for_the_functions_that_exist() -> None:
    assert found("rimt/uncovered", RIMT, HOST + DISK) == []
    (lost,) = found("rimt/uncovered", RIMT, HOST + PORT + CARD.replace("01:00.0", "02:00.0"))
    assert "0000:02:00.0" in lost.message


DMAR = """\
DMAR
  drhd base=0xfed90000
    {scope}
  drhd base=0xfed91000{flags}
    endpoint hops="1f.2"
"""


def test_a_dmar_is_asked_for_the_functions_that_exist() -> None:
    behind = DMAR.format(scope='bridge hops="1c.0"', flags="")
    assert found("dmar/uncovered", behind, HOST + DISK + PORT + CARD) == []
    (lost,) = found("dmar/uncovered", behind, HOST + DISK + PORT + CARD + "00:14.0 USB: a [1:2]\n")
    assert "0000:00:14.0" in lost.message
    with_all = DMAR.format(scope='bridge hops="1c.0"', flags=" flags=1")
    assert found("dmar/uncovered", with_all, HOST + DISK + PORT + "00:14.0 USB: a [1:2]\n") == []


def test_a_segment_without_functions_needs_no_unit() -> None:
    tables = """\
    DMAR
      drhd base=0xfed90000 flags=1
    MCFG
      allocation base=0xe0000000 segment=0
      allocation base=0xd0000000 segment=1
    """
    assert len(found("dmar/uncovered", tables, "")) == 1
    assert found("dmar/uncovered", tables, HOST + DISK) == []
    (lost,) = found("dmar/uncovered", tables, "0001:00:1f.2 SATA: a [1:2]\n" + DISK)
    assert "0001:00:1f.2" in lost.message


def test_a_region_of_a_device_without_a_unit_is_sure() -> None:
    """Linux finds a device by its own bus number, too: only the functions say whether it does."""
    tables = DMAR.format(scope='bridge hops="1c.0"', flags="") + (
        '  rmrr base=0x7b800000 last=0x7fffffff\n    endpoint bus=1 hops="00.0"\n'
    )
    assert found("dmar/uncovered", tables, "")[-1].confidence is Confidence.LIKELY
    assert found("dmar/uncovered", tables, HOST + DISK + PORT + CARD) == []
    other = tables.replace("1c.0", "1d.0")
    no_unit, region = found("dmar/uncovered", other, HOST + DISK + PORT + CARD)
    assert "0000:01:00.0" in no_unit.message
    assert "rmrr" in region.message
    assert region.confidence is Confidence.SURE


def ghosts(scope: str, listing: str) -> list[tuple[Severity, str]]:
    tables = DMAR.format(scope=scope, flags=" flags=1")
    return [(each.severity, each.message) for each in found("dmar/ghost-scope", tables, listing)]


def test_a_path_is_followed_through_bridges() -> None:
    assert ghosts('endpoint hops="1c.0-00.0"', HOST + DISK + PORT + CARD) == []
    # A single hop is also found on the bus that it names, as the kernel does.
    assert ghosts('endpoint hops="00.0" bus=1', HOST + DISK + PORT + CARD) == []


def test_a_function_that_is_not_there_is_a_note() -> None:
    ((severity, message),) = ghosts('endpoint hops="1c.0-03.0"', HOST + DISK + PORT + CARD)
    assert severity is Severity.INFO
    assert "0000:00:1c.0-03.0, where the machine has no function" in message


def test_what_may_be_plugged_in_is_no_ghost() -> None:
    assert ghosts('endpoint hops="1c.0-00.0"', HOST + DISK + HOTPLUG_PORT) == []


def test_a_path_that_leads_nowhere_is_a_warning() -> None:
    listing = HOST + DISK + PORT + CARD
    ((severity, message),) = ghosts('endpoint hops="00.0-01.0" bus=1', listing)
    assert severity is Severity.WARNING
    assert "bus 01 is not a root bus but behind 0000:00:1c.0" in message
    ((severity, message),) = ghosts('endpoint hops="1f.2-00.0"', listing)
    assert severity is Severity.WARNING
    assert "0000:00:1f.2 is not a bridge" in message


def test_without_the_bridges_numbers_paths_behind_them_are_not_checked() -> None:
    plain = "00:1c.0 PCI bridge [0604]: A vendor Device [8086:1e10]\n" + HOST + DISK
    assert ghosts('endpoint hops="1c.0-00.0"', plain) == []


def test_a_reserved_region_of_an_absent_device() -> None:
    tables = """\
    DMAR
      drhd base=0xfed90000 flags=1
      rmrr base=0x7b800000 last=0x7fffffff
        endpoint hops="02.0"
    """
    (ghost,) = found("dmar/ghost-scope", tables, HOST + DISK)
    assert "the region is mapped for no device" in ghost.effect


@pytest.mark.parametrize(
    ("scope", "listing", "count"),
    [
        ('endpoint hops="1c.0"', PORT, 1),
        ('bridge hops="1c.0"', PORT, 0),
        ('bridge hops="1c.0-00.0"', PORT + CARD, 1),
        ('endpoint hops="1c.0-00.0"', PORT + CARD, 0),
        # Non-transparent bridges have the header of a device and the class of a bridge.
        ('bridge hops="1c.0-00.0"', PORT + CARD.replace("0200", "0680"), 0),
        # lspci without -v does not say what header a function has.
        ('bridge hops="1f.2"', DISK, 0),
    ],
)
def test_the_type_of_a_scope_and_the_header_of_its_function(
    scope: str, listing: str, count: int
) -> None:
    tables = DMAR.format(scope=scope, flags=" flags=1")
    assert len(found("dmar/scope-type", tables, listing)) == count


REGION = """\
DMAR
  drhd base=0xfed90000 flags=1
  rmrr base=0x7b800000 last=0x7fffffff
    endpoint hops="02.0"
"""


@pytest.mark.parametrize(
    ("iomem", "severity"),
    [
        ("7b800000-7fffffff : Reserved\n", None),
        ("7b800000-7fffffff : ACPI Non-volatile Storage\n", None),
        # The kernel takes the type of the last of entries that follow each other.
        ("00100000-7bffffff : System RAM\n7c000000-7fffffff : Reserved\n", None),
        ("00100000-7fffffff : System RAM\n", Severity.WARNING),
        ("7b800000-7bffffff : Reserved\n7c000000-7fffffff : System RAM\n", Severity.WARNING),
        ("7b800000-7fffffff : ACPI Tables\n", Severity.INFO),
        ("00000000-0009ffff : System RAM\n", Severity.INFO),
    ],
)
def test_regions_outside_of_the_memory_map(iomem: str, severity: Severity | None) -> None:
    regions = found("dmar/unreserved-region", REGION, "", iomem)
    assert [each.severity for each in regions] == ([severity] if severity else [])


def test_bounds_that_cannot_be_are_another_rules() -> None:
    for last in ("0x7b000000", "0x7ffffffe", "0xffffffffffffffff"):
        tables = REGION.replace("0x7fffffff", last)
        count = int(last.startswith("0xff"))
        assert (
            len(
                found(
                    "dmar/unreserved-region",
                    tables,
                    "",
                    "0-0 : x\n00000001-00000002 : System RAM\n",
                )
            )
            == count
        )
