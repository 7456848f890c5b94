"""What undoes each compression: bounded steps, so that no input makes dtlink hold all of it.

Each function takes a source and yields what one stream, or frame, unpacks to; the source is then at
the first byte after it. The libraries are imported late: most runs need one of them at most.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress

from dtlink.firmware.packing import source as sources
from dtlink.firmware.packing.source import ByteSource
from dtlink.typed import Protocol, cast

#: Memory for the window of one stream: the kernel's own bound for zstd (lib/decompress_unzstd.c),
#: twice what ``xz -9`` takes. xz needs a little more than its window.
_MAX_WINDOW = 128 << 20
_XZ_MEMORY = _MAX_WINDOW + (16 << 20)

#: Bytes of zstd data per step: as a block of 4 bytes may unpack to 128 KiB, a step yields 8 MiB
#: at most. The library has no bound of its own that also says where a frame ends.
_ZSTD_STEP = 256

#: The legacy frame of lz4 (lib/decompress_unlz4.c): what a block unpacks to at most, its packed
#: size at most (LZ4_compressBound()), and the blocks that one frame may have here.
LZ4_LEGACY = b"\x02\x21\x4c\x18"
_LZ4_BLOCK = 8 << 20
_LZ4_PACKED = _LZ4_BLOCK + _LZ4_BLOCK // 255 + 16
_LZ4_BLOCKS = 1 << 16

_CUT = "it ends too early"


class _Decoder(Protocol):
    """What the decompressors of bz2, lzma and lz4.frame have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def gzip(source: ByteSource) -> Iterator[bytes]:
    """One member (RFC 1952)."""
    return _pump(_Inflate(), source)


def bzip2(source: ByteSource) -> Iterator[bytes]:
    """One stream."""
    import bz2

    return _pump(bz2.BZ2Decompressor(), source)


def xz(source: ByteSource) -> Iterator[bytes]:
    """One stream."""
    import lzma

    return _pump(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY), source)


def lzma_alone(source: ByteSource) -> Iterator[bytes]:
    """One stream of the older format, which has no checksum."""
    import lzma

    return _pump(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_XZ_MEMORY), source)


def zstd(source: ByteSource) -> Iterator[bytes]:
    """One frame, in pieces of at least a chunk."""
    held: list[bytes] = []
    size = 0
    for piece in _pump(_zstd_decoder(), source):
        held.append(piece)
        size += len(piece)
        if size >= sources.CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def lz4_frame(source: ByteSource) -> Iterator[bytes]:
    """One frame of the current format."""
    import lz4.frame

    # Its attributes have no values, hence no types, before it is started.
    return _pump(cast("_Decoder", lz4.frame.LZ4FrameDecompressor()), source)


def lz4_legacy(source: ByteSource) -> Iterator[bytes]:
    """Frames of the format that Linux packs its image with: blocks with their sizes, no end mark.

    Frames that follow each other are one stream for the kernel (lib/decompress_unlz4.c, unlz4()).
    """
    import lz4.block

    unpacked, blocks = 0, 0
    while size := _legacy_block(source, unpacked):
        blocks += 1
        if blocks > _LZ4_BLOCKS:
            raise source.fail(f"more than {_LZ4_BLOCKS} blocks in an lz4 frame")
        packed = source.read(size)
        if len(packed) < size:
            raise EOFError(_CUT)
        piece: bytes = lz4.block.decompress(packed, uncompressed_size=_LZ4_BLOCK)
        unpacked += len(piece)
        if piece:
            yield piece
        if len(piece) < _LZ4_BLOCK and source.peek(4) != LZ4_LEGACY:
            return


def _legacy_block(source: ByteSource, unpacked: int) -> int:
    """The packed size of the next block, passed over; 0: there is none.

    After the last block comes nothing, or zero bytes, or the size of the whole
    (scripts/Makefile.lib, size_append), or what is not part of it.
    """
    while source.peek(4) == LZ4_LEGACY:
        source.skip(4)
    head = source.peek(4)
    size = int.from_bytes(head, "little")
    if len(head) < 4 or size > _LZ4_PACKED or (unpacked and size == unpacked & 0xFFFFFFFF):
        return 0
    if size:
        source.skip(4)
    return size


def _pump(decoder: _Decoder, source: ByteSource) -> Iterator[bytes]:
    """Unpack one stream, and give back what follows it."""
    while not decoder.eof:
        data = source.more() if decoder.needs_input else b""
        if decoder.needs_input and not data:
            raise EOFError(_CUT)
        if piece := decoder.decompress(data, sources.CHUNK):
            yield piece
    source.give_back(decoder.unused_data or b"")


class _Inflate:
    """zlib with the interface of bz2."""

    def __init__(self) -> None:
        import zlib

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


def _zstd_decoder() -> _Decoder:
    """Python's own reader, which 3.14 and newer may have, else the package zstandard."""
    if sys.version_info >= (3, 14):
        with suppress(ImportError):  # it is optional when Python is built
            from compression.zstd import DecompressionParameter, ZstdDecompressor

            window = {DecompressionParameter.window_log_max: _MAX_WINDOW.bit_length() - 1}
            return ZstdDecompressor(options=window)
    return _Zstd()


class _Zstd:
    """zstandard with the interface of bz2; ``max_length`` is replaced by a bound on its input."""

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

    def decompress(self, data: bytes, max_length: int) -> bytes:
        del max_length
        if data:
            self._data, self._at = data, 0
        start, self._at = self._at, min(self._at + _ZSTD_STEP, len(self._data))
        return self._zstd.decompress(self._data[start : self._at])
