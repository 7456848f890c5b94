"""Containers and images that were made to be slow."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from random import Random

from tests.benchmarks.shapes.boards import blob
from tests.benchmarks.shapes.shape import BULK, Shape

_NODES = (
    'a: a { compatible = "vendor,a"; #clock-cells = <0>; };'
    'b { compatible = "vendor,b"; clocks = <&a>; };'
)


def small() -> bytes:
    """A small devicetree."""
    return blob(_NODES)


def fit(count: int) -> bytes:
    """A FIT of as many devicetrees and configurations."""
    data = " ".join(f"{byte:02x}" for byte in small())
    row = (
        'd{n} {{ type = "flat_dt"; compression = "none"; arch = "arm64"; data = [{data}]; '
        'hash-1 {{ algo = "crc32"; value = <{sum}>; }}; }};'
    )
    images = "".join(row.format(n=n, data=data, sum=zlib.crc32(small())) for n in range(count))
    configurations = "".join(
        f'c{n} {{ fdt = "d{n}"; compatible = "vendor,b{n}"; }};' for n in range(count)
    )
    return blob(f'images {{ {images} }}; configurations {{ default = "c0"; {configurations} }};')


def fit_of_many(count: int) -> bytes:
    """A FIT whose one configuration has as many trees."""
    data = " ".join(f"{byte:02x}" for byte in small())
    images = f'd0 {{ type = "flat_dt"; compression = "none"; arch = "arm64"; data = [{data}]; }};'
    names = ", ".join('"d0"' for _ in range(count))
    return blob(
        f'images {{ {images} }}; configurations {{ default = "c0"; c0 {{ fdt = {names}; }}; }};'
    )


def fit_of_same(count: int) -> bytes:
    """A FIT whose images all have the same data, and their hashes."""
    row = (
        'i{n} {{ type = "firmware"; compression = "none"; data-position = <0>; '
        'data-size = <40000>; hash-1 {{ algo = "sha256"; value = [00]; }}; }};'
    )
    images = "".join(row.format(n=n) for n in range(count))
    return blob(f"images {{ {images} }}; configurations {{ }};")


def trees_in_one(count: int) -> bytes:
    """Devicetrees one after the other."""
    return small() * count


def magics(count: int) -> bytes:
    """What looks like devicetrees, and is none."""
    return (
        b"\x12" * 64 + b"\xd0\x0d\xfe\xed\x00\x00\x00\x40\x00\x00\x00\x38\x00\x00\x00\x38" * count
    )


def streams(count: int) -> bytes:
    """What looks like compressed data, and is none."""
    return b"\x12" * 64 + (b"\x1f\x8b\x08\x00" + bytes(12)) * count


def zips(count: int) -> bytes:
    """Streams of gzip, one after the other, in other data."""
    one = gzip.compress(b"nothing of use " * 4, mtime=0)
    return b"\x12" * 64 + (one + b"\x55" * 9) * count


def gzip_members(count: int) -> bytes:
    """A gzip file of very many members."""
    return gzip.compress(b"", mtime=0) * count


def bomb(count: int) -> bytes:
    """A gzip file that unpacks to a thousand times as much."""
    return gzip.compress(bytes(count * 1000), mtime=0)


def log_bomb(count: int) -> bytes:
    """The same, of lines of a log."""
    return gzip.compress(
        b"[    1.000000] platform a: deferred probe pending\n" * count * 20, mtime=0
    )


def noise(count: int) -> bytes:
    """Bytes by chance."""
    return Random(5).randbytes(count)  # noqa: S311 - no secret


def tar(count: int) -> bytes:
    """An archive of devicetrees and other files."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for n in range(count):
            data = small() if n % 2 else b"x"
            about = tarfile.TarInfo(f"d{n % 50}/f{n}.dtb")
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return held.getvalue()


SHAPES = {
    "FIT": Shape(fit, ("lint @", "inspect @", "links @"), "image.itb"),
    "FIT of many": Shape(fit_of_many, ("lint @", "inspect @"), "image.itb"),
    "FIT of same": Shape(fit_of_same, ("lint @", "inspect @"), "image.itb"),
    "trees in one": Shape(trees_in_one, ("lint -j1 @", "inspect @"), "image.bin"),
    "magics": Shape(magics, ("lint @", "inspect --search @"), "image.bin"),
    "streams": Shape(streams, ("lint @", "inspect --search @"), "image.bin"),
    "small streams": Shape(zips, ("lint @", "inspect --search @"), "image.bin"),
    "gzip members": Shape(gzip_members, ("lint @", "inspect --search @", "log @"), "image.gz"),
    "bomb": Shape(bomb, ("lint @", "inspect --search @", "log @"), "image.gz"),
    "log bomb": Shape(log_bomb, ("lint @", "log @"), "dmesg.gz"),
    "noise": Shape(noise, ("lint @", "inspect --search @", "log @"), "image.bin"),
    "tar": Shape(tar, ("lint -j1 @", "inspect @"), "boards.tar", BULK),
}
