"""PCI functions written as ``lspci -vvnn`` prints them, and as configuration space."""

from __future__ import annotations

from dtlink.firmware.pci.functions import Function, PortType

#: A host, a port and a bridge, as a machine prints them.
LISTING = """\
00:00.0 Host bridge [0600]: Some Vendor A host [8086:0100] (rev 09)
\tSubsystem: Some Vendor A board [1043:84ca]
\tCapabilities: [e0] Vendor Specific Information: Len=0c <?>
\tIOMMU group: 0

00:1c.4 PCI bridge [0604]: Some Vendor [Old Name] A port [8086:1e18] (rev c4) (prog-if 00 [Normal])
\tBus: primary=00, secondary=04, subordinate=05, sec-latency=0
\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00
\t\tSltCap:\tAttnBtn- PwrCtrl- MRL- AttnInd- PwrInd- HotPlug+ Surprise+
\tCapabilities: [100 v1] Access Control Services
\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
\tKernel driver in use: pcieport
\tIOMMU group: 12

04:00.0 PCI bridge [0604]: A chip [1b21:1080] (rev 04) (prog-if 01 [Subtractive decode])
\tBus: primary=04, secondary=05, subordinate=05, sec-latency=32
"""

_PORTS = {
    PortType.ENDPOINT: "Endpoint, IntMsgNum 0",
    PortType.LEGACY_ENDPOINT: "Legacy Endpoint, MSI 00",
    PortType.ROOT_PORT: "Root Port (Slot+), MSI 00",
    PortType.UPSTREAM: "Upstream Port, MSI 00",
    PortType.DOWNSTREAM: "Downstream Port (Slot+), MSI 00",
    PortType.PCI_BRIDGE: "PCI-Express to PCI/PCI-X Bridge, MSI 00",
    PortType.PCIE_BRIDGE: "PCI/PCI-X to PCI-Express Bridge (Slot-), MSI 00",
    PortType.INTEGRATED_ENDPOINT: "Root Complex Integrated Endpoint, MSI 00",
    PortType.EVENT_COLLECTOR: "Root Complex Event Collector, MSI 00",
}
_BITS = (
    "SrcValid",
    "TransBlk",
    "ReqRedir",
    "CmpltRedir",
    "UpstreamFwd",
    "EgressCtrl",
    "DirectTrans",
)


def listing(*functions: Function, root: bool = True) -> str:
    """The output of ``lspci -Dvvnn``, by root or by another user."""
    return "\n".join(_entry(each, root=root) for each in functions)


def _entry(function: Function, *, root: bool) -> str:
    ids = f"[{function.vendor or 0:04x}:{function.device or 0:04x}]"
    lines = [f"{function.name} Some class [{function.class_code or 0:04x}]: A vendor: a chip {ids}"]
    lines.append("\tControl: I/O- Mem+ BusMaster+ SpecCycle- MemWINV-")
    if function.subsystem:
        lines.append("\tSubsystem: Someone [{:04x}:{:04x}]".format(*function.subsystem))
    if function.buses:
        told = "primary={:02x}, secondary={:02x}, subordinate={:02x}".format(*function.buses)
        lines.append(f"\tBus: {told}, sec-latency=0")
    lines += _capabilities(function) if root else ["\tCapabilities: <access denied>"]
    lines.append("\tKernel driver in use: something")
    if function.group is not None:
        lines.append(f"\tIOMMU group: {function.group}")
    return "\n".join(lines) + "\n"


def _capabilities(function: Function) -> list[str]:
    lines = []
    if function.port is not None:
        lines.append(f"\tCapabilities: [40] Express (v2) {_PORTS[function.port]}")
        lines.append("\t\tDevCap:\tMaxPayload 128 bytes, PhantFunc 0")
    if function.hotplug:
        lines.append("\t\tSltCap:\tAttnBtn+ PwrCtrl+ MRL- AttnInd+ PwrInd+ HotPlug+ Surprise+")
    if function.acs is not None:
        lines.append("\tCapabilities: [100 v1] Access Control Services")
        lines.append(f"\t\tACSCap:\t{_bits(function.acs.capability)}")
        lines.append(f"\t\tACSCtl:\t{_bits(function.acs.control)}")
    if function.ari:
        lines.append("\tCapabilities: [148 v1] Alternative Routing-ID Interpretation (ARI)")
    if function.virtual is not None:
        count, offset, stride = function.virtual
        lines.append("\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)")
        lines.append("\t\tIOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy+")
        lines.append(f"\t\tInitial VFs: 8, Total VFs: 8, Number of VFs: {count}, Function")
        lines.append(f"\t\tVF offset: {offset}, stride: {stride}, Device ID: 1234")
    return lines


def _bits(value: int) -> str:
    return " ".join(f"{name}{'-+'[value >> at & 1]}" for at, name in enumerate(_BITS))


def config(function: Function, *, root: bool = True) -> bytes:
    """Its configuration space, or the header alone as another user reads it."""
    data = bytearray(4096 if function.port is not None else 256)
    _put(data, 0, function.vendor or 0)
    _put(data, 2, function.device or 0)
    _put(data, 0x0A, function.class_code or 0)
    data[0x0E] = (function.header_type or 0) | bool(function.multifunction) << 7
    if function.buses:
        data[0x18:0x1B] = bytes(function.buses)
    elif function.subsystem:
        _put(data, 0x2C, function.subsystem[0])
        _put(data, 0x2E, function.subsystem[1])
    if function.port is not None:
        data[0x06], data[0x34] = 0x10, 0x40
        data[0x40:0x42] = b"\x10\0"
        _put(data, 0x42, function.port << 4 | 0x100 | 2)
        data[0x54] = function.hotplug << 6
        _extended(data, function)
    return bytes(data if root else data[:0x40])


def _put(data: bytearray, at: int, value: int, size: int = 2) -> None:
    data[at : at + size] = value.to_bytes(size, "little")


def _extended(data: bytearray, function: Function) -> None:
    rows: list[tuple[int, list[tuple[int, int]]]] = []
    if function.acs is not None:
        rows.append((0x0D, [(4, function.acs.capability), (6, function.acs.control)]))
    if function.ari:
        rows.append((0x0E, []))
    if function.virtual is not None:
        count, offset, stride = function.virtual
        rows.append((0x10, [(8, 1), (0x10, count), (0x14, offset), (0x16, stride)]))
    for number, (kind, words) in enumerate(rows):
        at = 0x100 + 0x40 * number
        after = at + 0x40 if number + 1 < len(rows) else 0
        _put(data, at, kind | 1 << 16 | after << 20, 4)
        for offset, word in words:
            _put(data, at + offset, word)


def hexdump(function: Function, data: bytes) -> str:
    """The output of ``lspci -Dxxxx`` for one function."""
    rows = [f"{at:02x}: {data[at : at + 16].hex(' ')}" for at in range(0, len(data), 16)]
    return "\n".join([f"{function.name} Some class: A vendor", *rows]) + "\n\n"
