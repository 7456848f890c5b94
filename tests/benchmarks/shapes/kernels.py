"""Logs, kernels, initramfs images, machines and reports that were made to be slow."""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmarks.shapes.boards import blob, source
from tests.benchmarks.shapes.shape import BULK, Shape

_NODES = (
    'a: a { compatible = "vendor,a"; #clock-cells = <0>; };'
    'b { compatible = "vendor,b"; clocks = <&a>; };'
)


_BOARD = source(_NODES)


_LINUX = b"[    0.000000] Linux version 6.12.0 (a@b) (gcc) #1 SMP\n"


def cpio(count: int) -> bytes:
    """An initramfs of as many members."""
    parts = []
    for n in range(count):
        name = b"usr/lib/modules/6.12.0/kernel/drivers/d%d/m%d.ko" % (n % 99, n)
        name += b"\0" * (1 + -(110 + len(name) + 1) % 4)
        parts.append(
            b"070701"
            + b"%08x"
            * 13
            % (n, 0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0, len(name.rstrip(b"\0")) + 1, 0)
            + name
        )
    end = b"TRAILER!!!\0\0\0\0"
    parts.append(b"070701" + b"%08x" * 13 % (0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0) + end)
    return b"".join(parts)


def initramfs(count: int) -> Mapping[str, bytes]:
    """An initramfs, the listing of another, and a board."""
    release = "k/lib/modules/6.12.0"
    return {
        "board.dts": _BOARD,
        "initrd": cpio(count),
        "listing": listing(count),
        f"{release}/modules.dep": b"kernel/a.ko:\n",
        f"{release}/modules.alias": b"alias of:N*T*Cvendor,a a\n",
        "k/boot/config-6.12.0": b"CONFIG_MODULES=y\n",
    }


def listing(count: int) -> bytes:
    """What lsinitramfs prints."""
    return b"".join(
        b"usr/lib/modules/6.12.0/kernel/drivers/d%d/m%d.ko\n" % (n % 99, n) for n in range(count)
    )


def cpio_parts(count: int) -> bytes:
    """An initramfs of very many parts."""
    return cpio(0).ljust(512, b"\0") * count


_LINES = (
    "platform {n:08x}.d: deferred probe pending: d: failed to get clock",
    "d{n} {n:08x}.d: error -EPROBE_DEFER: supplier {m:08x}.c not ready",
    "platform {n:08x}.d: Fixed dependency cycle(s) with /soc/c@{m:08x}",
    (
        "arm-smmu {n:08x}.iommu: Unhandled context fault: fsr=0x402, iova=0x{m:08x}, fsynr=0x1, "
        "cbfrsynra=0x{n:x}, cb=1"
    ),
    "pci 0000:{b:02x}:00.0: Adding to iommu group {n}",
    "d{n}: probe of {n:08x}.d failed with error -110",
    "usb {b}-1: new high-speed USB device number {n} using xhci_hcd",
    "{n:08x}.d: supply vdd not found, using dummy regulator",
    (
        "DMAR: [DMA Read] Request device [{b:02x}:00.0] fault addr 0x{m:x} [fault reason 0x06] "
        "PTE Read access is not set"
    ),
)


def log(count: int) -> Mapping[str, bytes]:
    """A kernel's log of very many lines of every kind, and its board."""
    head = "[    0.000000] Linux version 6.12.0 (a@b) (gcc) #1 SMP\n"
    rows = "".join(
        f"[{n / 1000:12.6f}] {_LINES[n % len(_LINES)].format(n=n, m=n * 7 % count, b=n % 255)}\n"
        for n in range(count)
    )
    return {"dmesg": (head + rows).encode(), "board.dts": _BOARD}


def same_lines(count: int) -> bytes:
    """A log of one line."""
    return _LINUX + b"[    1.000000] platform 1000.d: deferred probe pending\n" * count


def boots(count: int) -> bytes:
    """A log of very many boots."""
    return (_LINUX + b"[    1.000000] platform 1000.d: deferred probe pending\n") * count


def long_lines(count: int) -> bytes:
    """A log of one very long line."""
    return (
        b"[    0.000000] Linux version 6.12.0 (a@b) (gcc) #1 SMP\n[    1.000000] platform "
        + b"a:" * count
        + b"\n"
    )


def kernel(count: int) -> Mapping[str, bytes]:
    """A kernel's modules, and a board that has devices for them."""
    share = count // 4 + 1
    nodes = "".join(f'd{n} {{ compatible = "vendor,d{n}"; }};' for n in range(min(share, 300)))
    release = "k/lib/modules/6.12.0"
    names = [f"kernel/drivers/d{n % 99}/m{n}.ko" for n in range(share)]
    dep = "".join(
        f"{name}: {names[n // 2]} {names[n * 7 % share]}\n" for n, name in enumerate(names)
    )
    alias = "".join(
        f"alias of:N*T*Cvendor,d{n} m{n}\nalias of:N*T*Cvendor,d{n}C* m{n}\n" for n in range(share)
    )
    return {
        f"{release}/modules.dep": dep.encode(),
        f"{release}/modules.alias": alias.encode(),
        f"{release}/modules.order": "".join(f"{name}\n" for name in names).encode(),
        f"{release}/modules.builtin": "".join(f"kernel/b{n}.ko\n" for n in range(share)).encode(),
        f"{release}/modules.softdep": "".join(
            f"softdep m{n} pre: m{n * 3 % share}\n" for n in range(share)
        ).encode(),
        "k/boot/config-6.12.0": "".join(f"CONFIG_A{n}=m\n" for n in range(share)).encode(),
        "board.dts": source(nodes),
    }


def module_chain(count: int) -> Mapping[str, bytes]:
    """Modules that need each other, in a chain."""
    release = "k/lib/modules/6.12.0"
    dep = (
        "".join(f"kernel/m{n}.ko: kernel/m{n + 1}.ko\n" for n in range(count))
        + f"kernel/m{count}.ko:\n"
    )
    return {
        f"{release}/modules.dep": dep.encode(),
        f"{release}/modules.alias": b"alias of:N*T*Cvendor,a m0\nalias of:N*T*Cvendor,aC* m0\n",
        "k/boot/config-6.12.0": b"CONFIG_MODULES=y\n",
        "board.dts": _BOARD,
    }


def iomem(count: int) -> Mapping[str, bytes]:
    """A memory map and PCI functions of a machine."""
    rows = "".join(f"{n << 12:08x}-{(n << 12) + 0xFFF:08x} : System RAM\n" for n in range(count))
    pci = "".join(
        f"0000:{n >> 8 & 255:02x}:{n >> 3 & 31:02x}.{n & 7} Class [0604]: "
        f"Device [1000:{n & 0xFFFF:04x}]"
        "\n\tCapabilities: [40] Express (v2) Endpoint, MSI 00\n\n"
        for n in range(count)
    )
    from tests.benchmarks.shapes.dmar import units

    return {"iomem": rows.encode(), "lspci": pci.encode(), "dmar.bin": units(200)}


def findings(count: int) -> bytes:
    """A board with as many findings."""
    row = 'd{n} {{ compatible = "vendor,d"; clocks = <{at}>; }};'
    return blob("".join(row.format(n=n, at=n + 1) for n in range(count)))


SHAPES = {
    "cpio": Shape(cpio, ("inspect --search @",), "initrd", BULK),
    "cpio parts": Shape(cpio_parts, ("inspect --search @",), "initrd"),
    "initramfs": Shape(
        initramfs,
        (
            "lint --kernel @k --initramfs @listing @board.dts",
            "lint --kernel @k --initramfs @initrd @board.dts",
        ),
        "",
        BULK,
    ),
    "log": Shape(
        log, ("log @dmesg", "log @dmesg --format json", "log @dmesg --dtb @board.dts"), "", BULK
    ),
    "log of one line": Shape(same_lines, ("log @",), "dmesg", BULK),
    "log of boots": Shape(boots, ("log @",), "dmesg", BULK),
    "long line": Shape(long_lines, ("log @",), "dmesg", BULK),
    "kernel": Shape(
        kernel,
        (
            "lint --kernel @k @board.dts",
            "drivers --kernel @k @board.dts",
            "modules --kernel @k @board.dts",
        ),
        "",
        BULK,
    ),
    "module chain": Shape(
        module_chain, ("lint --kernel @k @board.dts", "modules --kernel @k @board.dts /a"), "", BULK
    ),
    "machine": Shape(
        iomem,
        ("lint --iomem @iomem --lspci @lspci @dmar.bin", "iommu --lspci @lspci @dmar.bin"),
        "",
        BULK,
    ),
    "findings": Shape(
        findings,
        (
            "lint --format json @",
            "lint --format html @",
            "lint --baseline @base.json @",
            "history @old.json @new.json",
        ),
        "board.dtb",
        before=(
            "lint --baseline @base.json --write-baseline @",
            "lint --format json -o @old.json @",
            "lint --format json -o @new.json @",
        ),
    ),
}
