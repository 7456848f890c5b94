"""What a running machine has of itself: firmware, kernel, command line, PCI functions, memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from glob import escape, glob
from pathlib import Path

from dtlink import reading
from dtlink.facts.cmdline import CommandLine
from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.memory_map import read_map
from dtlink.kernel.holdings.layout import RUNNING, find
from dtlink.kernel.holdings.places import INITRAMFS, MODULES
from dtlink.records import NamedTuple
from dtlink.typed import Any

#: The blob as the boot loader passed it (Linux, drivers/of/fdt.c, of_fdt_raw_init()), the tree that
#: the kernel made of it (drivers/of/base.c, of_core_init()), and the tables (drivers/acpi/sysfs.c).
FDT, TREE, TABLES = "sys/firmware/fdt", "proc/device-tree", "sys/firmware/acpi/tables"
#: What it found and what it uses (drivers/pci/pci-sysfs.c; kernel/resource.c).
PCI, IOMEM = "sys/bus/pci", "proc/iomem"
#: What has the release and the command line of a running kernel.
_RELEASE, _CMDLINE = "proc/sys/kernel/osrelease", "proc/cmdline"


class LiveMachine(NamedTuple):
    """The inputs that a machine is, and what was taken of it."""

    paths: tuple[str, ...]
    """The devicetree, the folder of tables, or both."""
    given: dict[str, Any]
    """``kernel``, ``initramfs``, ``cmdline``, ``lspci`` and ``iomem``, as far as they are there."""
    taken: tuple[str, ...]
    """What was taken, a sentence each."""
    missing: tuple[str, ...]
    """What could not be, and why."""


def live_machine(root: str = "/") -> LiveMachine:
    """What there is below a root: that of the running system, or of a copy of one.

    Raises :class:`InputError` for a machine without a devicetree and without ACPI tables.
    """
    return _Taker(Path(root)).machine()


class _Taker:
    """Looks for the parts, and takes note of what it took."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._taken: list[str] = []
        self._missing: list[str] = []
        self._paths: list[str] = []
        self._given: dict[str, Any] = {}

    def machine(self) -> LiveMachine:
        self._take_tree()
        self._take_tables()
        if not self._paths:
            raise InputError(
                "; ".join(["no devicetree and no ACPI table of this machine", *self._missing])
            )
        release = _text(self._root / _RELEASE)
        if self._take_kernel(release):
            self._take_initramfs(release)
        self._take_cmdline()
        self._take_pci()
        self._take_memory()
        return LiveMachine(
            tuple(self._paths), self._given, tuple(self._taken), tuple(self._missing)
        )

    def _take_tree(self) -> None:
        """The blob, which has the order of the nodes, or the tree that was made of it."""
        blob, tree = self._root / FDT, self._root / TREE
        if blob.exists():
            try:
                data = reading.content(str(blob), fdt.MAX_SIZE)
            except OSError as error:
                self._missing.append(f"not taken: {blob}: {error.strerror}")
            else:
                self._take_blob(blob, data)
                return
        if (tree / "compatible").is_file():
            self._take("devicetree", tree)

    def _take_blob(self, blob: Path, data: bytes) -> None:
        """The blob, unless it is the one without a machine that EFI makes for ACPI.

        Source: Linux, drivers/firmware/efi/libstub/fdt.c, update_fdt().
        """
        try:
            is_machine = bool(fdt.read(data).root.compatible)
        except InputError:
            is_machine = True  # what is wrong with it is reported when it is read
        if is_machine:
            self._take("devicetree", blob)
        else:
            self._taken.append(f"no devicetree: {blob} has no machine, only what EFI passes")

    def _take_tables(self) -> None:
        folder = self._root / TABLES
        tables = [each for each in _entries(folder) if each.is_file()]
        if any(os.access(each, os.R_OK) for each in tables):
            self._take("ACPI tables", folder)
        elif tables:
            self._missing.append(f"not taken: {folder}: only root may read the tables")

    def _take(self, what: str, path: Path) -> None:
        self._paths.append(str(path))
        self._taken.append(f"{what}: {path}")

    def _take_kernel(self, release: str) -> bool:
        """Its modules and configuration; whether there are any."""
        kernel = RUNNING if self._root == Path("/") else self._folder_of(release)
        try:
            layout = find(kernel)
        except InputError as error:
            self._missing.append(f"not taken: kernel {release}: {error.message}")
            return False
        self._given["kernel"] = kernel
        self._taken.append(f"kernel: {release}, {layout.folder or layout.config}")
        return True

    def _folder_of(self, release: str) -> str:
        """The folder of the modules of a release."""
        folders = (Path(each.pattern.format(root=self._root)) / release for each in MODULES)
        # Path.is_dir() raises for a name that is too long.
        there = (str(folder) for folder in folders if os.path.isdir(folder))  # noqa: PTH112
        return next(there, f"{self._root}/lib/modules/{release}")

    def _take_initramfs(self, release: str) -> None:
        package = _text(Path(self._folder_of(release)) / "pkgbase")
        names = {"version": escape(release), "package": escape(package) or "linux", "root": ""}
        root = escape(str(self._root).rstrip("/"))
        for place in INITRAMFS:
            pattern = place.pattern.format(**names).lstrip("/")
            found = glob(f"{root}/{pattern}")  # noqa: PTH207 - Path.glob() as Path.is_dir()
            for path in map(Path, sorted(found)):
                if os.access(path, os.R_OK):
                    self._given["initramfs"] = str(path)
                    self._taken.append(f"initramfs: {path}")
                    return
                self._missing.append(f"not taken: {path}: only root may read it")
                return
        self._missing.append(f"not taken: no initramfs of {release} in /boot")

    def _take_cmdline(self) -> None:
        text = _text(self._root / _CMDLINE)
        if not text:
            self._missing.append("not taken: no command line in /proc/cmdline")
            return
        self._given["cmdline"] = CommandLine.read(text)[0]
        self._taken.append(f"command line: {text}")

    def _take_pci(self) -> None:
        """The PCI functions, where the kernel has found any."""
        folder = self._root / PCI
        if any(_entries(folder / "devices")):
            self._given["lspci"] = str(folder)
            self._taken.append(f"PCI functions: {folder}")

    def _take_memory(self) -> None:
        """The memory map, which is asked where there is a DMAR."""
        path = self._root / IOMEM
        if not (self._root / TABLES / "DMAR").exists():
            return
        try:
            read_map(str(path))
        except InputError as error:
            self._missing.append(f"not taken: {path}: {error.message}")
        else:
            self._given["iomem"] = str(path)
            self._taken.append(f"memory map: {path}")


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:
        return


def _text(path: Path) -> str:
    """A short text of the kernel's, without control characters; empty if it is not there."""
    try:
        text = reading.content(str(path), 65536)[:65536].decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return "".join(each if each.isprintable() else " " for each in text)
