"""Reading /proc/iomem and the E820 lines of a log, and what covers a range."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.errors import InputError
from dtlink.firmware.memory_map import MemoryMap, MemoryRange, map_of, read_map

IOMEM = """\
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
b0000000-bfffffff : PCI MMCONFIG 0000 [bus 00-ff]
  b0000000-bfffffff : Reserved
    b0000000-bfffffff : pnp 00:04
c0000000-febfffff : PCI Bus 0000:00
7ff00000-7fffffff : ACPI Non-volatile Storage
"""
LOG = """\
[    0.000000] BIOS-provided physical RAM map:
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x0000000000000fff] reserved
[    0.000000] BIOS-e820: [mem 0x0000000000001000-0x000000000009fbff] usable
[    0.000000] BIOS-e820: [mem 0x00000000b0000000-0x00000000bfffffff] reserved
[    0.000000] BIOS-e820: [mem 0x000000007ff00000-0x000000007fffffff] ACPI NVS
"""
#: As kernels since 7.0 or so print it.
NEW_LOG = """\
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x0000000000000fff]  device reserved
[    0.000000] BIOS-e820: [gap 0x0000000000001000-0x0000000000001fff]
[    0.000000] BIOS-e820: [mem 0x0000000000002000-0x000000000009fbff]  System RAM
"""
ENTRIES = (
    MemoryRange(range(0x1000), "reserved"),
    MemoryRange(range(0x1000, 0x9FC00), "usable"),
    MemoryRange(range(0x7FF00000, 0x80000000), "ACPI NVS"),
    MemoryRange(range(0xB0000000, 0xC0000000), "reserved"),
)


@pytest.mark.parametrize("text", [IOMEM, LOG, LOG.replace("[    0.000000] ", "")])
def test_both_forms_say_the_same(text: str) -> None:
    assert map_of(text) == ENTRIES


def test_the_words_of_newer_kernels() -> None:
    assert [each.type for each in map_of(NEW_LOG)] == ["reserved", "usable"]


def test_the_last_map_of_a_log_counts() -> None:
    """``memmap=`` and the like change it, and it is printed again."""
    changed = LOG.replace("BIOS-e820", "user").replace("ACPI NVS", "usable")
    assert map_of(LOG + changed)[2].type == "usable"


def test_ranges_that_follow_each_other_cover_together() -> None:
    """By the type of the last, as the kernel has it; a gap covers nothing."""
    found = MemoryMap(ENTRIES)
    assert found.type_of(range(0x100, 0x200)) == "reserved"
    assert found.type_of(range(0x100, 0x2000)) == "usable"
    assert found.type_of(range(0x9F000, 0xA0000)) is None
    assert found.type_of(range(0x50000000, 0x50001000)) is None


def test_without_root_there_are_no_addresses(tmp_path: Path) -> None:
    path = tmp_path / "iomem"
    path.write_text("00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n")
    with pytest.raises(InputError, match="iomem: all addresses are 0: only root can read them"):
        read_map(str(path))


def test_nothing_in_it(tmp_path: Path) -> None:
    path = tmp_path / "iomem"
    path.write_text("no map\n")
    with pytest.raises(InputError, match="iomem: no memory map in it: a copy of /proc/iomem"):
        read_map(str(path))
    with pytest.raises(InputError, match="No such file"):
        read_map(str(tmp_path / "missing"))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(data)
    with pytest.raises(InputError, match="file"):
        read_map(str(path))


spans = st.builds(lambda at, size: range(at, at + size), st.integers(0, 90), st.integers(1, 30))
ranges = st.builds(MemoryRange, spans, st.sampled_from(["usable", "reserved"]))


@given(st.lists(ranges, max_size=8), spans)
def test_covered_means_that_every_address_is_in_an_entry(
    some: list[MemoryRange], span: range
) -> None:
    text = "".join(
        f"{each.span.start:08x}-{each.span.stop - 1:08x} : "
        + ("System RAM\n" if each.type == "usable" else "Reserved\n")
        for each in some
    )
    found = MemoryMap(map_of(text + "f0000000-ffffffff : Reserved\n"))
    inside = all(any(at in each.span for each in some) for at in span)
    assert (found.type_of(span) is not None) == inside
