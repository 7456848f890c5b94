"""Reading RIMT tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.acpi.rimt import Iommu, Mapped, Rimt
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.testing.assemble import assemble
from tests.support.tables import machine

SERVER = r"""
RIMT
  iommu: iommu id=0 hardware_id="RSCV0004" base=0x3010000
    wire gsi=36 flags=3
  pci: iommu id=1 hardware_id="00101400" flags=1 segment=1 function=8
  root-complex id=2 segment=0 flags=1
    map count=0x100 output=iommu
    map source_base=0x200 count=0x10 output_base=0x1000 output=pci
  platform-device id=3 object_name="\_SB_.COM0"
    map count=1 output_base=0x20 output=iommu
"""


def table(text: str) -> Rimt:
    read = machine(text).rimt
    assert read
    return read


def test_nodes_are_named_by_what_they_are() -> None:
    read = table(SERVER)
    assert [each.name for each in read.structures] == [
        "iommu@0x30 (0x3010000)",
        "iommu@0x60 (0001:00:01.0)",
        "root-complex@0x88 (segment 0)",
        r"platform-device@0xc4 (\_SB_.COM0)",
    ]
    assert read.frame_faults == []


def test_the_number_of_ids_is_not_less_one() -> None:
    root = table(SERVER).nodes[2]
    assert isinstance(root, Mapped)
    assert [(each.inputs, each.outputs) for each in root.mappings] == [
        (range(0x100), range(0x100)),
        (range(0x200, 0x210), range(0x1000, 0x1010)),
    ]


def test_fields() -> None:
    read = table(SERVER)
    platform, pcie = read.nodes[:2]
    assert isinstance(platform, Iommu)
    assert isinstance(pcie, Iommu)
    assert (platform.hardware_id, platform.is_pcie, platform.wire_count) == ("RSCV0004", False, 1)
    assert (pcie.is_pcie, pcie.segment, pcie.function) == (True, 1, 8)
    assert read.by_offset[0x60] is pcie


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("RIMT node_count=2\n  iommu base=0x1000\n", FrameFaultKind.MISSING, "node"),
        ("RIMT node_count=4294967295\n  iommu base=0x1000\n", FrameFaultKind.MISSING, "node"),
        ("RIMT node_offset=8\n  iommu base=0x1000\n", FrameFaultKind.SHORT, "first node"),
        ("RIMT size=40\n", FrameFaultKind.SHORT, "table"),
        ("RIMT\n  iommu length=0\n  iommu\n", FrameFaultKind.SHORT, "node"),
        ("RIMT\n  iommu length=20 size=20\n", FrameFaultKind.SHORT, "node"),
        ("RIMT\n  iommu length=99\n", FrameFaultKind.BEYOND, "node"),
        ("RIMT\n  iommu wire_count=1\n", FrameFaultKind.BEYOND, "wire array"),
        ("RIMT\n  root-complex mapping_count=65535\n", FrameFaultKind.BEYOND, "mapping array"),
        (
            "RIMT\n  root-complex mapping_offset=4\n    map count=1\n",
            FrameFaultKind.BEYOND,
            "mapping array",
        ),
    ],
)
def test_faults_of_the_frame(text: str, kind: FrameFaultKind, what: str) -> None:
    read = table(text)
    assert len(read.structures) <= 2
    assert [(each.kind, each.what) for each in read.frame_faults] == [(kind, what)]


@given(st.binary(max_size=200), st.integers(0, 0xFFFFFFFF))
def test_any_bytes_are_read_to_their_end(body: bytes, count: int) -> None:
    header = bytearray(assemble("RIMT\n")["RIMT"])
    header[4:8] = (48 + len(body)).to_bytes(4, "little")
    header[36:40] = count.to_bytes(4, "little")
    read = Rimt(bytes(header) + body)
    assert all(each.end <= read.end and each.path for each in read.structures)
    assert len(read.structures) <= count
    for node in read.nodes:
        for mapping in node.mappings if isinstance(node, Mapped) else ():
            assert mapping.end <= node.end
