"""The one bounded decompressor: every compression, cut, damaged, concatenated, and as a bomb."""

from __future__ import annotations

import bz2
import io
import lzma
import sys
import tracemalloc

import lz4.block
import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import (
    COMPRESSIONS,
    ByteSource,
    SizeLimit,
    SizeLimitError,
    compression_of,
    plain,
    unpack,
    unpacked,
)
from tests.support.limits import at_most
from tests.support.packing import gzipped

MIB = 1 << 20
BLOCK = 8 * MIB


def lz4_legacy(data: bytes) -> bytes:
    parts = (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))
    blocks = (lz4.block.compress(part, store_size=False) for part in parts)
    return b"\x02\x21\x4c\x18" + b"".join(
        len(block).to_bytes(4, "little") + block for block in blocks
    )


PACK = {
    "gzip": gzipped,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": zstandard.compress,
    "lz4": lz4_legacy,
    "lz4 frame": lz4.frame.compress,
    "bzip2": bz2.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE, preset=0),
}
#: What knows by itself where it ends: lzma does by a mark, lz4's legacy frame does not.
MARKED = sorted(set(PACK) - {"lz4"})
TEXT = b"".join(b"%d: a line of a text that is packed\n" % number for number in range(400))

names = pytest.mark.parametrize("name", PACK)


def source_of(data: bytes, limit: int = 64 * MIB) -> ByteSource:
    return ByteSource.of_file(io.BytesIO(data), SizeLimit(limit))


def drain(source: ByteSource) -> None:
    for _ in source:
        pass


def test_every_row_has_a_test_and_a_source() -> None:
    assert {each.name for each in COMPRESSIONS} == PACK.keys()
    assert all(each.source for each in COMPRESSIONS)


@names
def test_round_trip(name: str) -> None:
    data = PACK[name](TEXT)
    compression = compression_of(data)
    assert compression is not None
    assert compression.name == name
    assert unpacked(data, MIB) == TEXT
    assert unpacked(PACK[name](b"x"), 1) == b"x"


@names
def test_what_follows_a_stream_is_left_to_be_read(name: str) -> None:
    data = bytes(3) + PACK[name](TEXT)
    source = source_of(data + bytes(4) + b"rest")
    assert source.skip_zeros()
    compression = compression_of(source.peek(8))
    assert compression is not None
    inner = unpack(compression, source, SizeLimit(MIB))
    assert inner.read(MIB) == TEXT
    assert (source.offset, inner.file_offset) == (len(data), 3)
    assert source.take(8) == bytes(4) + b"rest"


@pytest.mark.parametrize("name", MARKED)
def test_streams_one_after_another_are_one_text(name: str) -> None:
    data = PACK[name](TEXT)
    assert unpacked(data + data + bytes(9) + data, MIB) == TEXT * 3
    with pytest.raises(InputError, match=f"data after the end of the {name} data") as caught:
        unpacked(data + b"something else", MIB)
    assert caught.value.offset == len(data)


@names
def test_cut_at_every_offset(name: str) -> None:
    data = PACK[name](TEXT[:3000])
    for end in range(len(data)):
        try:
            found = unpacked(data[:end], MIB)
        except InputError as error:
            assert name in error.message  # noqa: PT017 - a cut in the magic leaves plain data
        else:
            # Without an end mark, what is cut between two blocks is a whole frame.
            assert found == data[:end] or (name == "lz4" and TEXT.startswith(found))


@names
@given(noise=st.binary(min_size=1, max_size=300), start=st.integers(4, 400))
@settings(deadline=None, max_examples=60)
def test_any_bytes_after_a_magic(name: str, noise: bytes, start: int) -> None:
    whole = PACK[name](TEXT)
    with at_most(5):
        try:
            found = unpacked(whole[:start] + noise + whole[start + len(noise) :], 4 * MIB)
        except InputError as error:
            assert name in error.message  # noqa: PT017 - noise may be harmless
        else:
            assert len(found) <= 4 * MIB


@names
@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_bounded(name: str, layers: int) -> None:
    bomb = bytes(80 * MIB)
    for _ in range(layers):
        bomb = PACK[name](bomb)
    source, limit = source_of(bomb), SizeLimit(40 * MIB)
    for _ in range(layers):
        source = plain(source, limit)
    tracemalloc.start()
    try:
        with at_most(20), pytest.raises(SizeLimitError, match="unpacks to more than 40 MiB"):
            drain(source)
        # One block of lz4's legacy frame is 8 MiB, and is held twice.
        assert tracemalloc.get_traced_memory()[1] < 32 * MIB
    finally:
        tracemalloc.stop()


def test_a_packed_file_that_is_too_large() -> None:
    with pytest.raises(SizeLimitError, match="more than 1000 bytes"):
        plain(source_of(gzipped(TEXT, 0), 1000), SizeLimit(MIB)).read(MIB)


@pytest.mark.parametrize("name", ["gzip", "bzip2"])
def test_empty_streams_without_end(name: str) -> None:
    with at_most(10), pytest.raises(InputError, match="more than 10000 streams"):
        unpacked(PACK[name](b"") * 10_001, MIB)


@pytest.mark.parametrize(
    "row", [each for each in COMPRESSIONS if each.package], ids=lambda row: row.name
)
def test_a_missing_package_is_named(row, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("zstandard", "compression.zstd", "lz4", "lz4.block", "lz4.frame"):
        monkeypatch.setitem(sys.modules, module, None)
    message = rf"{row.name} data needs the Python package {row.package} \(pip install"
    with pytest.raises(InputError, match=message):
        unpacked(PACK[row.name](TEXT), MIB)


# The source itself


def test_reading_forward() -> None:
    source = ByteSource.of_bytes(b"abc\0\0def", start=1, base=1)
    assert source.peek(2) == b"bc"
    assert source.take(2) == b"bc"
    assert source.skip_zeros()
    assert (source.offset, source.file_offset) == (4, 5)
    source.skip(1)
    assert source.read(9) == b"ef"
    assert (source.read(1), source.peek(1), source.more(), source.skip_zeros()) == (
        *(b"", b"", b""),
        False,
    )


@pytest.mark.parametrize("method", ["take", "skip"])
def test_an_end_that_is_too_early_has_its_offset(method: str) -> None:
    source = ByteSource.of_bytes(b"abcd")
    source.skip(1)
    with pytest.raises(InputError, match="ends too early: 9 bytes expected, 3 left"):
        getattr(source, method)(9)


def test_an_error_in_unpacked_data_names_both_offsets() -> None:
    source = source_of(bytes(5) + gzipped(TEXT))
    source.skip(5)
    inner = plain(source, SizeLimit(MIB))
    inner.skip(16)
    error = inner.fail("no such thing")
    assert error.message == "no such thing, at 0x10 of the unpacked gzip data"
    assert error.offset == 5


@given(st.binary(max_size=400), st.lists(st.integers(0, 60), max_size=30), st.integers(1, 50))
def test_however_it_is_read(data: bytes, sizes: list[int], step: int) -> None:
    places = range(0, len(data), step)
    source = ByteSource((data[at : at + step] for at in places), SizeLimit(len(data)))
    found = b""
    for size in sizes:
        assert source.offset == len(found)
        assert source.peek(size) == data[len(found) :][:size]
        found += source.read(size)
    assert found + b"".join(source) == data
