"""What a root filesystem needs above its medium, by the words of a command line that say so.

The words are read by the kernel (Documentation/admin-guide/kernel-parameters.txt, nfs/nfsroot.rst)
or by the tools that make and run an initramfs: initramfs-tools(7), dracut.cmdline(7), mkinitcpio's
encrypt hook, systemd-cryptsetup-generator(8), open-iscsi, overlayroot, live-boot(7).
"""

from __future__ import annotations

from dtlink.facts.media import MTD_BLOCK, SCSI_DISK, UBI, BusDriver
from dtlink.records import NamedTuple


class Layer(NamedTuple):
    """One thing between the medium and the mounted root. Write every column by name."""

    name: str
    words: tuple[str, ...]
    """Regular expressions of ``parameter=value``; any of them says so."""
    drivers: tuple[BusDriver, ...] = ()
    is_encrypted: bool = False
    """Whether a passphrase may be asked for."""
    is_network: bool = False
    """Whether the root is on another machine."""


DM_CRYPT = BusDriver(
    "dm_crypt", "DM_CRYPT", "encrypted disks", 'drivers/md/dm-crypt.c, target_type "crypt"'
)
#: cryptsetup's own choice is aes-xts-plain64.
XTS = BusDriver(
    "xts",
    "CRYPTO_XTS",
    "the cipher mode of LUKS",
    "crypto/xts.c, MODULE_ALIAS_CRYPTO",
    is_optional=True,
)
DEVICE_MAPPER = BusDriver(
    "dm_mod", "BLK_DEV_DM", "logical volumes", "drivers/md/dm.c, MODULE_ALIAS_MISCDEV"
)
RAID = tuple(
    BusDriver(
        module,
        config,
        f"{name} arrays",
        f"drivers/md/{module}.c, MODULE_ALIAS",
        is_optional=True,
    )
    for module, config, name in (
        ("raid0", "MD_RAID0", "RAID0"),
        ("raid1", "MD_RAID1", "RAID1"),
        ("raid10", "MD_RAID10", "RAID10"),
    )
)
RAID456 = BusDriver(
    "raid456",
    "MD_RAID456",
    "RAID4, RAID5 and RAID6 arrays",
    "drivers/md/raid5.c, MODULE_ALIAS",
    is_optional=True,
)
BCACHE = BusDriver("bcache", "BCACHE", "cached disks", "drivers/md/bcache/super.c, bcache_init()")
OVERLAY = BusDriver("overlay", "OVERLAY_FS", "the overlay", "fs/overlayfs/super.c, MODULE_ALIAS_FS")
LOOP = BusDriver("loop", "BLK_DEV_LOOP", "the image as a disk", "drivers/block/loop.c, loop_init()")
SQUASHFS = BusDriver(
    "squashfs", "SQUASHFS", "the image's file system", "fs/squashfs/super.c, MODULE_ALIAS_FS"
)
NFS = BusDriver("nfs", "NFS_FS", "NFS", "fs/nfs/fs_context.c, MODULE_ALIAS_FS")
#: The kernel loads them by the version that is mounted (fs/nfs/client.c, get_nfs_version()).
NFS3 = BusDriver("nfsv3", "NFS_V3", "NFS version 3", "fs/nfs/nfs3super.c, nfs_v3")
NFS4 = BusDriver("nfsv4", "NFS_V4", "NFS version 4", "fs/nfs/nfs4super.c, nfs_v4")
ISCSI = BusDriver("iscsi_tcp", "ISCSI_TCP", "iSCSI", 'drivers/scsi/iscsi_tcp.c, transport "tcp"')
NBD = BusDriver("nbd", "BLK_DEV_NBD", "network block devices", "drivers/block/nbd.c, nbd_init()")

#: A word that is not the name of a kind of device file below /dev.
_GROUP = r"(?!(?:disk|mapper|md|block|cciss|ida|rd|i2o|nfs|ram|root)/)[^/]+"

LAYERS = (
    Layer(
        name="LUKS",
        words=(
            *(r"(rd\.)?luks\.(uuid|name|options|key|data)=.+", r"cryptdevice=.+"),
            *(r"cryptopts=.+", r"cryptroot=.+", r"crypto=.+"),
        ),
        drivers=(DM_CRYPT, XTS),
        is_encrypted=True,
    ),
    Layer(
        name="device mapper",
        words=(r"root=/dev/(mapper/.+|dm-[0-9]+)", rf"root=/dev/{_GROUP}/.+", r"rd\.lvm\..+"),
        drivers=(DEVICE_MAPPER,),
    ),
    Layer(
        name="RAID",
        words=(r"root=/dev/md.+", r"rd\.md\..+", r"md=.+"),
        drivers=(*RAID, RAID456),
    ),
    Layer(name="bcache", words=(r"root=/dev/bcache.+",), drivers=(BCACHE,)),
    Layer(
        name="NFS",
        words=(
            *(r"root=(/dev/)?nfs", r"root=(nfs4?:.+|dhcp6?)", r"nfsroot=.+"),
            *(r"netroot=(nfs4?:.+|dhcp6?)", r"boot=nfs"),
        ),
        drivers=(NFS,),
        is_network=True,
    ),
    Layer(
        name="NFS version 3",
        words=(r"nfsroot=.*,(nfs)?v(ers)?=?3(,.*)?",),
        drivers=(NFS3,),
        is_network=True,
    ),
    Layer(
        name="NFS version 4",
        words=(
            r"nfsroot=.*,(nfs)?v(ers)?=?4(\.[0-9])?(,.*)?",
            r"(net)?root=nfs4:.+",
        ),
        drivers=(NFS4,),
        is_network=True,
    ),
    Layer(
        name="iSCSI",
        words=(r"(net)?root=iscsi:.*", r"rd\.iscsi\..+", r"iscsi_(initiator|target_.+)=.+"),
        drivers=(ISCSI, SCSI_DISK),
        is_network=True,
    ),
    Layer(
        name="NBD",
        words=(r"(net)?root=nbd:.*", r"root=/dev/nbd.+", r"nbdroot=.+"),
        drivers=(NBD,),
        is_network=True,
    ),
    Layer(
        name="overlay",
        words=(
            *(r"overlayroot=(?!disabled).+", r"rd\.overlay(=.*)?", r"rd\.live\.overlay.*"),
            *(r"systemd\.volatile=(yes|overlay|1|true|on)", r"boot=(live|casper|overlay)"),
            r"root=live:.+",
        ),
        drivers=(OVERLAY,),
    ),
    Layer(
        name="live image",
        words=(r"boot=(live|casper)", r"root=live:.+", r"rd\.live\.image(=.*)?"),
        drivers=(LOOP, SQUASHFS),
    ),
    Layer(name="UBI", words=(r"root=(/dev/)?ubi.*", r"ubi\.mtd=.+"), drivers=(UBI,)),
    Layer(name="MTD", words=(r"root=(/dev/mtdblock.+|mtd:?.*)",), drivers=(MTD_BLOCK,)),
)

#: Both, where a command line names no version: servers and tools differ in what they take.
NFS_VERSIONS = (NFS3._replace(is_optional=True), NFS4._replace(is_optional=True))


def _filesystem(module: str, config: str, file: str) -> BusDriver:
    return BusDriver(module, config, "the root file system", f"{file}, MODULE_ALIAS_FS")


#: File systems by their names in rootfstype=.
FILESYSTEMS = {
    "ext4": _filesystem("ext4", "EXT4_FS", "fs/ext4/super.c"),
    "ext3": _filesystem("ext4", "EXT4_FS", "fs/ext4/super.c"),
    "ext2": _filesystem("ext4", "EXT4_FS", "fs/ext4/super.c"),
    "btrfs": _filesystem("btrfs", "BTRFS_FS", "fs/btrfs/super.c"),
    "xfs": _filesystem("xfs", "XFS_FS", "fs/xfs/xfs_super.c"),
    "f2fs": _filesystem("f2fs", "F2FS_FS", "fs/f2fs/super.c"),
    "erofs": _filesystem("erofs", "EROFS_FS", "fs/erofs/super.c"),
    "squashfs": SQUASHFS,
    "ubifs": _filesystem("ubifs", "UBIFS_FS", "fs/ubifs/super.c"),
    "jffs2": _filesystem("jffs2", "JFFS2_FS", "fs/jffs2/super.c"),
    "nilfs2": _filesystem("nilfs2", "NILFS2_FS", "fs/nilfs2/super.c"),
    "cramfs": _filesystem("cramfs", "CRAMFS", "fs/cramfs/inode.c"),
    "romfs": _filesystem("romfs", "ROMFS_FS", "fs/romfs/super.c"),
    "vfat": _filesystem("vfat", "VFAT_FS", "fs/fat/namei_vfat.c"),
    "iso9660": _filesystem("isofs", "ISO9660_FS", "fs/isofs/inode.c"),
    "ntfs3": _filesystem("ntfs3", "NTFS3_FS", "fs/ntfs3/super.c"),
    "9p": _filesystem("9p", "9P_FS", "fs/9p/vfs_super.c"),
    "virtiofs": _filesystem("virtiofs", "VIRTIO_FS", "fs/fuse/virtio_fs.c"),
    "overlay": OVERLAY,
    "nfs": NFS,
    "nfs4": NFS4,
}
#: What a disk, and a UBI volume, mostly have.
USUAL_FILESYSTEM, FLASH_FILESYSTEM = "ext4", "ubifs"

#: The parameters that are looked at: their names, and the beginnings of names.
WORDS = frozenset(
    (
        *("root", "rootfstype", "ip", "nfsroot", "netroot", "boot", "md", "cryptdevice"),
        *("cryptopts", "cryptroot", "crypto", "overlayroot", "nbdroot", "ubi.mtd"),
        *("iscsi_initiator", "iscsi_target_name", "iscsi_target_ip", "systemd.volatile"),
    )
)
PREFIXES = ("rd.", "luks.")
