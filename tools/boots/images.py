"""Initramfs images from a list of modules, by the distribution's own tools; and the root medium."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tools.boots.systems import System

#: What the root file system's init writes to the console.
MARKER = "dtlink: init of the root file system runs"

_SCRATCH = "tmp/dtlink-boots"
_CONFIGURATION = "MODULES=list\nBUSYBOX=y\nKEYMAP=n\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\nFSTYPE=auto\n"
_INIT = f"#!/bin/sh\necho '{MARKER}' > /dev/console\nwhile :; do /bin/busybox sleep 1; done\n"
_MEDIUM_SIZE = 64 << 20

#: Makes an image in a system: system, the tool's configuration, the image.
Maker = Callable[[System, str, Path], None]


class ImageError(Exception):
    """A tool failed; the message is what it printed."""


def initramfs_tools(system: System, text: str, image: Path) -> None:
    """Make an image by ``mkinitramfs`` with MODULES=list, ``text`` being its list of modules.

    The rest of the configuration is the package's, in a folder of its own (option -d).
    """
    scratch = _scratch(system, image)
    shutil.copytree(system.folder / "etc/initramfs-tools", scratch / "conf")
    (scratch / "conf/initramfs.conf").write_text(_CONFIGURATION, "utf-8")
    (scratch / "conf/modules").write_text(text, "utf-8")
    inside = "/" + str(scratch.relative_to(system.folder))
    command = ("mkinitramfs", "-d", f"{inside}/conf", "-o", f"{inside}/image")
    _make(system, scratch, image, command, fast=True)


def dracut(system: System, text: str, image: Path) -> None:
    """Make an image by dracut, ``text`` being its only configuration.

    Without dracut's module kernel-modules, which would add every driver of a disk there is.
    """
    scratch = _scratch(system, image)
    (scratch / "conf").mkdir()
    (scratch / "conf/dtlink.conf").write_text(text, "utf-8")
    inside = "/" + str(scratch.relative_to(system.folder))
    command = (
        *("dracut", "--conf", "/dev/null", "--confdir", f"{inside}/conf", "--no-hostonly"),
        *("--modules", "base udev-rules rootfs-block fs-lib", "--zstd", f"{inside}/image"),
    )
    _make(system, scratch, image, command, fast=False)


#: The makers by the format of ``dtlink modules``.
MAKERS: dict[str, Maker] = {"initramfs-tools": initramfs_tools, "dracut": dracut}


def _scratch(system: System, image: Path) -> Path:
    scratch = system.folder / _SCRATCH / f"{image.parent.name}-{image.stem}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    return scratch


def _make(
    system: System, scratch: Path, image: Path, command: tuple[str, ...], *, fast: bool
) -> None:
    result = system.run(*command, system.release, fast=fast)
    image.with_suffix(".log").write_text(result.stdout + result.stderr, "utf-8")
    made = scratch / "image"
    if result.returncode or not made.is_file():
        raise ImageError(f"{command[0]}: status {result.returncode}: {result.stderr.strip()}")
    shutil.move(made, image)
    shutil.rmtree(scratch)


def root_tree(system: System, folder: Path) -> Path:
    """A folder with a root file system whose init writes :data:`MARKER`."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("bin", "sbin", "dev", "proc", "sys", "run", "tmp", "etc", "root"):
        (folder / name).mkdir(parents=True)
    shutil.copy(system.folder / "bin/busybox", folder / "bin/busybox")
    (folder / "bin/sh").symlink_to("busybox")
    init = folder / "sbin/init"
    init.write_text(_INIT, "ascii")
    init.chmod(0o755)
    return folder


def root_medium(system: System, folder: Path) -> Path:
    """A raw image of such a file system, ext4; its size is a power of two, as SD cards need."""
    tree, image = root_tree(system, folder / "root"), folder / "root.img"
    with image.open("wb") as file:
        file.truncate(_MEDIUM_SIZE)
    subprocess.run(  # noqa: S603 - names made here
        ["/usr/sbin/mkfs.ext4", "-q", "-d", str(tree), str(image)], check=True
    )
    return image
