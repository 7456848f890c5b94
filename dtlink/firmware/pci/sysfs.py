"""Reading ``/sys/bus/pci``, or ``/sys/devices``, here or as a copy in a folder or an archive.

Of each function its attributes are read, and the link to its IOMMU group; nothing is unpacked.
Sources: Linux, drivers/pci/pci-sysfs.c and Documentation/ABI/testing/sysfs-bus-pci.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
from collections.abc import Iterator

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import ByteSource
from dtlink.firmware.pci.config_space import needed_parts, with_config
from dtlink.firmware.pci.functions import Function
from dtlink.firmware.storage import refuse_root
from dtlink.records import NamedTuple
from dtlink.typed import IO, cast

_NAME = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])")
_CONFIG, _GROUP, _NODE = "config", "iommu_group", "of_node"
#: Where the kernel has the devicetree.
_TREE = "/firmware/devicetree/base"
_LINKS = (_GROUP, _NODE)
_ATTRIBUTES = frozenset((_CONFIG, "vendor", "device", "class"))
_MAX_CONFIG = 4096
_MAX_FILES = 1_000_000
#: Up to the first function, which both folders of sysfs have near their top.
_MAX_EMPTY = 50_000
_MAX_FUNCTIONS = 1 << 16
#: Parts of a whole /sys in which there are no PCI devices.
_SKIPPED = frozenset(("module", "firmware", "block", "kernel", "fs", "class", "drivers"))

_Key = tuple[int, int]


class _Found(NamedTuple):
    """What was read of a function so far."""

    config: bytes = b""
    vendor: int | None = None
    device: int | None = None
    class_code: int | None = None
    group: int | None = None
    node: str = ""

    def function(self, key: _Key) -> Function:
        known = Function(
            *key,
            vendor=self.vendor,
            device=self.device,
            class_code=self.class_code,
            group=self.group,
            node=self.node,
        )
        return with_config(known, self.config)


def of_folder(top: str) -> dict[_Key, Function]:
    """The functions of a folder. Raises :class:`InputError` or :class:`OSError`."""
    refuse_root(top)
    found: dict[_Key, _Found] = {}
    for path in _walk(top):
        key = _key(os.path.basename(path))  # noqa: PTH119 - pathlib is slow for many
        if key is not None:
            known = _of_device(path)
            if known.config or known.vendor is not None or known.group is not None:
                found.setdefault(key, known)
                _bounded(found)
    return {key: each.function(key) for key, each in found.items()}


def _walk(top: str) -> Iterator[str]:
    """The folders of functions; of links only those are entered that lead to the same name."""
    yield top
    count, limit = 0, _MAX_EMPTY
    for folder, below, files in os.walk(top):
        count += len(below) + len(files)
        if count > limit:
            none = "" if limit == _MAX_FILES else ", and no PCI function among the first"
            raise InputError(f"more than {limit:,} files{none}")
        for name in below:
            if _key(name) is not None and _leads_to(os.path.join(folder, name), name):  # noqa: PTH118
                limit = _MAX_FILES
                yield os.path.join(folder, name)  # noqa: PTH118
        below[:] = sorted(name for name in below if name not in _SKIPPED)


def _leads_to(path: str, name: str) -> bool:
    """Whether it is a folder, or a link to one of the same name, as in /sys/bus/pci/devices."""
    if not os.path.islink(path):  # noqa: PTH114
        return True
    return os.path.basename(os.readlink(path)) == name and os.path.isdir(path)  # noqa: PTH112, PTH115, PTH119


def _of_device(folder: str) -> _Found:
    found = _Found()
    for name in sorted(_ATTRIBUTES):
        data = _bytes(os.path.join(folder, name))  # noqa: PTH118
        if data:
            found = _with(found, name, data)
    for name in _LINKS:
        try:
            found = _linked(found, name, os.readlink(os.path.join(folder, name)))  # noqa: PTH115, PTH118
        except OSError:  # no link: it has no group, or no node
            continue
    return found


def _bytes(path: str) -> bytes:
    """A file that is plain; nothing for one that is missing or may not be read."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return b""
        with open(path, "rb", buffering=0, opener=reading.regular) as file:
            if os.path.basename(path) == _CONFIG:  # noqa: PTH119
                return needed_parts(lambda at, size: os.pread(file.fileno(), size, at))
            return file.read(_MAX_CONFIG)
    except (FileNotFoundError, PermissionError):
        return b""


def of_archive(source: ByteSource) -> dict[_Key, Function]:
    """The functions of a tar, member by member. Raises :class:`InputError`."""
    found: dict[_Key, _Found] = {}
    file = cast("IO[bytes]", source)  # of which tarfile needs read() alone
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for number, member in enumerate(archive):
            if number >= _MAX_FILES:
                raise InputError(f"more than {_MAX_FILES:,} files")
            folder, _, name = member.name.rpartition("/")
            key = _key(folder.rpartition("/")[2])
            if key is None:
                continue
            known = found.get(key, _Found())
            if name in _LINKS and member.issym():
                found[key] = _linked(known, name, member.linkname)
            elif name in _ATTRIBUTES and member.isfile():
                content = archive.extractfile(member)
                data = content.read(_MAX_CONFIG) if content else b""
                found[key] = _with(known, name, data)
            _bounded(found)
    return {key: each.function(key) for key, each in found.items()}


def _linked(found: _Found, name: str, target: str) -> _Found:
    """With what a link says."""
    if name == _GROUP:
        return found._replace(group=_group_number(target))
    path = target.partition(_TREE)[2]
    return found._replace(node=path if path.isprintable() else "")


def _bounded(found: dict[_Key, _Found]) -> None:
    if len(found) > _MAX_FUNCTIONS:
        raise InputError(f"more than {_MAX_FUNCTIONS:,} PCI functions")


def _with(found: _Found, name: str, data: bytes) -> _Found:
    """With one attribute. Archivers pad attributes with zeros."""
    if name == _CONFIG:
        return found._replace(config=data)
    text = data.strip(b"\0 \n")[:32]
    try:
        number = int(text, 16)
    except ValueError:
        return found
    if name == "class":
        return found._replace(class_code=number >> 8 & 0xFFFF)
    if name == "vendor":
        return found._replace(vendor=number & 0xFFFF)
    return found._replace(device=number & 0xFFFF)


def _key(name: str) -> _Key | None:
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    rid = int(match[2], 16) << 8 | int(match[3], 16) << 3 | int(match[4])
    return int(match[1], 16), rid


def _group_number(target: str) -> int | None:
    name = target.rpartition("/")[2]
    return int(name) if name.isascii() and name.isdecimal() and len(name) < 7 else None
