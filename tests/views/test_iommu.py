"""The IOMMU of a requester, its MSIs, its reserved memory, and what keeps it from a guest."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.facts.assignment import OBSTACLES, Outcome
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.pci import bdf
from dtlink.firmware.errors import InputError
from dtlink.firmware.pci.functions import Acs, Buses, Function, PortType
from dtlink.links.acpi.translation import of_machine
from dtlink.links.reserved import RegionKind
from dtlink.links.translation import one
from dtlink.views.iommu.rows import RangeRow, RequesterRow
from dtlink.views.iommu.view import IommuView
from tests.support.pci import listing
from tests.support.tables import machine
from tests.views.boards import TABLES, board, command, data, server, shown


def tables(text: str, version: str = "6.12") -> TablesBoard:
    return TablesBoard(machine(text), Settings(KernelVersion.parse(version)))


def asked(text: str, name: str, version: str = "6.12", lspci: str = "") -> RequesterRow:
    view = IommuView.of(tables(text, version), name, lspci)
    assert shown(view.text())
    (row,) = view.requesters
    return row


def reasons(row: RequesterRow) -> dict[str, Outcome]:
    return {each.reason: each.outcome for each in row.obstacles}


DMAR = """
APIC
  ioapic id=2 address=0xfec00000 gsi_base=0
DMAR width=38 flags=1
  gpu: drhd base=0xfed90000
    endpoint bus=0 hops="02.0"
  drhd base=0xfed91000
    bridge bus=0 hops="1c.0"
    ioapic enumeration_id=2 bus=0xf0 hops="1f.0"
  rest: drhd base=0xfed92000 flags=1
  rmrr base=0x6b520000 last=0x6b53ffff
    endpoint bus=0 hops="14.0"
  rmrr base=0x70000000 last=0x7000ffff
    bridge bus=0 hops="01.0"
  rmrr base=0x71000000 last=0x7100ffff
    endpoint bus=0 hops="1c.4-00.0"
"""


def test_a_function_that_all_else_is_of() -> None:
    row = asked(DMAR, "0000:00:1f.2")
    (iommu,) = row.iommus
    assert (iommu.found, iommu.id, iommu.id_kind) == (
        "DMAR/drhd@0x68 (0xfed92000)",
        0xFA,
        "source ID",
    )
    assert iommu.entry is not None
    assert iommu.entry.name == "INCLUDE_PCI_ALL"
    assert row.interrupts.isolated
    assert row.interrupts.controller == iommu.found
    assert row.reserved == ()
    assert reasons(row) == {"group-unknown": Outcome.UNKNOWN}
    assert "assignment   nothing refuses it, as far as the input shows" in "\n".join(
        shown(IommuView.of(tables(DMAR), "00:1f.2").text())
    )


@pytest.mark.parametrize(
    ("version", "log"),
    [
        ("6.1", "Device is ineligible for IOMMU domain attach due to platform RMRR requirement."),
        ("6.6", "Firmware has requested this device have a 1:1 IOMMU mapping"),
    ],
)
def test_an_rmrr_keeps_a_function_from_a_guest(version: str, log: str) -> None:
    row = asked(DMAR, "00:14.0", version)
    (region,) = row.reserved
    assert (region.first, region.last, region.kind) == (0x6B520000, 0x6B53FFFF, RegionKind.DIRECT)
    # A USB controller would not be refused, and only its class says that it is one.
    assert row.assignment is Outcome.MAY_BE_REFUSED
    (obstacle,) = (each for each in row.obstacles if each.reason == "direct-region")
    assert obstacle.log is not None
    assert obstacle.log.startswith(log)


def test_what_a_way_of_two_steps_means_is_not_known_without_the_bridges() -> None:
    notes = {each.first: each.note or "" for each in asked(DMAR, "0000:05:00.0").reserved}
    assert notes[0x71000000].startswith("if the function is at 0000:00:1c.4-00.0")
    assert notes[0x70000000].startswith("if the function is behind 0000:00:01.0")
    assert asked(DMAR, "0000:05:00.0").iommus[0].note is not None


#: A root port that does not isolate, a display and its sound behind it; a switch port that does.
PORTS = (
    Function(0, 0x00, class_code=0x0600, has_capabilities=True, header_type=0),
    Function(
        0,
        0x08,
        class_code=0x0604,
        header_type=1,
        buses=Buses(0, 1, 1),
        port=PortType.ROOT_PORT,
        has_capabilities=True,
    ),
    Function(0, 0xA0, class_code=0x0C03, header_type=0, has_capabilities=True),
    Function(
        0,
        0xE0,
        class_code=0x0604,
        header_type=1,
        buses=Buses(0, 2, 3),
        port=PortType.ROOT_PORT,
        has_capabilities=True,
        acs=Acs(0x5F, 0x1D),
    ),
    Function(
        0,
        0xE4,
        class_code=0x0604,
        header_type=1,
        buses=Buses(0, 5, 5),
        port=PortType.ROOT_PORT,
        has_capabilities=True,
        acs=Acs(0x5F, 0x1D),
    ),
    Function(
        0, 0x100, class_code=0x0300, header_type=0, port=PortType.ENDPOINT, has_capabilities=True
    ),
    Function(
        0, 0x101, class_code=0x0403, header_type=0, port=PortType.ENDPOINT, has_capabilities=True
    ),
    Function(
        0,
        0x200,
        class_code=0x0604,
        header_type=1,
        buses=Buses(2, 3, 3),
        port=PortType.PCI_BRIDGE,
        has_capabilities=True,
    ),
    Function(0, 0x308, class_code=0x0200, header_type=0, has_capabilities=True),
    Function(0, 0x310, class_code=0x0401, header_type=0, has_capabilities=True),
    Function(
        0, 0x500, class_code=0x0108, header_type=0, port=PortType.ENDPOINT, has_capabilities=True
    ),
)


@pytest.fixture
def lspci(tmp_path: Path) -> str:
    path = tmp_path / "lspci.txt"
    path.write_text(listing(*PORTS))
    return str(path)


def test_a_class_says_that_an_rmrr_can_be_given_up(lspci: str) -> None:
    row = asked(DMAR, "00:14.0", lspci=lspci)
    assert [each.kind for each in row.reserved] == [RegionKind.RELAXABLE]
    assert row.obstacles == ()
    assert row.assignment is None


def test_a_bridge_that_does_not_isolate_makes_a_group(lspci: str) -> None:
    row = asked(DMAR, "01:00.0", lspci=lspci)
    assert row.group is not None
    assert row.group.others == ("0000:00:01.0", "0000:01:00.1")
    assert "the bridge 0000:00:01.0 does not isolate what is behind it (ACS)" in row.group.reasons
    # It is behind the bridge of an RMRR, which a display gives up and its sound does not.
    assert [(each.first, each.kind) for each in row.reserved] == [
        (0x70000000, RegionKind.RELAXABLE)
    ]
    found = {each.reason: each for each in row.obstacles}
    assert found["shared-group"].text.endswith(": 0000:01:00.1")
    # The bridge is in the group: Linux attaches it to the guest's domain as well.
    partners = ("0000:00:01.0", "0000:01:00.1")
    assert found["direct-region"].text.endswith(
        ": "
        + ", ".join(
            f"0x70000000-0x7000ffff (of {each}, which shares its group)" for each in partners
        )
    )
    assert row.assignment is Outcome.REFUSED


def test_a_bridge_to_conventional_pci_gives_its_requester_id(lspci: str) -> None:
    row = asked(DMAR, "03:01.0", lspci=lspci)
    assert row.dma_ids == (0x308, 0x300)
    assert [each.id for each in row.iommus] == [0x308, 0x300]
    # The unit of the root port's scope has what is behind it.
    assert {each.found for each in row.iommus} == {"DMAR/drhd@0x48 (0xfed91000)"}
    assert row.group is not None
    assert row.group.others == ("0000:02:00.0", "0000:03:02.0")
    assert "0000:02:00.0 gives its DMA the requester ID 0x300" in row.group.reasons


def test_an_smmu_v3_takes_no_two_devices_with_one_stream_id(lspci: str) -> None:
    text = IORT.format(flags=1, rmr=1)
    first = asked(text, "03:01.0", lspci=lspci)
    assert [each.id for each in first.iommus] == [0x308, 0x300]
    assert first.group is not None
    assert first.group.others == ("0000:02:00.0",)
    second = asked(text, "03:02.0", lspci=lspci)
    assert reasons(second) == {"shared-stream-id": Outcome.REFUSED}
    assert second.obstacles[0].text.endswith(": 0x300 of 0000:03:01.0")
    assert second.group is None
    assert "shared-stream-id" not in reasons(asked(text, "03:02.0", "5.10", lspci))
    assert "shared-stream-id" not in reasons(asked(DMAR, "03:02.0", lspci=lspci))


def test_a_way_of_two_steps_ends_where_the_bridges_say(lspci: str) -> None:
    row = asked(DMAR, "05:00.0", lspci=lspci)
    assert [(each.first, each.note) for each in row.reserved] == [(0x71000000, None)]
    assert row.iommus[0].found == "DMAR/drhd@0x68 (0xfed92000)"
    assert row.iommus[0].note is None
    assert row.assignment is Outcome.REFUSED


@pytest.mark.parametrize(("version", "denied"), [("5.4", False), ("5.10", True)])
def test_the_denylist_of_vfio(tmp_path: Path, version: str, *, denied: bool) -> None:
    path = tmp_path / "lspci.txt"
    path.write_text(listing(*(each._replace(vendor=0x8086, device=0x37C8) for each in PORTS[-1:])))
    row = asked(DMAR, "05:00.0", version, str(path))
    assert ("denylist" in reasons(row)) is denied


def test_a_component_with_ranges_only_has_no_iommu() -> None:
    row = IommuView.of(server("arm-laptop"), "URS0").requesters[0]
    assert row.iommus[0].end is not None
    assert "single mappings only" in row.iommus[0].end
    assert reasons(row) == {"no-iommu": Outcome.REFUSED}


def test_bridges_are_refused(lspci: str) -> None:
    assert reasons(asked(DMAR, "00:1c.4", lspci=lspci)) == {"is-bridge": Outcome.REFUSED}


def test_all_functions_of_a_list_have_a_row(lspci: str) -> None:
    view = IommuView.of(tables(DMAR), "", lspci)
    assert [each.requester for each in view.requesters] == [each.name for each in PORTS]
    assert [each.group is not None for each in view.requesters] == [True] * len(PORTS)
    assert len(shown(view.text())) == len(PORTS) + len(view.ranges) + 2


def test_a_list_without_capabilities_leaves_the_groups_open(tmp_path: Path) -> None:
    path = tmp_path / "lspci.txt"
    path.write_text(listing(*PORTS, root=False))
    row = asked(DMAR, "01:00.0", lspci=str(path))
    assert row.group is None
    assert reasons(row)["group-unknown"] is Outcome.UNKNOWN
    with pytest.raises(InputError, match=r"it does not list 0000:77:00\.0"):
        asked(DMAR, "77:00.0", lspci=str(path))


def test_the_groups_that_the_machine_reports_count(tmp_path: Path) -> None:
    path = tmp_path / "lspci.txt"
    reported = [each._replace(group=7 if each.rid in (0x100, 0xA0) else 3) for each in PORTS]
    path.write_text(listing(*reported))
    row = asked(DMAR, "01:00.0", lspci=str(path))
    assert row.group is not None
    assert (row.group.number, row.group.others) == (7, ("0000:00:14.0",))


@pytest.mark.parametrize(
    ("flags", "scopes", "isolated", "reason"),
    [
        (1, 'ioapic enumeration_id=2 bus=0xf0 hops="1f.0"', True, None),
        (0, 'ioapic enumeration_id=2 bus=0xf0 hops="1f.0"', False, "INTR_REMAP is clear"),
        (1, 'ioapic enumeration_id=5 bus=0xf0 hops="1f.0"', False, "which no unit names"),
    ],
)
def test_interrupts_are_remapped_or_not(
    flags: int, scopes: str, *, isolated: bool, reason: str | None
) -> None:
    text = f"""
APIC
  ioapic id=2 address=0xfec00000 gsi_base=0
DMAR width=38 flags={flags}
  drhd base=0xfed92000 flags=1
    {scopes}
"""
    row = asked(text, "00:1f.2")
    assert row.interrupts.isolated is isolated
    assert (row.interrupts.reason is None) == (reason is None)
    assert (reason or "") in (row.interrupts.reason or "")
    assert ("msi-not-isolated" in reasons(row)) is not isolated
    if not isolated:
        assert row.assignment is Outcome.OPTION


IVRS = """
APIC
  ioapic id=4 address=0xfec00000 gsi_base=0
IVRS
  ivhd-11 base=0xfeb80000 device=2
    range device=8
    range-end device=0xfffe
    special handle=4 source=0xa0
  ivmd-select device=0x300 flags=7 range_start=0x70000000 range_length=0x2000
  ivmd-all flags=8 range_start=0x80000000 range_length=0x800
  ivmd-select device=0x300 flags=0 range_start=0x90000000 range_length=0x1000
"""


def test_memory_of_an_ivrs_is_rounded_to_pages_and_all_of_it_is_direct() -> None:
    row = asked(IVRS, "03:00.0")
    assert [(each.first, each.last, each.kind) for each in row.reserved] == [
        (0x70000000, 0x70001FFF, RegionKind.DIRECT),
        (0x80000000, 0x80000FFF, RegionKind.DIRECT),
    ]
    assert row.iommus[0].id_kind == "device ID"
    assert row.assignment is Outcome.REFUSED
    # Before 6.6 only VT-d refused such devices.
    assert reasons(asked(IVRS, "03:00.0", "6.1")) == {"group-unknown": Outcome.UNKNOWN}


def test_regions_that_have_no_end_are_cut() -> None:
    """A hostile table reserves thousands of them for all devices."""
    block = "  ivmd-all flags=7 range_start={start:#x} range_length=0x1000\n"
    many = IVRS + "".join(block.format(start=number << 16) for number in range(1, 300))
    row = asked(many, "03:00.0")
    assert (len(row.reserved), row.more_reserved) == (256, True)
    assert "more_reserved" not in data(asked(IVRS, "03:00.0").to_json())


def test_regions_of_all_requesters_are_bounded_together() -> None:
    """A hostile table names many functions and reserves hundreds of regions for each."""
    block = "  ivmd-all flags=7 range_start={start:#x} range_length=0x1000\n"
    one = "  ivmd-select device={device:#x} flags=7 range_start=0x1000 range_length=0x1000\n"
    many = "".join(block.format(start=number << 16) for number in range(1, 300))
    named = "".join(one.format(device=number) for number in range(0x100, 0x132))
    view = IommuView.of(tables(IVRS + many + named))
    rows = view.requesters
    assert len(rows) > 40
    assert 9_700 < sum(len(row.reserved) for row in rows) <= 10_000
    assert all(row.more_reserved is True for row in rows)
    assert rows[-1].reserved == ()
    text = "\n".join(shown(view.text()))
    assert "reserved regions, which are left out" in text
    assert "are left out: name one of them" in text


def test_an_iommu_is_not_given_away() -> None:
    assert reasons(asked(IVRS, "00:00.2")) == {"is-iommu": Outcome.REFUSED}
    assert reasons(asked(IVRS, "00:00.1")) == {"no-iommu": Outcome.REFUSED}


IORT = """
APIC
  gicd version=3
  its id=0 base=0x8080000
IORT table_revision=5
  its: its-group ids=0
  smmu: smmu-v3 base=0x9050000 node_flags={flags}
    map count=0xffff output=its
  root-complex segment=0
    map count=0xffff output=smmu
  named-component object_name="\\_SB_.SATA"
    map output_base=0x20000 flags=1 output=smmu
  rmr node_revision=3 node_flags={rmr}
    descriptor base=0x9f000000 length=0x100000
    map output_base=0x100 count=1 output=smmu
"""


def test_a_function_of_an_iort() -> None:
    row = asked(IORT.format(flags=1, rmr=1), "01:00.1")
    assert [(each.id, each.id_kind) for each in row.iommus] == [(0x101, "stream ID")]
    assert (row.interrupts.id, row.interrupts.isolated) == (0x101, True)
    assert [each.kind for each in row.reserved] == [RegionKind.RELAXABLE]
    assert len(row.walks) == 2
    assert asked(IORT.format(flags=1, rmr=1), "01:00.2").reserved == ()
    assert asked(IORT.format(flags=1, rmr=1), "01:00.1", "5.15").reserved == ()


def test_an_rmr_counts_where_linux_keeps_the_bus_numbers() -> None:
    row = asked(IORT.format(flags=1, rmr=0), "01:00.0")
    assert row.assignment is Outcome.MAY_BE_REFUSED
    assert row.reserved[0].note is not None
    assert "_DSM" in row.reserved[0].note


@pytest.mark.parametrize(("version", "refused"), [("6.0", False), ("6.1", True)])
def test_dma_of_an_smmu_must_be_coherent(version: str, *, refused: bool) -> None:
    row = asked(IORT.format(flags=0, rmr=1), "02:00.0", version)
    assert ("not-coherent" in reasons(row)) is refused
    assert "not-coherent" not in reasons(asked(IORT.format(flags=1, rmr=1), "02:00.0", version))


def test_a_named_component() -> None:
    row = asked(IORT.format(flags=1, rmr=1), "sata")
    assert row.requester == r"\_SB_.SATA"
    assert [each.id for each in row.iommus] == [0x20000]
    assert reasons(row)["platform-device"] is Outcome.OPTION


def test_viot_without_a_gic_isolates_nothing() -> None:
    text = """
VIOT
  iommu: virtio-iommu-pci function=8
  pci-range bdf_start=0x10 bdf_end=0xffff endpoint_start=0x10 output=iommu
"""
    row = asked(text, "01:00.0")
    assert (row.iommus[0].id, row.iommus[0].id_kind) == (0x100, "endpoint ID")
    assert row.assignment is Outcome.OPTION


def test_riscv_is_refused() -> None:
    row = IommuView.of(
        TablesBoard(server("riscv-server").machine, Settings(KernelVersion.parse("7.2"))),
        "00:04.0",
    ).requesters[0]
    assert row.iommus[0].found is not None
    assert row.assignment is Outcome.REFUSED
    assert "not-coherent" in reasons(row)


# devicetree

V2 = """
    #address-cells = <2>;
    #size-cells = <2>;
    smmu: iommu@9050000 {
        compatible = "arm,mmu-500"; #iommu-cells = <1>; dma-coherent; reg = <0 0x9050000 0 0x20000>;
    };
    frame: v2m@8020000 {
        compatible = "arm,gic-v2m-frame"; msi-controller; reg = <0 0x8020000 0 0x1000>;
    };
    pcie@10000000 {
        compatible = "pci-host-ecam-generic"; device_type = "pci";
        #address-cells = <3>; #size-cells = <2>;
        reg = <0 0x10000000 0 0x1000000>;
        iommu-map = <0 &smmu 0x7 1>;
        iommu-map-mask = <0>;
        msi-parent = <&frame>;
    };
"""


def test_functions_with_one_stream_id_at_an_smmu_v2_are_one_group(lspci: str) -> None:
    one = board(V2)
    (row,) = IommuView.of(one, "05:00.0").requesters
    assert row.iommus[0].id == 7
    assert row.iommus[0].note is not None
    assert reasons(row) == {"msi-not-isolated": Outcome.OPTION, "group-unknown": Outcome.UNKNOWN}
    (row,) = IommuView.of(one, "05:00.0", lspci).requesters
    assert row.group is not None
    assert len(row.group.others) == len(PORTS) - 1
    assert "others have its stream ID 0x7" in row.group.reasons
    (span,) = IommuView.of(one).ranges
    assert (span.iommu_id, span.iommu_ids, span.msi_id) == (7, 1, None)


SOC = """
    #address-cells = <2>;
    #size-cells = <2>;
    its: its@8080000 {
        compatible = "arm,gic-v3-its"; msi-controller; #msi-cells = <1>;
        reg = <0 0x8080000 0 0x20000>;
    };
    smmu: iommu@9050000 {
        compatible = "arm,smmu-v3"; #iommu-cells = <1>; COHERENT
        reg = <0 0x9050000 0 0x20000>;
    };
    memory: reserved-memory {
        #address-cells = <2>; #size-cells = <2>; ranges;
        fb: framebuffer@80000000 {
            reg = <0 0x80000000 0 0x100000>;
            iommu-addresses = <&eth 0 0x80000000 0 0x100000>;
        };
        low: low { iommu-addresses = <&eth 0 0 0 0x1000>; };
    };
    eth: ethernet@1000 {
        compatible = "vendor,ethernet";
        reg = <0 0x1000 0 0x100>;
        iommus = <&smmu 0x42>;
        msi-parent = <&its 0x7>;
        memory-region = <REGIONS>;
    };
    pcie@10000000 {
        compatible = "pci-host-ecam-generic"; device_type = "pci";
        #address-cells = <3>; #size-cells = <2>;
        reg = <0 0x10000000 0 0x1000000>;
        bus-range = <0 0xf>;
        iommu-map = <0 &smmu 0x100 0x800>;
        msi-map = <0 &its 0x100 0x1000>;
    };
"""


def of_soc(name: str, *, coherent: bool = True, regions: str = "&low", version: str = "6.12"):
    source = SOC.replace("COHERENT", "dma-coherent;" * coherent).replace("REGIONS", regions)
    settings = Settings(KernelVersion.parse(version))
    view = IommuView.of(board(source, settings), name)
    assert shown(view.text())
    return view


def test_a_device_of_a_devicetree() -> None:
    (row,) = of_soc("/ethernet@1000").requesters
    assert [(each.found, each.id) for each in row.iommus] == [("/iommu@9050000", 0x42)]
    assert (row.interrupts.controller, row.interrupts.id) == ("/its@8080000", 7)
    assert [(each.first, each.last, each.kind.value) for each in row.reserved] == [
        (0, 0xFFF, "reserved")
    ]
    assert reasons(row) == {"platform-device": Outcome.OPTION}


def test_a_direct_region_of_a_devicetree() -> None:
    (row,) = of_soc("/ethernet@1000", regions="&low &fb").requesters
    assert [each.kind.value for each in row.reserved] == ["reserved", "direct"]
    assert row.assignment is Outcome.REFUSED
    (old,) = of_soc("/ethernet@1000", regions="&low &fb", version="6.1").requesters
    assert old.reserved == ()
    assert old.assignment is Outcome.OPTION


def test_a_function_of_a_devicetree() -> None:
    (row,) = of_soc("0000:01:00.0").requesters
    assert [(each.found, each.id) for each in row.iommus] == [("/iommu@9050000", 0x200)]
    assert row.interrupts.id == 0x200
    (none,) = of_soc("0000:08:00.0").requesters
    assert none.iommus[0].end == "no enabled entry of iommu-map has the ID"
    assert none.assignment is Outcome.REFUSED
    (row,) = of_soc("0000:01:00.0", coherent=False).requesters
    assert reasons(row) == {"not-coherent": Outcome.REFUSED}
    with pytest.raises(InputError, match=r"no PCI host has 0001:00:00\.0; there are: 0000:00-0f"):
        of_soc("0001:00:00.0")


def test_functions_that_no_host_has_are_listed_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "lspci.txt"
    path.write_text(listing(*PORTS, PORTS[0]._replace(segment=9)))
    source = SOC.replace("COHERENT", "").replace("REGIONS", "&low")
    view = IommuView.of(board(source), "", str(path))
    row = next(each for each in view.requesters if each.requester == "0009:00:00.0")
    assert row.iommus[0].end == "no PCI host of the devicetree has its bus"
    assert reasons(row) == {"no-iommu": Outcome.REFUSED}


def test_all_of_a_devicetree() -> None:
    view = of_soc("")
    assert [(each.first, each.last, each.iommu_id) for each in view.ranges] == [
        (0, 0x7FF, 0x100),
        (0x800, 0xFFF, None),
    ]
    assert [each.requester for each in view.requesters] == ["/ethernet@1000"]


@pytest.mark.parametrize("mask", [0x1, 0xFFFE, 0x5555])
def test_ranges_that_a_mask_cuts_have_an_end(mask: int) -> None:
    """A mask may ask for a range for each of 65,536 IDs, at each of many hosts."""
    source = V2.replace("iommu-map = <0 &smmu 0x7 1>", "iommu-map = <0 &smmu 0 0x10000>")
    view = IommuView.of(board(source.replace("mask = <0>", f"mask = <{mask}>")))
    assert (len(view.ranges), view.more_ranges) == (1000, True)
    assert shown(view.text())[1001] == "  and more ranges, which are left out: name a function"
    assert "more_ranges" not in data(IommuView.of(board(V2)).to_json())


def test_what_is_not_there() -> None:
    with pytest.raises(InputError, match="no node"):
        of_soc("/nothing")
    with pytest.raises(InputError, match="maps the IDs of a bus"):
        of_soc("/pcie@10000000")
    with pytest.raises(InputError, match="no named component"):
        asked(DMAR, "nothing")
    with pytest.raises(InputError, match="there is no IORT"):
        asked("APIC\n  ioapic id=1\n", "00:00.0")


# command


def test_the_command_prints_the_view() -> None:
    printed = command("iommu", TABLES / "arm-server", "0001:03:02.1")
    assert printed["iommu"] == data(IommuView.of(server(), "0001:03:02.1").to_json())
    old = command("iort", TABLES / "arm-server", "--rid", "0001:03:02.1")["iort"]
    assert printed["iommu"]["requesters"][0]["walks"] == old["walks"]


def test_rows_are_whole() -> None:
    for row in OBSTACLES:
        assert row.meaning
        assert "/" in row.source
        assert row.name == row.name.casefold()


MACHINES = tuple(
    (tabled, IommuView.of(tabled).ranges, one_map)
    for name in ("intel-desktop", "amd-desktop", "arm-server", "guest")
    for tabled in (server(name),)
    for one_map in (of_machine(tabled.machine, 0).iommu,)
)


@given(st.integers(0, 0xFFFF))
def test_a_function_agrees_with_its_range(requester: int) -> None:
    for tabled, ranges, ways in MACHINES:
        (span,) = (each for each in ranges if not each.segment and requester in ids(each))
        (iommu,) = IommuView.of(tabled, bdf(requester, 0)).requesters[0].iommus
        assert iommu.found == span.iommu
        shift = requester - span.first if span.iommu_ids > 1 else 0
        assert iommu.id == (None if span.iommu_id is None else span.iommu_id + shift)
        mapped = one(ways, requester)
        assert (iommu.id if mapped else None) == (mapped[1] if mapped else None)


def ids(span: RangeRow) -> range:
    return range(span.first, span.last + 1)
