"""A driver is missing that the root filesystem needs, though no device asks for it.

What it finds: a root filesystem whose disk needs a driver on its controller's bus (nvme behind a
PCI host, mmc_block, usb_storage, sd_mod) or above it (dm_crypt, dm_mod, nfs, overlay, the file
system of rootfstype=), and that driver is not built, or is a module that the initramfs lacks. What
is above the disk follows from the command line. Where root= does not name the kind of disk, drivers
on buses are reported only if no controller has its own; as a warning where the only controllers are
USB hosts, and not at all for NOR chips, which mostly have the boot loader. Not reported are drivers
that a root may do without (uas, RAID levels), and unusual file systems that rootfstype= does not
name.
Why it matters: every device of the tree probes, and the disk does not appear or cannot be mounted:
nothing in the log names the module. Tools that make an initramfs by what is mounted on the machine
that runs them leave out what another machine needs.
What to do: put the module into the initramfs ("dtlink modules" lists it with the others), or set
the option.
References: Linux, drivers/nvme/host/pci.c, nvme_probe(); drivers/mmc/core/block.c, mmc_blk_probe();
init/do_mounts.c, mount_root(), do_mount_root(); Documentation/admin-guide/nfs/nfsroot.rst;
initramfs-tools, scripts/local, local_device_setup(), local_mount_root().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.root_needs import driver_of, root_ways
from dtlink.board.tree import TreeBoard
from dtlink.facts.media import BusDriver
from dtlink.facts.outcomes import State
from dtlink.firmware.tree import Node
from dtlink.records import NamedTuple
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.module._missing import named

_BOARD = """
/dts-v1/;
/ {
  chosen { bootargs = "root=/dev/nvme0n1p2 rootfstype=ext4"; };
  pcie@1000 { compatible = "vendor,pcie"; reg = <0x1000 0x100>; device_type = "pci"; };
};
"""
_KERNEL = """
built-in PCIE_VENDOR drivers/pci/controller/vendor-pcie.c vendor,pcie
config BLK_DEV_NVME=m EXT4_FS=y
initramfs {held}
"""
_BAD = Dts(_BOARD, finds=("/pcie@1000",), kernel=_KERNEL.format(held="xhci_pci"))
_GOOD = Dts(_BOARD, kernel=_KERNEL.format(held="nvme"))


class _Gap(NamedTuple):
    """A driver that is missing."""

    row: BusDriver
    modules: tuple[str, ...]
    """The modules that the initramfs lacks; empty: the driver is not built."""
    nodes: tuple[int, ...] = ()
    """The controllers; empty for what is above the disk."""
    word: str = ""
    """The word of the command line that asks for it."""
    is_sure: bool = True


@rule(__name__, __doc__, since="0.2", severity=Severity.ERROR, bad=_BAD, good=_GOOD)
def root_lacks_driver(board: TreeBoard) -> Iterator[Finding]:
    """Each driver that is missing on the buses of the root's controllers, or above them."""
    if board.facts is None:
        return
    for gap in (*_on_buses(board), *_above(board)):
        yield _finding(board, gap)


def _on_buses(board: TreeBoard) -> Iterator[_Gap]:
    """The drivers on buses: of several controllers, all have to lack their own to be sure."""
    root = board.root
    ways = [way for way in root_ways(board) if not root.is_guess or way.node in root.plugged]
    found: dict[tuple[BusDriver, tuple[str, ...]], list[int]] = {}
    for way in ways:
        for row in way.drivers:
            missing = None if row.is_optional else _missing(board, row)
            if missing is not None:
                found.setdefault((row, missing), []).append(way.node)
    lost = {node for nodes in found.values() for node in nodes}
    is_sure = len(lost) == len(ways)
    if is_sure or root.is_told:
        for (row, missing), nodes in found.items():
            yield _Gap(row, missing, tuple(nodes), is_sure=is_sure and not root.is_guess)


def _above(board: TreeBoard) -> Iterator[_Gap]:
    """The drivers above the disk that the command line asks for."""
    for each in board.root.spec.support():
        if each.is_told and not each.driver.is_optional:
            missing = _missing(board, each.driver)
            if missing is not None:
                yield _Gap(each.driver, missing, word=each.because)


def _missing(board: TreeBoard, row: BusDriver) -> tuple[str, ...] | None:
    """The modules that the initramfs lacks, none if it is not built; ``None``: it is there."""
    driver, facts = driver_of(board, row), board.named_facts
    if driver.state is State.NOT_BUILT:
        return ()
    known = facts.build.modules
    below = [each for name in driver.modules if name in known for each in known[name].depends]
    lacking = tuple(name for name in (*driver.modules, *below) if facts.holds(name) is False)
    return lacking or None


def _finding(board: TreeBoard, gap: _Gap) -> Finding:
    where = f"behind {named(board, gap.nodes)}" if gap.nodes else f"for {gap.word}"
    option = f"CONFIG_{gap.row.config}"
    lacks = " and ".join(gap.modules[:1])
    subject, *others = _nodes(board, gap.nodes)
    return root_lacks_driver.finding(
        subject,
        f"the initramfs lacks {lacks} ({option}), the driver of {gap.row.drives} {where}"
        if lacks
        else f"this kernel has no driver for {gap.row.drives} {where}: {option} is not set",
        effect=_effect(gap),
        fix=f"Put {lacks} into the initramfs, or set {option}=y." if lacks else f"Set {option}.",
        related=others,
        likely=not gap.is_sure,
    )


def _effect(gap: _Gap) -> str:
    there = "" if gap.is_sure else "if the root filesystem is there, "
    if gap.nodes:
        return (
            f"{there}the controller probes, and the disk does not appear "
            '("Waiting for root device", or "Gave up waiting for root file system device")'
        )
    return 'the root filesystem cannot be mounted ("VFS: Unable to mount root fs", or a shell)'


def _nodes(board: TreeBoard, nodes: Sequence[int]) -> list[Node]:
    """The controllers, or ``/chosen``, which says where the root is."""
    if nodes:
        return [board.tree[node] for node in nodes]
    return [board.tree.root.child("chosen") or board.tree.root]
