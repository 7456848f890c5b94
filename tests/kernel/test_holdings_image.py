"""The match tables of a kernel image, through everything that it may be packed in."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings import image as images
from dtlink.kernel.holdings.image import read_image
from dtlink.kernel.holdings.match_tables import MatchTables
from tests.support.kernels import RELEASE, image, record, table
from tests.support.limits import at_most
from tests.support.packing import gzipped

TABLES = (table("vendor,one", "vendor,two"), table("fixed-clock"))
EXPECTED = {"vendor,one", "vendor,two", "fixed-clock"}
RAW = image(*TABLES)


def _zstd(data):
    return pytest.importorskip("zstandard").compress(data)


def _lz4(data):
    return pytest.importorskip("lz4.frame").compress(data)


def _lz4_legacy(data):
    block = pytest.importorskip("lz4.block")
    parts = [data[at : at + (8 << 20)] for at in range(0, len(data), 8 << 20)]
    packed = [block.compress(part, store_size=False) for part in parts]
    blocks = b"".join(len(part).to_bytes(4, "little") + part for part in packed)
    return b"\x02\x21\x4c\x18" + blocks


def _xz(data):
    return lzma.compress(data, check=lzma.CHECK_CRC32)


def _lzma(data):
    return lzma.compress(data, format=lzma.FORMAT_ALONE)


PACKINGS = {
    "gzip": gzip.compress,
    "xz": _xz,
    "lzma": _lzma,
    "bzip2": bz2.compress,
    "zstd": _zstd,
    "lz4": _lz4,
    "lz4-legacy": _lz4_legacy,
}
packings = pytest.mark.parametrize("pack", PACKINGS.values(), ids=PACKINGS)


def _zboot(payload):
    """drivers/firmware/efi/libstub/zboot-header.S."""
    head = struct.pack(
        "<2s2x4sII8x32s4sI", b"MZ", b"zimg", 4096, len(payload), b"any", b"\xcd\x23\x82\x81", 64
    )
    return head.ljust(4096, b"\x11") + payload


def _zimage(payload, order="<"):
    """arch/arm/boot/compressed/head.S: the magic number stands after eight instructions."""
    head = b"\0\0\xa0\xe1" * 9 + struct.pack(order + "III", 0x016F2818, 0, 8192)
    return head.ljust(8192, b"\x22") + payload


def _bzimage(payload):
    head = bytearray(b"MZ" + b"\x33" * 4094)
    head[0x38:0x3C] = b"\xcd\x23\x82\x81"
    head[0x202:0x206] = b"HdrS"
    return bytes(head) + payload + b"\x44" * 512


def found(tmp_path, data, **options):
    path = tmp_path / "vmlinuz"
    path.write_bytes(data)
    with at_most(20):
        image = read_image(str(path), **options)
    return image and image[:2]


def test_a_raw_image(tmp_path):
    assert found(tmp_path, RAW) == (RELEASE, EXPECTED)


@packings
def test_a_compressed_image(tmp_path, pack):
    assert found(tmp_path, pack(RAW)) == (RELEASE, EXPECTED)


@packings
def test_efi_zboot(tmp_path, pack):
    # The size of the whole comes after all but gzip (scripts/Makefile.lib, size_append).
    payload = pack(RAW) + len(RAW).to_bytes(4, "little")
    assert found(tmp_path, _zboot(payload)) == (RELEASE, EXPECTED)
    assert found(tmp_path, gzipped(_zboot(payload))) == (RELEASE, EXPECTED)


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("tail", [b"", b"size", b"\0\0"])
def test_whole_blocks_of_the_old_lz4_form(tmp_path, blocks, tail):
    """Where the last block is as long as the others, what comes after it must tell the end."""
    size = blocks * (8 << 20)
    raw = RAW.ljust(size, b"\x07")
    tail = size.to_bytes(4, "little") if len(tail) == 4 else tail
    assert found(tmp_path, _lz4_legacy(raw) + tail) == (RELEASE, EXPECTED)


@packings
@pytest.mark.parametrize("order", ["<", ">"])
def test_zimage(tmp_path, pack, order):
    raw = image(*(table(each, pointer=4) for each in EXPECTED), arm64=False)
    payload = pack(raw) + len(raw).to_bytes(4, "little") + b"\x55" * 700
    assert found(tmp_path, _zimage(payload, order)) == (RELEASE, EXPECTED)


@packings
def test_bzimage_and_what_looks_like_a_payload_before_it(tmp_path, pack):
    stray = b"".join(
        (
            b"\x1f\x8b\x08\0\0",
            gzipped(b"no kernel" * 400),
            b"\xfd7zXZ\0\0",
            b"BZh91AY&SY",
            b"\x28\xb5\x2f\xfd\xff\xff",
            b"\x5d\0\0\0",
            b"\x02\x21\x4c\x18\xff\xff\xff\xff",
        )
    )
    assert found(tmp_path, _bzimage(stray + pack(RAW))) == (RELEASE, EXPECTED)


def test_an_elf_file_tells_the_size_of_its_pointers(tmp_path):
    for kind, pointer in ((1, 4), (2, 8)):
        raw = image(*(table(each, pointer=pointer) for each in EXPECTED), arm64=False)
        elf = b"\x7fELF" + bytes((kind,)) + raw[5:]
        assert found(tmp_path, elf) == (RELEASE, EXPECTED)
        assert found(tmp_path, elf, pointers=(12 - pointer,)) == (RELEASE, EXPECTED)


@packings
def test_a_damaged_image_is_an_error(tmp_path, pack):
    data = pack(RAW * 4)
    for broken in (data[: len(data) // 2], _zboot(data[: len(data) // 2])):
        with pytest.raises(InputError) as caught:
            found(tmp_path, broken)
        assert caught.value.path.endswith("vmlinuz")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ",
        b"ARM\x64",
        b"\x89LZO\0\r\n\x1a\n" + bytes(range(256)) * 300,
        _zimage(b"\x89LZO\0\r\n\x1a\n" + b"\x66" * 4000),
        # Tables, but nothing that says Linux.
        b"".join(TABLES),
        gzipped(b"".join(TABLES)),
        _zboot(b"")[:4096],
    ],
    ids=["empty", "mz", "magic", "lzo", "zimage-lzo", "tables", "packed-tables", "zboot-empty"],
)
def test_what_holds_no_kernel_is_unknown(tmp_path, data):
    assert found(tmp_path, data) is None


def test_nested_too_deep(tmp_path):
    data = RAW
    for _ in range(images.MAX_LAYERS + 1):
        data = gzipped(data)
    assert found(tmp_path, data) is None


@packings
def test_a_bomb_costs_neither_memory_nor_much_time(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(images, "MAX_UNPACKED", 40 << 20)
    data = pack(bytes(64 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="unpacks to more than 40 MiB"):
            found(tmp_path, data)
        # A block of the old lz4 form is 8 MiB, and is held twice.
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


def test_a_window_that_is_too_large(tmp_path):
    # A frame of zstd that asks for a window of 2 GiB, and an xz stream with a dictionary of 1.5.
    pytest.importorskip("zstandard")
    with pytest.raises(InputError, match="zstd"):
        found(tmp_path, b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x03\0\0\0" * 50)
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    data = bytearray(lzma.compress(RAW, check=lzma.CHECK_NONE, filters=filters))
    data[12 + 4] = 40  # dictionary size of 4 GiB - 1
    block = 4 * (data[12] + 1)
    data[12 + block - 4 : 12 + block] = _crc(data[12 : 12 + block - 4])
    with pytest.raises(InputError, match="xz"):
        found(tmp_path, bytes(data))


def _crc(data):
    import zlib

    return zlib.crc32(data).to_bytes(4, "little")


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    data = _zstd(RAW)
    for name in ("zstandard", "compression.zstd"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(InputError, match=r"needs the Python package zstandard.*pip install"):
        found(tmp_path, data)


# The tables themselves


def gathered(data, *, pointers=(8,), piece=None):
    tables = MatchTables(pointers)
    size = piece or len(data) or 1
    for at in range(0, len(data), size):
        tables.feed(data[at : at + size])
    tables.finish()
    return tables.compatibles


END = bytes(200)
CODE = b"\x91\x7f\x05\xd4" * 100


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (table("a,b"), {"a,b"}),
        (table(f"v,{'x' * 125}"), {f"v,{'x' * 125}"}),
        (table(f"v,{'x' * 61}"), {f"v,{'x' * 61}"}),
        (record("a,b", kind="ipmi") + END, {"a,b"}),
        (record("a,b", name="cpu", kind="cpu") + record("c,d", kind="x") + END, {"a,b", "c,d"}),
        # The last of a table that has no end.
        (record("a,b") + record("c,d", data=1) + CODE, {"a,b", "c,d"}),
        # Other structures with names in them: no record, and no end of a table, beside them.
        (record("a,b", data=1) + CODE, set()),
        # A record one byte too long, at the wrong place, or not filled up with zeros.
        (record(f"v,{'x' * 126}") + END, set()),
        (b"\1\2\3\4" + table("a,b"), set()),
        (table("a,b")[:100] + b"y" + table("a,b")[101:], set()),
        (table("a\x07b"), set()),
        (table("ä,b"), set()),
        (table(""), set()),
        (b"\xff" * 64 + table("a,b")[64:], set()),
    ],
)
def test_records(data, expected):
    assert gathered(CODE + data + CODE) == expected


def test_early_console_names_are_no_records():
    # struct earlycon_id (include/linux/serial_core.h): name[15], one more, compatible[128], setup.
    entry = struct.pack("<16s128sQ", b"ns16550a", b"", 0xFFFF800001234568)
    other = struct.pack("<16s128sQ", b"pl011", b"arm,pl011", 0xFFFF800001234568)
    assert gathered(CODE + (entry + other) * 3 + CODE) == set()


@given(
    st.lists(
        st.one_of(
            st.lists(st.from_regex(r"[a-z]{1,9},[a-z0-9-]{1,80}", fullmatch=True), max_size=4),
            st.integers(0, 500),
            st.binary(max_size=40),
        ),
        max_size=12,
    ),
    st.integers(1, 5000),
    st.sampled_from([4, 8]),
)
def test_pieces_make_no_difference(parts, piece, pointer):
    data = bytearray(CODE)
    for part in parts:
        if isinstance(part, list):
            data += bytes(-len(data) % pointer) + table(*part, pointer=pointer)
        else:
            data += bytes(part) if isinstance(part, int) else part
    expected = {each for part in parts if isinstance(part, list) for each in part}
    whole = gathered(bytes(data), pointers=(pointer,))
    assert expected <= whole
    assert gathered(bytes(data), pointers=(pointer,), piece=piece) == whole
