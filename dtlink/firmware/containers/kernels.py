"""Kernel images that may have devicetrees after them."""

from __future__ import annotations

from dtlink.firmware.containers import blobs
from dtlink.firmware.containers.fields import HeaderLayout
from dtlink.firmware.containers.model import Contents
from dtlink.records import NamedTuple


class KernelImage(NamedTuple):
    """A kernel's own format, by the bytes at an offset."""

    name: str
    at: int
    magic: bytes
    source: str


ZIMAGE = HeaderLayout(
    "header of a zImage",
    "little",
    {"magic": (0x24, 4), "start": (0x28, 4), "end": (0x2C, 4), "endian": (0x30, 4)},
    source="Linux, arch/arm/boot/compressed/head.S: _magic_sig, _magic_start, _magic_end",
)
_ZIMAGE_MAGIC = b"\x18\x28\x6f\x01"

KERNELS = (
    KernelImage("kernel image (arm64)", 0x38, b"ARMd", "Documentation/arch/arm64/booting.rst"),
    KernelImage(
        "kernel image (RISC-V)", 0x38, b"RSC\x05", "Documentation/arch/riscv/boot-image-header.rst"
    ),
    KernelImage(
        "kernel image (LoongArch)", 0x38, b"\xc3\x05\xa7\x01", "arch/loongarch/kernel/head.S"
    ),
    KernelImage("zImage", 0x24, _ZIMAGE_MAGIC, ZIMAGE.source),
    KernelImage("kernel image (x86)", 0x202, b"HdrS", "Documentation/arch/x86/boot.rst"),
)


def kernel_image(head: bytes) -> str:
    """What kernel image begins so; empty if none does."""
    return next((each.name for each in KERNELS if head[each.at :].startswith(each.magic)), "")


def is_zimage(data: bytes) -> bool:
    """Whether a file is a zImage of arm."""
    return data[0x24:0x28] == _ZIMAGE_MAGIC


def after_zimage(data: bytes) -> Contents:
    """The devicetrees after a zImage, where its decompressor looks for one.

    Source: arch/arm/boot/compressed/head.S: CONFIG_ARM_APPENDED_DTB, at _edata.
    """
    head = ZIMAGE.read(data)
    return blobs.chain(data, min((head["end"] - head["start"]) & 0xFFFFFFFF, len(data)))
