"""The kernel in an image: what drivers it has built in, by the compatible strings of their tables.

Images come as they are (Image, vmlinux), compressed, or as a program that unpacks what it carries:
EFI zboot (drivers/firmware/efi/libstub/zboot-header.S), zImage on arm, bzImage on x86.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings.match_tables import MatchTables
from dtlink.kernel.holdings.unpack import (
    PACKINGS,
    PIECE,
    Budget,
    OverBudgetError,
    Reader,
    packing_of,
    unpack,
)

#: Bytes that are unpacked of one file. An image with everything built in has some 300 MB.
MAX_UNPACKED = 512 << 20
#: Bytes of a program that carries a compressed kernel.
MAX_CARRIER = 64 << 20
#: Compressed within compressed: vmlinuz.gz, an EFI zboot image in it, its payload, and one spare.
MAX_LAYERS = 4
#: Places in a carrier that begin like compressed data.
MAX_TRIES = 64
#: What unpacks so far was no chance find: if it then breaks, it is damaged.
_NO_CHANCE = 64 << 10
_HEAD = 1024

_MAGICS = re.compile(b"|".join(re.escape(each.magic) for each in PACKINGS))
#: Raw images that say what they are, 56 bytes in (Documentation/arch/arm64/booting.rst, riscv
#: boot-image-header.rst, and LINUX_PE_MAGIC of include/linux/pe.h on loongarch).
_RAW = {b"ARM\x64": (8,), b"RSC\x05": (8, 4), b"\xcd\x23\x82\x81": (8,)}


class Image(NamedTuple):
    """What was found in an image of Linux: its release, and its drivers' compatible strings."""

    release: str
    compatibles: frozenset[str]


def read_image(path: str, pointers: tuple[int, ...] = (8, 4)) -> Image | None:
    """What an image holds; ``None`` if no kernel is found in it (packed in an unknown form).

    ``pointers`` are the sizes of a pointer that are possible, where the image itself does not say.
    Raises :class:`InputError` if it can't be opened, is damaged, or unpacks to too much.
    """
    try:
        with open(path, "rb") as file:
            reader = Reader(iter(lambda: file.read(PIECE), b""))
            return _look(reader, Budget(MAX_UNPACKED), pointers, MAX_LAYERS)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error
    except InputError as error:
        error.path = path
        raise


def _look(reader: Reader, budget: Budget, pointers: tuple[int, ...], layers: int) -> Image | None:
    """The kernel in a stream, whatever is around it."""
    head = reader.peek(_HEAD)
    if layers and (packing := packing_of(head)):
        inner = Reader(unpack(packing, reader, budget))
        return _look(inner, budget, pointers, layers - 1)
    if layers and head[:2] == b"MZ" and head[4:8] == b"zimg":
        reader.skip(int.from_bytes(head[8:12], "little") or 1)
        return _look(reader, budget, pointers, layers - 1)
    if layers and _is_zimage(head):
        return _search(reader, budget, (4,), layers - 1)
    if layers and _is_carrier(head):
        return _search(reader, budget, pointers, layers - 1)
    return _scan(reader, _pointers(head) or pointers)


def _scan(reader: Reader, pointers: tuple[int, ...]) -> Image | None:
    """What a kernel as it lies in memory holds."""
    tables = MatchTables(pointers)
    for piece in reader:
        tables.feed(piece)
    tables.finish()
    # Anything can be looked through for tables; only what calls itself Linux has been.
    return Image(tables.release, frozenset(tables.compatibles)) if tables.release else None


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


def _search(reader: Reader, budget: Budget, pointers: tuple[int, ...], layers: int) -> Image | None:
    """The kernel that a program carries: the first compressed data in it that hold one."""
    data = _all_of(reader)
    for tries, found in enumerate(_MAGICS.finditer(data)):
        used = budget.used
        try:
            inner = Reader(_pieces(data, found.start()))
            image = _look(inner, budget, pointers, layers) if tries < MAX_TRIES else None
        except OverBudgetError:
            raise
        except InputError:
            if budget.used - used >= _NO_CHANCE:
                raise
            continue
        if image:
            return image
    return None


def _all_of(reader: Reader) -> bytearray:
    data = bytearray()
    for piece in reader:
        data += piece
        if len(data) > MAX_CARRIER:
            raise InputError(f"a program of more than {MAX_CARRIER} bytes", offset=MAX_CARRIER)
    return data


def _pieces(data: bytearray, start: int) -> Iterator[bytes]:
    return (bytes(data[at : at + PIECE]) for at in range(start, len(data), PIECE))
