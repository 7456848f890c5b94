"""Faults that the kernel names itself: refused DMA, errors of a description."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dtlink.facts.loglines import Topic
from dtlink.facts.loglines.faults import AMD_EVENTS, VTD_REASONS
from dtlink.facts.loglines.iommu import ATTACHED_CURE, SMMU_V3_ATTACHED, SMMU_V3_EVENTS
from dtlink.observed.bootlog.device import ProbeStage
from dtlink.observed.bootlog.model import CauseKind, CauseOrigin, DeviceEffect, RootCause, Victim
from dtlink.observed.bootlog.supplier_states import error
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.observed.bootlog.device import LoggedDevice
    from dtlink.observed.bootlog.history import History, LoggedMessage
    from dtlink.observed.bootlog.suppliers import Suppliers
    from dtlink.observed.naming import NodeNames

#: What a fault does to its device, where that is not refused DMA.
_EFFECTS = {
    "vtd-interrupt": DeviceEffect.BLOCKED,
    "amd-completion": DeviceEffect.STUCK,
    "smmu-stuck": DeviceEffect.STUCK,
    "smmu-error": DeviceEffect.STUCK,
    "rmrr-ineligible": DeviceEffect.NO_GUEST,
    "direct-required": DeviceEffect.NO_GUEST,
    "dmar-unit-dead": DeviceEffect.UNUSED,
    "dma-overflow": DeviceEffect.REFUSED,
    "its-stuck": DeviceEffect.STUCK,
    "msi-no-domain": DeviceEffect.NO_MSI,
    "vtd-invalidation": DeviceEffect.STUCK,
    "vfio-no-remapping": DeviceEffect.NO_GUEST,
    "dma-ops-kept": DeviceEffect.UNTRANSLATED,
    "smmu-region": DeviceEffect.UNUSED,
    "smmu-context-irqs": DeviceEffect.UNUSED,
    "riscv-iommu-irqs": DeviceEffect.UNUSED,
}
#: Lines after an event that belong to it: the rest of its record.
_RECORD = 4


class DmaFault(NamedTuple):
    """One refusal."""

    said: LoggedMessage
    iommu: str
    what: str
    """Which refusal, in words."""
    stream: int | None
    requester: str = ""
    """The PCI function, where the IOMMU names it and no stream ID."""
    client: str = ""
    """The PCI function that the kernel knows by the stream ID."""
    cure: str = ""
    """What to do, if it depends on the kind of refusal."""

    @property
    def subject(self) -> str:
        """What reported it, or which device it is about."""
        return self.requester or self.iommu


def faults(history: History) -> Iterator[DmaFault]:
    """The refusals in the log."""
    lines = list(history.of(Topic.FAULT))
    for number, said in enumerate(lines):
        kind, groups = said.match.message.kind, said.match.groups
        if groups.get("event") in AMD_EVENTS or "reason" in groups:
            yield _of_x86(said)
        elif "iommu" in groups and kind != "fault-detail":
            stream, event = groups.get("stream"), groups.get("event", "")
            known = int(stream, 16) if stream else None
            if stream is None:
                known = _recorded(lines[number + 1 : number + 1 + _RECORD], groups["iommu"])
            if known is not None and kind == "context-fault":
                known &= 0xFFFF  # CBFRSYNRA: the ID in the lower half, its mask in the upper
            client = groups.get("client", "")
            cure = ATTACHED_CURE if _is_attached(event) else ""
            yield DmaFault(
                said, groups["iommu"], _what(said, event), known, client=client, cure=cure
            )


def _of_x86(said: LoggedMessage) -> DmaFault:
    """A refusal by VT-d or an AMD IOMMU: the requester is a PCI function, or is not named."""
    groups = said.match.groups
    if "event" in groups:
        what, iommu = AMD_EVENTS[groups["event"]], "the AMD IOMMU"
    else:
        reason, iommu = groups["reason"], "the VT-d unit"
        number = int(reason, 16) if reason.startswith("0x") else int(reason)
        what = VTD_REASONS.get(number, f"fault reason {reason}")
    name = groups.get("requester", "").replace("0x", "")
    requester = name if name.count(":") != 1 else f"0000:{name}"
    return DmaFault(said, iommu, what, None, requester)


def _recorded(below: Iterable[LoggedMessage], iommu: str) -> int | None:
    """The stream ID in the lines below: word 0 of an SMMUv3's record, or ``SID=`` of an SMMUv2."""
    for said in below:
        groups = said.match.groups
        if said.match.message.kind != "fault-detail" or groups.get("iommu") != iommu:
            return None
        if record := groups.get("record"):
            return int(record, 16) >> 32
        if stream := groups.get("stream"):
            return int(stream, 16)
    return None


def _what(said: LoggedMessage, event: str) -> str:
    if event:
        number = _number(event)
        fallback = f"event {event}" if event.startswith("0x") else event
        return SMMU_V3_EVENTS.get(number, fallback)
    return said.match.message.meaning


def _is_attached(event: str) -> bool:
    return bool(event) and _number(event) in SMMU_V3_ATTACHED


def _number(event: str) -> int:
    """The number of an SMMUv3's event, by number or name; -1 if it is not known."""
    if event.startswith("0x"):
        return int(event, 16)
    names = {text.partition(":")[0]: number for number, text in SMMU_V3_EVENTS.items()}
    return names.get(event, -1)


def explain_faults(
    history: History, names: NodeNames | None, suppliers: Suppliers | None
) -> list[RootCause]:
    """One cause for each IOMMU, refusal and stream ID."""
    causes: dict[tuple[str, str, int | None], RootCause] = {}
    for fault in faults(history):
        node = names.node(fault.subject) if names else None
        key = (fault.subject, fault.what, fault.stream)
        if key not in causes:
            causes[key] = RootCause(_origin(fault, node, suppliers))
            causes[key].victims.append(_victim(fault, node, suppliers))
        else:
            first = causes[key].victims[0]
            device = fault.client if fault.client and not first.node else first.device
            causes[key].victims[0] = first._replace(lines=first.lines + 1, device=device)
    return list(causes.values())


def _origin(fault: DmaFault, node: str | None, suppliers: Suppliers | None) -> CauseOrigin:
    stream = "" if fault.stream is None else f", stream ID {fault.stream:#x}"
    message = fault.said.match.message
    detail = fault.what
    if node and suppliers and fault.stream is not None:
        masters = suppliers.masters(node, fault.stream)
        if masters == []:
            detail = f"{detail.removesuffix('.')}; no device has this stream ID in the tree"
        elif masters:
            detail = (
                f"{detail.removesuffix('.')}; the tree gives this stream ID to {', '.join(masters)}"
            )
    elif node and suppliers and not fault.requester and (users := suppliers.users(node)):
        detail = f"{detail.removesuffix('.')}; the tree gives it to {listed(users)}"
    return CauseOrigin(
        CauseKind.FAULT,
        f"{node or fault.subject}{stream}",
        detail,
        rule=message.rule,
        cure=fault.cure or message.cure,
    )


def _victim(fault: DmaFault, node: str | None, suppliers: Suppliers | None) -> Victim:
    """The device whose access it was; the IOMMU if it is unknown."""
    line = fault.said.line
    effect = _EFFECTS.get(fault.said.match.message.kind, DeviceEffect.REFUSED)
    master = None
    if node and suppliers and fault.stream is not None:
        masters = suppliers.masters(node, fault.stream) or ()
        master = masters[0] if len(masters) == 1 else None
    device = master.rpartition("/")[2] if master else fault.client or fault.subject
    where = master or node
    return Victim(device, where, effect, line.text, line.number, line.time)


def described(history: History, names: NodeNames | None) -> Iterator[RootCause]:
    """Faults of the description that the kernel names, one cause for each kind and device."""
    causes: dict[tuple[str, str], RootCause] = {}
    last = ("", "")
    for said in history.of(Topic.FIRMWARE):
        message, line = said.match.message, said.line
        name = said.match.groups.get("device") or said.match.groups.get("node", "")
        key = next((k for kind in message.follows if (k := (kind, name)) in causes), None)
        key = key or (message.kind, name)
        if message.replaces and last[0] == message.replaces:
            _take_back(causes, last)
        last = key
        if key in causes:
            victim = causes[key].victims[0]
            causes[key].victims[0] = victim._replace(lines=victim.lines + 1)
            continue
        node = names.named(name) or names.node(name) if names and name else None
        subject = node or name or message.subject or _about(message.kind)
        origin = CauseOrigin(
            CauseKind.DESCRIPTION, subject, message.meaning, rule=message.rule, cure=message.cure
        )
        failed = _failed(history, subject, names) if "node" in said.match.groups else None
        victim = Victim(
            failed.name if failed else name or subject,
            node,
            _EFFECTS.get(message.kind, DeviceEffect.MISDESCRIBED),
            line.text,
            line.number,
            line.time,
            note=f"its probe failed: {error(failed.error)}" if failed else "",
        )
        causes[key] = RootCause(origin, [victim])
    yield from causes.values()


def _failed(history: History, path: str, names: NodeNames | None) -> LoggedDevice | None:
    """The device of a node whose probe failed; without a tree, the one that is called as it is."""
    address = re.search(r"@([0-9a-f]+)\Z", path)
    name = path.rpartition("/")[2].partition("@")[0]
    called = f"{address[1]}.{name}" if address else name
    for device in history.devices.values():
        of_node = names.node(device.name) == path if names else device.name == called
        if of_node and device.stage is ProbeStage.FAILED:
            return device
    return None


def _take_back(causes: dict[tuple[str, str], RootCause], key: tuple[str, str]) -> None:
    """Take one line from a cause, which the next line explains better."""
    victim = causes[key].victims[0]
    if victim.lines > 1:
        causes[key].victims[0] = victim._replace(lines=victim.lines - 1)
    else:
        del causes[key]


def _about(kind: str) -> str:
    """What a fault without a device is in: the table's signature is the first word of its kind."""
    word = kind.partition("-")[0]
    return f"the {word.upper()}" if word in ("iort", "dmar", "ivrs", "viot", "rimt") else "the tree"
