"""Where a command line says the root is, and the drivers that this needs."""

import pytest

from dtlink.facts.cmdline import CommandLine
from dtlink.facts.root import RootSpec


def spec(line: str) -> RootSpec:
    return RootSpec.of(CommandLine.parse(line))


def modules(line: str) -> set[str]:
    return {each.driver.module for each in spec(line).support()}


@pytest.mark.parametrize(
    ("device", "disk"),
    [
        ("/dev/mmcblk1p2", "mmcblk"),
        ("/dev/nvme0n1p2", "nvme"),
        ("/dev/sda1", "sd"),
        ("sda1", "sd"),
        ("/dev/vdb", "vd"),
        ("/dev/mtdblock3", "mtdblock"),
        ("mtd:rootfs", "mtd"),
        ("ubi0:rootfs", "ubi"),
        ("/dev/nfs", "nfs"),
        ("179:2", "mmcblk"),
        ("b302", "mmcblk"),
        ("0801", "sd"),
        ("/dev/disk/by-id/nvme-acme-part2", "nvme"),
        ("/dev/disk/by-id/usb-acme-0:0-part1", "sd"),
        ("/dev/disk/by-path/platform-fe320000.mmc-part2", "mmcblk"),
        ("/dev/disk/by-path/platform-f8000000.pcie-pci-0000:01:00.0-nvme-1-part1", "nvme"),
        # What says nothing of the medium.
        ("UUID=0a", ""),
        ("PARTUUID=0a-02", ""),
        ("LABEL=root", ""),
        ("/dev/disk/by-uuid/0a", ""),
        ("/dev/mapper/vg-root", ""),
        ("/dev/vg/root", ""),
        ("/dev/md0", ""),
        ("/dev/ram0", ""),
        ("/dev/sdcard", ""),
        ("259:2", ""),
        ("", ""),
    ],
)
def test_the_medium_of_a_root_device(device: str, disk: str) -> None:
    assert spec(f"root={device}").disk == disk


def test_an_encrypted_disk_is_on_the_device_that_holds_it() -> None:
    line = "cryptdevice=/dev/mmcblk2p2:root root=/dev/mapper/root"
    assert (spec(line).disk, spec(line).number) == ("mmcblk", 2)
    assert spec("cryptopts=target=a,source=/dev/nvme0n1p2 root=/dev/mapper/a").disk == "nvme"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("root=UUID=1", {"ext4"}),
        ("root=/dev/sda1 rootfstype=btrfs", {"btrfs"}),
        ("root=/dev/sda1 rootfstype=xfs,ext4", {"xfs", "ext4"}),
        ("root=/dev/sda1 rootfstype=zfs", set()),
        ("root=ubi0:root", {"ubi", "ubifs"}),
        ("root=/dev/mtdblock2 rootfstype=jffs2", {"mtdblock", "jffs2"}),
        ("root=/dev/nfs nfsroot=10.0.0.1:/a ip=dhcp", {"nfs", "nfsv3", "nfsv4"}),
        ("root=/dev/nfs nfsroot=10.0.0.1:/a,vers=3,tcp", {"nfs", "nfsv3"}),
        ("root=/dev/nfs nfsroot=10.0.0.1:/a,v4.2", {"nfs", "nfsv4"}),
        ("root=nfs4:10.0.0.1:/a", {"nfs", "nfsv4"}),
        ("netroot=iscsi:10.0.0.1::::a root=UUID=1", {"iscsi_tcp", "sd_mod", "ext4"}),
        ("root=/dev/nbd0 rootfstype=ext4", {"nbd", "ext4"}),
        ("rd.luks.uuid=1 root=UUID=2", {"dm_crypt", "xts", "ext4"}),
        ("cryptdevice=UUID=1:a root=/dev/mapper/a", {"dm_crypt", "xts", "dm_mod", "ext4"}),
        ("root=/dev/vg/root", {"dm_mod", "ext4"}),
        ("root=UUID=1 overlayroot=tmpfs", {"overlay", "ext4"}),
        ("root=UUID=1 overlayroot=disabled", {"ext4"}),
        ("boot=live", {"overlay", "loop", "squashfs", "ext4"}),
        ("root=/dev/md0", {"raid0", "raid1", "raid10", "raid456", "ext4"}),
    ],
)
def test_the_drivers_above_the_medium(line: str, found: set[str]) -> None:
    assert modules(line) == found


def test_each_says_why() -> None:
    words = {each.driver.module: (each.because, each.is_told) for each in spec("md=0").support()}
    assert words["raid1"] == ("md=0", True)
    because, is_told = words["ext4"]
    assert not is_told
    assert "rootfstype=" in because


@pytest.mark.parametrize(
    ("line", "is_network", "configures"),
    [
        ("root=/dev/nfs", True, False),
        ("root=/dev/sda1 ip=dhcp", False, True),
        ("root=/dev/sda1 ip=off", False, False),
        ("netroot=iscsi:10.0.0.1::::a root=UUID=1 ip=dhcp", True, True),
    ],
)
def test_networks(line: str, is_network: bool, configures: bool) -> None:  # noqa: FBT001
    assert (spec(line).is_network, spec(line).configures_network) == (is_network, configures)


def test_what_asks_for_a_passphrase() -> None:
    assert spec("rd.luks.name=1=a").encrypted == "rd.luks.name=1=a"
    assert spec("root=UUID=1").encrypted == ""
