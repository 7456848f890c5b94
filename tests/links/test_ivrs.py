"""Who is behind which AMD IOMMU."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.acpi.ivrs import DeviceEntry
from dtlink.links.acpi.graph import AcpiGraph
from dtlink.links.acpi.ivrs import DeviceSpan, meets, merged
from dtlink.links.acpi.link import AcpiLink
from tests.support.tables import machine

SERVER = r"""
IVRS
  ivhd-10 device=2 base=0xfd000000
    range device=0x8
    range-end device=0x3fff
    special handle=33 source=0xa0
  ivhd-40 device=2 base=0xfd000000
    range device=0x8
    range-end device=0x3fff
    special handle=33 source=0xa0
    special variety=2 handle=0 source=0xa0
    acpi-hid device=0xa5 hid="AMDI0020"
  ivhd-40 device=0x4002 base=0xfd100000
    alias device=0x4100 alias=0x40a5
    select device=0x4002
    special handle=33 source=0x4001
  ivmd-select device=0x4100 flags=8 range_start=0x1000 range_length=0x1000
  ivmd-all flags=7 range_start=0x2000 range_length=0x1000
  ivmd-select device=0x8000 flags=7 range_start=0x3000 range_length=0x1000
  ivmd-select device=0x4100 range_start=0x4000 range_length=0x1000
"""


def links_of(text: str) -> list[AcpiLink]:
    return list(AcpiGraph(machine(text)).links)


def told(text: str, *, used: bool) -> list[tuple[str, str, str]]:
    """Kind and identity of the consumer, and the IOMMU, of links that Linux uses or not."""
    return [
        (link.consumer.WORD, link.consumer.identity, link.supplier.identity)
        for link in links_of(text)
        if link.used_by_linux is used
    ]


def test_links_that_linux_uses() -> None:
    first, second = "0000:00:00.2", "0000:40:00.2"
    assert told(SERVER, used=True) == [
        ("range", "0000:00:01.0-0000:3f:1f.7", first),
        ("special", "IOAPIC 33, 0000:00:14.0", first),
        ("special", "HPET 0, 0000:00:14.0", first),
        ("acpi-hid", "AMDI0020", first),
        ("alias", "0000:41:00.0", second),
        ("ivmd-select", "0x1000", second),
        ("ivmd-all", "0x2000", first),
        ("ivmd-all", "0x2000", second),
    ]


def test_why_linux_does_not_use_the_others() -> None:
    unused = [link.table_link for link in links_of(SERVER) if not link.used_by_linux]
    assert [(each.consumer.WORD, each.why_not) for each in unused] == [
        ("range", "Linux takes the blocks of type 40h of this table"),
        ("special", "Linux takes the blocks of type 40h of this table"),
        ("select", "Linux lets no IOMMU translate its own requests, whatever the table says"),
        ("special", "Linux takes the first entry of that number"),
        (
            "ivmd-select",
            "Linux takes memory blocks that ask for a unity mapping or for exclusion only",
        ),
    ]


def test_all_blocks_of_an_iommu_are_one_supplier() -> None:
    suppliers = {link.supplier.path for link in links_of(SERVER)}
    assert suppliers == {"IVRS/ivhd-40@0x58 (0000:00:00.2)", "IVRS/ivhd-40@0xae (0000:40:00.2)"}


def test_ids_and_what_the_iommu_sees() -> None:
    by_word = {link.consumer.WORD: link for link in links_of(SERVER)}
    assert by_word["range"].args == (0x8, 0x3FFF, 0x8)
    assert by_word["alias"].args == (0x4100, 0x4100, 0x40A5)
    assert by_word["special"].args == (33, 33, 0x4001)


def test_reservations_order_nothing() -> None:
    graph = AcpiGraph(machine(SERVER))
    ordering = {link.binding.name for link in graph.links if graph.orders(link.reference)}
    assert ordering == {"ivrs-iommu", "ivrs-interrupts"}


def test_devices_of_the_namespace_are_read_in_blocks_40h_only() -> None:
    body = '  ivhd-11\n    all\n    acpi-hid device=1 hid="AMDI0020"\n'
    (unused,) = (link.table_link for link in links_of("IVRS\n" + body) if not link.used_by_linux)
    assert "type 40h only" in unused.why_not


def test_an_iommu_without_a_block_of_the_type_is_a_supplier_all_the_same() -> None:
    body = (
        "  ivhd-11 device=2\n    select device=8\n  ivhd-10 device=0x102\n    select device=0x108\n"
    )
    assert told("IVRS\n" + body, used=False) == [("select", "0000:01:01.0", "0000:01:00.2")]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9))), st.integers(0, 70))
def test_merged_spans_hold_what_the_spans_hold(some: list[tuple[int, int]], device: int) -> None:
    entry = DeviceEntry(b"", 0, 0)
    ids = merged(DeviceSpan(first, first + more, entry) for first, more in some)
    assert meets(ids, range(device, device + 1)) == any(
        first <= device <= first + more for first, more in some
    )
    assert meets(ids, range(device, device)) is False
    assert ids == sorted(ids, key=lambda each: each.start)
