"""Undoing compression: piece by piece, so that no input makes dtlink hold what it swells to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from dtlink.firmware.errors import InputError

#: Bytes that a decompressor takes at once, and gives at once.
INTAKE = 1 << 16
PIECE = 1 << 20
#: The most memory that a stream's own window may ask for: 128 MiB is what Linux packs its image
#: with at most (scripts/Makefile.lib, zstd22; scripts/xz_wrap.sh), and xz needs a little beside it.
MAX_WINDOW = 1 << 27
_ZSTD_INTAKE = 1 << 8
_XZ_MEMORY = MAX_WINDOW + (16 << 20)


class Reader:
    """Bytes that come in pieces (none of them empty), read as from a file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = b""
        self._at = 0
        self._before = 0

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._before + self._at

    def _hold(self, data: bytes) -> None:
        self._before += self._at
        self._held, self._at = data, 0

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay to be read; fewer at the end."""
        while len(self._held) - self._at < size and (piece := next(self._pieces, b"")):
            self._hold(self._held[self._at :] + piece)
        return self._held[self._at : self._at + size]

    def read(self, size: int = INTAKE) -> bytes:
        """Up to so many bytes; none at the end."""
        if self._at == len(self._held):
            self._hold(next(self._pieces, b""))
        data = self._held[self._at : self._at + size]
        self._at += len(data)
        return data

    def exactly(self, size: int) -> bytes:
        """So many bytes. Raises :class:`InputError` if there are fewer."""
        data = self.peek(size)
        if len(data) < size:
            raise InputError("the data ends too early", offset=self.position + len(data))
        self._at += size
        return data

    def skip(self, size: int) -> None:
        """Pass over so many bytes, as far as there are any."""
        while size > 0 and (passed := len(self.read(min(size, PIECE)))):
            size -= passed

    def __iter__(self) -> Iterator[bytes]:
        while data := self.read(PIECE):
            yield data


class Budget:
    """How many bytes may come out of decompressors, all together."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def spend(self, size: int) -> None:
        """Count bytes. Raises :class:`InputError` when there are too many."""
        self.used += size
        if self.used > self.limit:
            raise OverBudgetError(f"more than {self.limit} bytes when unpacked")


class OverBudgetError(InputError):
    """More came out of an input than dtlink is ready to look at."""


class Packing(NamedTuple):
    """A form of compression, and what its data begin with."""

    name: str
    magic: bytes
    undo: Callable[[Reader], Iterator[bytes]]


class _Decompressor(Protocol):
    """What the decompressors of bz2, lzma and lz4.frame have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


def packing_of(head: bytes) -> Packing | None:
    """The form of compression that data begin with."""
    return next((each for each in PACKINGS if head.startswith(each.magic)), None)


def unpack(packing: Packing, reader: Reader, budget: Budget) -> Iterator[bytes]:
    """What one compressed stream holds, in pieces; what comes after the stream is not read.

    Raises :class:`InputError` for a stream that is damaged or cut short, for one that asks for
    too much memory, and where the library that reads it is not installed.
    """
    try:
        for piece in packing.undo(reader):
            budget.spend(len(piece))
            yield piece
    except InputError:
        raise
    except ImportError as error:
        package = (error.name or packing.name).partition(".")[0]
        needs = f"{packing.name} data needs the Python package {package}, which is not installed"
        raise InputError(f"{needs} (pip install {package})") from error
    except Exception as error:  # each library has its own, some of them bare RuntimeError
        what = f"{packing.name} data that can't be unpacked: {error}"
        raise InputError(what, offset=reader.position) from error


def unpacked(data: bytes, limit: int) -> bytes:
    """Data without their compression, if they have one. Raises :class:`InputError`."""
    packing = packing_of(data[:16])
    if not packing:
        return data
    return b"".join(unpack(packing, Reader((data,)), Budget(limit)))


def _cut_short(reader: Reader) -> InputError:
    return InputError("the compressed data ends too early", offset=reader.position)


def _gzip(reader: Reader) -> Iterator[bytes]:
    import zlib

    unpacker = zlib.decompressobj(31)
    while not unpacker.eof:
        data = unpacker.unconsumed_tail or reader.read()
        piece = unpacker.decompress(data, PIECE)
        if piece:
            yield piece
        elif not data:
            raise _cut_short(reader)


def _by_steps(unpacker: _Decompressor, reader: Reader) -> Iterator[bytes]:
    while not unpacker.eof:
        data = reader.read() if unpacker.needs_input else b""
        if unpacker.needs_input and not data:
            raise _cut_short(reader)
        if piece := unpacker.decompress(data, PIECE):
            yield piece


def _bzip2(reader: Reader) -> Iterator[bytes]:
    import bz2

    return _by_steps(bz2.BZ2Decompressor(), reader)


def _xz(reader: Reader) -> Iterator[bytes]:
    import lzma

    return _by_steps(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY), reader)


def _lzma(reader: Reader) -> Iterator[bytes]:
    import lzma

    return _by_steps(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_XZ_MEMORY), reader)


def _zstd(reader: Reader) -> Iterator[bytes]:
    """The library has no limit on what comes out at once, so little goes in at once.

    (Four bytes can stand for 128 KiB. Its stream_reader() has a limit, but tells neither where a
    frame ends nor whether it does.)
    """
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
    held: list[bytes] = []
    size = 0
    while not unpacker.eof:
        if not (data := reader.read(_ZSTD_INTAKE)):
            raise _cut_short(reader)
        held.append(unpacker.decompress(data))
        size += len(held[-1])
        if size >= PIECE or (size and unpacker.eof):
            yield b"".join(held)
            held, size = [], 0


def _lz4(reader: Reader) -> Iterator[bytes]:
    import lz4.frame  # type: ignore[import-untyped, unused-ignore]

    return _by_steps(lz4.frame.LZ4FrameDecompressor(), reader)


#: The old form of lz4, that Linux packs its image with (lib/decompress_unlz4.c): after the magic,
#: blocks that each begin with their packed size and hold so many bytes, the last one fewer.
_LEGACY_BLOCK = 8 << 20
#: What a block may grow by where it can't be packed (LZ4_COMPRESSBOUND()).
_LEGACY_PACKED = _LEGACY_BLOCK + _LEGACY_BLOCK // 255 + 16


def _lz4_legacy(reader: Reader) -> Iterator[bytes]:
    import lz4.block  # type: ignore[import-untyped, unused-ignore]

    reader.exactly(4)
    given = 0
    while size := int.from_bytes(reader.peek(4), "little"):
        # After the last block comes nothing, or the size of the whole (scripts/Makefile.lib,
        # size_append).
        if given and (size == given & 0xFFFFFFFF or len(reader.peek(4)) < 4):
            return
        reader.exactly(4)
        if size > _LEGACY_PACKED:
            raise InputError(f"an lz4 block of {size} bytes", offset=reader.position - 4)
        piece: bytes = lz4.block.decompress(reader.exactly(size), _LEGACY_BLOCK)
        given += len(piece)
        if piece:
            yield piece
        if len(piece) < _LEGACY_BLOCK:
            return


PACKINGS = (
    Packing("gzip", b"\x1f\x8b\x08", _gzip),
    Packing("xz", b"\xfd7zXZ\0", _xz),
    Packing("zstd", b"\x28\xb5\x2f\xfd", _zstd),
    Packing("lz4", b"\x04\x22\x4d\x18", _lz4),
    Packing("lz4", b"\x02\x21\x4c\x18", _lz4_legacy),
    Packing("bzip2", b"BZh", _bzip2),
    Packing("lzma", b"\x5d\0\0", _lzma),
)
