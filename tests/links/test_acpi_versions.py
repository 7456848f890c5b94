"""Which links of ACPI tables Linux uses, by the kernel's version."""

from __future__ import annotations

import pytest

from dtlink.facts.kernels import KernelVersion
from dtlink.links.acpi import dmar, iort, ivrs, rimt, viot
from dtlink.links.acpi.graph import AcpiGraph
from tests.support.tables import machine

RIMT = """
RIMT
  iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
  root-complex id=1 segment=0
    map count=0x8000 output=iommu
  root-complex id=2 segment=0
    map count=0x8000 output=iommu
"""
VIOT = """
VIOT
  iommu: virtio-iommu-pci function=0x8
  pci-range bdf_end=0xff output=iommu
"""
RMR = """
IORT table_revision=5
  smmu: smmu-v3 base=0x9050000
  rmr node_revision=3
    descriptor base=0x80000000 length=0x10000
    map output=smmu
"""
IWB = """
IORT table_revision=7
  its: its-group ids=0
  iwb iwb_index=16 base=0x2f000000 object_name="\\_SB_.IWB0"
    map flags=1 output_base=0x10 output=its
"""
SATC = """
DMAR
  drhd base=0xfed90000 flags=1
  satc
    endpoint hops="02.0"
"""
OPT_OUT = """
DMAR flags=9
  drhd base=0xfed90000
    endpoint hops="02.0"
    ioapic enumeration_id=2 hops="1e.7"
"""
INDEX = """
IORT table_revision=6
  its: its-group ids=0
  smmu: smmu-v3 node_revision=5 base=0x5000000 event_gsiv=74 gerr_gsiv=75
    map count=0xffff output=its
  root-complex node_revision=4 segment=0
    map count=0xffff output=smmu
"""
#: HATS 3 without and with guest page tables; GA mode in both.
HATS = """
IVRS
  ivhd-11 base=0xfd500000 efr={efr:#x}
    all
    special handle=33 source=0xa0
"""


def used(text: str, version: str) -> list[tuple[str, str]]:
    """The links, and why Linux does not use each."""
    graph = AcpiGraph(machine(text), KernelVersion.parse(version))
    return [(each.binding.name, each.table_link.why_not) for each in graph.links]


@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        (RIMT, "6.12", [("rimt-iommu", rimt.NOT_READ)] * 2),
        (RIMT, "6.18", [("rimt-iommu", ""), ("rimt-iommu", rimt.SECOND)]),
        (VIOT, "5.10", [("viot-iommu", viot.NOT_READ)]),
        (VIOT, "6.1", [("viot-iommu", "")]),
        (RMR, "5.15", [("iort-reservation", iort.NO_RMR)]),
        (RMR, "6.1", [("iort-reservation", "")]),
        (IWB, "6.18", [("iort-msi", iort.NO_IWB)]),
        (IWB, "7.0", [("iort-msi", "")]),
        (SATC, "5.10", [("dmar-include-all", "")] * 2 + [("dmar-ats-cache", dmar.NO_SATC)]),
        (SATC, "6.1", [("dmar-include-all", "")] * 2 + [("dmar-ats-cache", "")]),
        (OPT_OUT, "7.2", [("dmar-iommu", ""), ("dmar-interrupts", "")]),
        (OPT_OUT, "7.3", [("dmar-iommu", dmar.OPTED_OUT), ("dmar-interrupts", "")]),
        (HATS.format(efr=0xC80), "6.12", [("ivrs-iommu", ""), ("ivrs-interrupts", "")]),
        (
            HATS.format(efr=0xC80),
            "7.2",
            [("ivrs-iommu", ivrs.NO_HOST_TABLES), ("ivrs-interrupts", "")],
        ),
        (HATS.format(efr=0x1000000000C90), "7.2", [("ivrs-iommu", ""), ("ivrs-interrupts", "")]),
    ],
)
def test_what_a_kernel_version_uses(text, version, expected):
    assert used(text, version) == expected


def test_before_6_2_the_devices_behind_an_smmu_lose_the_range_that_its_index_names():
    old, new = ([name for name, _ in used(INDEX, version)] for version in ("6.1", "6.2"))
    assert old == ["iort-own-msi", "iort-iommu"]
    assert new == ["iort-behind", "iort-iommu", "iort-msi"]
    assert used(INDEX, "6.1")[0][1] == iort.NOT_SINGLE
