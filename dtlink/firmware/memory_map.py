"""The memory map of a PC: by ``/proc/iomem``, or by the lines of a kernel's log about E820.

Source: Linux, arch/x86/kernel/e820.c: e820_type_to_string() (the names in /proc/iomem),
e820_print_type() (those in the log, as 7.2 and as kernels before it print them),
e820__get_entry_type().
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import ByteSource, SizeLimit, plain
from dtlink.records import NamedTuple
from dtlink.stamps import look

_MAX_BYTES = 64 << 20
_MAX_LINE = 4096
_MAX_ENTRIES = 100_000

_IOMEM = re.compile(r"\s*([0-9a-f]{8,16})-([0-9a-f]{8,16}) : (.*?)\s*$")
_E820 = re.compile(
    r"(?:^|\] |: )(BIOS-\w+|Xen|user|modified|extended|reserve setup_data): "
    r"\[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\] +(.*?)\s*$"
)
_RESERVED, _NVS = "reserved", "ACPI NVS"
#: One name for each type, whichever output it is from; what is missing keeps its name.
_NAMES = {
    "Reserved": _RESERVED,
    "device reserved": _RESERVED,
    "ACPI Non-volatile Storage": _NVS,
    "System RAM": "usable",
    "ACPI Tables": "ACPI data",
    "Soft Reserved": "soft reserved",
    "Unusable memory": "unusable",
}
#: The types that firmware keeps for itself (arch_rmrr_sanity_check()).
FIRMWARE = frozenset((_RESERVED, _NVS))
#: The types of E820, as against the devices of /proc/iomem.
_TYPES = frozenset((*_NAMES.values(), "Persistent Memory", "Persistent Memory (legacy)"))


class MemoryRange(NamedTuple):
    """Addresses of one type."""

    span: range
    type: str


class MemoryMap(NamedTuple):
    """The entries of E820, in order of their addresses."""

    entries: Sequence[MemoryRange]
    path: str = ""

    def type_of(self, span: range) -> str | None:
        """The type of the last entry that covers a span, alone or after others without a gap.

        ``None`` if no entries cover it to its end (__e820__mapped_all()).
        """
        at = span.start
        for entry in self.entries:
            if entry.span.start >= span.stop or entry.span.stop <= at:
                continue
            if entry.span.start <= at:
                at = entry.span.stop
            if at >= span.stop:
                return entry.type
        return None

    def meeting(self, span: range) -> Iterator[MemoryRange]:
        """The entries with addresses in a span."""
        for entry in self.entries:
            if entry.span.start < span.stop and span.start < entry.span.stop:
                yield entry


def load(path: str) -> MemoryMap:
    """:func:`read_map`, once a run."""
    return _loaded(path, look(path))


@lru_cache(maxsize=8)
def _loaded(path: str, _: int) -> MemoryMap:
    return read_map(path)


def read_map(path: str) -> MemoryMap:
    """The memory map in a copy of ``/proc/iomem``, or in a kernel's log.

    Raises :class:`InputError`, with the path in it, for what can't be read, has none, or was read
    without root, which shows no addresses.
    """
    try:
        with open(path, "rb", opener=reading.named) as file:
            source = plain(ByteSource.of_file(file, SizeLimit(_MAX_BYTES)), SizeLimit(_MAX_BYTES))
            data = source.read(_MAX_BYTES)
        return MemoryMap(map_of(data.decode("utf-8", "replace")), path)
    except InputError as error:
        raise InputError(error.message, offset=error.offset, path=path) from error
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error


def map_of(text: str) -> tuple[MemoryRange, ...]:
    """The entries of a text. Raises :class:`InputError` as :func:`read_map` does.

    A log may have several maps: the last one printed counts.
    """
    lines = [line[:_MAX_LINE] for line in text.split("\n")]
    iomem = [found for line in lines if (found := _IOMEM.match(line))]
    if iomem and not any(int(found[2], 16) for found in iomem):
        raise InputError("all addresses are 0: only root can read them in /proc/iomem")
    rows = [(found[1], found[2], found[3]) for found in iomem] or _last_of_log(lines)
    if not rows:
        raise InputError(
            "no memory map in it: a copy of /proc/iomem, or a kernel's log from its first line on, "
            "is needed"
        )
    if len(rows) > _MAX_ENTRIES:
        raise InputError(f"more than {_MAX_ENTRIES:,} entries of a memory map")
    return _sorted(rows)


def _last_of_log(lines: Iterable[str]) -> list[tuple[str, str, str]]:
    maps: dict[str, list[tuple[str, str, str]]] = {}
    for line in lines:
        if found := _E820.search(line):
            maps.setdefault(found[1], []).append((found[2], found[3], found[4]))
    return [*maps.values()][-1] if maps else []


def _sorted(rows: Iterable[tuple[str, str, str]]) -> tuple[MemoryRange, ...]:
    """The entries of E820 among rows; those that touch and are of one type are one."""
    found: list[MemoryRange] = []
    entries = sorted(
        (int(first, 16), int(last, 16), _NAMES.get(name, name)) for first, last, name in rows
    )
    for first, last, name in entries:
        if last < first or name not in _TYPES:
            continue
        if found and found[-1].type == name and first <= found[-1].span.stop:
            start, stop = found[-1].span.start, max(found[-1].span.stop, last + 1)
            found[-1] = MemoryRange(range(start, stop), name)
        else:
            found.append(MemoryRange(range(first, last + 1), name))
    return tuple(found)
