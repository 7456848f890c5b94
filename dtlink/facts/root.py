"""Where a command line says the root filesystem is, and what it needs there."""

from __future__ import annotations

from dtlink.facts.media import MEDIA, PCI_MEDIA, VIRTUAL_MEDIA, BusDriver
from dtlink.facts.root_layers import (
    FILESYSTEMS,
    FLASH_FILESYSTEM,
    LAYERS,
    NFS_VERSIONS,
    USUAL_FILESYSTEM,
    Layer,
)
from dtlink.late import pattern
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from dtlink.facts.cmdline import CommandLine

#: The names of media in links below /dev/disk (udev's 60-persistent-storage.rules).
_LINKS = (
    (pattern(r"/(nvme-|.*-nvme-)"), "nvme"),
    (pattern(r"/(mmc-|.*\.mmc$|.*\.mmc-)"), "mmcblk"),
    (pattern(r"/(usb-|ata-|scsi-|wwn-|.*-(usb|ata|sas|scsi|ufs)-)"), "sd"),
    (pattern(r"/(virtio-|.*-virtio-)"), "vd"),
)
#: Major numbers (Documentation/admin-guide/devices.txt), in decimal or as two hexadecimal digits.
_MAJORS = {"8": "sd", "31": "mtdblock", "179": "mmcblk"}
_HEX_DIGITS = "0123456789abcdefABCDEF"
_HEX_MAJORS = {"08": "sd", "1f": "mtdblock", "b3": "mmcblk"}
_PARTITION = pattern(r"[a-z]{1,3}[0-9]*")
_NUMBER = pattern(r"mmcblk([0-9]+)")
#: Words that name the medium itself, of which root= names what is made of it.
_HOLDERS = pattern(r"(?:cryptdevice=|cryptopts=(?:.*,)?source=)(/dev/[^:,]+)")
_NETWORK = ("nfs", "nbd")
#: The names of devices without a medium: nothing is known of where the root comes from.
_MEMORY = ("ram", "zram", "loop")


class Support(NamedTuple):
    """A driver that no device needs, but the root as it is described."""

    driver: BusDriver
    because: str
    """The word of the command line, or what was taken for usual."""
    is_told: bool = True
    """Whether the command line says so."""


class RootSpec(NamedTuple):
    """What a command line says of the root filesystem."""

    disk: str = ""
    """The beginning of the root device's name, as in :attr:`Medium.disks`; empty: not known."""
    number: int | None = None
    """The number of the MMC host, where the name has it."""
    filesystems: tuple[str, ...] = ()
    layers: tuple[tuple[Layer, str], ...] = ()
    """Each with the word that says so."""
    configures_network: bool = False
    """Whether addresses are set before the root is there (``ip=``)."""

    @classmethod
    def of(cls, line: CommandLine) -> RootSpec:
        """The root of a command line."""
        layers = tuple(_layers(line.root_words))
        names = [found[1] for word in line.root_words if (found := _HOLDERS.match(word))]
        disk = next(filter(None, map(_disk, (*names, line.root))), "")
        if any(layer.is_network for layer, _ in layers):
            disk = disk if disk in _NETWORK else _NETWORK[0]
        number = next(filter(None, map(_number, (*names, line.root))), None)
        words = {name: value for name, _, value in map(_parts, line.root_words)}
        types = tuple(filter(None, words.get("rootfstype", "").split(",")))
        asks = words.get("ip", "off") not in ("off", "none")
        return cls(disk, number and int(number[1]), types, layers, asks)

    @property
    def is_network(self) -> bool:
        """Whether the root is on another machine."""
        return self.disk in _NETWORK

    @property
    def encrypted(self) -> str:
        """The word that says that the root is encrypted; empty: none does."""
        return next((word for layer, word in self.layers if layer.is_encrypted), "")

    def support(self, *, on_flash: bool = False) -> Iterator[Support]:
        """The drivers that the root needs above its medium; ``on_flash``: it is on a flash chip."""
        names = {layer.name for layer, _ in self.layers}
        for layer, word in self.layers:
            yield from (Support(driver, word) for driver in layer.drivers)
            if layer.name == "NFS" and not names & {"NFS version 3", "NFS version 4"}:
                yield from (Support(driver, word) for driver in NFS_VERSIONS)
        yield from self._filesystem(on_flash=on_flash or self.disk in ("ubi", "mtd"))

    def _filesystem(self, *, on_flash: bool) -> Iterator[Support]:
        several = len(self.filesystems) > 1
        for name in self.filesystems:
            if row := FILESYSTEMS.get(name):
                yield Support(row._replace(is_optional=several), f"rootfstype={name}")
        if not self.filesystems and not (self.is_network and self._is_mounted_there):
            usual = FLASH_FILESYSTEM if on_flash else USUAL_FILESYSTEM
            yield Support(FILESYSTEMS[usual], "usual: rootfstype= does not say", is_told=False)

    @property
    def _is_mounted_there(self) -> bool:
        """Whether the other machine has the file system, and not only the disk."""
        return any(layer.name == "NFS" for layer, _ in self.layers)


def _parts(word: str) -> tuple[str, str, str]:
    return word.partition("=")


def _layers(words: tuple[str, ...]) -> Iterator[tuple[Layer, str]]:
    if not words:
        return
    import re

    for layer in LAYERS:
        found = (word for word in words if any(re.fullmatch(each, word) for each in layer.words))
        if word := next(found, ""):
            yield layer, word


def _disk(device: str) -> str:
    """The beginning of the name of a root device that identifies its medium."""
    if device.startswith("/dev/disk/"):
        return next((disk for link, disk in _LINKS if link.search(device[9:])), "")
    name = device.removeprefix("/dev/")
    if name in _NETWORK:
        return name
    major = _MAJORS.get(name.partition(":")[0]) if ":" in name else None
    is_hex = len(name) == len("0803") and not name.strip(_HEX_DIGITS)
    major = major or (_HEX_MAJORS.get(name[:2].lower()) if is_hex else None)
    disks = (disk for medium in (*MEDIA, *PCI_MEDIA, *VIRTUAL_MEDIA) for disk in medium.disks)
    return major or next((each for each in disks if _is_named(name, each)), "")


def _is_named(name: str, disk: str) -> bool:
    """Whether a device's name begins so; what has letters after it has one for each disk."""
    rest = name.removeprefix(disk)
    if rest == name:
        return False
    if disk in ("sd", "vd"):
        return _PARTITION.fullmatch(rest) is not None
    return disk not in _NETWORK or rest == ""


def _number(device: str) -> re.Match[str] | None:
    name = device.removeprefix("/dev/")
    return _NUMBER.match(name) if name.startswith("mmcblk") else None
