"""The requesters that exist according to the descriptions."""

from __future__ import annotations

from dtlink.firmware.dts import read_text
from dtlink.links.id_ranges import IdRange
from dtlink.links.same_machine import HostComparison, compare
from tests.support.tables import machine

TREE = """
/ {
  #address-cells = <2>; #size-cells = <2>;
  smmu: iommu@9050000 {
    compatible = "arm,smmu-v3"; reg = <0 0x9050000 0 0x20000>; #iommu-cells = <1>;
  };
  pcie@10000000 {
    device_type = "pci"; #address-cells = <3>; #size-cells = <2>;
    reg = <0 0x10000000 0 0x10000000>; ranges; bus-range = <0 0x3f>;
    PROPS
  };
};
"""
TABLES = """
MCFG
  allocation base=0x10000000 segment=0 start_bus=0 end_bus=0x3f
APIC
IORT
  smmu: smmu-v3 base=0x9050000
  its: its-group ids=0
  root-complex segment=0
"""


def only_host(props: str, maps: str = "", tables: str = TABLES) -> HostComparison:
    rows = "".join(f"    map {row}\n" for row in maps.splitlines() if row.strip())
    found = compare(read_text(TREE.replace("PROPS", props)), machine(tables + rows))
    assert len(found.hosts) == 1
    return found.hosts[0]


def there(found: HostComparison) -> dict[str, list[IdRange]]:
    reasons: dict[str, list[IdRange]] = {}
    for span, reason in found.evidence:
        reasons.setdefault(reason, []).append(span)
    return reasons


def test_the_first_bus_exists_whatever_its_mapping() -> None:
    assert there(only_host("")) == {"the first bus": [IdRange(0, 0xFF)]}
    assert there(only_host("iommu-map = <0 &smmu 0 0x10000>;")) == {
        "the first bus": [IdRange(0, 0xFF)]
    }


def test_buses_that_only_are_translated_exist() -> None:
    found = only_host("", "input_base=0x1000 count=0xff output_base=0x1000 output=smmu")
    assert there(found)["singled out by ACPI"] == [IdRange(0x1000, 0x10FF)]
    assert [each.spans for each in found.differences] == [[IdRange(0x1000, 0x10FF)]]
    assert found.others == [IdRange(0x100, 0xFFF), IdRange(0x1100, 0x3FFF)]


def test_a_bus_that_only_is_left_out_exists() -> None:
    found = only_host("iommu-map = <0 &smmu 0 0x1000>, <0x1100 &smmu 0x1100 0x2f00>;")
    assert there(found)["singled out by the devicetree"] == [IdRange(0x1000, 0x10FF)]


def test_one_id_too_many_does_not_make_a_bus() -> None:
    found = only_host("", "count=0x200 output=smmu")
    assert there(found)["singled out by ACPI"] == [IdRange(0x100, 0x1FF)]


def test_a_list_of_functions_excludes_the_others() -> None:
    found = only_host("iommu-map = <0 &smmu 7 1>, <0x100 &smmu 8 1>;", "count=0x3fff output=smmu")
    assert there(found) == {"singled out by the devicetree": [IdRange(0, 0), IdRange(0x100, 0x100)]}
    assert [each.aspect.value for each in found.differences] == ["stream ID"]


def test_a_function_left_out_keeps_the_others_of_its_bus() -> None:
    found = only_host("iommu-map = <0 &smmu 0 0x10>, <0x11 &smmu 0x11 0x3fef>;")
    assert there(found)["the first bus"] == [IdRange(0, 0xFF)]


def test_the_bus_behind_a_bridge_of_the_devicetree_exists() -> None:
    bridge = 'pci@1,0 { device_type = "pci"; reg = <0x800 0 0 0 0>; bus-range = <5 9>; };'
    assert there(only_host(bridge))["behind /pcie@10000000/pci@1,0"] == [IdRange(0x500, 0x5FF)]


def test_a_root_bus_in_aml_exists() -> None:
    board = machine(TABLES)
    board.code = {"DSDT": b"\x08_SEG\x00\x08_BBN\x00 \x08_BBN\x0a\x10 \x08_BBN\x0a\x70"}
    found = compare(read_text(TREE.replace("PROPS", "")), board).hosts[0]
    assert there(found)["a root bus, by _BBN"] == [IdRange(0x1000, 0x10FF)]


def test_root_buses_of_several_segments_are_ignored() -> None:
    board = machine(TABLES)
    board.code = {"DSDT": b"\x08_SEG\x00\x08_BBN\x00 \x08_SEG\x01\x08_BBN\x0a\x10"}
    found = compare(read_text(TREE.replace("PROPS", "")), board).hosts[0]
    assert there(found) == {"the first bus": [IdRange(0, 0xFF)]}


def test_the_iommu_itself_is_not_singled_out_from_its_range() -> None:
    viommu = 'viommu: iommu@3,0 { compatible = "pci1af4,1057"; reg = <0x1800 0 0 0 0>; };'
    tables = (
        TABLES
        + """
VIOT
  iommu: virtio-iommu-pci function=0x18
  pci-range bdf_start=0 bdf_end=0x3fff output=iommu
"""
    )
    props = "iommu-map = <0 &viommu 0 0x18>, <0x19 &viommu 0x19 0x3fe7>;" + viommu
    found = only_host(props, tables=tables)
    assert there(found) == {"the first bus": [IdRange(0, 0xFF)]}
    assert not found.differences
    assert not found.elsewhere


def test_hosts_are_matched_by_their_configuration_space() -> None:
    tables = TABLES.replace("segment=0", "segment=3")
    found = only_host("linux,pci-domain = <9>;", tables=tables)
    assert found.host.segment == 3
    assert found.host.ids == IdRange(0, 0x3FFF)


def test_hosts_are_matched_by_their_domain_else() -> None:
    tables = TABLES.replace("base=0x10000000", "base=0x70000000").replace("segment=0", "segment=9")
    assert only_host("linux,pci-domain = <9>;", tables=tables).host.segment == 9


def test_a_host_that_the_tables_do_not_have_is_not_compared() -> None:
    tree = read_text(TREE.replace("PROPS", "linux,pci-domain = <4>;"))
    found = compare(tree, machine(TABLES.replace("base=0x1", "base=0x7")))
    assert not found.hosts
    assert found.notes[0] == "segment 0004 (/pcie@10000000) is not in ACPI's tables: not compared"
    assert "segment 0000 is only in the MCFG of ACPI" in found.notes[1]
