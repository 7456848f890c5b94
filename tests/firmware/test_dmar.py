"""The reader of DMAR tables: fields, paths, names, and frames that are wrong."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import KINDS, Dmar
from dtlink.firmware.acpi.layout import UInt
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.rules.catalogue import choose
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble
from tests.support.boards import SHARED
from tests.support.tables import machine

LAPTOP = r"""
DMAR flags=1
  drhd base=0xfed90000
    endpoint hops="02.0"
    bridge bus=0x10 hops="1c.4-00.0"
  drhd base=0xfed91000 segment=3 flags=1
    ioapic enumeration_id=2 bus=0xf0 hops="1f.0"
    hpet enumeration_id=1 bus=0xf0 hops="0f.0"
    acpi-device enumeration_id=1 hops="15.0"
    acpi-device enumeration_id=7 hops="15.1"
  rmrr base=0x7b800000 last=0x7fffffff
    endpoint hops="02.0"
  atsr flags=1
  rhsa base=0xfed90000 proximity_domain=1
  andd device_number=1 object_name="\_SB.PCI0.I2C0"
  satc
    endpoint hops="03.0"
  sidp segment=1
    endpoint bus=2 hops="04.7"
"""


def table_of(text: str) -> Dmar:
    table = machine(text).dmar
    assert table is not None
    return table


def troubles(text: str) -> list[tuple[FrameFaultKind, str]]:
    table = table_of(text)
    _ = table.structures
    return [(each.kind, each.what) for each in table.frame_faults]


def test_structures_and_scopes_are_named_by_what_they_stand_for() -> None:
    table = table_of(LAPTOP)
    assert [each.path for each in table.structures] == [
        "DMAR/drhd@0x30 (0xfed90000)",
        "DMAR/scope@0x40 (0000:00:02.0)",
        "DMAR/scope@0x48 (bridge 0000:10:1c.4-00.0)",
        "DMAR/drhd@0x52 (0xfed91000)",
        "DMAR/scope@0x62 (ioapic 2)",
        "DMAR/scope@0x6a (hpet 1)",
        "DMAR/scope@0x72 (\\_SB.PCI0.I2C0)",
        "DMAR/scope@0x7a (ACPI device 7)",
        "DMAR/others@0x56 (all other devices of segment 3)",
        "DMAR/rmrr@0x82 (0x7b800000-0x7fffffff)",
        "DMAR/scope@0x9a (0000:00:02.0)",
        "DMAR/atsr@0xa2 (segment 0)",
        "DMAR/rhsa@0xaa (0xfed90000)",
        "DMAR/andd@0xbe (\\_SB.PCI0.I2C0)",
        "DMAR/satc@0xd6 (segment 0)",
        "DMAR/scope@0xde (0000:00:03.0)",
        "DMAR/sidp@0xe6 (segment 1)",
        "DMAR/scope@0xee (0001:02:04.7)",
    ]
    assert table.frame_faults == []


def test_bytes_of_a_real_scope() -> None:
    """The I/O APIC's scope of a Sandy Bridge laptop: type, length, -, id, bus, device, function."""
    data = assemble('DMAR\n drhd\n  ioapic enumeration_id=2 bus=0xf0 hops="1f.0"')["DMAR"]
    assert data[64:] == bytes.fromhex("03 08 00 00 02 f0 1f 00")


@pytest.mark.parametrize("word", sorted(kind.WORD for kind in KINDS.values()))
@given(data=st.data())
def test_what_is_written_is_read(word: str, data: st.DataObject) -> None:
    kind = next(each for each in KINDS.values() if word == each.WORD)
    values = {
        name: data.draw(st.integers(0, (1 << 8 * field.size) - 1))
        for name, field in kind.fields().items()
        if isinstance(field, UInt) and name not in ("type", "length")
    }
    told = " ".join(f"{name}={value}" for name, value in values.items())
    read = table_of(f"DMAR\n  {word} {told}").remappings[0]
    assert type(read) is kind
    assert {name: getattr(read, name) for name in values} == values


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), max_size=124))
def test_paths_are_read_as_they_are_written(hops: list[tuple[int, int]]) -> None:
    told = "-".join(f"{device:x}.{function:x}" for device, function in hops)
    (unit,) = table_of(f'DMAR\n drhd\n  endpoint hops="{told}"').units
    assert unit.scopes[0].hops == tuple(hops)


def test_one_device_has_one_key_whatever_names_it() -> None:
    table = table_of(LAPTOP)
    graphics, bridge = table.units[0].scopes
    (reserved,) = table.remappings[2].scopes
    assert graphics.key == reserved.key != bridge.key


def test_another_segment_is_another_device() -> None:
    table = table_of('DMAR\n drhd\n  endpoint hops="02.0"\n drhd segment=1\n  endpoint hops="02.0"')
    (first,), (second,) = (unit.scopes for unit in table.units)
    assert first.key != second.key


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("drhd length=0", [(FrameFaultKind.SHORT, "structure")]),
        ("drhd length=3", [(FrameFaultKind.SHORT, "structure")]),
        ("drhd length=12 size=12", [(FrameFaultKind.SHORT, "structure")]),
        ("drhd length=17", [(FrameFaultKind.BEYOND, "structure")]),
        ("drhd\n  endpoint length=0", [(FrameFaultKind.SHORT, "device scope")]),
        ("drhd\n  endpoint length=5 size=5", [(FrameFaultKind.SHORT, "device scope")]),
        ('drhd\n  endpoint hops="02.0" length=9', [(FrameFaultKind.BEYOND, "device scope")]),
        ("drhd size=17 length=17", [(FrameFaultKind.LEFTOVER, "device scope")]),
    ],
)
def test_frames_that_are_wrong(body: str, expected: list[tuple[FrameFaultKind, str]]) -> None:
    assert [each for each in troubles(f"DMAR\n {body}") if each[1] == expected[0][1]] == expected


def test_bytes_left_over_at_the_end() -> None:
    assert troubles("DMAR length=66 trailing=2\n drhd") == [(FrameFaultKind.LEFTOVER, "structure")]


def test_reading_goes_on_behind_a_short_structure() -> None:
    table = table_of("DMAR\n drhd size=8 length=8\n drhd base=0x1000")
    assert [unit.base for unit in table.units] == [0x1000]


def test_troubles_are_told_once_however_often_one_asks() -> None:
    table = table_of("DMAR\n drhd\n  endpoint length=0\n rmrr\n  endpoint length=0")
    for _ in range(3):
        _ = table.structures, [each.scopes for each in table.remappings]
    assert len(table.frame_faults) == 2


def test_the_first_name_of_a_number_counts() -> None:
    table = table_of('DMAR\n andd device_number=1 object_name="A"\n andd device_number=1')
    assert table.device_names == {1: "A"}


def test_a_name_needs_an_end() -> None:
    text = 'DMAR\n andd device_number=1 object_name="ABCD" size=12 length=12'
    assert not table_of(text).remappings[0].is_terminated  # type: ignore[attr-defined]


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_and_linted(body: bytes, whole: bool) -> None:  # noqa: FBT001
    assume(b"\xef\xbf\xbd" not in body)  # what a transfer as text makes of bytes: it is refused
    data = bytearray(assemble("DMAR")["DMAR"] + body)
    data[4:8] = (len(data) if whole else 48 + len(body) // 2).to_bytes(4, "little")
    board = TablesBoard(Machine.of({"DMAR": bytes(data)}))
    assert check(board, choose(["dmar"])).faults == []
    for link in board.graph.links:
        assert link.consumer.index
        assert link.supplier.WORD == "drhd"


def test_real_tables_have_sound_frames() -> None:
    paths = sorted((SHARED / "tables").glob("*/**/*[dD][mM][aA][rR].bin"))
    if not paths:
        pytest.skip(f"no real tables in {SHARED} (set DTLINK_SHARED)")
    for path in paths:
        read = Machine.of({"DMAR": path.read_bytes()})
        assert read.dmar is not None
        assert read.dmar.units
        assert read.dmar.frame_faults == []
        assert all(each.hops for unit in read.dmar.units for each in unit.scopes)
