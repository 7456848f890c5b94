"""What modules say of themselves: .modinfo of a ``.ko``, and modules.builtin.modinfo."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import compression_of, unpacked
from dtlink.kernel.holdings.files import module_name, read_bytes
from dtlink.kernel.holdings.indexes import parse_softdep
from dtlink.records import NamedTuple
from dtlink.typed import Any, BinaryIO

#: Bytes of a module that is compressed. The largest, amdgpu, has some 30 MB.
MAX_MODULE = 128 << 20
MAX_SECTION = 16 << 20
#: Far more sections than any module has.
MAX_SECTIONS = 1 << 16


class ModuleInfo(NamedTuple):
    """What one module says: its aliases, and the modules that it needs (hard, before, after)."""

    aliases: tuple[str, ...]
    depends: tuple[str, ...]
    pre: tuple[str, ...]
    post: tuple[str, ...]
    release: str = ""
    """That of the kernel it is made for (vermagic)."""


def builtin_aliases(path: str) -> list[tuple[str, str]]:
    """Alias and module of each alias in modules.builtin.modinfo. Raises :class:`InputError`.

    The file holds ``module.key=value``, each ended by a zero (kernel, scripts/link-vmlinux.sh).
    """
    found = []
    for entry in read_bytes(path).decode("latin-1").split("\0"):
        name, _, rest = entry.partition(".")
        if rest.startswith("alias="):
            found.append((rest[6:], module_name(name)))
    return found


def read_module(path: str) -> ModuleInfo:
    """What a ``.ko`` says, compressed (.gz, .xz, .zst) or not. Raises :class:`InputError`."""
    try:
        with open(path, "rb", opener=reading.regular) as file:
            return parse_modinfo(_section(_plain(file, path)))
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error
    except InputError as error:
        error.path = error.path or path
        raise


def parse_modinfo(section: bytes) -> ModuleInfo:
    """The section .modinfo: ``key=value``, each ended by a zero."""
    values: dict[str, list[str]] = {}
    for entry in section.decode("latin-1").split("\0"):
        key, _, value = entry.partition("=")
        values.setdefault(key, []).append(value)
    soft = [parse_softdep(value) for value in values.get("softdep", ())]
    depends = (name for value in values.get("depends", ()) for name in value.split(","))
    return ModuleInfo(
        aliases=tuple(values.get("alias", ())),
        depends=tuple(name.strip().replace("-", "_") for name in depends if name.strip()),
        pre=tuple(name for pre, _ in soft for name in pre),
        post=tuple(name for _, post in soft for name in post),
        release=next(iter(values.get("vermagic", ())), "").partition(" ")[0],
    )


def _plain(file: BinaryIO, path: str) -> BinaryIO:
    """A module's file, or its bytes where the file is compressed."""
    head = file.read(16)
    if not compression_of(head):
        return file
    return io.BytesIO(unpacked(read_bytes(path, MAX_MODULE), MAX_MODULE))


def _section(file: BinaryIO) -> bytes:
    """The bytes of the section .modinfo."""
    size = file.seek(0, os.SEEK_END)
    try:
        start, length = _place(file, size)
    except InputError:
        raise
    except Exception as error:  # pyelftools raises what it runs into
        raise InputError(f"no module: {error!r}") from error
    if start + length > size or length > MAX_SECTION:
        raise InputError("a section .modinfo that ends outside the file", offset=start)
    # Not by pyelftools: that takes sizes on trust, and unpacks.
    file.seek(start)
    return file.read(length)


def _place(file: BinaryIO, size: int) -> tuple[int, int]:
    for section in _sections(file, size):
        if section.name == ".modinfo":
            return section["sh_offset"], section["sh_size"]
    raise InputError("no module: it has no section .modinfo")


def _sections(file: BinaryIO, size: int) -> Iterator[Any]:
    try:
        from elftools.elf.elffile import ELFFile
    except ImportError as error:
        needs = "modules without modules.alias need the Python package pyelftools"
        raise InputError(f"{needs}, which is not installed (pip install pyelftools)") from error
    elf = ELFFile(file)
    count = elf.num_sections()
    if count > MAX_SECTIONS or elf["e_shoff"] + count * elf["e_shentsize"] > size:
        raise InputError(f"an ELF file with {count} sections in {size} bytes", offset=0)
    return (elf.get_section(index) for index in range(count))
