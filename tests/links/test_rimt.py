"""Who is behind which RISC-V IOMMU."""

from __future__ import annotations

from dtlink.links.acpi.graph import AcpiGraph
from dtlink.links.acpi.rimt import NOT_READ
from tests.support.tables import machine

SERVER = r"""
RIMT
  iommu: iommu id=0 base=0x3010000
  pci: iommu id=1 flags=1 function=8
  root: root-complex id=2
    map source_base=0x10 count=0xf0 output_base=0x10 output=pci
    map source_base=0x100 count=0 output=pci
    map source_base=0x100 count=0x100 output=root
  platform-device id=3 object_name="\_SB_.COM0"
    map count=1 output_base=0x20 output=iommu
"""


def test_each_mapping_to_an_iommu_is_a_link() -> None:
    links = AcpiGraph(machine(SERVER)).links
    assert [
        (each.consumer.WORD, each.entry, each.supplier.identity, each.args) for each in links
    ] == [
        ("root-complex", "mappings[0]", "0000:00:01.0", (0x10, 0xFF, 0x10)),
        ("root-complex", "mappings[1]", "0000:00:01.0", (0,)),
        ("platform-device", "mappings[0]", "0x3010000", (0, 0, 0x20)),
    ]


def test_no_kernel_before_6_18_reads_the_table() -> None:
    links = AcpiGraph(machine(SERVER)).links
    assert [each.table_link.why_not for each in links] == [
        NOT_READ,
        "it maps no ID",
        NOT_READ,
    ]


def test_an_iommu_comes_before_its_devices() -> None:
    graph = AcpiGraph(machine(SERVER))
    assert all(graph.orders(each.reference) for each in graph.links)
