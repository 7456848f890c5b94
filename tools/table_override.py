"""Boot a table with a fault in QEMU, then what ``lint --fix --acpi-override-out`` makes of it.

From the top of the project:

    python -m tools.table_override --system /srv/trixie-arm64 --work /var/tmp/override

QEMU's own IORT has the fault: the count of an ID mapping is one too many (iort/off-by-one). Two
devices are placed so that Linux meets it. Nothing is downloaded: tools/README.md says how a system
is made. Exit status: 0 Linux complains of the firmware's table, and takes dtlink's without a
complaint; 1 otherwise.
"""

from __future__ import annotations

import base64
import gzip
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tools.boots.systems import System

#: A bus that bypasses the SMMU begins where the range of the buses that pass through it ends.
_MACHINE = (
    *("qemu-system-aarch64", "-M", "virt,iommu=smmuv3,gic-version=3", "-cpu", "cortex-a57"),
    *("-m", "512", "-nodefaults", "-display", "none", "-no-reboot", "-monitor", "none"),
    *("-serial", "stdio", "-device", "pcie-root-port,chassis=1,slot=1,bus=pcie.0"),
    *("-device", "pxb-pcie,id=other,bus_nr=2,bus=pcie.0,bypass_iommu=on"),
    *("-device", "pcie-root-port,chassis=2,slot=2,bus=other,addr=0"),
)
_FIRMWARE = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
_COMMAND_LINE = "console=ttyAMA0 acpi=force loglevel=4 panic=1"
_BEGIN, _END = "dtlink: the table:", "dtlink: the log:"
_INIT = f"""#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev
exec > /dev/console 2>&1
echo '{_BEGIN}'
/bin/busybox base64 /sys/firmware/acpi/tables/IORT
echo '{_END}'
/bin/busybox dmesg
/bin/busybox poweroff -f
"""
_COMPLAINT = "[Firmware Bug]: "
#: What the log has of tables that are taken from the initramfs, and of mappings.
_SHOWN = re.compile(r"Table Upgrade|ACPI table found in initrd|ACPI: IORT: ")
_SECONDS = 900


@click.command(help=__doc__)
@click.option("--system", "folder", required=True, type=click.Path(path_type=Path))
@click.option("--work", required=True, type=click.Path(path_type=Path))
@click.option("--firmware", default=_FIRMWARE, show_default=True, help="UEFI for the machine.")
def main(folder: Path, work: Path, firmware: str) -> None:
    """Print the lines of both logs that are about the table."""
    system = System(folder.resolve())
    work.mkdir(parents=True, exist_ok=True)
    initramfs = work / "initramfs"
    initramfs.write_bytes(_initramfs(system, work / "root"))
    before = _boot(system, firmware, initramfs)
    (work / "IORT.dat").write_bytes(table_of(before))
    _fix(work)
    fixed = work / "initramfs-fixed"
    fixed.write_bytes((work / "acpi.cpio").read_bytes() + initramfs.read_bytes())
    after = _boot(system, firmware, fixed)
    for name, log in (("before", before), ("after", after)):
        (work / f"{name}.log").write_text(log, "utf-8")
        click.echo("\n".join((f"{name}:", *(f"  {line}" for line in shown(log)))))
    sys.exit(not is_mended(before, after))


def _initramfs(system: System, root: Path) -> bytes:
    (root / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(system.folder / "bin/busybox", root / "bin/busybox")
    (root / "init").write_text(_INIT, "ascii")
    (root / "init").chmod(0o755)
    names = b"bin\nbin/busybox\ninit\n"
    archive = ("cpio", "--create", "--format=newc", "--quiet")
    done = subprocess.run(archive, input=names, cwd=root, capture_output=True, check=True)  # noqa: S603 - names made here
    return gzip.compress(done.stdout)


def _boot(system: System, firmware: str, initramfs: Path) -> str:
    images = ("-kernel", str(system.kernel), "-initrd", str(initramfs))
    command = (*_MACHINE, "-bios", firmware, *images, "-append", _COMMAND_LINE)
    done = subprocess.run(  # noqa: S603 - names made here
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=True
    )
    return done.stdout.decode("utf-8", "replace")


def _fix(work: Path) -> None:
    """Make the override, by the command line that a user has."""
    lint = (sys.executable, "-m", "dtlink", "lint", "IORT.dat")
    fix = ("--fix", "--unsafe-fixes", "--acpi-override-out", "acpi.cpio")
    subprocess.run((*lint, *fix), cwd=work, check=True)  # noqa: S603 - names made here


def table_of(log: str) -> bytes:
    """The table that the init printed."""
    return base64.b64decode(_between(log))


def _between(log: str) -> str:
    return log.partition(_BEGIN)[2].partition(_END)[0]


def shown(log: str) -> Iterator[str]:
    """The lines of the kernel's log that are about the table."""
    for line in log.partition(_END)[2].splitlines():
        if _SHOWN.search(line):
            yield line.strip()


def is_mended(before: str, after: str) -> bool:
    """Whether Linux complained, took the other table, and complains no more."""
    complaints = [any(_COMPLAINT in line for line in shown(log)) for log in (before, after)]
    return complaints == [True, False] and any("Table Upgrade" in line for line in shown(after))


if __name__ == "__main__":
    main()
