"""The devices of a log by what became of them, and the lines by whether they report harm."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts.loglines import Harm, Topic
from dtlink.facts.loglines.system import NO_ROOT
from dtlink.observed.bootlog.common_root import CommonRoots
from dtlink.observed.bootlog.device import DeferSource, LoggedDevice, ProbeStage
from dtlink.observed.bootlog.lost_root import is_lost
from dtlink.observed.bootlog.model import (
    CauseKind,
    DeviceEffect,
    RootCause,
    UndecidedDevice,
    Victim,
)
from dtlink.observed.bootlog.supplier_states import by_device_name, error
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.facts.profile import KernelProfile
    from dtlink.observed.bootlog.causes import CauseChain, CauseTracer
    from dtlink.observed.bootlog.history import History, LoggedMessage
    from dtlink.observed.bootlog.suppliers import Suppliers

_ETIMEDOUT = -110
#: A device link that orders sync_state() alone (include/linux/device.h, DL_FLAG_SYNC_STATE_ONLY).
_SYNC_STATE_ONLY = 0x80

_UNSAID = {
    DeferSource.LINKS: "put off by fw_devlink, before its driver was called",
    DeferSource.IDENTITY: "put off by the AMBA bus, which could not read what it is",
    DeferSource.BEFORE_PROBE: "put off before its driver was called, for pins or an IOMMU",
    DeferSource.DRIVER: "put off by its driver, without a reason",
}


def _note(device: LoggedDevice, said: str) -> str:
    """What the log shows of a wait that it does not word, and how long a wait is."""
    if device.pending and device.spoke and device.spoke.number > device.pending.number:
        return f"its driver wrote of it again (line {device.spoke.number}): it may have come since"
    if not said:
        return _UNSAID.get(device.wait.grade, "put off; the log says no reason")
    endless = device.wait.grade is DeferSource.NODE and not device.ignored
    return "no timeout ends this wait" if endless else ""


class Outcomes:
    """The devices of a log, by what became of them."""

    def __init__(
        self,
        history: History,
        profile: KernelProfile,
        tracer: CauseTracer,
        suppliers: Suppliers | None,
    ) -> None:
        self._history = history
        self._profile = profile
        self._root_causes = tracer
        self._suppliers = suppliers
        kinds = ("probe-pending", "timeout-ignored")
        ends = [x.line.number for x in history.said if x.match.message.kind in kinds]
        self._expired = max(ends, default=0)
        """The last line in which the kernel reported devices that still wait."""
        self.open: list[UndecidedDevice] = []
        self.own_failures: list[UndecidedDevice] = []
        self._fates: dict[str, DeviceEffect | None] = {}
        """What became of each device that has lines; ``None``: nothing bad."""
        self._causes: dict[tuple[CauseKind, str], RootCause] = {}

    def causes(self) -> list[RootCause]:
        """The root causes of what the log shows of probing, each with its victims."""
        for device in self._history.devices.values():
            effect = self._fates[device.name] = self._effect(device)
            if effect is not None:
                self._add(device, effect)
            elif device.stage is ProbeStage.PUT_OFF and not self._came(device):
                found = self._open(device, device.wait.words)
                self.open.append(found._replace(meaning=self._undecided_wait(device)))
            elif device.stage is ProbeStage.FAILED:
                self.own_failures.append(self._own_failure(device))
        tracer = self._root_causes
        CommonRoots(self._causes, tracer.chains, tracer.reach).explain()
        self._add_sync_state()
        self.open += self._undecided()
        causes = self._causes.values()
        blamed = {name for cause in causes for name in (cause.origin.subject, *cause.also)}
        self.own_failures = [x for x in self.own_failures if (x.node or x.device) not in blamed]
        return list(self._causes.values())

    def _own_failure(self, device: LoggedDevice) -> UndecidedDevice:
        """A probe that failed, with the driver's last complaint before it."""
        found = self._open(device, device.said or f"error {device.error}")
        path = self._root_causes.node(device.name)
        node = self._suppliers.tree.by_path[path] if self._suppliers and path else None
        more = by_device_name(device, node)
        failed = f"its probe failed: {error(device.error)}" if device.said else ""
        return found._replace(meaning="; ".join(filter(None, (failed, more))))

    def _undecided_wait(self, device: LoggedDevice) -> str:
        """What is known of a wait of which the log has no end."""
        since = device.since.number if device.since else 0
        init = self._history.stages.get("init-runs")
        last = (
            f"deferred before init ran (line {init.number})" if init and init.number > since else ""
        )
        origin = self._root_causes.trace(device).origin
        suppliers = origin.candidates or ((origin.subject,) if origin.root.is_known else ())
        waits = f"waits for {listed(suppliers)}" if suppliers else "still waits"
        return f"{last or 'deferred'}, and not mentioned since: it {waits}, or probed silently"

    def _undecided(self) -> Iterator[UndecidedDevice]:
        """Lines about no device's probing whose harm depends on what the log does not show."""
        for said in self._history.said:
            if said.match.message.topic is not Topic.PROBE and self.fate(said) == "open":
                groups, line = said.match.groups, said.line
                name = groups.get("device") or groups.get("node", "")
                message = said.match.message
                meaning = message.meaning
                if message.topic is Topic.SYSTEM:
                    meaning += f" If it matters: {message.cure}"
                node = self._root_causes.node(name)
                yield UndecidedDevice(name, node, line.text, line.number, line.time, meaning)

    def _effect(self, device: LoggedDevice) -> DeviceEffect | None:
        """What became of a device; ``None``: it runs, or the log does not show it."""
        if device.ignored and not device.translated:
            if device.stage is ProbeStage.FAILED and device.error == _ETIMEDOUT:
                return DeviceEffect.LOST
            if device.stage in (ProbeStage.BOUND, ProbeStage.UNHEARD):
                return self._went_on(device)
        if device.stage is not ProbeStage.PUT_OFF or self._came(device):
            return None
        if device.pending and not self._history.tells_binding:
            return DeviceEffect.PENDING
        never_told = self._profile.deferred_probe_timeout <= 0 or self._expired
        is_held = device.pending or never_told or self._root_causes.trace(device).origin.is_absent
        return DeviceEffect.WAITS if is_held else None

    def _came(self, device: LoggedDevice) -> bool:
        """Whether a device deferred before was not among those that the kernel reported to wait.

        So it is of a regulator that was registered afterwards.
        """
        since = device.since.number if device.since else 0
        last = max(self._expired, self._supplied(device))
        return device.pending is None and since < last

    def _supplied(self, device: LoggedDevice) -> int:
        """The line in which the regulator that a device is got its supply; 0 if none says so."""
        path = self._root_causes.node(device.name) if self._history.supplied else None
        if path is None or self._suppliers is None:
            return 0
        names = self._suppliers.tree.by_path[path].strings("regulator-name")
        lines = (self._history.supplied.get(name) for name in names)
        return max((line.number for line in lines if line), default=0)

    def _went_on(self, device: LoggedDevice) -> DeviceEffect | None:
        """A device that was bound again later, by hand, with its power domain, has lost nothing."""
        kinds = self._root_causes.given_up(device)
        if kinds and "IOMMU" not in kinds:
            return None if device.stage is ProbeStage.BOUND else DeviceEffect.WENT_ON
        if device.name.count(":") == 2 or "IOMMU" in kinds:
            return DeviceEffect.UNTRANSLATED
        return DeviceEffect.WENT_ON

    def _add(self, device: LoggedDevice, effect: DeviceEffect) -> None:
        trail = self._root_causes.trace(device)
        line = device.ignored or device.pending or device.since or device.lines[0]
        said = device.wait.words
        if device.ignored:
            said = "deferred probe timeout, ignoring dependency"
        victim = Victim(
            device=device.name,
            node=self._root_causes.node(device.name),
            effect=effect,
            words=said,
            line=line.number,
            time=line.time,
            via=trail.via,
            lines=len(device.lines),
            note=_note(device, said),
            driver=device.driver,
            bus=device.bus,
            sure=trail.origin.sure,
        )
        self._blame(trail, victim)

    def _add_sync_state(self) -> None:
        """Suppliers that are held back, each because of a consumer."""
        for said in self._history.of(Topic.SYNC_STATE):
            groups = said.match.groups
            if "consumer" in groups and not self._released(said):
                trail = self._consumer(groups["consumer"])
                name, line = groups["device"], said.line
                due = f"sync_state() pending due to {groups['consumer']}"
                victim = Victim(
                    device=name,
                    node=self._root_causes.node(name),
                    effect=DeviceEffect.KEPT_ON,
                    words=due,
                    line=line.number,
                    time=line.time,
                    via=trail.via,
                    sure=trail.origin.sure,
                )
                self._blame(trail, victim)

    def _released(self, said: LoggedMessage) -> bool:
        """Whether the consumer that a supplier waited for has bound after all."""
        device = self._history.devices.get(said.match.groups.get("consumer", ""))
        return device is not None and device.stage is ProbeStage.BOUND

    def _consumer(self, name: str) -> CauseChain:
        """Why a consumer has not probed."""
        device = self._history.devices.get(name)
        if device is not None and device.stage in (ProbeStage.PUT_OFF, ProbeStage.FAILED):
            trail = self._root_causes.trace(device)
            return trail._replace(via=(name, *trail.via))
        return self._root_causes.trace_name(name)

    def _blame(self, trail: CauseChain, victim: Victim) -> None:
        origin = trail.origin
        cause = self._causes.setdefault(origin.key, RootCause(origin))
        if origin.subject not in (cause.origin.subject, *cause.also):
            cause.also.append(origin.subject)
        cause.victims.append(victim)

    def _open(self, device: LoggedDevice, said: str) -> UndecidedDevice:
        line = device.since or device.lines[-1]
        node = self._root_causes.node(device.name)
        return UndecidedDevice(device.name, node, said, line.number, line.time)

    def fate(self, said: LoggedMessage) -> str:
        """What is said of a line: ``harmful``, ``harmless``, ``open``, ``own``."""
        message, groups = said.match.message, said.match.groups
        if message.topic is Topic.PROBE and message.harm is not Harm.HARMLESS:
            return self._of_device(groups.get("device", ""))
        if message.kind == "sync-state-pending" and self._released(said):
            return "harmless"
        if message.kind.startswith(NO_ROOT):
            return "harmful" if is_lost(self._history, said) else "harmless"
        if message.kind == "link-refused":
            flags = groups.get("flags")
            return "harmless" if flags and int(flags, 16) & _SYNC_STATE_ONLY else "open"
        if message.kind == "no-map-entry" and self._suppliers:
            itself = self._suppliers.is_iommu(groups["node"], int(groups["id"], 16))
            return "harmless" if itself else "open"
        return {Harm.HARMFUL: "harmful", Harm.HARMLESS: "harmless", Harm.DEPENDS: "open"}[
            message.harm
        ]

    def _of_device(self, name: str) -> str:
        device = self._history.devices[name]
        if self._fates.get(name) is not None:
            return "harmful"
        if device.stage is ProbeStage.PUT_OFF and not self._came(device):
            return "open"
        return "own" if device.stage is ProbeStage.FAILED else "harmless"
