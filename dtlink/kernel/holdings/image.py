"""The kernel in an image: what drivers it has built in, by the compatible strings of their tables.

Images come as they are (Image, vmlinux), compressed, or as a program that unpacks what it carries:
EFI zboot (drivers/firmware/efi/libstub/zboot-header.S), zImage on arm, bzImage on x86.
"""

from __future__ import annotations

import re

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import (
    COMPRESSIONS,
    ByteSource,
    SizeLimit,
    SizeLimitError,
    compression_of,
    unpack,
)
from dtlink.kernel.holdings.ikconfig import EmbeddedConfig
from dtlink.kernel.holdings.match_tables import MatchTables
from dtlink.kernel.progress import step
from dtlink.records import NamedTuple

#: Bytes of a file: a vmlinux with debug information has some 1.5 GB.
MAX_FILE = 4 << 30
#: Bytes unpacked from one file. An image with everything built in has some 300 MB.
MAX_UNPACKED = 512 << 20
#: Bytes of a program that carries a compressed kernel.
MAX_CARRIER = 64 << 20
#: Compressed within compressed: vmlinuz.gz, an EFI zboot image in it, its payload, and one spare.
MAX_LAYERS = 4
#: Places in a carrier that begin like compressed data.
MAX_TRIES = 64
#: Data of which this much unpacks is not there by chance: if it then breaks, it is damaged.
_NO_CHANCE = 64 << 10
_HEAD = 1024
#: Pieces that are read between two reports of progress.
_STEP = 16

_MAGICS = re.compile(b"|".join(re.escape(each.magic) for each in COMPRESSIONS))
#: Raw images that say what they are, 56 bytes in (Documentation/arch/arm64/booting.rst, riscv
#: boot-image-header.rst, and LINUX_PE_MAGIC of include/linux/pe.h on loongarch).
_RAW = {b"ARM\x64": (8,), b"RSC\x05": (8, 4), b"\xcd\x23\x82\x81": (8,)}


class _Wanted(NamedTuple):
    """What to look for: records of tables by the size of a pointer, and the configuration."""

    pointers: tuple[int, ...]
    config: bool


class Image(NamedTuple):
    """What was found in an image of Linux: its release, and its drivers' compatible strings."""

    release: str
    compatibles: frozenset[str]
    config: str = ""
    """The text of its configuration, if it holds one and that was asked for."""


def read_image(
    path: str, pointers: tuple[int, ...] = (8, 4), *, config: bool = False
) -> Image | None:
    """What an image holds; ``None`` if no kernel is found in it (an unknown compression).

    ``pointers`` are the possible sizes of a pointer, where the image itself does not say;
    ``config`` asks for the configuration as well.
    Raises :class:`InputError` if it cannot be opened, is damaged, or unpacks to too much.
    """
    try:
        with open(path, "rb", opener=reading.regular) as file:
            source = ByteSource.of_file(file, SizeLimit(MAX_FILE))
            wanted = _Wanted(pointers, config)
            return _look(source, SizeLimit(MAX_UNPACKED), wanted, MAX_LAYERS)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error
    except InputError as error:
        error.path = path
        raise


def _look(source: ByteSource, limit: SizeLimit, wanted: _Wanted, layers: int) -> Image | None:
    """The kernel in a source, whatever is around it."""
    head = source.peek(_HEAD)
    if layers and (compression := compression_of(head)):
        return _look(unpack(compression, source, limit), limit, wanted, layers - 1)
    if layers and head[:2] == b"MZ" and head[4:8] == b"zimg":
        source.skip(int.from_bytes(head[8:12], "little") or 1)
        return _look(source, limit, wanted, layers - 1)
    if layers and _is_zimage(head):
        return _search(source, limit, wanted._replace(pointers=(4,)), layers - 1)
    if layers and _is_carrier(head):
        return _search(source, limit, wanted, layers - 1)
    return _scan(source, wanted._replace(pointers=_pointers(head) or wanted.pointers))


def _scan(source: ByteSource, wanted: _Wanted) -> Image | None:
    """What a kernel holds, as it is in memory."""
    tables, config = MatchTables(wanted.pointers), EmbeddedConfig()
    for count, piece in enumerate(source):
        if not count % _STEP:
            step(f"image, {source.offset >> 20} MiB")
        tables.feed(piece)
        if wanted.config:
            config.feed(piece)
    tables.finish()
    # Tables can be found in any data; only what has the banner of Linux is a kernel.
    if not tables.release:
        return None
    return Image(tables.release, frozenset(tables.compatibles), config.text)


def _pointers(head: bytes) -> tuple[int, ...] | None:
    if head[:4] == b"\x7fELF":
        return {1: (4,), 2: (8,)}.get(head[4] if len(head) > 4 else 0)
    return _RAW.get(head[56:60])


def _is_zimage(head: bytes) -> bool:
    """Arm's zImage, of either byte order (arch/arm/boot/compressed/head.S)."""
    return head[0x24:0x28] in (b"\x18\x28\x6f\x01", b"\x01\x6f\x28\x18")


def _is_carrier(head: bytes) -> bool:
    """x86's bzImage, U-Boot's uImage, Android's boot image."""
    return (
        head[0x202:0x206] == b"HdrS" or head[:4] == b"\x27\x05\x19\x56" or head[:8] == b"ANDROID!"
    )


def _search(source: ByteSource, limit: SizeLimit, wanted: _Wanted, layers: int) -> Image | None:
    """The kernel that a program carries: the first compressed data in it that hold one."""
    begin = source.file_offset
    data = _all_of(source)
    for tries, found in enumerate(_MAGICS.finditer(data)):
        if tries >= MAX_TRIES:
            return None
        used = limit.used
        inner = ByteSource.of_bytes(data, found.start(), begin + found.start())
        try:
            image = _look(inner, limit, wanted, layers)
        except SizeLimitError:
            raise
        except InputError:
            if limit.used - used >= _NO_CHANCE:
                raise
            continue
        if image:
            return image
    return None


def _all_of(source: ByteSource) -> bytearray:
    data = bytearray()
    for piece in source:
        data += piece
        if len(data) > MAX_CARRIER:
            what = f"a program of more than {MAX_CARRIER >> 20} MiB that carries a kernel"
            raise source.fail(what, SizeLimitError)
    return data
