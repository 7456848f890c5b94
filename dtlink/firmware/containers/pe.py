"""PE files with devicetrees in sections: unified kernel images.

Source: Microsoft's PE format (COFF file header, section table); the sections: UAPI group, Unified
Kernel Image, ``.dtb`` and ``.dtbauto``.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.containers.fields import HeaderLayout, cut, text
from dtlink.firmware.containers.model import Contents, Part, What
from dtlink.firmware.errors import InputError

DOS = HeaderLayout("DOS header", "little", {"e_lfanew": (0x3C, 4)}, source="PE format, MS-DOS stub")
COFF = HeaderLayout(
    "COFF header",
    "little",
    {"signature": (0, 4), "sections": (6, 2), "optional_size": (20, 2)},
    source="PE format, COFF file header, after the signature",
)
SECTION = HeaderLayout(
    "section header",
    "little",
    {"virtual_size": (8, 4), "raw_size": (16, 4), "raw_offset": (20, 4), "flags": (36, 4)},
    source="PE format, section table",
)
_SIGNATURE = int.from_bytes(b"PE\0\0", "little")
_COFF_SIZE = 24
#: Sections that are listed, and those that are devicetrees.
_LISTED = (".linux", ".initrd", ".cmdline", ".uname", ".osrel", ".ucode", ".profile")
_TREES = (".dtb", ".dtbauto")


def matches(data: bytes) -> bool:
    """Whether a file is a PE file with a section of a unified kernel image."""
    if data[:2] != b"MZ":
        return False
    try:
        return any(name in (*_TREES, *_LISTED) for name, _ in sections(data))
    except InputError:
        return False


def read(data: bytes) -> Contents:
    """The sections of a unified kernel image."""
    found: list[Part] = []
    for name, fields in sections(data):
        if name not in (*_TREES, *_LISTED):
            continue
        size = min(fields["virtual_size"] or fields["raw_size"], fields["raw_size"])
        content = cut(data, fields["raw_offset"], size, f"the section {name}")
        what: What = "devicetree" if name in _TREES else "other"
        found.append(Part(name, content, fields["raw_offset"], what, name[1:], size=size))
    return Contents(_numbered(found))


def _numbered(found: list[Part]) -> list[Part]:
    """Sections of one name with their number: there is one ``.dtbauto`` for each board."""
    names = [part.name for part in found]
    seen: dict[str, int] = {}
    parts = []
    for part in found:
        number = seen[part.name] = seen.get(part.name, -1) + 1
        many = names.count(part.name) > 1
        parts.append(part._replace(name=f"{part.name}[{number}]") if many else part)
    return parts


def sections(data: bytes) -> Iterator[tuple[str, dict[str, int]]]:
    """The names and fields of the sections. Raises :class:`InputError`."""
    at = DOS.read(data)["e_lfanew"]
    head = COFF.read(data, at)
    if head["signature"] != _SIGNATURE:
        raise InputError("no PE signature", offset=at)
    table = at + _COFF_SIZE + head["optional_size"]
    for number in range(head["sections"]):
        start = table + number * 40
        yield text(cut(data, start, 8, "a section's name")), SECTION.read(data, start)
