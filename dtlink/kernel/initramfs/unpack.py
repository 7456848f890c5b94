"""The compressions that an initramfs comes in, each unpacked in bounded steps.

The kernel knows them by their first bytes (``lib/decompress.c``, ``compressed_formats``); it reads
one stream or frame and goes on behind it. The newer LZ4 frame is none of the kernel's own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from dtlink.firmware.errors import InputError
from dtlink.kernel.initramfs.stream import CHUNK, Stream

#: Memory for what one stream looks back on: the kernel's own bound for zstd
#: (``lib/decompress_unzstd.c``), twice what ``xz -9`` takes; xz needs a little beside it.
_MAX_WINDOW = 128 << 20
_XZ_MEMORY = _MAX_WINDOW + (16 << 20)

#: One slice of zstd data may hold this many bytes: as each block of 4 bytes may unpack to 128 KiB,
#: that is 16 MiB at most.
_ZSTD_SLICE = 512

#: ``lib/decompress_unlz4.c``: what one block of the legacy frame unpacks to at most, and how long
#: it may be packed (``LZ4_compressBound``); how many blocks are taken for one frame.
_LZ4_MAGIC = b"\x02\x21\x4c\x18"
_LZ4_BLOCK = 8 << 20
_LZ4_PACKED = _LZ4_BLOCK + _LZ4_BLOCK // 255 + 16
_LZ4_BLOCKS = 1 << 16


class Packing(NamedTuple):
    """A compression: its name, its first bytes, and what unpacks it."""

    name: str
    magic: bytes
    unpack: Callable[[Stream], Iterator[bytes]]


class _Decoder(Protocol):
    """What ``bz2``, ``lzma`` and ``lz4`` have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def _pump(decoder: _Decoder, raw: Stream, damage: tuple[type[Exception], ...]) -> Iterator[bytes]:
    """Unpack one stream, in chunks; the input stands behind it afterwards."""
    while not decoder.eof:
        data = raw.more() if decoder.needs_input else b""
        if decoder.needs_input and not data:
            raise raw.fail("cut: the compressed data has no end")
        try:
            out = decoder.decompress(data, CHUNK)
        except damage as error:
            raise raw.fail(f"damaged compressed data: {error}") from error
        if out:
            yield out
    raw.give_back(decoder.unused_data or b"")


class _Inflate:
    """``zlib`` with the manners of ``bz2``."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail or data, max_length)


class _Zstd:
    """``zstandard`` with the manners of ``bz2``: it knows no bound on what one call returns."""

    def __init__(self) -> None:
        import zstandard

        self._zstd = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
        self._data = b""
        self._at = 0

    @property
    def eof(self) -> bool:
        return self._zstd.eof

    @property
    def needs_input(self) -> bool:
        return self._at == len(self._data)

    @property
    def unused_data(self) -> bytes:
        return self._zstd.unused_data + self._data[self._at :]

    def decompress(self, data: bytes, max_length: int) -> bytes:  # noqa: ARG002 - see above
        if data:
            self._data, self._at = data, 0
        start, self._at = self._at, min(self._at + _ZSTD_SLICE, len(self._data))
        return self._zstd.decompress(self._data[start : self._at])


def _gzip(raw: Stream) -> Iterator[bytes]:
    return _pump(_Inflate(), raw, (zlib.error,))


def _bzip2(raw: Stream) -> Iterator[bytes]:
    import bz2

    return _pump(bz2.BZ2Decompressor(), raw, (OSError, ValueError))


def _xz(raw: Stream) -> Iterator[bytes]:
    import lzma

    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    return _pump(decoder, raw, (lzma.LZMAError,))


def _lzma(raw: Stream) -> Iterator[bytes]:
    import lzma

    decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_XZ_MEMORY)
    return _pump(decoder, raw, (lzma.LZMAError,))


def _zstd(raw: Stream) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raise _missing(raw, "zstd", "zstandard") from error
    return _pump(_Zstd(), raw, (zstandard.ZstdError,))


def _lz4_frame(raw: Stream) -> Iterator[bytes]:
    try:
        import lz4.frame  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise _missing(raw, "LZ4", "lz4") from error
    return _pump(lz4.frame.LZ4FrameDecompressor(), raw, (RuntimeError, ValueError))


def _lz4(raw: Stream) -> Iterator[bytes]:
    """The legacy frame: blocks with their lengths before them, and no end mark."""
    try:
        import lz4.block  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise _missing(raw, "LZ4", "lz4") from error
    for packed in _lz4_blocks(raw):
        try:
            out = lz4.block.decompress(packed, uncompressed_size=_LZ4_BLOCK)
        except (lz4.block.LZ4BlockError, ValueError) as error:
            raise raw.fail(f"damaged compressed data: {error}") from error
        if out:
            yield out


def _lz4_blocks(raw: Stream) -> Iterator[bytes]:
    for _ in range(_LZ4_BLOCKS):
        while (head := raw.peek(4)) == _LZ4_MAGIC:
            raw.skip(4)
        size = struct.unpack("<I", head)[0] if len(head) == 4 else 0
        if not 0 < size <= _LZ4_PACKED:
            return
        raw.skip(4)
        yield raw.take(size)
    raise raw.fail(f"more than {_LZ4_BLOCKS} blocks in an LZ4 frame")


def _missing(raw: Stream, packing: str, library: str) -> InputError:
    return raw.fail(
        f"packed with {packing}: reading it needs the Python library {library}"
        ' (pip install "dtlink[kernel]")'
    )


PACKINGS = (
    Packing("gzip", b"\x1f\x8b", _gzip),
    Packing("xz", b"\xfd7zXZ\0", _xz),
    Packing("zstd", b"\x28\xb5\x2f\xfd", _zstd),
    Packing("lz4", _LZ4_MAGIC, _lz4),
    Packing("lz4 frame", b"\x04\x22\x4d\x18", _lz4_frame),
    Packing("bzip2", b"BZh", _bzip2),
    Packing("lzma", b"\x5d\0\0", _lzma),
)


def packing_of(head: bytes) -> Packing | None:
    """The compression of data that begins so."""
    return next((packing for packing in PACKINGS if head.startswith(packing.magic)), None)
