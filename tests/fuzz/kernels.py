"""Damaged kernels: what depmod and the build leave, tries, images, modules, initramfs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import lru_cache

from tests.fuzz import seeds
from tests.fuzz.calls import GUEST, LOG, lint
from tests.fuzz.case import Call, Made
from tests.fuzz.damage import damaged, damaged_lines
from tests.fuzz.images import PACKINGS
from tests.support import kernels
from tests.support.packing import gzipped

_LIB = f"k/lib/modules/{kernels.RELEASE}"
_BOARD = {
    "board.dtb": (
        'compatible = "v,b";\n clk: clk { compatible = "vendor,clk"; #clock-cells = <0>; };\n'
        'mmc { compatible = "vendor,mmc"; clocks = <&clk>; phys = <&phy>; };\n'
        'phy: phy { compatible = "vendor,phy"; #phy-cells = <0>; };'
    )
}


@lru_cache(maxsize=1)
def board() -> bytes:
    """A board whose devices the kernel's modules drive."""
    from dtlink.firmware import dts

    return dts.read_text(f"/ {{ {_BOARD['board.dtb']} }};").blob


@lru_cache(maxsize=1)
def package() -> Mapping[str, bytes]:
    """The files of a small kernel."""
    pairs = [line.split()[1:] for line in kernels.INDEXES["modules.alias"].splitlines()[1:]]
    tries = {
        f"{_LIB}/modules.alias.bin": kernels.trie((alias, name) for alias, name in pairs),
        f"{_LIB}/modules.builtin.alias.bin": kernels.trie([("of:N*T*Cv,x", "clk_vendor")]),
    }
    texts = {f"{_LIB}/{name}": text.encode() for name, text in kernels.INDEXES.items()}
    boot = {f"k/boot/config-{kernels.RELEASE}": kernels.CONFIG.encode()}
    return {**texts, **tries, **boot}


@lru_cache(maxsize=1)
def image() -> bytes:
    """A small kernel image."""
    return kernels.image(*kernels.TABLES, size=8 << 10)


@lru_cache(maxsize=1)
def modules() -> Mapping[str, bytes]:
    """Modules, as files of ELF."""
    info = kernels.modinfo(
        name="mmc_vendor", alias=["of:N*T*Cvendor,mmc", "platform:x"], depends="a,b", vermagic="6"
    )
    return {f"{_LIB}/kernel/drivers/mmc-vendor.ko": kernels.module(info)}


def calls(chance: random.Random, *more: str, kernel: str = "$HERE/k") -> list[Call]:
    """A command about a board and its kernel."""
    here = ("--kernel", kernel, *more)
    form = ("--format", chance.choice(("text", "json")))
    rows: list[Call] = [
        ["modules", "$HERE/board.dtb", *here],
        ["drivers", "$HERE/board.dtb", *here, *form],
        ["why", "$HERE/board.dtb", "/mmc", *here, *form],
        ["order", "$HERE/board.dtb", *here[:2], *form],
        ["log", LOG, "--dtb", "$HERE/board.dtb", *here[:2], *form],
    ]
    first: Call = [*lint(chance, "$HERE/board.dtb", form="text"), *here]
    return [first] if chance.random() < 0.5 else [chance.choice(rows)]


def make(chance: random.Random) -> Made:
    """A kernel with a damaged file."""
    files = dict(package())
    kind = chance.random()
    if kind < 0.45:
        name = chance.choice(sorted(files))
        data = files[name]
        binary = name.endswith((".bin", ".modinfo"))
        files[name] = damaged(data, chance) if binary else damaged_lines(data, chance)
        if chance.random() < 0.1:
            files[name] = damaged(data, chance)
        if not name.endswith("alias.bin") and chance.random() < 0.5:
            files.pop(f"{_LIB}/modules.alias.bin", None)
    elif kind < 0.8:
        # Without the text beside it, the trie is what is read.
        files.pop(f"{_LIB}/modules.alias", None)
        name = chance.choice([each for each in sorted(files) if each.endswith("alias.bin")])
        files[name] = damaged(files[name], chance)
    elif kind < 0.9:
        data = image() if chance.random() < 0.7 else gzipped(image())
        files[f"k/boot/vmlinuz-{kernels.RELEASE}"] = damaged(data, chance)
    else:
        files |= {name: damaged(data, chance) for name, data in modules().items()}
        files.pop(f"{_LIB}/modules.alias", None)
        files.pop(f"{_LIB}/modules.alias.bin", None)
    return Made({**files, "board.dtb": board()}, calls(chance))


def _member(name: bytes, data: bytes, mode: int, chance: random.Random) -> bytes:
    """A member of a cpio archive, whose numbers lie at times."""
    path = name + b"\0"
    numbers = [1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0]
    if chance.random() < 0.1:
        lies = (0, 1, len(data) + 4, 1 << 20, 0xFFFFFFFF)
        numbers[chance.choice((4, 6, 11))] = chance.choice(lies)
    magic = b"070701" if chance.random() < 0.95 else chance.choice((b"070702", b"070707"))
    head = magic + b"".join(b"%08x" % number for number in numbers) + path
    head += bytes(-len(head) % 4)
    return head + data + bytes(-len(data) % 4)


def cpio(chance: random.Random) -> bytes:
    """An initramfs of a few modules."""
    below = f"usr/lib/modules/{kernels.RELEASE}".encode()
    rows: list[tuple[bytes, bytes, int]] = [
        (b".", b"", 0o40755),
        (b"init", b"#!/bin/sh\n", 0o100755),
        (below + b"/kernel/drivers/mmc-vendor.ko", b"\x7fELF", 0o100644),
        (below + b"/kernel/drivers/phy-vendor.ko.xz", b"", 0o100644),
        (below + b"/modules.dep", kernels.INDEXES["modules.dep"].encode(), 0o100644),
        (below + b"/modules.alias", kernels.INDEXES["modules.alias"].encode(), 0o100644),
        (b"etc/modules-load.d/x.conf", b"mmc_vendor\n# no\n", 0o100644),
        (b"usr/lib/modules-load.d/y.conf", b"phy-vendor", 0o120777),
        (b"conf/modules", b"mmc_vendor\n", 0o100644),
        (b"main.zst", b"x", 0o100644),
    ]
    chosen = chance.sample(rows, chance.randint(1, len(rows)))
    parts = [_member(*each, chance) for each in chosen]
    return b"".join(parts) + (_member(b"TRAILER!!!", b"", 0, chance) if parts else b"")


def _listing(chance: random.Random) -> bytes:
    names = (
        f"usr/lib/modules/{kernels.RELEASE}/kernel/drivers/mmc-vendor.ko",
        "drwxr-xr-x 2 root root 0 Jan 1 1970 usr/lib",
        "-rw-r--r-- 1 root root 10 Jan 1 1970 lib/modules/6.1/kernel/a.ko.zst",
        "mmc_vendor", "phy-vendor # x", "init", "Version: 5", "========",
    )  # fmt: skip
    return "\n".join(chance.choices(names, k=6)).encode()


_FORMS: tuple[Callable[[random.Random], bytes], ...] = (cpio, cpio, cpio, _listing)


def make_initramfs(chance: random.Random) -> Made:
    """A damaged initramfs, beside a kernel that is whole."""
    data = b"".join(chance.choice(_FORMS)(chance) for _ in range(chance.choice((1, 1, 2))))
    if chance.random() < 0.3:
        data = damaged(data, chance)
    if chance.random() < 0.4:
        data = PACKINGS[chance.choice(list(PACKINGS))](data)
        if chance.random() < 0.3:
            data = (data + data) if chance.random() < 0.3 else damaged(data, chance)
        if chance.random() < 0.2:
            data = cpio(chance) + data
    files = {**package(), "board.dtb": board(), "initrd": data}
    return Made(files, calls(chance, "--initramfs", "$HERE/initrd"))


def guest() -> str:
    """A board of the fixtures."""
    return GUEST


def small() -> bytes:
    """A small blob."""
    return min(seeds.blobs(), key=len)
