"""Media that can hold the root file system: their controllers, and the drivers on their buses.

A medium is found by what its controller's driver is: the folder of the driver's source says more
than a name does. Drivers on the bus (``nvme`` behind a PCI host) have no node: a row names them.
"""

from __future__ import annotations

from dtlink.enums import IntEnum
from dtlink.records import NamedTuple


class BusDriver(NamedTuple):
    """A driver that a root needs beside those of the devices in the tree."""

    module: str
    config: str
    """The option that builds it, without ``CONFIG_``."""
    drives: str
    """What it drives, as a noun with an article."""
    source: str
    """The file that registers it, with the name it registers, or the function that calls it."""
    is_optional: bool = False
    """Whether a root of the medium may do without: another driver may be the one."""


class Tier(IntEnum):
    """How a controller relates to media, the surest first."""

    DISK = 0
    """It is for media alone."""
    BUS = 1
    """A bus that may have a disk."""
    CHIP = 2
    """Chips that hold a root where there is no disk."""
    PLUGGED = 3
    """A bus for what users plug in."""
    FIRMWARE = 4
    """Chips that mostly hold the boot loader."""
    NETWORK = 5
    """No medium, but a way to one."""


class Medium(NamedTuple):
    """One kind of medium. Write every column by name."""

    name: str
    tier: Tier
    folders: tuple[str, ...]
    """Beginnings of the paths of its controllers' drivers in the source."""
    names: tuple[str, ...]
    """Node names of controllers (without numbers), where no driver is known."""
    disks: tuple[str, ...] = ()
    """Beginnings of names of root devices, without ``/dev/``."""
    drivers: tuple[BusDriver, ...] = ()
    not_names: tuple[str, ...] = ()
    """Node names of other devices whose drivers are in :attr:`folders`."""
    is_pci: bool = False
    """Whether its controllers are PCI hosts."""


NVME_DISK = BusDriver(
    "nvme", "BLK_DEV_NVME", "an NVMe disk", 'drivers/nvme/host/pci.c, pci_driver "nvme"'
)
MMC_CARD = BusDriver(
    "mmc_block", "MMC_BLOCK", "an SD card or eMMC", 'drivers/mmc/core/block.c, mmc_driver "mmcblk"'
)
SCSI_DISK = BusDriver("sd_mod", "BLK_DEV_SD", "a SCSI disk", 'drivers/scsi/sd.c, scsi_driver "sd"')
USB_DISK = BusDriver(
    "usb_storage",
    "USB_STORAGE",
    "a USB disk",
    'drivers/usb/storage/usb.c, usb_driver "usb-storage"',
)
UAS_DISK = BusDriver(
    "uas",
    "USB_UAS",
    "a USB disk that speaks UAS",
    'drivers/usb/storage/uas.c, usb_driver "uas"',
    is_optional=True,
)
AHCI = BusDriver(
    "ahci",
    "SATA_AHCI",
    "a SATA controller on PCI",
    'drivers/ata/ahci.c, pci_driver "ahci"',
    is_optional=True,
)
XHCI_PCI = BusDriver(
    "xhci_pci",
    "USB_XHCI_PCI",
    "a USB controller on PCI",
    'drivers/usb/host/xhci-pci.c, pci_driver "xhci_hcd"',
)
VIRTIO_DISK = BusDriver(
    "virtio_blk", "VIRTIO_BLK", "a virtio disk", "drivers/block/virtio_blk.c, virtio_driver"
)
VIRTIO_SCSI = BusDriver(
    "virtio_scsi",
    "SCSI_VIRTIO",
    "a virtio SCSI controller",
    "drivers/scsi/virtio_scsi.c, virtio_driver",
)
VIRTIO_PCI = BusDriver(
    "virtio_pci",
    "VIRTIO_PCI",
    "a virtio device on PCI",
    'drivers/virtio/virtio_pci_common.c, pci_driver "virtio-pci"',
)
VIRTIO_NET = BusDriver(
    "virtio_net", "VIRTIO_NET", "a virtio network device", "drivers/net/virtio_net.c, virtio_driver"
)
UBI = BusDriver("ubi", "MTD_UBI", "UBI volumes", "drivers/mtd/ubi/build.c, ubi_init()")
MTD_BLOCK = BusDriver(
    "mtdblock",
    "MTD_BLOCK",
    "MTD partitions as disks",
    'drivers/mtd/mtdblock.c, mtd_blktrans_ops "mtdblock"',
)
MTD_PARTITIONS = BusDriver(
    "ofpart",
    "MTD_OF_PARTS",
    "the partitions of a flash chip",
    'drivers/mtd/parsers/ofpart_core.c, mtd_part_parser "fixed-partitions"',
)
#: What a controller of two roles makes as a host: a platform device of this name.
XHCI_PLATFORM = BusDriver(
    "xhci_plat_hcd",
    "USB_XHCI_PLATFORM",
    "the xHCI host",
    'drivers/usb/host/xhci-plat.c, platform_driver "xhci-hcd"',
)

MMC = Medium(
    name="MMC",
    tier=Tier.DISK,
    folders=("drivers/mmc/host/",),
    names=("mmc", "sdhci", "sdmmc", "mmcblk", "emmc", "sdio", "dwmmc", "sdhc"),
    disks=("mmcblk",),
    drivers=(MMC_CARD,),
)
UFS = Medium(
    name="UFS",
    tier=Tier.DISK,
    folders=("drivers/ufs/", "drivers/scsi/ufs/"),
    names=("ufs", "ufshc"),
    disks=("sd",),
    drivers=(SCSI_DISK,),
)
SATA = Medium(
    name="SATA",
    tier=Tier.DISK,
    folders=("drivers/ata/", "drivers/scsi/hisi_sas/"),
    names=("sata", "ahci", "ide", "ata", "sas"),
    disks=("sd",),
    drivers=(SCSI_DISK,),
)
#: An NVMe controller that is not on PCI (Apple's): its driver makes the disk.
NVME = Medium(
    name="NVMe",
    tier=Tier.DISK,
    folders=("drivers/nvme/host/",),
    names=("nvme",),
    disks=("nvme",),
)
VIRTIO = Medium(
    name="virtio",
    tier=Tier.DISK,
    folders=("drivers/virtio/virtio_mmio.c",),
    names=("virtio_mmio", "virtio", "virtio-block"),
    disks=("vd",),
    drivers=(VIRTIO_DISK,),
    not_names=("virtio-net", "virtio-rng"),
)
PCI_NVME = Medium(
    name="NVMe on PCI",
    tier=Tier.BUS,
    folders=("drivers/pci/controller/",),
    names=("pcie", "pci"),
    disks=("nvme",),
    drivers=(NVME_DISK,),
    is_pci=True,
)
PCI_SCSI = PCI_NVME._replace(
    name="SATA or USB on PCI",
    disks=("sd",),
    drivers=(
        AHCI,
        XHCI_PCI._replace(is_optional=True),
        USB_DISK._replace(is_optional=True),
        UAS_DISK,
        SCSI_DISK,
    ),
)
PCI_USB = PCI_NVME._replace(
    name="USB on PCI",
    disks=("sd",),
    drivers=(XHCI_PCI, USB_DISK, UAS_DISK, SCSI_DISK),
)
PCI_VIRTIO = PCI_NVME._replace(
    name="virtio on PCI",
    disks=("vd",),
    drivers=(VIRTIO_PCI, VIRTIO_DISK),
)
USB = Medium(
    name="USB",
    tier=Tier.PLUGGED,
    folders=(
        *("drivers/usb/host/", "drivers/usb/dwc2/", "drivers/usb/dwc3/", "drivers/usb/cdns3/"),
        *("drivers/usb/chipidea/", "drivers/usb/musb/", "drivers/usb/isp1760/"),
        *("drivers/usb/mtu3/", "drivers/usb/fotg210/"),
    ),
    names=("usb", "ehci", "ohci", "uhci", "xhci", "usb-host"),
    disks=("sd",),
    drivers=(USB_DISK, UAS_DISK, SCSI_DISK),
    not_names=("usbmisc", "usbphy", "phy"),
)
NAND = Medium(
    name="NAND flash",
    tier=Tier.CHIP,
    folders=("drivers/mtd/nand/raw/", "drivers/mtd/nand/spi/", "drivers/mtd/nand/onenand/"),
    names=("nand", "nand-controller"),
    disks=("mtdblock", "mtd", "ubi"),
    not_names=("elm", "ecc"),
)
NOR = Medium(
    name="NOR flash",
    tier=Tier.FIRMWARE,
    folders=(
        *("drivers/mtd/spi-nor/", "drivers/mtd/maps/", "drivers/mtd/devices/"),
        "drivers/mtd/hyperbus/",
    ),
    names=("flash",),
    disks=("mtdblock", "mtd", "ubi"),
    not_names=("psram", "sram"),
)
NETWORK = Medium(
    name="network",
    tier=Tier.NETWORK,
    folders=("drivers/net/ethernet/", "drivers/net/dsa/", "drivers/net/usb/"),
    names=("ethernet", "ethernet-switch", "switch", "xgmac"),
    disks=("nfs", "nbd"),
    not_names=("mdio", "can"),
)
#: Disks of virtual machines that are called as those of hardware.
VIRTIO_MMIO_SCSI = VIRTIO._replace(
    name="virtio SCSI", disks=("sd",), drivers=(VIRTIO_SCSI, SCSI_DISK)
)
PCI_VIRTIO_SCSI = PCI_VIRTIO._replace(
    name="virtio SCSI on PCI", disks=("sd",), drivers=(VIRTIO_PCI, VIRTIO_SCSI, SCSI_DISK)
)
#: A virtio device of which the bus says at run time what it is.
VIRTIO_NETWORK = VIRTIO._replace(
    name="virtio network", tier=Tier.NETWORK, disks=("nfs", "nbd"), drivers=(VIRTIO_NET,)
)

#: The media, in the order in which they are looked for.
MEDIA = (MMC, UFS, SATA, NVME, VIRTIO, PCI_NVME, USB, NAND, NOR, NETWORK)

#: Those that are MTDs.
FLASH = (NAND, NOR)

#: What a PCI host can have, by what the root device is called; virtual machines have the rest.
PCI_MEDIA = (PCI_NVME, PCI_SCSI)
VIRTUAL_MEDIA = (PCI_VIRTIO, PCI_VIRTIO_SCSI)
#: What counts only where the root device is called so.
RARE = (PCI_SCSI, PCI_VIRTIO_SCSI, VIRTIO_MMIO_SCSI)

#: Machines without hardware, whose devices are virtio's (QEMU, hw/arm/virt.c, create_fdt(),
#: hw/riscv/virt.c; kvmtool, crosvm).
VIRTUAL_MACHINES = ("linux,dummy-virt", "riscv-virtio")

#: The drivers of controllers of two roles that make an xHCI host (dwc3_host_init() in
#: drivers/usb/dwc3/host.c, __cdns_host_init() in drivers/usb/cdns3/host.c).
XHCI_MAKERS = ("drivers/usb/dwc3/", "drivers/usb/cdns3/")

HID_GENERIC = BusDriver(
    "hid_generic",
    "HID_GENERIC",
    "a keyboard on USB or I2C",
    'drivers/hid/hid-generic.c, hid_driver "hid-generic"',
)
USB_HID = BusDriver(
    "usbhid", "USB_HID", "a USB keyboard", 'drivers/hid/usbhid/hid-core.c, usb_driver "usbhid"'
)
KEYBOARDS = (USB_HID, HID_GENERIC)
#: Where drivers of keyboards are, and what the nodes of those that have letters are called.
KEYBOARD_FOLDERS = ("drivers/input/keyboard/", "drivers/hid/")
KEYBOARD_NAMES = ("keyboard", "keyboard-controller", "matrix-keypad", "matrix_keypad", "keypad")
