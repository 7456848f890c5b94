"""What became of each device, read from its lines in their order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dtlink.facts.loglines import STAGE_LINES, SUPPLIED_LINE, VTD_LINES, LineMatch, match
from dtlink.facts.loglines.row import INTERFACE
from dtlink.firmware.errors import InputError
from dtlink.observed.bootlog.device import BUSES, TAKE, LoggedDevice
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.loglines import Topic
    from dtlink.observed.bootlog.read import LogLine

_LEAD = re.compile(r"(\S{1,64}) (\S{1,200})" + INTERFACE + r": (?=\S)(.{0,400})")
#: Lines that never reached the log.
_DROPPED = "printk messages dropped"

#: How lines of the drivers of ACPI tables begin.
_ACPI = (
    *("ACPI: IORT", "ACPI: DSDT", "ACPI: FACP", "DMAR: ", "DMAR-IR: ", "AMD-Vi: "),
    *("BIOS-e820: ", "APIC: ", "x2apic: ", "Your BIOS is broken"),
)
#: The name of a device of the namespace (drivers/acpi/acpi_platform.c): its hardware ID and a
#: number; of one of the IORT (drivers/acpi/arm64/iort.c, iort_add_platform_device()).
_ACPI_DEVICE = re.compile(
    r"(?:PNP[0-9A-F]{4}|[A-Z]{3,4}[0-9A-F]{4}):[0-9a-f]{2}|arm-smmu(?:-v3)?(?:-pmcg)?\.\d{1,4}\.auto"
)

#: Many times what the largest machines have.
MAX_DEVICES = 100_000


class LoggedMessage(NamedTuple):
    """A line that a row of the table takes."""

    line: LogLine
    match: LineMatch


class History:
    """All devices of a log, and the lines about other things.

    Raises :class:`InputError` for a log of more than :data:`MAX_DEVICES`.
    """

    def __init__(self, lines: Iterable[LogLine]) -> None:
        self.devices: dict[str, LoggedDevice] = {}
        self.said: list[LoggedMessage] = []
        """The lines of the table, in their order."""
        self.tells_binding = False
        """Whether the log says which devices bind (dynamic debug of drivers/base/dd.c)."""
        self.drivers: dict[str, LogLine] = {}
        """The first line in which each driver binds, or speaks of one of its devices."""
        self._now = ""
        """The device that was probed last."""
        self.stages: dict[str, LogLine] = {}
        """The first line of each stage that the boot reached (``init-runs``, ``root-mounted``)."""
        self.vtd: dict[str, LogLine] = {}
        """The first line of each kind about VT-d (``vtd-units``, ``vtd-on``)."""
        self.supplied: dict[str, LogLine] = {}
        """The last line in which each regulator got its supply, by the regulator's name."""
        self._awaited = list(STAGE_LINES)
        """The stages that the boot has not reached."""
        self.is_acpi = False
        """Whether the machine is described by ACPI tables."""
        self.dropped = False
        """Whether the log says that lines of it are missing."""
        for line in lines:
            self._read(line)

    def device(self, name: str) -> LoggedDevice:
        """A device, made if it is new."""
        if name not in self.devices:
            if len(self.devices) >= MAX_DEVICES:
                raise InputError(f"a log of more than {MAX_DEVICES:,} devices")
            self.devices[name] = LoggedDevice(name)
        return self.devices[name]

    def of(self, *topics: Topic) -> Iterator[LoggedMessage]:
        """The lines about some topics."""
        return (said for said in self.said if said.match.message.topic in topics)

    def _read(self, line: LogLine) -> None:
        found = match(line.text)
        lead = _LEAD.match(line.text)
        self.dropped = self.dropped or _DROPPED in line.text
        if line.text.startswith(_ACPI) or (lead and _ACPI_DEVICE.fullmatch(lead[2])):
            self.is_acpi = True
        if supplied := SUPPLIED_LINE.groups(line.text):
            self.supplied[supplied["regulator"]] = line
        if line.text.startswith("DMAR: "):
            self.vtd |= {
                row.kind: line
                for row in VTD_LINES
                if row.kind not in self.vtd and row.groups(line.text) is not None
            }
        for row in self._awaited:
            if row.groups(line.text) is not None:
                self.stages[row.kind] = line
                self._awaited = [each for each in self._awaited if each is not row]
        if found:
            self.said.append(LoggedMessage(line, found))
            self._take(found, line)
        elif lead and lead[1] not in BUSES:
            self.drivers.setdefault(lead[1], line)
            if lead[2] in self.devices or "." in lead[2] or "-" in lead[2] or ":" in lead[2]:
                self.device(lead[2]).hear(lead[1], lead[3], line)

    def _take(self, found: LineMatch, line: LogLine) -> None:
        take, name = TAKE.get(found.message.kind), found.groups.get("device")
        if take and name:
            device = self.device(name)
            device.lines.append(line)
            driver = found.groups.get("driver", "")
            device.bus = driver if driver in BUSES else device.bus
            device.driver = driver if driver and driver not in BUSES else device.driver
            take(device, line, found.groups)
        if part := found.groups.get("component"):
            self.device(part).lacks(line)
        if found.message.kind == "probing":
            self._now = name or ""
        elif found.message.kind == "error-defer" and self._now not in ("", name):
            self.device(self._now).complain(found.groups["reason"], name or "")
        elif found.message.kind == "bound":
            self.tells_binding = True
            self.drivers.setdefault(found.groups["driver"], line)
