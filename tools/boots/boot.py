"""One boot in QEMU: does it reach the root file system?"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.boots.images import MARKER
from tools.boots.machines import Machine
from tools.boots.nfs import serving

#: Lines after which no root file system comes: scripts/functions of initramfs-tools, init.sh of
#: dracut, kernel/panic.c.
_FAILED = re.compile(
    r"(?:Gave up waiting for|ALERT! |No init found|Kernel panic - not syncing"
    r"|Failed to mount .* as root file system"
    r"|dracut.*(?:Could not boot|timeout, still waiting)|Warning: /dev/\S+ does not exist).*\n"
)
_CHUNK = 1 << 16
#: The guest's clock follows the instructions that it runs: on a busy host no driver is late that
#: would be in time on an idle one.
_CLOCK = ("-icount", "shift=2")
#: For the kernel and initramfs-tools, and for dracut, which waits for three minutes otherwise.
_GIVE_UP = ("panic=1", "rd.retry=20", "rd.shell=0", "rd.emergency=reboot")
#: How often the time is looked at, in seconds.
_INTERVAL = 2.0
#: A boot that only waits is stopped after its time multiplied by this.
_IDLE = 10


class Outcome(NamedTuple):
    """How a boot ended."""

    reached: bool | None
    """Whether the root file system's init ran; ``None``: stopped before this was clear."""
    last: str
    """The line that ended it."""
    seconds: float
    """Processor time of QEMU."""


def boot(
    machine: Machine, kernel: Path, devicetree: Path, initramfs: Path, medium: Path, log: Path
) -> Outcome:
    """Boot, and wait for the marker, for a failure, or until the machine's time is over."""
    around = serving(medium, log.with_suffix(".nfs")) if machine.is_nfs else ()
    command = [*around, *_command(machine, kernel, devicetree, initramfs, str(medium))]
    log.with_suffix(".command").write_text(" ".join(command) + "\n", "utf-8")
    with subprocess.Popen(  # noqa: S603 - the table's own command
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            return _watch(process, log, machine.seconds)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _command(
    machine: Machine, kernel: Path, devicetree: Path, initramfs: Path, medium: str
) -> Iterator[str]:
    yield from machine.qemu
    yield from ("-nodefaults", "-display", "none", "-no-reboot", "-monitor", "none", *_CLOCK)
    yield from ("-kernel", str(kernel), "-initrd", str(initramfs))
    if machine.devicetree:
        yield from ("-dtb", str(devicetree))
    yield from ("-serial", "null") * machine.serial
    yield from ("-serial", "stdio", "-append", command_line(machine).format(disk=medium))
    yield from (each.format(disk=medium) for each in machine.medium)


def command_line(machine: Machine) -> str:
    """The kernel's command line; images that find no root reboot, which ends QEMU (-no-reboot)."""
    options = (f"console={machine.console}", f"root={machine.root}", "ro", "loglevel=5")
    return " ".join((*options, *_GIVE_UP, *machine.options))


def _watch(process: subprocess.Popen[bytes], log: Path, limit: float) -> Outcome:
    assert process.stdout is not None  # noqa: S101 - for the type checker
    output, text = process.stdout, ""
    with selectors.DefaultSelector() as selector, log.open("wb") as file:
        selector.register(output, selectors.EVENT_READ)
        start = time.monotonic()
        while (spent := _spent(process.pid)) < limit and time.monotonic() - start < limit * _IDLE:
            if not selector.select(_INTERVAL):
                continue
            chunk = os.read(output.fileno(), _CHUNK)
            file.write(chunk)
            file.flush()
            text += chunk.decode("utf-8", "replace")
            outcome = _ended(text, over=not chunk, seconds=_spent(process.pid) or spent)
            if outcome is not None:
                return outcome
    return Outcome(None, f"stopped after {spent:.0f} s; last: {_last(text)}", spent)


def _spent(process: int) -> float:
    """The processor time of a process (proc_pid_stat(5), fields 14 and 15), 0 if it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ended(text: str, *, over: bool, seconds: float) -> Outcome | None:
    if MARKER in text:
        return Outcome(reached=True, last=MARKER, seconds=seconds)
    failed = _FAILED.search(text)
    if failed is not None:
        return Outcome(reached=False, last=failed[0].strip(), seconds=seconds)
    if over:
        return Outcome(reached=None, last=f"QEMU ended: {_last(text)}", seconds=seconds)
    return None


def _last(text: str) -> str:
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    return lines[-1] if lines else "nothing was printed"
