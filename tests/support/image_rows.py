"""One image of each kind, with two devicetrees in it, and the names of its members."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Sequence
from typing import NamedTuple

import lz4.frame
import zstandard

from tests.support import images
from tests.support.boards import FIXTURES
from tests.support.images import KERNEL
from tests.support.packing import gzipped

FAULTS = (FIXTURES / "phandle-faults.dtb").read_bytes()
OTHER = (FIXTURES / "phandle-duplicates.dtb").read_bytes()


class ImageRow(NamedTuple):
    """An image of two devicetrees."""

    make: Callable[[bytes, bytes], bytes]
    members: Sequence[str]
    suffix: str = ".img"
    form: str = ""


def _named(a: bytes, b: bytes) -> dict[str, bytes]:
    return {"fdt-1": a, "fdt-2": b}


def _files(a: bytes, b: bytes) -> dict[str, bytes]:
    return {"boards/one.dtb": a, "boards/two.dtb": b, "README": b"text"}


BOTH = ("dtb[0]", "dtb[1]")
FIT = ("fdt-1", "fdt-2")
ARCHIVE = ("boards/one.dtb", "boards/two.dtb")

IMAGES = {
    "FIT": ImageRow(lambda a, b: images.fit(_named(a, b)), FIT, ".itb", "FIT image"),
    "FIT, data-offset": ImageRow(
        lambda a, b: images.fit(_named(a, b), external="data-offset"), FIT, ".itb", "FIT image"
    ),
    "FIT, data-position": ImageRow(
        lambda a, b: images.fit(_named(a, b), external="data-position"), FIT, ".itb", "FIT image"
    ),
    "FIT, gzip": ImageRow(
        lambda a, b: images.fit(_named(gzipped(a), gzipped(b)), compression="gzip"), FIT, ".itb"
    ),
    "FIT, kernel": ImageRow(
        lambda a, b: images.fit(_named(a, b), kernel=gzipped(KERNEL)), FIT, ".itb"
    ),
    "boot 0": ImageRow(
        lambda a, b: images.android(0, kernel=gzipped(KERNEL) + a + b),
        ("kernel!dtb[0]", "kernel!dtb[1]"),
        form="Android boot image",
    ),
    "boot 0, QCDT": ImageRow(
        lambda a, b: images.android(0, dt=images.qcdt([a, b], 3)), ("dt!dtb[0]", "dt!dtb[1]")
    ),
    "boot 1": ImageRow(
        lambda a, b: images.android(1, recovery_dtbo=images.dt_table([a, b])),
        ("recovery_dtbo!dtb[0]", "recovery_dtbo!dtb[1]"),
    ),
    "boot 2": ImageRow(
        lambda a, b: images.android(2, recovery_dtbo=images.dt_table([a]), dtb=b),
        ("recovery_dtbo!dtb[0]", "dtb"),
    ),
    "boot 4": ImageRow(
        lambda a, b: images.android(4, kernel=lzma.compress(KERNEL) + a + b),
        ("kernel!dtb[0]", "kernel!dtb[1]"),
    ),
    "vendor_boot 3": ImageRow(
        lambda a, b: images.vendor_boot(3, a + b), ("dtb!dtb[0]", "dtb!dtb[1]")
    ),
    "vendor_boot 4": ImageRow(
        lambda a, b: images.vendor_boot(4, images.dt_table([a, b])), ("dtb!dtb[0]", "dtb!dtb[1]")
    ),
    "dt_table 0": ImageRow(lambda a, b: images.dt_table([a, b]), BOTH, form="dt_table image"),
    "dt_table 1": ImageRow(lambda a, b: images.dt_table([a, b], version=1, packed=True), BOTH),
    "QCDT 1": ImageRow(lambda a, b: images.qcdt([a, b], 1), BOTH, form="QCDT image"),
    "QCDT 2": ImageRow(lambda a, b: images.qcdt([a, b], 2), BOTH),
    "QCDT 3": ImageRow(lambda a, b: images.qcdt([a, b], 3), BOTH),
    "two blobs": ImageRow(lambda a, b: a + b, BOTH, ".dtb", "several devicetrees"),
    "two blobs, padded": ImageRow(
        lambda a, b: images.padded(a, 4096) + b + b"\xff" * 100, BOTH, ".dtb"
    ),
    "Image.gz-dtb": ImageRow(lambda a, b: gzipped(KERNEL) + a + b, BOTH, ".gz-dtb"),
    "Image.lz4-dtb": ImageRow(lambda a, b: lz4.frame.compress(KERNEL) + a + b, BOTH, ".lz4-dtb"),
    "Image-dtb": ImageRow(lambda a, b: KERNEL + a + b, BOTH, "-dtb"),
    "zImage": ImageRow(lambda a, b: images.zimage([a, b]), BOTH, "-dtb", "zImage"),
    "uImage": ImageRow(lambda a, b: images.uimage(images.zimage([a, b])), BOTH, ".ub", "uImage"),
    "uImage, multi": ImageRow(
        lambda a, b: images.multi([KERNEL, a, b]), ("image[1]", "image[2]"), ".ub"
    ),
    "U-Boot": ImageRow(lambda a, b: b"\x14\0\0\xea" * 999 + a + b, BOTH, "-dtb.bin"),
    "UKI": ImageRow(
        lambda a, b: images.pe([(".linux", KERNEL), (".dtb", a), (".dtbauto", b)]),
        (".dtb", ".dtbauto"),
        ".efi",
        "unified kernel image",
    ),
    "UKI, several": ImageRow(
        lambda a, b: images.pe([(".dtbauto", a), (".dtbauto", b)]),
        (".dtbauto[0]", ".dtbauto[1]"),
        ".efi",
    ),
    "tar": ImageRow(lambda a, b: images.tar(_files(a, b)), ARCHIVE, ".tar", "tar archive"),
    "tar.gz": ImageRow(lambda a, b: gzipped(images.tar(_files(a, b))), ARCHIVE, ".tar.gz"),
    "tar.zst": ImageRow(
        lambda a, b: zstandard.compress(images.tar(_files(a, b))), ARCHIVE, ".tar.zst"
    ),
    "tar.bz2": ImageRow(lambda a, b: bz2.compress(images.tar(_files(a, b))), ARCHIVE, ".tar.bz2"),
    "zip": ImageRow(lambda a, b: images.zipped(_files(a, b)), ARCHIVE, ".zip", "zip archive"),
    "FIT in tar": ImageRow(
        lambda a, b: images.tar({"a/fit.itb": images.fit(_named(a, b))}),
        ("a/fit.itb!fdt-1", "a/fit.itb!fdt-2"),
        ".tar",
    ),
    "FIT, xz": ImageRow(lambda a, b: lzma.compress(images.fit(_named(a, b))), FIT, ".itb.xz"),
}
