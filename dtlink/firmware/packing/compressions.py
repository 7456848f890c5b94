"""The compressions that Linux and its tools use, one row each, and how dtlink unpacks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import decoders
from dtlink.firmware.packing.source import ByteSource, SizeLimit
from dtlink.records import NamedTuple

#: Concatenated streams of one text or archive.
_MAX_STREAMS = 10_000


class Compression(NamedTuple):
    """A compression: its first bytes, and what unpacks it."""

    name: str
    magic: bytes
    unpack: Callable[[ByteSource], Iterator[bytes]]
    source: str
    """Where the magic is defined."""
    package: str = ""
    """The Python package that reads it; empty: the standard library."""


COMPRESSIONS = (
    Compression(
        name="gzip",
        magic=b"\x1f\x8b\x08",
        unpack=decoders.gzip,
        source="lib/decompress_inflate.c, __gunzip(): the third byte is the method, always 8",
    ),
    Compression(
        name="xz",
        magic=b"\xfd7zXZ\0",
        unpack=decoders.xz,
        source="lib/xz/xz_stream.h, HEADER_MAGIC",
    ),
    Compression(
        name="zstd",
        magic=b"\x28\xb5\x2f\xfd",
        unpack=decoders.zstd,
        package="zstandard",
        source="include/linux/zstd_lib.h, ZSTD_MAGICNUMBER",
    ),
    Compression(
        name="lz4",
        magic=decoders.LZ4_LEGACY,
        unpack=decoders.lz4_legacy,
        package="lz4",
        source="lib/decompress_unlz4.c, ARCHIVE_MAGICNUMBER",
    ),
    Compression(
        name="lz4 frame",
        magic=b"\x04\x22\x4d\x18",
        unpack=decoders.lz4_frame,
        package="lz4",
        source="lz4, doc/lz4_Frame_format.md; the kernel does not read it",
    ),
    Compression(
        name="bzip2",
        magic=b"BZh",
        unpack=decoders.bzip2,
        source="lib/decompress_bunzip2.c, start_bunzip()",
    ),
    Compression(
        name="lzma",
        magic=b"\x5d\0\0",
        unpack=decoders.lzma_alone,
        source="lib/decompress.c, compressed_formats",
    ),
)


def compression_of(head: bytes) -> Compression | None:
    """The compression of data that begins with these bytes."""
    return next((each for each in COMPRESSIONS if head.startswith(each.magic)), None)


def unpack(compression: Compression, source: ByteSource, limit: SizeLimit) -> ByteSource:
    """What one compressed stream holds; once that is read, ``source`` is at what follows it.

    Reading it raises :class:`InputError` for data that is damaged, cut short or needs too much
    memory, and where the package that unpacks it is missing; ``SizeLimitError`` beyond the limit.
    """
    pieces = _pieces(compression, source)
    return ByteSource(pieces, limit, inside=compression.name, base=source.file_offset)


def _pieces(compression: Compression, source: ByteSource) -> Iterator[bytes]:
    name = compression.name
    try:
        yield from compression.unpack(source)
    except InputError:
        raise
    except ImportError as error:
        package = compression.package
        needs = f"{name} data needs the Python package {package} (pip install {package})"
        raise source.fail(needs) from error
    except Exception as error:  # each library has its own, some of them bare RuntimeError
        raise source.fail(f"cannot unpack the {name} data: {error}") from error


def plain(source: ByteSource, limit: SizeLimit) -> ByteSource:
    """A source without its compression, if it has one: all of its streams, one after the other."""
    compression = compression_of(source.peek(16))
    if not compression:
        return source
    pieces = _streams(compression, source)
    return ByteSource(pieces, limit, inside=compression.name, base=source.file_offset)


def _streams(compression: Compression, source: ByteSource) -> Iterator[bytes]:
    for _ in range(_MAX_STREAMS):
        yield from _pieces(compression, source)
        if not source.skip_zeros():
            return
        if not source.peek(16).startswith(compression.magic):
            raise source.fail(f"data after the end of the {compression.name} data")
    raise source.fail(f"more than {_MAX_STREAMS} streams of {compression.name} data")


def unpacked(data: bytes, limit: int) -> bytes:
    """Data without its compression, if it has one. Raises :class:`InputError`."""
    if not compression_of(data[:16]):
        return data
    return plain(ByteSource.of_bytes(data), SizeLimit(limit)).read(limit + 1)
