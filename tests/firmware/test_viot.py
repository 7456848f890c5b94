"""VIOT: the fields of the nodes, and what their frames do to the reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.firmware.acpi.viot import MmioEndpoint, PciRange, Viot, VirtioIommuMmio, VirtioIommuPci
from tests.support.boards import SHARED
from tests.support.limits import at_most
from tests.support.tables import machine

WHOLE = """
VIOT
  pci: virtio-iommu-pci segment=2 function=0x1a3
  mmio: virtio-iommu-mmio base=0x10_0000_0000
  pci-range segment_start=1 segment_end=3 bdf_start=0x100 bdf_end=0x1ff endpoint_start=0x50 \
output=pci
  mmio-endpoint base=0x1c000000 endpoint=0x77 output=mmio
"""


def table(text: str) -> Viot:
    read = machine(text).viot
    assert read is not None
    assert read.nodes is not None
    return read


def troubles(text: str) -> list[tuple[FrameFaultKind, int, int, int]]:
    found = table(text).frame_faults
    return [(each.kind, each.offset, each.length, each.room) for each in found]


def test_every_field_is_read_back() -> None:
    pci, mmio, served, device = table(WHOLE).nodes
    assert isinstance(pci, VirtioIommuPci)
    assert (pci.start, pci.segment, pci.function) == (48, 2, 0x1A3)
    assert isinstance(mmio, VirtioIommuMmio)
    assert (mmio.start, mmio.base) == (64, 0x10_0000_0000)
    assert isinstance(served, PciRange)
    assert served.output == pci.start
    assert (served.segments, served.functions) == (range(1, 4), range(0x100, 0x200))
    assert isinstance(device, MmioEndpoint)
    assert (device.base, device.endpoint, device.output) == (0x1C000000, 0x77, mmio.start)
    assert table(WHOLE).frame_faults == []


def test_the_bytes_of_a_table() -> None:
    """Against the layout of the specification, byte by byte, for what the rows alone would hide."""
    data = table(WHOLE).data
    assert data[36:48].hex() == "04003000" + "00" * 8
    assert data[48:64].hex() == "030010000200a301" + "00" * 8
    assert data[64:80].hex() == "04001000000000000000000010000000"
    assert data[80:104].hex() == "0100180050000000010003000001ff013000" + "00" * 6
    assert data[104:128].hex() == "02001800770000000000001c000000004000" + "00" * 6


def test_what_nodes_are_called() -> None:
    assert [node.path for node in table(WHOLE).nodes] == [
        "VIOT/virtio-iommu-pci@0x30 (0002:01:14.3)",
        "VIOT/virtio-iommu-mmio@0x40 (0x1000000000)",
        "VIOT/pci-range@0x50 (0001-0003:01:00.0-01:1f.7)",
        "VIOT/mmio-endpoint@0x68 (0x1c000000)",
    ]
    assert bdf(0xFFFF) == "ff:1f.7"


def test_endpoint_ids_are_those_of_linux() -> None:
    (served,) = table(WHOLE).ranges
    assert served.endpoint_id(1, 0x100) == 0x50
    assert served.endpoint_id(3, 0x1FF) == 0x2014F
    assert (served.covers(2, 0x1A3), served.covers(2, 0x200), served.covers(0, 0x100)) == (1, 0, 0)


def test_endpoint_ids_wrap_as_they_do_in_linux() -> None:
    (served,) = table(
        "VIOT\n  pci-range bdf_start=1 bdf_end=9 endpoint_start=0xffffffff output=0x48"
    ).ranges
    assert served.endpoint_id(0, 2) == 0


def test_the_iommu_of_an_endpoint() -> None:
    text = "VIOT\n a: virtio-iommu-pci\n b: pci-range output=a\n pci-range output=b\n pci-range"
    read = table(text)
    assert [read.iommu_of(each) for each in read.endpoints] == [read.nodes[0], None, None]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pci-range length=0", [(FrameFaultKind.SHORT, 48, 0, 24)]),
        ("pci-range length=3", [(FrameFaultKind.SHORT, 48, 3, 24)]),
        ("pci-range length=23", [(FrameFaultKind.SHORT, 48, 23, 24)]),
        ("mmio-endpoint length=16", [(FrameFaultKind.SHORT, 48, 16, 24)]),
        ("virtio-iommu-pci length=8", [(FrameFaultKind.SHORT, 48, 8, 16)]),
        ("virtio-iommu-mmio length=17", [(FrameFaultKind.BEYOND, 48, 17, 16)]),
        ("pci-range length=24 size=20", [(FrameFaultKind.BEYOND, 48, 24, 20)]),
        ("node type=9 length=4", []),
        ("node type=9 length=65535", [(FrameFaultKind.BEYOND, 48, 65535, 4)]),
    ],
)
def test_troubles_of_a_node(
    body: str, expected: list[tuple[FrameFaultKind, int, int, int]]
) -> None:
    assert troubles(f"VIOT\n  {body}") == expected


def test_troubles_of_the_header() -> None:
    body = "\n  virtio-iommu-pci\n"
    assert troubles("VIOT node_count=3" + body) == [(FrameFaultKind.MISSING, 64, 2, 0)]
    assert troubles("VIOT node_offset=40" + body)[0] == (FrameFaultKind.SHORT, 38, 40, 48)
    assert troubles("VIOT node_offset=65535" + body) == [(FrameFaultKind.MISSING, 65535, 1, 0)]
    assert table("VIOT node_count=0" + body).nodes == ()
    assert troubles("VIOT node_count=0" + body) == []


def test_a_node_that_is_too_short_names_and_is_nothing() -> None:
    read = table("VIOT\n a: virtio-iommu-pci length=12 size=12\n pci-range output=a")
    assert read.iommus == ()
    assert read.iommu_of(read.ranges[0]) is None


@given(st.binary(max_size=300), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_any_bytes_are_read(body: bytes, count: int, offset: int) -> None:
    head = b"VIOT" + (48 + len(body)).to_bytes(4, "little") + bytes(28)
    data = head + count.to_bytes(2, "little") + offset.to_bytes(2, "little") + bytes(8) + body
    read = Viot(data)
    assert len(read.nodes) <= min(count, len(body) // 4)
    assert all(48 <= node.start < node.end <= len(data) for node in read.nodes)
    assert all(each.start in read.by_offset for each in (*read.endpoints, *read.iommus))


def test_as_many_nodes_as_the_header_can_count() -> None:
    with at_most(15):
        data = b"VIOT" + (48 + 4 * 70_000).to_bytes(4, "little") + bytes(28)
        data += b"\xff\xff\x30\0" + bytes(8) + b"\x09\0\x04\0" * 70_000
        assert len(Viot(data).nodes) == 0xFFFF


def test_real_tables_are_read_to_their_ends() -> None:
    found = sorted((SHARED / "tables").rglob("VIOT.bin"))
    if not found:
        pytest.skip(f"no real tables in {SHARED / 'tables'}")
    for path in found:
        read = Viot(path.read_bytes())
        assert len(read.nodes) == read.node_count
        assert read.frame_faults == []
        assert read.nodes[-1].end == read.length == len(read.data)
        assert all(read.iommu_of(each) for each in read.endpoints)
