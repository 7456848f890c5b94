"""Small kernels of the tests' own making."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

RELEASE = "6.12.1-test"
CONFIG = f"""#
# Automatically generated file; DO NOT EDIT.
# Linux/arm64 {RELEASE} Kernel Configuration
#
CONFIG_64BIT=y
CONFIG_MODULES=y
CONFIG_EXT4_FS=m
# CONFIG_SM_GCC_8550 is not set
CONFIG_LOCALVERSION="-te\\"st"
CONFIG_HZ=250
"""


def record(
    compatible: str, *, name: str = "", kind: str = "", data: int = 0, pointer: int = 8
) -> bytes:
    """A struct of_device_id (include/linux/mod_devicetable.h)."""
    fields = struct.pack("32s32s128s", name.encode(), kind.encode(), compatible.encode())
    return fields + data.to_bytes(pointer, "little")


def table(*compatibles: str, pointer: int = 8) -> bytes:
    """A driver's match table: a record each, and one of zeros."""
    records = (
        record(each, data=0xFFFF8000_01234568 >> (64 - 8 * pointer), pointer=pointer)
        for each in compatibles
    )
    return b"".join(records) + bytes(192 + pointer)


def image(
    *tables: bytes, release: str = RELEASE, arm64: bool = True, size: int = 64 << 10
) -> bytes:
    """A kernel as it lies in memory: code, the banner, and tables with other things between."""
    head = bytearray(b"\x1f\x20\x03\xd5" * 64)
    if arm64:
        head[56:60] = b"ARM\x64"
    code = bytes((7 * at * at + 13 * at) % 251 + 1 for at in range(4096))
    banner = f"Linux version {release} (a@b) (gcc) #1 SMP\n".encode().ljust(256, b"\0")
    parts = [bytes(head), b"Linux version %s (%s)\0\0\0", code, banner]
    for each in tables:
        parts += [each, code[:512]]
    data = b"".join(parts)
    return data + code * ((size - len(data)) // len(code) + 1)


def modinfo(**values: str | Iterable[str]) -> bytes:
    """The section .modinfo of a module."""
    lists = {key: [each] if isinstance(each, str) else each for key, each in values.items()}
    return b"".join(
        f"{key}={each}".encode() + b"\0" for key, many in lists.items() for each in many
    )


def module(info: bytes) -> bytes:
    """A module: an ELF file of 64 bits with the section .modinfo, and the names of sections."""
    names = b"\0.modinfo\0.shstrtab\0"
    at = 64
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(b"\x7fELF\x02\x01\x01", 1, 183, 1, 0, 0, at + len(info) + len(names), 0),
        *(64, 0, 0, 64, 3, 2),
    )
    sections = (
        bytes(64),
        struct.pack("<IIQQQQIIQQ", 1, 1, 2, 0, at, len(info), 0, 0, 1, 0),
        struct.pack("<IIQQQQIIQQ", 10, 3, 0, 0, at + len(info), len(names), 0, 0, 1, 0),
    )
    return header + info + names + b"".join(sections)


def trie(pairs: Iterable[tuple[str, str]]) -> bytes:
    """An index of kmod (libkmod/libkmod-index.c), written leaves first."""
    tree: dict[str, list[str]] = {}
    for key, value in pairs:
        tree.setdefault(key, []).append(value)
    out = bytearray(12)
    root = _write_node(out, tree)
    out[:12] = struct.pack(">III", 0xB007F457, 0x00020001, root)
    return bytes(out)


def _write_node(out: bytearray, tree: Mapping[str, list[str]]) -> int:
    keys = sorted(tree)
    shared = len(keys[0])
    for key in keys:
        shared = next((at for at in range(shared) if key[: at + 1] != keys[0][: at + 1]), shared)
    prefix = keys[0][:shared]
    below: dict[str, dict[str, list[str]]] = {}
    for key in keys:
        if key[shared:]:
            below.setdefault(key[shared], {})[key[shared + 1 :]] = tree[key]
    children = {ord(first): _write_node(out, part) for first, part in below.items()}
    name = len(out)
    if prefix:
        name |= 0x80000000
        out += prefix.encode() + b"\0"
    if children:
        name |= 0x20000000
        span = range(min(children), max(children) + 1)
        out += bytes((span.start, span.stop - 1))
        out += b"".join(struct.pack(">I", children.get(each, 0)) for each in span)
    if values := tree.get(prefix):
        name |= 0x40000000
        out += struct.pack(">I", len(values))
        out += b"".join(struct.pack(">I", 1) + each.encode() + b"\0" for each in values)
    return name


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


#: What depmod and the kernel's build leave beside the modules of a small kernel.
INDEXES = {
    "modules.alias": """# Aliases extracted from modules themselves.
alias of:N*T*Cvendor,phyC* phy_vendor
alias of:N*T*Cvendor,phy phy_vendor
alias of:N*T*Cvendor,mmcC* mmc_vendor
alias of:N*T*Cvendor,mmc mmc_vendor
alias of:N*T*Cvendor,mmsys drm_vendor
alias of:N*T*Cvendor,mmsys mmsys_vendor
alias platform:mmc-vendor mmc_vendor
alias amba:d???41330 pl330
alias amba:d0?353180 armmmci
alias virtio:d00000017v* virtio_iommu
alias acpi*:VEND0001:* mmc_vendor
alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e
alias usb:v0BDAp8152d*dc*dsc*dp*icFFisc*ip*in* r8152
alias i2c:tmp102 tmp102
alias spi:flash-[a-c] spi_nor
alias crypto-crc32c crc32c_generic
alias fs-ext4 ext4
""",
    "modules.dep": """kernel/fs/ext4.ko.xz: kernel/fs/jbd2.ko.xz kernel/fs/mbcache.ko.xz
kernel/fs/jbd2.ko.xz:
kernel/fs/mbcache.ko.xz:
kernel/crypto/crc32c_generic.ko.xz:
kernel/drivers/mmc-vendor.ko.xz: kernel/drivers/sdhci-pltfm.ko.xz kernel/drivers/sdhci.ko.xz
kernel/drivers/sdhci-pltfm.ko.xz: kernel/drivers/sdhci.ko.xz
kernel/drivers/sdhci.ko.xz:
kernel/drivers/phy-vendor.ko.xz:
kernel/drivers/quirks.ko.xz:
""",
    "modules.softdep": """# Soft dependencies extracted from modules themselves.
softdep ext4 pre: crypto-crc32c
softdep mmc_vendor pre: phy-vendor absent post: quirks
""",
    "modules.order": """kernel/fs/mbcache.ko
kernel/fs/jbd2.ko
kernel/fs/ext4.ko
kernel/crypto/crc32c_generic.ko
kernel/drivers/sdhci.ko
kernel/drivers/sdhci-pltfm.ko
kernel/drivers/mmc-vendor.ko
kernel/drivers/phy-vendor.ko
kernel/drivers/quirks.ko
""",
    "modules.builtin": "kernel/drivers/tty/pl011.ko\nkernel/drivers/clk/clk-vendor.ko\n",
    "modules.builtin.modinfo": "fuse.alias=fs-fuse\0clk_vendor.alias=platform:clk-vendor\0",
}
TABLES = (table("vendor,clk", "vendor,clk2"), table("vendor,Bus"))


def package(root: Path, release: str = RELEASE, *, packed: bool = False) -> Path:
    """The root of an unpacked package, with its indexes, as on an installed system."""
    data = image(*TABLES, release=release)
    modules = {f"lib/modules/{release}/{name}": text for name, text in INDEXES.items()}
    boot: dict[str, str | bytes] = {
        f"boot/config-{release}": CONFIG,
        f"boot/vmlinuz-{release}": gzip.compress(data) if packed else data,
    }
    return write(root, boot | modules)
