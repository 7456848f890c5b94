"""Reading IVRS tables."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.acpi.ivrs import AcpiHid, Ivhd, Ivrs, Range, Special
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.testing.assemble import assemble
from tests.support.tables import machine

LAPTOP = r"""
IVRS
  ivhd-10 base=0xfeb80000
    range device=3
    range-end device=0xfffe
    alias-range device=0xff00 alias=0xa5
    range-end device=0xffff
    pad
    special variety=2 handle=0 source=0xa0
    special handle=33 source=0xa0
  ivhd-40 base=0xfeb80000 efr=0x206d73ef22254ade
    select device=0x100
    ext-select device=0x101 ext_flags=0x80000000
    alias device=0x102 alias=0x100
    acpi-hid device=0xa5 hid="AMDI0020" uid_format=2 uid="\_SB.FUR0"
    acpi-hid device=0x60 hid="MSFT0201" uid_format=1 uid=1,0
  ivmd-range device=0x300 aux=0x3ff flags=7 range_start=0x70000000 range_length=0x1000
"""


def table(text: str) -> Ivrs:
    read = machine(text).ivrs
    assert read
    return read


def test_structures_are_named_by_their_devices() -> None:
    read = table(LAPTOP)
    assert [each.name for each in read.structures] == [
        "ivhd-10@0x30 (0000:00:00.2)",
        "range@0x48 (0000:00:00.3-0000:ff:1f.6)",
        "alias-range@0x50 (0000:ff:00.0-0000:ff:1f.7)",
        "special@0x60 (HPET 0, 0000:00:14.0)",
        "special@0x68 (IOAPIC 33, 0000:00:14.0)",
        "ivhd-40@0x70 (0000:00:00.2)",
        "select@0x98 (0000:01:00.0)",
        "ext-select@0x9c (0000:01:00.1)",
        "alias@0xa4 (0000:01:00.2)",
        r"acpi-hid@0xac (AMDI0020 \_SB.FUR0)",
        "acpi-hid@0xcb (MSFT0201 1)",
        "ivmd-range@0xe3 (0x70000000)",
    ]
    assert read.frame_faults == []


def test_fields() -> None:
    read = table(LAPTOP)
    old, new = read.hardware
    assert (old.base, old.capability, old.has("features"), new.length) == (
        *(0xFEB80000, 0x40, True),
        40 + 4 + 8 + 8 + 31 + 24,
    )
    hid = new.entries[-1]
    assert isinstance(hid, AcpiHid)
    assert (hid.uid, hid.uid_text, hid.devices) == ((1, 0), "1", range(0x60, 0x61))
    special = old.entries[-1]
    assert isinstance(special, Special)
    assert (special.variety, special.handle, special.source) == (1, 33, 0xA0)
    assert read.memory[0].devices == range(0x300, 0x400)


def test_blocks_of_one_iommu_are_one() -> None:
    read = table(LAPTOP)
    assert read.taken_type == 0x40
    assert read.iommus == {(0, 2): read.hardware[1]}


def test_the_type_is_that_of_the_last_block_for_the_first_device() -> None:
    kinds = ["ivhd-11 device=2", "ivhd-40 device=2", "ivhd-10 device=0x4002"]
    text = "IVRS\n" + "".join(f"  {kind} base=0x1000000\n    all\n" for kind in kinds)
    assert table(text).taken_type == 0x40
    assert table(text + "  ivhd-10 device=2\n    all\n").taken_type == 0x10
    beyond = "  block type=0x51 size=32\n  ivhd-10 device=2\n    all\n"
    assert table(text + beyond).taken_type == 0x40
    assert table("IVRS\n  ivmd-select device=0x300\n" + text[5:]).taken_type == 0x21
    assert table("IVRS\n").taken_type == 0


def test_ranges_and_what_is_left_of_them() -> None:
    body = (
        "    range-end device=0xf\n    range device=0x10\n    range device=0x20\n"
        "    select device=0x99\n    range-end device=0x2f\n    ext-range device=0x40\n"
    )
    block = table("IVRS\n  ivhd-11 base=0x1000000\n" + body).taken[0]
    ranges = [entry.devices for entry in block.entries if isinstance(entry, Range)]
    assert ranges == [range(0), range(0x20, 0x30), range(0)]
    assert [entry.device for entry in block.unpaired] == [0xF, 0x10, 0x40]


def test_reading_ends_where_a_length_is_not_known() -> None:
    read = table("IVRS\n  ivhd-11\n    all\n    entry type=0x90\n    all\n  ivmd-all\n")
    entries = read.taken[0].entries
    (trouble,) = read.frame_faults
    assert (trouble.kind, trouble.where) == (FrameFaultKind.UNKNOWN, entries[-1])
    assert [entry.type for entry in entries] == [1, 0x90]
    assert len(read.blocks) == 2


def test_lengths_that_are_not_true() -> None:
    for text, kind, what in (
        ("  ivhd-11 length=0\n    all\n", FrameFaultKind.SHORT, "block"),
        ("  ivhd-11 length=24\n    all\n  ivmd-all\n", FrameFaultKind.SHORT, "block"),
        ("  ivhd-11 length=99\n    all\n", FrameFaultKind.BEYOND, "block"),
        ("  ivhd-11 length=42 size=42\n    all\n", FrameFaultKind.BEYOND, "device entry"),
        ("  ivmd-all length=32 size=34\n", FrameFaultKind.LEFTOVER, "block"),
    ):
        read = table("IVRS\n" + text)
        assert read.structures is not None
        assert (read.frame_faults[0].kind, read.frame_faults[0].what) == (kind, what), text


@given(st.binary(max_size=200))
def test_any_bytes_are_read_to_their_end(body: bytes) -> None:
    header = bytearray(assemble("IVRS\n")["IVRS"])
    header[4:8] = (48 + len(body)).to_bytes(4, "little")
    read = Ivrs(bytes(header) + body)
    ends = [each.end for each in read.structures]
    assert all(each.start < each.end <= read.end for each in read.structures)
    assert ends == sorted(ends) or any(isinstance(each, Ivhd) for each in read.blocks)
    for each in read.structures:
        assert each.path
