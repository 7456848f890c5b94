"""Damaged kernels in the folders that they come in, unpacked initramfs images, machines' roots."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from tests.fuzz import seeds
from tests.fuzz.case import Call, Made
from tests.fuzz.damage import damaged, damaged_lines
from tests.fuzz.images import PACKINGS
from tests.fuzz.kernels import board, calls, cpio, image, modules, package
from tests.fuzz.machines import IOMEM, functions
from tests.support import images, kernels
from tests.support.packing import gzipped

_MODULES = f"lib/modules/{kernels.RELEASE}"
_CONFIG = kernels.CONFIG.encode()
#: Folders of one kernel's modules: the root, of each partition of Android, of other systems.
_FOLDERS = (
    "lib/modules", "usr/lib/modules", "target/lib/modules", "system_dlkm/lib/modules",
    "vendor_dlkm/lib/modules", "odm_dlkm/lib/modules", "vendor/lib/modules", "",
)  # fmt: skip
_RELEASES = (kernels.RELEASE, "6.1.0-18-arm64", "x", "5.10.0", "")
_CONFIGS = (
    "boot/config-{}", "config-{}", "{folder}/config", "{folder}/config-{}", ".config",
    "{folder}/build/.config", "config",
)  # fmt: skip
_IMAGES = (
    "{folder}/vmlinuz", "boot/vmlinuz-{}", "boot/Image", "Image", "vmlinuz", "bzImage",
    "{folder}/Image.gz", "boot/zImage", "arch/arm64/boot/Image", "vmlinux",
)  # fmt: skip


def _indexes() -> Mapping[str, bytes]:
    """What depmod leaves, by name, and the list of Android's init."""
    found = {name.rpartition("/")[2]: data for name, data in package().items() if "lib/" in name}
    return {**found, "modules.load": b"phy-vendor.ko\nkernel/drivers/mmc-vendor.ko\n# no\n"}


@lru_cache(maxsize=1)
def _with_config() -> bytes:
    """An image that has its configuration in it."""
    return image() + b"IKCFG_ST" + gzipped(_CONFIG) + b"IKCFG_ED" + bytes(64)


def _image(chance: random.Random) -> bytes:
    """An image: plain, packed, in a PE file, with a configuration, damaged."""
    data = chance.choice((image, _with_config))()
    kind = chance.randrange(5)
    if kind == 0:
        data = PACKINGS[chance.choice(list(PACKINGS))](data)
    elif kind == 1:
        data = images.pe([(".linux", data), (".osrel", b"ID=x\n"), (".cmdline", b"root=/dev/x")])
    elif kind == 2:
        data = images.uimage(data)
    return damaged(data, chance) if chance.random() < 0.5 else data


def _config(chance: random.Random) -> bytes:
    """A configuration, some lines of it wrong, packed at times."""
    words = (
        b"=y",
        b"=m",
        b"CONFIG_MMC_VENDOR=m",
        b'="\\"',
        b"# Linux/arm64 6 Kernel",
        b"is not set",
    )
    text = damaged_lines(_CONFIG, chance, words) if chance.random() < 0.6 else _CONFIG
    return PACKINGS[chance.choice(list(PACKINGS))](text) if chance.random() < 0.2 else text


def _folder(chance: random.Random, folder: str) -> dict[str, bytes]:
    """A folder of modules, with some of the files that belong to it."""
    rows = _indexes()
    files = {f"{folder}/{name}": rows[name] for name in chance.sample(sorted(rows), 5)}
    if chance.random() < 0.5:
        data = next(iter(modules().values()))
        data = damaged(data, chance) if chance.random() < 0.5 else data
        packing = chance.choice(("", "", ".gz", ".xz", ".zst"))
        data = PACKINGS[packing](data) if packing else data
        files[f"{folder}/kernel/drivers/mmc-vendor.ko{packing}"] = data
        for name in chance.sample(sorted(rows), 3):
            files.pop(f"{folder}/{name}", None)
    if chance.random() < 0.5:
        name = chance.choice(sorted(files))
        files[name] = damaged(files[name], chance)
    return files


def make_layout(chance: random.Random) -> Made:
    """A kernel in the folders of some system, or a file of it alone."""
    release = chance.choice(_RELEASES)
    files: dict[str, bytes] = {"k/": b""}
    for top in chance.sample(_FOLDERS, chance.choice((0, 1, 1, 2, 4))):
        folder = "/".join(each for each in ("k", top, release) if each)
        files |= _folder(chance, folder)
    below = f"{_FOLDERS[0]}/{release}"
    for places, make in ((_CONFIGS, _config), (_IMAGES, _image)):
        if chance.random() < 0.6:
            place = chance.choice(places).format(release, folder=below)
            files[f"k/{place}"] = make(chance)
    if chance.random() < 0.2:
        files["k/include/config/kernel.release"] = damaged(f"{release}\n".encode(), chance, 2)
    path = "$HERE/k"
    alone = [each for each in files if not each.endswith("/")]
    if alone and chance.random() < 0.25:
        path = f"$HERE/{chance.choice(alone)}"
    made = calls(chance, kernel=path)
    return Made({**files, "board.dtb": board()}, made)


def _unpacked(chance: random.Random) -> tuple[dict[str, bytes], str]:
    """An unpacked initramfs: a folder, with the lists by which it loads modules."""
    below = f"i/{chance.choice(('', '', 'main/', 'early/', 'usr/'))}"
    lists = {
        "etc/modules-load.d/a.conf": b"mmc_vendor\n# no\n; no\n",
        "usr/lib/modules-load.d/a.conf": b"phy-vendor x=1\n",
        "conf/modules": b"mmc_vendor\n",
        "config": b'MODULES="mmc_vendor phy_vendor"\n',
        "etc/cmdline": b"rd.driver.pre=mmc_vendor,phy_vendor quiet\n",
        "etc/cmdline.d/1.conf": b"rdloaddriver='x'\n",
        f"{_MODULES}/modules.load": b"phy-vendor.ko\n",
        "init": b"#!/bin/sh\n",
        f"{_MODULES}/kernel/drivers/mmc-vendor.ko": b"\x7fELF",
        "lib/udev/rules.d/80-drivers.rules": b"x",
    }
    chosen = chance.sample(sorted(lists), chance.randint(1, len(lists)))
    files = {f"{below}{name}": damaged_lines(lists[name], chance) for name in chosen}
    return {"i/": b"", **files}, "$HERE/i"


def _wrapped(chance: random.Random) -> tuple[dict[str, bytes], str]:
    """An initramfs in an image that a boot loader takes."""
    data = cpio(chance)
    rows: Sequence[Callable[[], bytes]] = (
        lambda: images.vendor_boot(chance.choice((3, 4)), seeds.small()[0], data),
        lambda: images.android(chance.choice((0, 2, 4))),
        lambda: images.pe([(".linux", b"x"), (".initrd", data)]),
        lambda: images.pe([(".linux", b"x")]),
        lambda: images.multi([b"kernel", data]),
        lambda: images.fit({"fdt-1": seeds.small()[0]}),
    )
    made = chance.choice(rows)()
    made = damaged(made, chance) if chance.random() < 0.5 else made
    name = chance.choice(("", "", "", "!initrd", "!ramdisk", "!.initrd"))
    return {"initrd": made}, f"$HERE/initrd{name}"


def make_unpacked(chance: random.Random) -> Made:
    """An initramfs as a folder, or in an image, beside a kernel that is whole."""
    files, path = chance.choice((_unpacked, _wrapped))(chance)
    made: list[Call] = calls(chance, "--initramfs", path)
    return Made({**package(), "board.dtb": board(), **files}, made)


def make_live(chance: random.Random) -> Made:
    """The root of a running machine: its firmware, kernel, command line, functions, memory."""
    below = {name.partition("/")[2]: data for name, data in package().items()}
    release = f"{kernels.RELEASE}\n".encode()
    release = damaged(release, chance, 1) if chance.random() < 0.2 else release
    rows: dict[str, bytes] = {
        "sys/firmware/fdt": chance.choice(seeds.small()),
        "proc/device-tree/compatible": b"v,b\0",
        **{
            f"sys/firmware/acpi/tables/{word}": t
            for word, t in chance.choice(seeds.tables()).items()
        },
        "proc/sys/kernel/osrelease": release,
        "proc/cmdline": b"root=/dev/mmcblk0p2 fw_devlink=on\n",
        "proc/iomem": IOMEM.encode(),
        f"boot/initrd.img-{kernels.RELEASE}": cpio(chance),
        **{name.replace("lspci", "sys/bus/pci"): data for name, data in functions(chance).items()},
    }
    files = {f"r/{name}": data for name, data in rows.items() if chance.random() < 0.8}
    files |= {f"r/{name}": data for name, data in below.items() if chance.random() < 0.9}
    for name in chance.sample(sorted(files), min(len(files), chance.randint(1, 4))):
        files[name] = damaged(files[name], chance)
    return Made({**files, "r/": b""}, [["live", "$HERE/r"]])
