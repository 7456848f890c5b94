"""A folder with an installed Debian of another architecture, in which its own tools are run."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

#: What is needed of the system: a file of it, and the package that has it.
_NEEDED = (("bin/busybox", "busybox-static"), ("usr/bin/udevadm", "udev"), ("usr/bin/zstd", "zstd"))
#: The same by the tool that makes images, as a format of ``dtlink modules``.
_NEEDED_BY = {
    "initramfs-tools": (
        ("usr/sbin/mkinitramfs", "initramfs-tools-core"),
        ("usr/lib/klibc/bin/nfsmount", "klibc-utils"),
    ),
    "dracut": (("usr/bin/dracut", "dracut-core"), ("usr/bin/mount", "mount")),
}
#: Programs of the system that scripts run most, of which this machine's own build may take the
#: place: emulated, mkinitramfs takes ten times as long. It puts none of them into an image.
_COMMON = (
    *("bash", "dash", "cat", "chmod", "cp", "cut", "find", "grep", "ln", "ls", "mkdir", "mktemp"),
    *("mv", "readlink", "rm", "sed", "sort", "stat", "touch", "tr", "uname", "uniq", "zstd"),
    *("basename", "dirname", "head", "tail", "env", "gzip", "xargs", "mawk"),
)
#: $1: the system; its programs are covered in a mount namespace of its own.
_COVER = """
set -e
system=$1 libraries=$2 loader=$3
shift 3
mkdir -p "$system$libraries" "$system/lib64"
mount --bind "$libraries" "$system$libraries"
mount --bind "$loader" "$system$loader"
while [ "$1" != -- ]; do
    mount --bind "$1" "$system$1"
    shift
done
shift
exec chroot "$system" "$@"
"""
_DEVICETREES = ("usr/lib/linux-image-{release}", "usr/lib/modules/{release}/dtb")
_IMAGES = ("boot/vmlinuz-{release}", "usr/lib/modules/{release}/vmlinuz")


@dataclass(frozen=True)
class System:
    """An installed Debian with one kernel package, as ``mmdebstrap`` makes it."""

    folder: Path

    @cached_property
    def release(self) -> str:
        """The kernel's release; empty if there is none."""
        names = sorted(each.name for each in self.folder.glob("usr/lib/modules/*"))
        return names[-1] if names else ""

    @cached_property
    def architecture(self) -> str:
        """Debian's name of the architecture (dpkg(1), FILES)."""
        own = self.folder / "var/lib/dpkg/arch"
        if own.is_file():
            return own.read_text("ascii").split()[0]
        status = (self.folder / "var/lib/dpkg/status").read_text("utf-8")
        found = {line.split()[1] for line in status.splitlines() if line.startswith("Architecture")}
        return next(iter(found - {"all"}), "")

    @property
    def kernel(self) -> Path:
        """The kernel's image."""
        return self._first(_IMAGES)

    def devicetree(self, name: str) -> Path:
        """A DTB of the kernel package."""
        return self._first([f"{folder}/{name}" for folder in _DEVICETREES])

    def _first(self, places: Sequence[str]) -> Path:
        """The first of several places that is there, or the first of all."""
        paths = [self.folder / each.format(release=self.release) for each in places]
        return next((each for each in paths if each.is_file()), paths[0])

    def lacks(self, form: str) -> Iterator[str]:
        """What is missing in the system for images from a list of this form, one line each."""
        if not self.folder.is_dir():
            yield f"{self.folder} is not a folder"
            return
        for path, package in (*_NEEDED, *_NEEDED_BY[form]):
            if not (self.folder / path).exists():
                yield f"{self.folder} lacks the package {package}"
        if not self.release or not self.kernel.is_file():
            yield f"{self.folder} lacks a kernel (linux-image-arm64, linux-image-armmp)"

    def run(self, *command: str, fast: bool = False) -> subprocess.CompletedProcess[str]:
        """Run a program of the system, in the system: its programs and libraries are its own.

        ``fast``: but for those of :data:`_COMMON`, for a program that copies none of them.

        Needs root, and for another architecture qemu-user-static with binfmt_misc.
        """
        return subprocess.run(  # noqa: S603 - names made here
            [*(self._covered if fast else self._plain), *command],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TMPDIR": "/tmp"},  # noqa: S108
        )

    @property
    def _plain(self) -> tuple[str, ...]:
        return ("/usr/sbin/chroot", str(self.folder))

    @cached_property
    def _covered(self) -> tuple[str, ...]:
        """The command that enters the system, with this machine's common programs if they fit."""
        libraries, loader = f"/usr/lib/{platform.machine()}-linux-gnu", "/lib64"
        if platform.machine() != "x86_64" or not Path(libraries).is_dir():
            return self._plain
        names = [Path("/usr/bin", each) for each in _COMMON]
        own = [str(each) for each in names if each.is_file() and not each.is_symlink()]
        common = [each for each in own if (self.folder / each[1:]).is_file()]
        cover = ("/usr/bin/unshare", "--mount", "/bin/sh", "-c", _COVER, "cover")
        return (*cover, str(self.folder), libraries, loader, *common, "--")

    def lacks_here(self) -> Iterator[str]:
        """What this machine is missing to run the system's programs."""
        if os.geteuid() != 0:
            yield "chroot(8) needs root"
        elif self.run("/bin/busybox", "true").returncode:
            yield f"programs of {self.architecture} do not run here: install qemu-user-static"
