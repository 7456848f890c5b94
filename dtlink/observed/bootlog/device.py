"""One device, and what each line about it says of its probing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dtlink.enums import Enum, auto
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.observed.bootlog.read import LogLine

#: Prefix of a device's name while it has no driver (dev_driver_string()).
BUSES = frozenset(
    [
        "platform",
        "amba",
        "pci",
        "i2c",
        "spi",
        "mdio_bus",
        "virtio",
        "sdio",
        "mmc",
        "serial",
        "auxiliary",
        "slimbus",
        "soundwire",
        "mipi-dsi",
        "rpmsg",
        "scmi_protocol",
        "cpu",
        "usb",
    ]
)

_PENDING_NODE = re.compile(r"wait for supplier (\S{1,512})")
_PENDING_DEVICE = re.compile(r"supplier (\S{1,200}) not ready")
_UNSAID = re.compile(r"\(reason unknown\)")
#: How drivers word that something is missing.
_COMPLAINT = re.compile(
    r"(?i)\b(?:can(?:no|')t|could ?n[o']t|failed|unable|missing|not (?:ready|found|yet|available)"
    r"|no such|no \w{1,32} (?:specified|found|available|provided|defined|given)|error)\b"
)
#: An error that puts no probe off.
_OTHER_ERROR = re.compile(r"error (?:-(?!517|EPROBE_DEFER)\w|-?\d)")
_DEFER = "error -EPROBE_DEFER: "
_EPROBE_DEFER = 517


class DeferSource(Enum):
    """What deferred a probe, as far as the log shows."""

    NODE = auto()
    """fw_devlink, for a node that is not a device."""
    DEVICE = auto()
    """fw_devlink, for a device without driver."""
    LINKS = auto()
    """fw_devlink; the log does not name the supplier."""
    IDENTITY = auto()
    """The AMBA bus, which could not read what the device is."""
    BEFORE_PROBE = auto()
    """The kernel, before it called the driver: for pins, or an IOMMU."""
    DRIVER = auto()
    """The driver itself."""
    UNSAID = auto()
    """The log does not say."""


class DeferReason(NamedTuple):
    """Why a probe was put off."""

    grade: DeferSource
    name: str = ""
    """The supplier that the log names."""
    words: str = ""
    """What the log says."""


_UNTOLD = DeferReason(DeferSource.UNSAID)


class ProbeStage(Enum):
    """What was last heard of a device's probing."""

    UNHEARD = auto()
    PUT_OFF = auto()
    FAILED = auto()
    DECLINED = auto()
    BOUND = auto()


@dataclass(slots=True)
class LoggedDevice:
    """One device, as the log names it."""

    name: str
    stage: ProbeStage = ProbeStage.UNHEARD
    since: LogLine | None = None
    wait: DeferReason = _UNTOLD
    pending: LogLine | None = None
    """Where the kernel said, after the timeout, that it still waits."""
    ignored: LogLine | None = None
    """Where the kernel gave up one of its suppliers."""
    driver: str = ""
    bus: str = ""
    error: int = 0
    spoke: LogLine | None = None
    """The last line that a driver wrote for it."""
    held: DeferReason | None = None
    """What fw_devlink made it wait for, by name, when it last did."""
    reason: str = ""
    """The reason that the kernel gave after the timeout."""
    behalf: str = ""
    """The device about which its driver complained, if it is another (a CPU, for cpufreq)."""
    translated: bool = False
    lines: list[LogLine] = field(default_factory=list)
    """The lines about its probing."""
    probing: bool = False
    """Whether a probe has begun and not ended."""
    asked: bool = False
    """Whether the driver, or the bus, put off the probe that has begun."""
    said: str = ""
    """The last complaint of its driver."""

    def to(self, stage: ProbeStage, line: LogLine) -> None:
        """Enter a stage."""
        self.stage, self.since = stage, line

    @property
    def is_by_words(self) -> bool:
        """Whether its driver's own words alone say that it is put off."""
        return self.wait.grade is DeferSource.DRIVER and not self.probing and not self.asked

    def hear(self, driver: str, words: str, line: LogLine) -> None:
        """A line that begins with its name."""
        if driver in BUSES:
            return
        self.driver, self.spoke = driver, line
        if _COMPLAINT.search(words):
            self.said = self.said if _OTHER_ERROR.search(words) else words
        elif self.stage is ProbeStage.PUT_OFF and not self.pending and self.is_by_words:
            self.to(ProbeStage.UNHEARD, line)  # the next attempt went further

    def lacks(self, line: LogLine) -> None:
        """It cannot go on, for what its driver last complained of."""
        if self.stage is not ProbeStage.PUT_OFF:
            self.to(ProbeStage.PUT_OFF, line)
            self.wait = DeferReason(DeferSource.DRIVER, words=self.said)

    def complain(self, words: str, about: str) -> None:
        """Its driver lacks something, and says so of another device while it probes this one."""
        if self.probing:
            self.said, self.behalf = words.removeprefix(_DEFER), about


Groups = Mapping[str, str]


def _pending(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    device.to(ProbeStage.PUT_OFF, line)
    device.pending = line
    reason = groups.get("reason", "").strip()
    if reason and not _UNSAID.match(reason):
        device.wait = _reason(reason)
        device.reason = device.wait.words
    elif device.wait.grade is DeferSource.UNSAID and device.said:
        device.wait = DeferReason(DeferSource.DRIVER, words=device.said)


def _reason(reason: str) -> DeferReason:
    """A reason as the kernel keeps it for devices_deferred: DRIVER or BUS, then the words."""
    if found := _PENDING_NODE.search(reason):
        return DeferReason(DeferSource.NODE, found[1], found[0])
    if found := _PENDING_DEVICE.search(reason):
        return DeferReason(DeferSource.DEVICE, found[1], found[0])
    return DeferReason(DeferSource.DRIVER, words=reason.partition(": ")[2] or reason)


def _for_node(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    device.to(ProbeStage.PUT_OFF, line)
    node = groups["node"]
    device.wait = device.held = DeferReason(DeferSource.NODE, node, f"wait for supplier {node}")


def _for_device(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    device.to(ProbeStage.PUT_OFF, line)
    supplier = groups["supplier"]
    device.wait = device.held = DeferReason(
        DeferSource.DEVICE, supplier, f"supplier {supplier} not ready"
    )


def _pin_refused(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    """Its pins are those of a controller that waits itself."""
    if device.stage is not ProbeStage.BOUND:
        device.to(ProbeStage.PUT_OFF, line)
        words = f"{groups['supplier']} does not hand out its pins"
        device.wait = DeferReason(DeferSource.DEVICE, groups["supplier"], words)


def _component(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    """It waits for one of its parts."""
    if device.stage is not ProbeStage.BOUND:
        device.to(ProbeStage.PUT_OFF, line)
        words = f"failed to bind {groups['component']}"
        device.wait = DeferReason(DeferSource.DEVICE, groups["component"], words)


def _master(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    """The same, with the part named before, if one was."""
    del groups
    if device.stage is not ProbeStage.BOUND:
        device.to(ProbeStage.PUT_OFF, line)
        if device.wait.grade is not DeferSource.DEVICE:
            device.wait = DeferReason(DeferSource.DRIVER, words=device.said)


def _bank_supply(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    """A pin controller lacks the supply of a bank: its users are put off, it may be bound."""
    if device.stage is not ProbeStage.BOUND:
        device.to(ProbeStage.PUT_OFF, line)
        words = f"vcc-p{groups['bank'].lower()}-supply"
        device.wait = DeferReason(DeferSource.DRIVER, words=words)


def _probing(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    del line, groups
    device.probing, device.asked, device.said = True, False, ""
    device.wait = _UNTOLD


def _driver_defers(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    del line
    device.asked = True
    by_driver = groups["who"] == "Driver"
    grade = DeferSource.DRIVER if by_driver else DeferSource.IDENTITY
    words = device.said or device.reason
    device.wait = DeferReason(grade, words=words if by_driver else "")


def _put_off(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    """Without words of its own: where the attempt ended shows what deferred it."""
    del groups
    device.to(ProbeStage.PUT_OFF, line)
    if device.probing and not device.asked:
        device.wait = DeferReason(DeferSource.BEFORE_PROBE)
    elif device.wait.grade in (DeferSource.UNSAID, DeferSource.BEFORE_PROBE):
        device.wait = DeferReason(DeferSource.LINKS)
    device.probing = device.asked = False


def _error_defer(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    device.said = groups["reason"].removeprefix(_DEFER)
    if device.stage is not ProbeStage.BOUND and groups["driver"] not in BUSES:
        device.to(ProbeStage.PUT_OFF, line)
        device.wait = DeferReason(DeferSource.DRIVER, words=device.said)


def _retry(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    """It is put off no more, unless the log says so again."""
    del groups
    if device.stage is ProbeStage.PUT_OFF:
        device.to(ProbeStage.UNHEARD, line)
        device.pending = None


def _ignored(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    del groups
    device.ignored = line
    device.stage, device.since = ProbeStage.UNHEARD, line


def _failed(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    device.to(ProbeStage.FAILED, line)
    device.error = int(groups["error"])
    if device.error == -_EPROBE_DEFER:
        device.to(ProbeStage.PUT_OFF, line)
        device.wait = DeferReason(DeferSource.DRIVER, words=device.said)


def _declined(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    if device.stage is not ProbeStage.BOUND:
        device.to(ProbeStage.DECLINED, line)
        device.error = int(groups["error"])


def _bound(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    device.to(ProbeStage.BOUND, line)
    device.driver, device.pending = groups["driver"], None
    device.probing = False


def _grouped(device: LoggedDevice, line: LogLine, groups: Groups) -> None:
    """Its IOMMU is there: the probe goes on, whatever held it up before."""
    _retry(device, line, groups)
    device.translated = True


#: What each kind of line does to its device.
TAKE: Mapping[str, Callable[[LoggedDevice, LogLine, Groups], None]] = {
    "probe-pending": _pending,
    "wait-for-node": _for_node,
    "wait-for-device": _for_device,
    "pin-refused": _pin_refused,
    "component-deferred": _component,
    "component-master": _master,
    "pin-bank-supply": _bank_supply,
    "probing": _probing,
    "driver-defers": _driver_defers,
    "put-off": _put_off,
    "retry": _retry,
    "error-defer": _error_defer,
    "timeout-ignored": _ignored,
    "probe-failed": _failed,
    "probe-declined": _declined,
    "bound": _bound,
    "iommu-group": _grouped,
}
