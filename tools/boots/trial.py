"""All boots of one machine: with the whole list, with an empty one, and without each module."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from dtlink.kernel.initramfs.read import read_initramfs
from tools.boots.boot import Outcome, boot
from tools.boots.images import MAKERS, root_medium, root_tree
from tools.boots.listing import Listing, Row, list_modules, plain, without
from tools.boots.machines import Machine
from tools.boots.nfs import nfs_lacks
from tools.boots.systems import System


class Verdict(Enum):
    """What a boot without a module shows of it."""

    NEEDED = "needed"
    KEPT = "kept by a dependency"
    """The image has it nevertheless, because a module that is left depends on it."""
    OPTIONAL = "optional, as the list says"
    SUPERFLUOUS = "not needed, and the list does not say so"
    UNKNOWN = "unknown"


class Removal(NamedTuple):
    """What happens without one module."""

    row: Row
    outcome: Outcome | None
    """``None``: not booted, for the image is as before."""

    @property
    def verdict(self) -> Verdict:
        """What this shows of the module."""
        if self.outcome is None:
            return Verdict.KEPT
        if self.outcome.reached is None:
            return Verdict.UNKNOWN
        if not self.outcome.reached:
            return Verdict.NEEDED
        return Verdict.OPTIONAL if self.row.optional else Verdict.SUPERFLUOUS


class Trial(NamedTuple):
    """The boots of one machine."""

    machine: Machine
    release: str
    form: str
    listing: Listing
    whole: Outcome
    empty: Outcome
    """The control: if this reaches the root file system, nothing is proven."""
    removals: tuple[Removal, ...]

    @property
    def is_right(self) -> bool:
        """Whether the list boots, an empty one does not, and none of its modules is superfluous."""
        superfluous = any(each.verdict is Verdict.SUPERFLUOUS for each in self.removals)
        return self.whole.reached is True and self.empty.reached is False and not superfluous


@dataclass(frozen=True)
class Bench:
    """A machine, a system, and the folder for what is made of them."""

    machine: Machine
    system: System
    folder: Path
    form: str = "initramfs-tools"

    @cached_property
    def devicetree(self) -> Path:
        """The DTB that the kernel gets."""
        if self.machine.devicetree:
            return self.system.devicetree(self.machine.devicetree)
        path = self.folder / "machine.dtb"
        dump_devicetree(self.machine, path)
        return path

    @cached_property
    def medium(self) -> Path:
        """The root file system."""
        if self.machine.is_nfs:
            return root_tree(self.system, self.folder / "root")
        return root_medium(self.system, self.folder)

    def image(self, name: str, text: str) -> Path:
        """The image of a list."""
        image = self.folder / f"{name}.img"
        MAKERS[self.form](self.system, text, image)
        return image

    def modules(self, image: Path) -> frozenset[str]:
        """The modules of an image."""
        return read_initramfs(str(image)).modules_for(self.system.release)

    def boot(self, image: Path) -> Outcome:
        """Boot an image; it is deleted after."""
        log = image.with_suffix(".serial")
        kernel = self.system.kernel
        outcome = boot(self.machine, kernel, self.devicetree, image, self.medium, log)
        image.unlink()
        return outcome


def dump_devicetree(machine: Machine, path: Path) -> None:
    """The DTB that QEMU makes for a machine."""
    program, option, value, *rest = machine.qemu
    subprocess.run(  # noqa: S603 - the table's own command
        [program, option, f"{value},dumpdtb={path}", *rest, "-nodefaults", "-display", "none"],
        check=True,
        stderr=subprocess.DEVNULL,
    )


def try_machine(bench: Bench, *, each: bool, jobs: int, also: str = "") -> Trial:
    """Boot with the whole list and with an empty one; with ``each``, without each module too.

    ``also`` is added to the whole list.
    """
    shutil.rmtree(bench.folder, ignore_errors=True)
    bench.folder.mkdir(parents=True)
    listing = list_modules(bench.machine, bench.system, bench.devicetree, bench.form)
    bench.medium  # noqa: B018 - made before there are threads
    with ThreadPoolExecutor(jobs) as pool:
        whole = pool.submit(lambda: bench.boot(bench.image("whole", listing.text + also)))
        empty = pool.submit(lambda: bench.boot(bench.image("empty", "")))
        rows = listing.rows if each else ()
        removals = pool.map(lambda row: _removal(bench, listing.text, row), rows)
        return Trial(
            machine=bench.machine,
            release=bench.system.release,
            form=bench.form,
            listing=listing,
            whole=whole.result(),
            empty=empty.result(),
            removals=tuple(removals),
        )


def _removal(bench: Bench, text: str, row: Row) -> Removal:
    image = bench.image(f"without-{row.module}", without(text, row.module))
    if plain(row.module) in bench.modules(image):
        image.unlink()
        return Removal(row, None)
    return Removal(row, bench.boot(image))


def needed_programs(machine: Machine) -> Iterator[str]:
    """What this machine lacks to emulate another."""
    for program in (machine.qemu[0], "/usr/sbin/mkfs.ext4"):
        if shutil.which(program) is None:
            yield f"{program} is not installed"
    if machine.is_nfs:
        yield from nfs_lacks()
