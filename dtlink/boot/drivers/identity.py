"""Devices that identify themselves; the node repeats their identity in ``compatible``.

Their buses match drivers by the numbers in these strings, never by the strings.
"""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.boot.drivers.options import by_option
from dtlink.facts.outcomes import Driver, State
from dtlink.late import pattern
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    import re

    from dtlink.kernel.holdings.model import Holdings

_PCI = pattern(r"(?i)pci([0-9a-f]{1,4}),([0-9a-f]{1,4})")
_PCI_CLASS = pattern(r"(?i)pciclass,([0-9a-f]{4})(?:[0-9a-f]{2})?")
_USB = pattern(r"(?i)usb(?:if)?([0-9a-f]{1,4}),([0-9a-f]{1,4})(?:\..*)?")
_PHY_ID = pattern(r"(?i)ethernet-phy-id([0-9a-f]{4})\.([0-9a-f]{4})")
_PHY = pattern(r"ethernet-phy-(?:id[0-9a-f]{4}\.[0-9a-f]{4}|ieee802\.3-c(?:22|45))")
_SOUNDWIRE = pattern(r"(?i)sdw([0-9a-f])([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{2})")
_SLIMBUS = pattern(r"(?i)slim([0-9a-f]{1,4}),([0-9a-f]{1,4})")
_VIRTIO = pattern(r"virtio,device([0-9a-f]{1,8})")

#: What all of these begin with, in small letters.
_BEGINNINGS = ("eth", "pci", "sdw", "sli", "vir")

#: The option of what drives a PHY that has no driver of its own.
GENERIC_PHY = "PHYLIB"

_BRIDGE = 0x0604
#: Virtio over PCI: vendor; ids of devices begin here (include/uapi/linux/virtio_ids.h), those of
#: the old kind are known by the subsystem (drivers/virtio/virtio_pci_modern_dev.c).
_VIRTIO_VENDOR, _VIRTIO_FIRST, _VIRTIO_LAST = 0x1AF4, 0x1040, 0x107F
#: Option and module of a virtio driver, where it need not be a module (Linux 6.12).
_VIRTIO_DRIVERS = {
    1: ("VIRTIO_NET", "virtio_net"),
    2: ("VIRTIO_BLK", "virtio_blk"),
    3: ("VIRTIO_CONSOLE", "virtio_console"),
    4: ("HW_RANDOM_VIRTIO", "virtio_rng"),
    5: ("VIRTIO_BALLOON", "virtio_balloon"),
    8: ("SCSI_VIRTIO", "virtio_scsi"),
    16: ("DRM_VIRTIO_GPU", "virtio_gpu"),
    18: ("VIRTIO_INPUT", "virtio_input"),
    23: ("VIRTIO_IOMMU", "virtio_iommu"),
    34: ("I2C_VIRTIO", "i2c_virtio"),
    41: ("GPIO_VIRTIO", "gpio_virtio"),
}


def by_identity(build: Holdings, names: Iterable[str]) -> Driver | None:
    """The driver of a device on such a bus; ``None`` if the strings name none."""
    names = tuple(names)
    for name in names:
        if name[:3].lower() not in _BEGINNINGS:
            continue
        if _PHY.fullmatch(name):
            return phy_driver(build, names)
        if found := _PCI.fullmatch(name):
            return _pci(build, int(found[1], 16), int(found[2], 16), names)
        if found := _PCI_CLASS.fullmatch(name):
            return _pci_class(build, int(found[1], 16), name)
        if found := _VIRTIO.fullmatch(name):
            return virtio_driver(build, int(found[1], 16), name)
        if (found := _SOUNDWIRE.fullmatch(name)) or (found := _SLIMBUS.fullmatch(name)):
            return _by_alias(build, _alias_of(name, found))
    return None


def usb_driver(build: Holdings, names: Iterable[str]) -> Driver | None:
    """The driver of a USB device: of its interfaces if one names the device, else the core's own.

    What works with interfaces binds to those, which are devices without a node, mostly; the core's
    binds to the device (drivers/usb/core/generic.c).
    """
    for name in names:
        if name[:3].lower() == "usb" and (found := _USB.fullmatch(name)):
            vendor, product = (int(each, 16) for each in found.groups())
            alias = f"usb:v{vendor:04X}p{product:04X}d0000dc00dsc00dp00ic00isc00ip00in00"
            if modules := build.modules_for(alias):
                return Driver(State.MODULE, modules, by=name)
            return by_option(build, "USB", "usbcore", name)
    return None


def phy_driver(build: Holdings, names: Iterable[str]) -> Driver:
    """The driver of an Ethernet PHY: the one for its id, or else the generic one.

    The generic one (drivers/net/phy/phy_device.c, phy_attach_direct()) takes any PHY; where the
    id is only in the device, a better one may be there.
    """
    for name in names:
        if found := _PHY_ID.fullmatch(name):
            bits = f"{int(found[1] + found[2], 16):032b}"
            if modules := build.modules_for(f"mdio:{bits}"):
                return Driver(State.MODULE, modules, by=name)
    return by_option(build, GENERIC_PHY, "libphy", next(iter(names), "ethernet-phy"))


def virtio_driver(build: Holdings, kind: int, by: str) -> Driver:
    """The driver of a virtio device, by its type."""
    if modules := build.modules_for(f"virtio:d{kind:08X}v{_VIRTIO_VENDOR:08X}"):
        symbol = _VIRTIO_DRIVERS.get(kind, ("", ""))[0]
        return Driver(State.MODULE, modules, symbol, by)
    if kind in _VIRTIO_DRIVERS:
        return by_option(build, *_VIRTIO_DRIVERS[kind], by)
    return Driver(State.UNKNOWN, by=by)


def _pci(build: Holdings, vendor: int, device: int, names: tuple[str, ...]) -> Driver:
    by = f"pci{vendor:x},{device:x}"
    if vendor == _VIRTIO_VENDOR and _VIRTIO_FIRST <= device <= _VIRTIO_LAST:
        transport = by_option(build, "VIRTIO_PCI", "virtio_pci", by)
        if transport.state is State.NOT_BUILT:
            return transport
        return virtio_driver(build, device - _VIRTIO_FIRST, by)
    classes = filter(None, map(_PCI_CLASS.fullmatch, names))
    class_ = next((int(found[1], 16) for found in classes), None)
    kind = "bc{:02X}sc{:02X}i00".format(*divmod(class_, 256)) if class_ else "bc00sc00i00"
    alias = f"pci:v{vendor:08X}d{device:08X}sv00000000sd00000000{kind}"
    if modules := build.modules_for(alias):
        return Driver(State.MODULE, modules, by=by)
    return _pci_class(build, class_, by) if class_ else Driver(State.UNKNOWN, by=by)


def _pci_class(build: Holdings, class_: int, by: str) -> Driver:
    """A device of which only the class is known: a bridge has a driver by that."""
    if class_ == _BRIDGE:
        return by_option(build, "PCIEPORTBUS", "", by)
    return Driver(State.UNKNOWN, by=by)


def bridge_driver(build: Holdings) -> Driver:
    """The driver of a PCI Express bridge (drivers/pci/pcie/portdrv.c)."""
    return _pci_class(build, _BRIDGE, "pciclass,0604")


def _alias_of(name: str, found: re.Match[str]) -> str:
    """The alias that a device on SoundWire or SLIMbus has (scripts/mod/file2alias.c)."""
    if name[:2].lower() == "sd":
        version, maker, part, class_ = (int(each, 16) for each in found.groups())
        return f"sdw:m{maker:04X}p{part:04X}v{version:02X}c{class_:02X}"
    maker, product = (int(each, 16) for each in found.groups())
    return f"slim:{maker:x}:{product:x}:0:0"


def _by_alias(build: Holdings, alias: str) -> Driver:
    if modules := build.modules_for(alias):
        return Driver(State.MODULE, modules, by=alias)
    return Driver(State.UNKNOWN, by=alias)
