"""Damaged reports of running machines: kernel logs, copies of /sys, lspci, /proc/iomem."""

from __future__ import annotations

import io
import random
import re
import tarfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from dtlink.firmware import fdt
from tests.fuzz import seeds
from tests.fuzz.calls import GUEST, KERNEL, lint
from tests.fuzz.case import Call, Made
from tests.fuzz.damage import damaged, damaged_lines
from tests.fuzz.images import PACKINGS
from tests.fuzz.tables import damaged_tables
from tests.support.boards import FIXTURES, SHARED
from tests.support.pci import LISTING

#: Bytes of a log of the corpus that are a seed.
_MOST = 6000
_PHONE = str(FIXTURES / "phone-soc.dtb")
_TREE = str(FIXTURES / "phandle-faults.dtb")
_LINK = "platform:1000.clock--platform:2000.uart"
_HEAD = """[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd034]
[    0.000000] Linux version 6.12.1-x (a@b) (gcc 12) #1 SMP
[    0.000000] Machine model: A Board
[    0.000000] Kernel command line: console=ttyS0 root=/dev/mmcblk0p2 fw_devlink=on
"""
#: A device, and a node, in a message.
_DEVICE = re.compile(r"\b[0-9a-f]+\.[a-z][\w-]*")
_NODE = re.compile(r"(?<![\w/])/[\w,-]+(?:@[0-9a-f]+)?(?:/[\w,@-]+)*")
#: A machine's /sys: a text is a file, a tuple a symbolic link.
_SYS: Mapping[str, str | tuple[str]] = {
    "devices/platform/1000.clock/of_node": ("../../../firmware/devicetree/base/soc/clock@1000",),
    "devices/platform/1000.clock/driver": ("../../../bus/platform/drivers/clk-x",),
    "devices/platform/2000.uart/of_node": ("../../../firmware/devicetree/base/soc/uart@2000",),
    "devices/platform/2000.uart/waiting_for_supplier": "1\n",
    f"devices/virtual/devlink/{_LINK}/status": "available\n",
    f"devices/virtual/devlink/{_LINK}/sync_state_only": "0\n",
    f"devices/virtual/devlink/{_LINK}/runtime_pm": "1\n",
    f"devices/virtual/devlink/{_LINK}/auto_remove_on": "never\n",
    f"devices/virtual/devlink/{_LINK}/supplier": ("../../../platform/1000.clock",),
    f"devices/virtual/devlink/{_LINK}/consumer": ("../../../platform/2000.uart",),
    "kernel/debug/devices_deferred": "2000.uart\tns16550: no clock\n",
}
#: Bytes of the last function of the listing, and one more function.
_LSPCI = f"""{LISTING}\
00: 21 1b 80 10 07 00 10 00 04 01 04 06 00 00 01 00
10: 00 00 00 00 00 00 00 00 04 05 05 20 f1 01 a0 22
0001:05:1f.7 Ethernet controller [0200]: A card [8086:10fb]
\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)
\t\tInitial VFs: 64, Total VFs: 64, Number of VFs: 8, Function Dependency Link: 00
\t\tVF offset: 128, stride: 2, Device ID: 10ed
"""
IOMEM = """00000000-00000fff : Reserved
00001000-0009fbff : System RAM
b0000000-bfffffff : PCI MMCONFIG 0000 [bus 00-ff]
  b0000000-bfffffff : Reserved
    b0000000-bfffffff : pnp 00:04
7ff00000-7fffffff : ACPI Non-volatile Storage
[    0.000000] BIOS-e820: [mem 0x0000000000001000-0x000000000009fbff] usable
[    0.000000] BIOS-e820: [mem 0x00000000b0000000-0x00000000bfffffff]  device reserved
[    0.000000] BIOS-e820: [gap 0x0000000000001000-0x0000000000001fff]
"""


@lru_cache(maxsize=1)
def samples() -> Sequence[str]:
    """A line of each message that dtlink knows."""
    from dtlink.facts.loglines import LOG_MESSAGES

    return [each.sample for each in LOG_MESSAGES if each.sample]


@lru_cache(maxsize=1)
def logs() -> Sequence[bytes]:
    """Beginnings of real logs, if there are any."""
    files = [each for each in sorted((SHARED / "cases" / "log").glob("*")) if each.is_file()]
    whole = [each.read_bytes() for each in files if each.stat().st_size < 1 << 20]
    return [data[: data.rfind(b"\n", 0, _MOST) + 1] for data in whole if b"\n" in data[:_MOST]]


@lru_cache(maxsize=8)
def _names(board: str) -> tuple[Sequence[str], Sequence[str]]:
    """The paths of a board's nodes, and the names of the devices that Linux may make of them."""
    tree = fdt.read(Path(board).read_bytes())
    there = [node.path for node in tree]
    parts = (path.rpartition("/")[2].partition("@") for path in there)
    return there, [f"{unit}.{name}" if unit else name for name, _, unit in parts if name]


def _about(line: str, board: str, chance: random.Random) -> str:
    """A message about devices and nodes of a board."""
    there, devices = _names(board)
    line = _DEVICE.sub(lambda _: chance.choice(devices), line)
    return _NODE.sub(lambda _: chance.choice(there), line)


def _log(chance: random.Random, board: str) -> bytes:
    """A log: a head, messages in any order, most about a board, a piece of a real one."""
    lines = chance.choices(samples(), k=chance.randint(1, 20))
    lines = [_about(each, board, chance) if chance.random() < 0.7 else each for each in lines]
    stamped = [f"[{at + chance.random():12.6f}] {line}" for at, line in enumerate(lines)]
    text = (_HEAD + "\n".join(stamped) + "\n").encode("utf-8", "surrogateescape")
    if logs() and chance.random() < 0.3:
        text += chance.choice(logs())
    if chance.random() < 0.2:
        text = text.replace(b"[", b"<6>[").replace(b"\n", b"\r\n")
    return text


def make_log(chance: random.Random) -> Made:
    """A damaged log."""
    board = chance.choice((GUEST, _PHONE, _TREE))
    data = _log(chance, board)
    data = damaged_lines(data, chance, words_of_log()) if chance.random() < 0.8 else data
    if chance.random() < 0.15:
        data = damaged(data, chance)
    if chance.random() < 0.05:
        data = PACKINGS[".gz"](data)
    form = chance.choice(("text", "json"))
    rows: list[Call] = [
        ["log", "$HERE/boot.log", "--format", form],
        ["log", "$HERE/boot.log", "--format", form, "--all"],
        ["log", "$HERE/boot.log", "--format", form, "--dtb", board],
        ["log", "$HERE/boot.log", "--format", form, "--dtb", board, "--kernel", KERNEL],
        ["devlink", board, "--observed", "$HERE/boot.log", "--format", form],
    ]
    return Made({"boot.log": data}, [chance.choice(rows)])


@lru_cache(maxsize=1)
def words_of_log() -> Sequence[bytes]:
    """Words of the messages."""
    return sorted({word.encode() for line in samples() for word in line.split()})


def _tar(chance: random.Random) -> bytes:
    """A /sys as an archive, some of its names and links damaged."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in _SYS.items():
            path = damaged(name.encode(), chance).decode("latin-1") if _rarely(chance) else name
            member = tarfile.TarInfo(path.replace("\0", "") or "x")
            if isinstance(content, tuple):
                link = content[0].encode()
                link = damaged(link, chance) if _rarely(chance) else link
                kind = tarfile.LNKTYPE if _rarely(chance) else tarfile.SYMTYPE
                member.type, member.linkname = kind, link.decode("latin-1").replace("\0", "")
                tar.addfile(member)
                continue
            data = content.encode()
            data = damaged(data, chance) if _rarely(chance) else data
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _rarely(chance: random.Random) -> bool:
    return chance.random() < 0.12


def _text(chance: random.Random) -> bytes:
    """What the documented command prints on a board: grep, ls -l, dmesg."""
    lines: list[str] = []
    for name, content in _SYS.items():
        if isinstance(content, tuple):
            lines.append(f"lrwxrwxrwx 1 root root 0 Jan 1 00:00 {name} -> {content[0]}")
        else:
            lines.append(f"{name}:{content.strip()}")
    return "\n".join((*lines, _HEAD, *chance.choices(samples(), k=4))).encode()


def make_sysfs(chance: random.Random) -> Made:
    """A damaged copy of /sys: an archive, a text list, files."""
    kind = chance.randrange(4)
    path = "$HERE/sys.tar"
    if kind <= 1:
        data = _tar(chance)
        if chance.random() < 0.5:
            data = damaged(data, chance)
        if chance.random() < 0.2:
            data = damaged(PACKINGS[chance.choice((".gz", ".xz"))](data), chance)
        files = {"sys.tar": data}
    elif kind == 2:
        files = {"sys.tar": damaged_lines(_text(chance), chance)}
    else:
        texts = {name: each for name, each in _SYS.items() if isinstance(each, str)}
        files = {f"sys/{name}": damaged(each.encode(), chance) for name, each in texts.items()}
        path = "$HERE/sys"
    form = chance.choice(("text", "json"))
    board = chance.choice((GUEST, _PHONE, _TREE))
    return Made(files, [["devlink", board, "--observed", path, "--format", form]])


def functions(chance: random.Random) -> dict[str, bytes]:
    """A copy of /sys/bus/pci: files of functions, with bytes of their configuration space."""
    files: dict[str, bytes] = {}
    for name in chance.sample(["0000:00:00.0", "0000:00:1c.4", "0000:04:00.0", "0001:ff:1f.7"], 2):
        config = bytearray(_CONFIG.ljust(chance.choice((64, 256, 4096)), b"\0"))
        if len(config) > 0x108:
            config[0x100:0x104] = chance.choice((b"\x0d\0\x01\x16", b"\x10\0\x01\0"))
        config[:] = damaged(bytes(config[:0x140]), chance) + config[0x140:]
        files[f"lspci/devices/{name}/config"] = bytes(config)
        files[f"lspci/devices/{name}/vendor"] = damaged(b"0x8086\n", chance)
        files[f"lspci/devices/{name}/class"] = chance.choice((b"0x060400\n", b"x", b""))
    return files


#: A bridge with an Express capability, which is a root port.
_CONFIG = (
    bytes.fromhex("8680181e0700100004000406000001000000000000000000000405000000")
    + bytes(22)
    + b"\x40"
    + bytes(11)
    + b"\x10\0\x42\x01"
)


def make_functions(chance: random.Random) -> Made:
    """A damaged list of PCI functions, or memory map, beside tables that are damaged at times."""
    tables = damaged_tables(chance) if chance.random() < 0.4 else chance.choice(seeds.tables())
    files = {f"m/{word}.dat": data for word, data in tables.items()}
    files |= {"m/": b"", "iomem": IOMEM.encode(), "lspci": _LSPCI.encode()}
    if chance.random() < 0.3:
        files = {name: data for name, data in files.items() if name != "lspci"}
        files |= functions(chance)
    names = [name for name in ("lspci", "iomem") if name in files]
    for name in chance.sample(names, 1):
        files[name] = damaged_lines(files[name], chance)
        if chance.random() < 0.2:
            files[name] = damaged(files[name], chance)
    form = chance.choice(("text", "json"))
    rows: list[Call] = [
        [*lint(chance, "$HERE/m"), "--lspci", "$HERE/lspci", "--iomem", "$HERE/iomem"],
        ["iommu", "$HERE/m", "--lspci", "$HERE/lspci", "--format", form],
        ["iommu", GUEST, "--lspci", "$HERE/lspci", "--format", form],
    ]
    return Made(files, [chance.choice(rows)])
