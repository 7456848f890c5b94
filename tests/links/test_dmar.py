"""Who is behind which VT-d unit."""

from __future__ import annotations

import pytest

from dtlink.links.acpi.graph import AcpiGraph
from dtlink.links.acpi.link import AcpiLink
from tests.support.tables import machine

LAPTOP = r"""
DMAR flags=1
  drhd base=0x1000
    endpoint hops="02.0"
  drhd base=0x2000
    bridge hops="07.0"
  drhd base=0x3000 flags=1
    ioapic enumeration_id=2 bus=0xf0 hops="1f.0"
    hpet enumeration_id=0 bus=0xf0 hops="0f.0"
    acpi-device enumeration_id=1 hops="15.0"
  rmrr base=0x7b800000 last=0x7fffffff
    endpoint hops="02.0"
    endpoint hops="14.0"
    endpoint hops="07.0-00.0"
  atsr
    bridge hops="07.0"
  andd device_number=1 object_name="\_SB.PCI0.I2C0"
"""


def links_of(text: str) -> list[AcpiLink]:
    return list(AcpiGraph(machine(text)).links)


def told(text: str) -> set[tuple[str, str, str]]:
    """Consumer, kind of link, and the address of the unit."""
    return {
        (link.consumer.identity, link.binding.name, link.supplier.identity)
        for link in links_of(text)
    }


def unused(text: str) -> set[tuple[str, str]]:
    """What Linux does not use: consumer, and the address of the unit."""
    return {
        (link.consumer.identity, link.supplier.identity)
        for link in links_of(text)
        if not link.used_by_linux
    }


def test_a_laptop() -> None:
    assert told(LAPTOP) == {
        ("0000:00:02.0", "dmar-iommu", "0x1000"),
        ("bridge 0000:00:07.0", "dmar-iommu", "0x2000"),
        ("ioapic 2", "dmar-interrupts", "0x3000"),
        ("hpet 0", "dmar-interrupts", "0x3000"),
        ("\\_SB.PCI0.I2C0", "dmar-iommu", "0x3000"),
        ("all other devices of segment 0", "dmar-include-all", "0x3000"),
        ("0000:00:02.0", "dmar-reservation", "0x1000"),
        ("0000:00:14.0", "dmar-include-all", "0x3000"),
        ("0000:00:14.0", "dmar-reservation", "0x3000"),
        ("0000:00:07.0-00.0", "dmar-iommu", "0x2000"),
        ("0000:00:07.0-00.0", "dmar-reservation", "0x2000"),
        ("bridge 0000:00:07.0", "dmar-ats-port", "0x2000"),
    }
    assert unused(LAPTOP) == set()


def test_a_device_is_one_consumer_however_often_it_is_named() -> None:
    links = [link for link in links_of(LAPTOP) if link.consumer.identity == "0000:00:02.0"]
    assert len({link.consumer for link in links}) == 1
    assert [link.node.WORD for link in links] == ["drhd", "rmrr"]
    assert [link.offset for link in links] == [
        entry.start for link in links for entry in [link.table_link.entry]
    ]


def test_reservations_order_nothing() -> None:
    kinds = {link.binding.name: link.binding.probes_first for link in links_of(LAPTOP)}
    assert kinds == {
        "dmar-iommu": True,
        "dmar-include-all": True,
        "dmar-interrupts": True,
        "dmar-reservation": False,
        "dmar-ats-port": False,
    }


def test_without_include_all_only_named_devices_have_a_unit() -> None:
    text = """
    DMAR
      drhd base=0x1000
        endpoint hops="02.0"
      rmrr base=0x1000 last=0x1fff
        endpoint hops="14.0"
    """
    assert told(text) == {("0000:00:02.0", "dmar-iommu", "0x1000")}


def test_segments_are_apart() -> None:
    text = """
    DMAR
      drhd base=0x1000 segment=1 flags=1
      drhd base=0x2000
        endpoint hops="02.0"
      rmrr base=0x1000 last=0x1fff segment=1
        endpoint hops="02.0"
    """
    assert ("0001:00:02.0", "dmar-include-all", "0x1000") in told(text)
    assert ("0000:00:02.0", "dmar-reservation", "0x2000") not in told(text)


def test_linux_asks_the_last_explicit_unit_first() -> None:
    text = """
    DMAR
      drhd base=0x1000
        endpoint hops="02.0"
      drhd base=0x2000
        endpoint hops="02.0"
      drhd base=0x3000 flags=1
        endpoint hops="02.0"
    """
    assert unused(text) == {("0000:00:02.0", "0x1000"), ("0000:00:02.0", "0x3000")}


def test_linux_takes_the_first_of_two_units_at_one_address() -> None:
    text = """
    DMAR
      drhd base=0x1000
        endpoint hops="02.0"
      drhd base=0x1000
        endpoint hops="03.0"
    """
    assert unused(text) == {("0000:00:03.0", "0x1000")}


def test_linux_takes_the_first_unit_that_includes_all() -> None:
    text = "DMAR\n drhd base=0x1000 flags=1\n drhd base=0x2000 flags=1"
    assert unused(text) == {("all other devices of segment 0", "0x2000")}


def test_a_scope_that_repeats_another_of_its_unit_adds_nothing() -> None:
    text = 'DMAR flags=1\n drhd base=0x1000\n  hpet hops="0f.0"\n  hpet hops="0f.1"'
    assert [link.used_by_linux for link in links_of(text)] == [True, False]


def test_interrupts_need_the_flag_of_the_table() -> None:
    text = 'DMAR\n drhd base=0x1000\n  ioapic enumeration_id=2 hops="1f.0"'
    assert unused(text) == {("ioapic 2", "0x1000")}


@pytest.mark.parametrize(
    "fault",
    [
        "drhd base=0\n",
        "rmrr length=0x40 base=0x1000 last=0x1fff\n",
        'andd device_number=1 object_name="ABCD" size=12 length=12\n',
    ],
)
def test_what_turns_vtd_off_leaves_no_link_in_use(fault: str) -> None:
    sound = 'DMAR\n drhd base=0x1000 flags=1\n  endpoint hops="02.0"\n'
    assert unused(sound) == set()
    assert not any(link.used_by_linux for link in links_of(f"{sound} {fault}"))


def test_too_small_a_width_turns_vtd_off() -> None:
    assert [link.used_by_linux for link in links_of("DMAR width=10\n drhd base=1 flags=1")] == [
        False
    ]
    assert [link.used_by_linux for link in links_of("DMAR width=11\n drhd base=1 flags=1")] == [
        True
    ]


def test_a_device_without_a_name_is_not_found() -> None:
    text = 'DMAR\n drhd base=0x1000\n  acpi-device enumeration_id=4 hops="15.0"'
    assert unused(text) == {("ACPI device 4", "0x1000")}


def test_nodes_are_found_by_what_a_user_types() -> None:
    read = machine(LAPTOP)
    found = read.find("0000:00:02.0")
    assert found is not None
    assert found.owner is read.find("0x30")


def test_devices_of_the_namespace_count_in_units_only() -> None:
    region = ' rmrr base=0x1000 last=0x1fff\n  acpi-device enumeration_id=1 hops="15.0"\n'
    reserved = [
        link for link in links_of(LAPTOP + region) if link.consumer.identity.startswith("\\_SB")
    ]
    assert [(link.binding.name, link.used_by_linux) for link in reserved] == [
        ("dmar-iommu", True),
        ("dmar-reservation", False),
    ]
