"""The links of a VIOT, and which of them Linux uses."""

from __future__ import annotations

import random

import pytest

from dtlink.firmware.acpi.viot import PciRange, Viot
from dtlink.links.acpi import viot
from dtlink.links.acpi.graph import AcpiGraph
from dtlink.links.acpi.link import TableLink
from tests.support.boards import SHARED
from tests.support.limits import at_most
from tests.support.tables import machine


def told(text: str) -> list[TableLink]:
    return list(viot.links(machine(text)))


def reasons(text: str) -> list[str]:
    return [each.why_not for each in told(text)]


def test_ranges_and_devices_need_their_iommu() -> None:
    text = """
    VIOT
      a: virtio-iommu-pci function=0x8
      b: virtio-iommu-mmio base=0x1d000000
      pci-range bdf_start=0x10 bdf_end=0xff endpoint_start=0x500 output=a
      mmio-endpoint base=0x1c000000 endpoint=7 output=b
    """
    graph = AcpiGraph(machine(text))
    assert [(each.consumer.name, each.supplier.name, each.args) for each in graph.links] == [
        ("pci-range@0x50 (0000:00:02.0-00:1f.7)", "virtio-iommu-pci@0x30 (0000:00:01.0)",
         (0x10, 0xFF, 0x500)),
        ("mmio-endpoint@0x68 (0x1c000000)", "virtio-iommu-mmio@0x40 (0x1d000000)", (7,)),
    ]  # fmt: skip
    assert all(each.used_by_linux for each in graph.links)
    assert all(each.binding.orders_probe for each in graph.links)


def test_what_names_no_iommu_has_no_link() -> None:
    assert (
        told("VIOT\n a: pci-range output=a\n pci-range output=0\n mmio-endpoint output=0x31") == []
    )


def test_the_iommu_itself_is_left_untranslated() -> None:
    """Within a wider range that is usual, and the range serves all the others."""
    iommu = "VIOT\n a: virtio-iommu-pci function=0x8\n pci-range "
    assert reasons(iommu + "bdf_start=8 bdf_end=8 output=a") == [viot.ITSELF]
    assert reasons(iommu + "bdf_start=9 bdf_end=9 output=a") == [""]
    assert reasons(iommu + "bdf_start=8 bdf_end=9 output=a") == [""]
    assert reasons(iommu + "segment_end=1 bdf_start=8 bdf_end=8 output=a") == [""]


def test_the_endpoint_id_that_nobody_uses() -> None:
    read = machine(
        "VIOT\n a: virtio-iommu-pci segment=1 function=0x18\n"
        " pci-range segment_end=2 bdf_start=0x10 bdf_end=0x20 endpoint_start=0x1000 output=a\n"
        " pci-range bdf_start=0x10 bdf_end=0x20 output=a\n mmio-endpoint output=a"
    ).viot
    assert read is not None
    assert [viot.exempt(each, read.iommus[0]) for each in read.endpoints] == [0x11008, None, None]


def test_a_range_without_functions() -> None:
    iommu = "VIOT\n a: virtio-iommu-mmio\n pci-range output=a "
    assert reasons(iommu + "bdf_start=2 bdf_end=1") == [viot.REVERSED]
    assert reasons(iommu + "segment_start=2 segment_end=1") == [viot.REVERSED]


def test_the_last_node_of_a_device_counts() -> None:
    text = """
    VIOT
      a: virtio-iommu-mmio
      pci-range bdf_start=0x10 bdf_end=0x1f output=a
      pci-range bdf_start=0x20 bdf_end=0x2f output=a
      pci-range bdf_end=0x1f endpoint_start=0x100 output=a
      mmio-endpoint base=0x1000 endpoint=1 output=a
      mmio-endpoint base=0x1000 endpoint=2 output=a
    """
    assert reasons(text) == [viot.LATER, "", "", viot.LATER, ""]


def test_a_later_node_that_linux_drops_takes_nothing() -> None:
    text = "VIOT\n a: virtio-iommu-mmio\n pci-range output=a\n pci-range output=0x31"
    assert reasons(text) == [""]


def test_linux_stops_at_a_node_that_is_too_short() -> None:
    text = """
    VIOT
      a: virtio-iommu-mmio
      pci-range bdf_end=1 output=a
      mmio-endpoint length=16 size=16
      pci-range bdf_start=2 bdf_end=3 output=a
    """
    assert reasons(text) == ["", viot.STOPPED]
    other = text.replace("mmio-endpoint length=16 size=16", "node type=9 size=16 length=16")
    assert reasons(other) == ["", ""]


@pytest.mark.parametrize(
    ("mappings", "functions", "expected"),
    [
        (["count=0xffff output=smmu"], "bdf_end=0xff", viot.IORT_FIRST),
        (["count=0xfe output=smmu"], "bdf_end=0xff", ""),
        (["count=0x7f output=smmu", "input_base=0x80 count=0x7f output=smmu"], "bdf_end=0xff",
         viot.IORT_FIRST),
        (["count=0xffff output=its"], "bdf_end=0xff", ""),
        (["count=0xffff output=smmu"], "segment_end=1 bdf_end=0xff", ""),
        (["count=0xffff output=smmu"], "segment_start=1 segment_end=1 bdf_end=0xff", ""),
    ],
)  # fmt: skip
def test_the_iort_is_asked_first(mappings: list[str], functions: str, expected: str) -> None:
    text = "IORT\n its: its-group ids=0\n smmu: smmu-v3 base=0x9050000\n root-complex\n"
    text += "".join(f"  map {each}\n" for each in mappings)
    text += f"VIOT\n a: virtio-iommu-mmio\n pci-range {functions} output=a"
    assert reasons(text) == [expected]


def table(ranges: list[tuple[int, int, int, int]]) -> Viot:
    rows = "".join(
        f"\n  pci-range segment_start={first} segment_end={last} bdf_start={start} bdf_end={end} "
        "output=a"
        for first, last, start, end in ranges
    )
    read = machine(f"VIOT\n  a: virtio-iommu-mmio{rows}").viot
    assert read is not None
    return read


def shares(one: PciRange, other: PciRange) -> bool:
    segments = {*one.segments} & {*other.segments}
    return bool(segments and {*one.functions} & {*other.functions})


def test_overlaps_are_found_as_by_comparing_all_with_all() -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable is what it must be
    found_some = 0
    for _ in range(300):
        corners = [[chance.randrange(12) for _ in range(4)] for _ in range(chance.randrange(1, 7))]
        read = table([(*sorted(each[:2]), *sorted(each[2:])) for each in corners])
        pairs = list(viot.overlaps(read))
        assert all(shares(*pair) and pair[0].start < pair[1].start for pair in pairs)
        every = [
            (one, other)
            for number, one in enumerate(read.ranges)
            for other in read.ranges[number + 1 :]
            if shares(one, other)
        ]
        assert bool(pairs) == bool(every)
        assert set(pairs) <= set(every)
        if len(every) == 1:
            assert pairs == every
            found_some += 1
    assert found_some > 20


def test_many_ranges_are_compared_in_time() -> None:
    count = 10_000
    body = bytearray(b"\x04\0\x10\0" + bytes(12))
    for number in range(count):
        # Half of them narrow, in one segment; then as many over all of them, one behind another.
        narrow = number < count // 2
        numbers = (0, 0xFFFF, number, number) if narrow else (number, 0xFFFF, 0, 0xFFFF)
        body += b"\x01\0\x18\0" + bytes(4)
        body += b"".join(each.to_bytes(2, "little") for each in (*numbers, 48)) + bytes(6)
    data = b"VIOT" + (48 + len(body)).to_bytes(4, "little") + bytes(28)
    read = Viot(data + (count + 1).to_bytes(2, "little") + b"\x30\0" + bytes(8) + body)
    with at_most(15):
        assert sum(1 for _ in viot.overlaps(read)) >= count // 2
        assert sum(1 for _ in viot.ids_overlap(read.endpoints)) >= count // 2


def test_links_of_the_real_tables() -> None:
    found = sorted((SHARED / "tables" / "qemu").glob("*viot*/VIOT.bin"))
    if not found:
        pytest.skip(f"no real tables in {SHARED / 'tables'}")
    for path in found:
        signatures = {each.stem: each.read_bytes() for each in path.parent.glob("*.bin")}
        read = machine("").of(signatures)
        assert read.viot is not None
        links = list(viot.links(read))
        assert len(links) == len(read.viot.ranges)
        assert not any(each.why_not for each in links)
