"""Messages about the whole machine: a root filesystem that is not found.

The kernel reports it, or the program in the initramfs that looks for it; each has its own words.
"""

from __future__ import annotations

from dtlink.facts.loglines.row import Harm, LogMessage, Topic

#: How the kinds begin that say that no root filesystem was found.
NO_ROOT = "no-root"

_CURE = (
    "see whether a device that the log shows waiting is the disk's controller, or is on the way "
    "to it; with --dtb, --kernel and --initramfs the missing drivers are named"
)


def _no_root(
    kind: str,
    needles: tuple[str, ...],
    pattern: str,
    sample: str,
    source: str,
    harm: Harm = Harm.HARMFUL,
) -> LogMessage:
    return LogMessage(
        kind=f"{NO_ROOT}{kind}",
        topic=Topic.SYSTEM,
        needles=needles,
        pattern=pattern,
        harm=harm,
        sample=sample,
        meaning="The root filesystem was not found.",
        cure=_CURE,
        source=source,
    )


SYSTEM_LINES = (
    _no_root(
        "",
        ("VFS: ", "Can't open blockdev"),
        r"VFS: (?:Unable to mount root fs|Cannot open root device)"
        r"|/dev/root: Can't open blockdev",
        'VFS: Unable to mount root fs on "/dev/sda2"',
        "init/do_mounts.c, mount_root_generic(), mount_nfs_root(); fs/super.c, get_tree_bdev()",
    ),
    _no_root(
        "-initramfs-tools",
        ("ALERT! ", "Gave up waiting for"),
        r"ALERT! .{1,200} does not exist\.|Gave up waiting for root(?: file system)? device",
        "Gave up waiting for root file system device.  Common problems:",
        "initramfs-tools, scripts/local, local_device_setup()",
    ),
    _no_root(
        "-dracut",
        (
            *("Could not boot", "Not all disks have been found", "does not exist"),
            *("Emergency Shell", "initqueue"),
        ),
        r"dracut\S{0,40}:? (?:Warning|FATAL): (?:Could not boot|Not all disks have been found"
        r"|.{0,40}/dev/\S{1,200} does not exist|dracut-initqueue:? timeout)"
        r"|Starting Dracut Emergency Shell",
        "dracut-initqueue[412]: Warning: Could not boot.",
        "dracut, modules.d/98dracut-systemd/dracut-initqueue.sh, emergency shell",
    ),
    _no_root(
        "-systemd",
        ("Initrd Root Device", "/sysroot"),
        r"(?:Dependency failed for|Timed out waiting for)(?: \S{1,200} -)? "
        r"(?:Initrd Root Device|/sysroot)\b|Failed to mount (?:\S{1,64} - )?/sysroot\b",
        "systemd[1]: Dependency failed for initrd-root-device.target - Initrd Root Device.",
        "systemd, units/initrd-root-device.target, sysroot.mount; src/core/job.c",
    ),
    _no_root(
        "-mkinitcpio",
        ("on real root", "not found. Skipping fsck"),
        r"ERROR: (?:Failed to mount .{1,200} on real root"
        r"|device .{1,200} not found\. Skipping fsck)",
        "ERROR: Failed to mount 'UUID=0a' on real root",
        "mkinitcpio, init, init_functions",
    ),
    _no_root(
        "-nixos",
        ("in stage 1 of the boot", "trying to mount anyway"),
        r"An error occurred in stage 1 of the boot process|trying to mount anyway",
        "An error occurred in stage 1 of the boot process, which must mount the",
        "nixpkgs, nixos/modules/system/boot/stage-1-init.sh",
    ),
    LogMessage(
        kind="root-wait",
        topic=Topic.SYSTEM,
        needles=("Waiting for root",),
        pattern=r"Waiting for root (?:device|file ?system)",
        harm=Harm.HARMLESS,
        sample="Waiting for root device /dev/mmcblk0p2...",
        meaning="The device of the root filesystem is not there yet.",
        cure=_CURE,
        source="init/do_mounts.c, wait_for_root(); initramfs-tools, scripts/local",
    ),
)
