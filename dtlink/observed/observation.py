"""What a running board reports of its device links: entries of sysfs, lines of the kernel's log.

Every source (a folder, an archive, a text list: :mod:`dtlink.observed.sysfs`) has the same three
things: attributes of sysfs, targets of its links, lines of a log.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dtlink.facts.loglines import HEADER_LINES, LOG_MESSAGES
from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple

#: The attributes of a device link, and the one of a device, that are looked at.
LINK_ATTRIBUTES = frozenset(("status", "sync_state_only", "runtime_pm", "auto_remove_on"))
WAITING = "waiting_for_supplier"
DEFERRED = "devices_deferred"
#: The links of sysfs that are looked at: those of devices, and those of device links.
LINKS = frozenset(("of_node", "driver", "supplier", "consumer"))

#: How many entries one board may report: many times what the largest do.
_MAX_KEPT = 200_000
_DEVICETREE = "firmware/devicetree/base"
_NOT_TRACKED = "not tracked"
_BELOW_DEVICES = re.compile(r"^(?:.*?/)?devices/")


@dataclass(slots=True)
class LinkEntry:
    """An entry of /sys/class/devlink. What the board did not report is empty."""

    supplier: str
    """The name, with the bus before it."""
    consumer: str
    supplier_path: str = ""
    """The device's path below /sys/devices."""
    consumer_path: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def by_driver(self) -> bool:
        """Whether a driver asked for it (fw_devlink makes managed links that nothing removes)."""
        removed = self.attributes.get("auto_remove_on", "never")
        return removed != "never" or self.attributes.get("status") == _NOT_TRACKED

    @property
    def sync_state_only(self) -> bool | None:
        """Whether it defers no probe; ``None`` if the board did not report it."""
        value = self.attributes.get("sync_state_only")
        return None if value is None else value != "0"


class LoggedPair(NamedTuple):
    """Two ends as a line of the log names them: by a device's name, or by a node's path."""

    consumer: str
    supplier: str


@dataclass(slots=True)
class Observation:
    """All that a board reported. Devices go by their path below /sys/devices."""

    links: dict[str, LinkEntry] = field(default_factory=dict)
    """By the name of the entry."""
    nodes: dict[str, str] = field(default_factory=dict)
    """The node's path of each device that has one."""
    drivers: dict[str, str] = field(default_factory=dict)
    """The driver of each device that is bound."""
    waiting: dict[str, bool] = field(default_factory=dict)
    """``waiting_for_supplier`` of each device that is not bound."""
    deferred: dict[str, str] = field(default_factory=dict)
    """Why a device's probe is deferred, by the device's name; empty: the board does not know."""
    waits: dict[str, str] = field(default_factory=dict)
    """The node that the log said a device waits for, by the device's name."""
    cycles: list[LoggedPair] = field(default_factory=list)
    linked: dict[LoggedPair, bool] = field(default_factory=dict)
    """Device links in the log, and whether they order sync_state() only."""
    not_linked: dict[LoggedPair, None] = field(default_factory=dict)
    """Links that the kernel dropped: the supplier needs no driver."""
    sync_state: list[LoggedPair] = field(default_factory=list)
    """Consumers that had not bound when a supplier's sync_state() was due."""
    pci_hosts: dict[int, str] = field(default_factory=dict)
    """The device of the host bridge by PCI segment."""
    log_lines: int = 0
    log_begins: bool = False
    """Whether the log reaches back to the start of the kernel."""
    kernel: str = ""
    command_line: str = ""
    model: str = ""

    @property
    def has_sysfs(self) -> bool:
        """Whether all links were reported: a link that is not among them does not exist."""
        return bool(self.links or self.nodes or self.drivers or self.waiting)

    @property
    def is_empty(self) -> bool:
        """Whether nothing in the input was of use."""
        return not (self.has_sysfs or self.deferred or self.log_lines)


class ReportCollector:
    """Takes the entries of any source, in any order."""

    def __init__(self) -> None:
        self.found = Observation()
        self._kept = 0

    def attribute(self, path: str, value: str) -> None:
        """A file of sysfs or debugfs with its content."""
        folder, _, name = path.rpartition("/")
        if name == DEFERRED:
            for row in value.split("\n"):
                self._deferred(row)
        elif name == WAITING:
            self._keep()
            self.found.waiting[_device(folder)] = value.strip() == "1"
        elif name in LINK_ATTRIBUTES and (entry := self._entry(folder)):
            entry.attributes[name] = value.strip()

    def link(self, path: str, target: str) -> None:
        """A symbolic link of sysfs; nothing is looked up on this machine."""
        folder, _, name = path.rpartition("/")
        target = posixpath.normpath(posixpath.join(folder, target))
        if name == "of_node":
            _, found, node = target.partition(_DEVICETREE)
            if found:
                self._keep()
                self.found.nodes[_device(folder)] = node or "/"
        elif name == "driver":
            self._keep()
            self.found.drivers[_device(folder)] = target.rpartition("/")[2]
        elif name == "supplier" and (entry := self._entry(folder)):
            entry.supplier_path = _device(target)
        elif name == "consumer" and (entry := self._entry(folder)):
            entry.consumer_path = _device(target)
        elif posixpath.basename(folder) == "devlink":
            self._entry(path)

    def line(self, text: str) -> bool:
        """A line of the kernel's log; returns whether it was of use."""
        for row in _ROWS:
            groups = row.groups(text)
            if groups is not None and (row.kind != "link-debug" or "supplier" in groups):
                self._keep()
                _KEPT[row.kind](self.found, groups)
                self.found.log_lines += 1
                return True
        return False

    def _entry(self, folder: str) -> LinkEntry | None:
        """The device link of a folder ``SUPPLIER--CONSUMER``."""
        name = folder.rpartition("/")[2]
        entry = self.found.links.get(name)
        supplier, dashes, consumer = name.partition("--")
        if entry is None and dashes and supplier and consumer:
            self._keep()
            entry = self.found.links[name] = LinkEntry(supplier, consumer)
        return entry

    def _deferred(self, row: str) -> None:
        device, _, reason = row.strip("\0\r\n ").partition("\t")
        if device:
            self._keep()
            self.found.deferred[device] = reason.strip()

    def _keep(self) -> None:
        self._kept += 1
        if self._kept > _MAX_KEPT:
            raise InputError(f"more than {_MAX_KEPT:,} entries, more than any board has")


def _device(path: str) -> str:
    """A device's path below /sys/devices, wherever the copy of /sys is."""
    return _BELOW_DEVICES.sub("", path, count=1)


_Groups = Mapping[str, str]


def _cycle(found: Observation, groups: _Groups) -> None:
    found.cycles.append(LoggedPair(groups["node"], groups["of"]))


def _deferred(found: Observation, groups: _Groups) -> None:
    reason = groups.get("reason", "")
    known = "" if reason == "(reason unknown)" else reason.strip()
    found.deferred.setdefault(groups["device"], known)


def _waits(found: Observation, groups: _Groups) -> None:
    found.waits[groups["device"]] = groups["node"]


def _bound(found: Observation, groups: _Groups) -> None:
    found.waits.pop(groups.get("device", ""), None)


def _linked(found: Observation, groups: _Groups) -> None:
    found.linked[LoggedPair(groups["device"], groups["supplier"])] = "sync_state_only" in groups


def _not_linked(found: Observation, groups: _Groups) -> None:
    found.not_linked[LoggedPair(groups["device"], groups["node"])] = None


def _sync_state(found: Observation, groups: _Groups) -> None:
    found.sync_state.append(LoggedPair(groups["consumer"], groups["device"]))


def _release(found: Observation, groups: _Groups) -> None:
    found.kernel, found.log_begins = groups["release"], True


def _command_line(found: Observation, groups: _Groups) -> None:
    before, more = found.command_line.removesuffix(" \\"), groups["line"].strip()
    is_continued = before != found.command_line  # Linux 7.2 prints a long one in several lines
    found.command_line = f"{before} {more}" if is_continued else more


def _model(found: Observation, groups: _Groups) -> None:
    found.model = groups["model"].strip()


def _pci_host(found: Observation, groups: _Groups) -> None:
    found.pci_hosts[int(groups["segment"], 16)] = groups["device"]


#: What is kept of a message, by its kind.
_KEPT: Mapping[str, Callable[[Observation, _Groups], None]] = {
    "cycle": _cycle,
    "probe-pending": _deferred,
    "wait-for-node": _waits,
    "bound": _bound,
    "link-debug": _linked,
    "not-linking": _not_linked,
    "sync-state-pending": _sync_state,
    "release": _release,
    "command-line": _command_line,
    "model": _model,
    "pci-host": _pci_host,
}
_ROWS = tuple(row for row in (*LOG_MESSAGES, *HEADER_LINES) if row.kind in _KEPT)
