"""Reading what ``lspci`` prints: with ``-v`` or more, with ``-n`` or ``-nn``, with hex dumps.

Lines that are not of lspci are passed over, so that a report with other commands' output may hold
the listing. Sources: pciutils, lspci.c, ls-caps.c and ls-ecaps.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from dtlink.firmware.errors import InputError
from dtlink.firmware.pci.config_space import with_config, with_header
from dtlink.firmware.pci.functions import (
    BRIDGE,
    Acs,
    Buses,
    Function,
    PortType,
    VirtualFunctions,
)
from dtlink.wording import counted

_MAX_LINE = 4096
_MAX_FUNCTIONS = 1 << 16
_MAX_CONFIG = 4096
#: Bytes of a dump without the extended capabilities.
_WITHOUT_EXTENDED = 256

_HEX4 = "[0-9a-f]{4}"
#: With ``-PP`` the functions of the bridges above come first, separated by slashes.
_HEAD = re.compile(
    r"(?:([0-9a-f]{4,8}):)?(?:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/)*"
    r"([0-9a-f]{2}):([01][0-9a-f])\.([0-7]) (?=\S)(.*:.*)",
    re.IGNORECASE,
)
#: With ``-P`` they have no bus numbers.
_PATH = re.compile(
    r"(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7](?:/[0-9a-f]{2}\.[0-7])+ \S", re.IGNORECASE
)
#: What mail programs put before lines that are quoted.
_QUOTED = re.compile(r"(?:[>|] ?)+")
#: ``Class name [0604]: Vendor [8086:1e10]``, and with ``-n`` ``0604: 8086:1e10``.
_CLASS = re.compile(rf"(?:[^:\[]*\[({_HEX4})\]|(?:Class )?({_HEX4})): ?", re.IGNORECASE)
_IDS = re.compile(rf"\[({_HEX4}):({_HEX4})\]|^({_HEX4}):({_HEX4})\b", re.IGNORECASE)
_BUSES = re.compile(
    r"Bus: primary=([0-9a-f]{2}), secondary=([0-9a-f]{2}), subordinate=([0-9a-f]{2})\b"
)
_EXPRESS = re.compile(r"Capabilities: \[[^]]*\] Express(?: \([^)]*\))? (.*?)(?:,| \(| IRQ|$)")
_ACS = re.compile(r"ACS(Cap|Ctl):((?:\s+\w+[-+])+)")
_SUBSYSTEM = re.compile(rf"\sSubsystem: .*?({_HEX4}):({_HEX4})\]?\s*$")
_NODE = re.compile(r"Device tree node: /sys/firmware/devicetree/base(/\S+)")
_GROUP = re.compile(r"IOMMU group:? (\d{1,6})\b")
_VIRTUAL = re.compile(r"VF offset: (\d{1,5}), stride: (\d{1,5})\b")
_COUNT = re.compile(r"Number of VFs: (\d{1,5})\b")
_ENABLED = re.compile(r"IOVCtl:\s+Enable\+")
_HEX_LINE = re.compile(r"([0-9a-f]{2,3}):((?: [0-9a-f]{2}){1,16})\s*$")
#: What lspci calls a bridge without ``-n`` or ``-nn``.
_BRIDGE_NAME = "PCI bridge"

#: The bits of ACS in the order in which lspci prints them.
_ACS_BITS = {
    name: 1 << bit
    for bit, name in enumerate(
        (
            "SrcValid",
            "TransBlk",
            "ReqRedir",
            "CmpltRedir",
            "UpstreamFwd",
            "EgressCtrl",
            "DirectTrans",
        )
    )
}

_PORTS = {
    "Endpoint": PortType.ENDPOINT,
    "Legacy Endpoint": PortType.LEGACY_ENDPOINT,
    "Root Port": PortType.ROOT_PORT,
    "Upstream Port": PortType.UPSTREAM,
    "Downstream Port": PortType.DOWNSTREAM,
    "PCI-Express to PCI/PCI-X Bridge": PortType.PCI_BRIDGE,
    "PCI/PCI-X to PCI-Express Bridge": PortType.PCIE_BRIDGE,
    "Root Complex Integrated Endpoint": PortType.INTEGRATED_ENDPOINT,
    "Root Complex Event Collector": PortType.EVENT_COLLECTOR,
}


def functions_of(text: str) -> dict[tuple[int, int], Function]:
    """The functions of a listing, by segment and requester ID.

    Raises :class:`InputError`, with the line, for a listing of two machines or one without end.
    """
    found: dict[tuple[int, int], Function] = {}
    for number, lines in _paragraphs(text):
        function = _function(number, lines)
        if function is None:
            continue
        key = function.segment, function.rid
        known = found.get(key)
        found[key] = function if known is None else _joined(known, function)
        if len(found) > _MAX_FUNCTIONS:
            raise InputError(f"line {number}: more than {counted(_MAX_FUNCTIONS, 'PCI function')}")
    return found


def _paragraphs(text: str) -> Iterable[tuple[int, list[str]]]:
    """The lines of each function, beginning with its head, and the number of that line."""
    number, lines = 0, list[str]()
    for at, line in enumerate(text.split("\n"), 1):
        row = _unquoted(line[:_MAX_LINE].rstrip("\r"))
        if _HEAD.match(row):
            if lines:
                yield number, lines
            number, lines = at, [row]
        elif _PATH.match(row):
            raise InputError(f"line {at}: paths without bus numbers: use lspci without -P")
        elif lines and row.strip():  # however it begins: mail programs wrap long lines
            lines.append(row)
        elif lines:
            yield number, lines
            lines = []
    if lines:
        yield number, lines


def _unquoted(row: str) -> str:
    quote = _QUOTED.match(row)
    return row[quote.end() :] if quote else row


def _joined(known: Function, other: Function) -> Function:
    """Of two listings of one machine, what the more talkative one says of a function."""
    if None not in (known.device, other.device) and (known.vendor, known.device) != (
        other.vendor,
        other.device,
    ):
        raise InputError(
            f"line {other.line}: {other.name} is another device than in line {known.line}: is it "
            "the listing of a second machine?"
        )
    first, second = sorted((known, other), key=_talk, reverse=True)
    return first._replace(
        vendor=first.vendor if first.vendor is not None else second.vendor,
        device=first.device if first.device is not None else second.device,
        class_code=first.class_code if first.class_code is not None else second.class_code,
        line=known.line,
    )


def _talk(function: Function) -> tuple[bool, bool, bool]:
    return (
        function.has_capabilities,
        function.multifunction is not None,
        function.header_type is not None,
    )


def _function(number: int, lines: list[str]) -> Function | None:
    head = _HEAD.match(lines[0])
    if head is None:
        return None
    segment = int(head[1] or "0", 16)
    rid = int(head[2], 16) << 8 | int(head[3], 16) << 3 | int(head[4])
    function = _named(Function(segment, rid, line=number), head[5])
    function = _details(function, [line for line in lines[1:] if not _HEX_LINE.match(line)])
    dump = _dump(lines)
    if function.has_capabilities and len(dump) <= _WITHOUT_EXTENDED:
        return with_header(function, dump)  # the text says more than -x or -xxx
    return with_config(function, dump)


def _named(function: Function, rest: str) -> Function:
    """The function with the class and the IDs of the first line of its entry."""
    found = _CLASS.match(rest)
    if found is None:
        named = rest.startswith(_BRIDGE_NAME)
        return function._replace(class_code=BRIDGE if named else None)
    ids = None
    for ids in _IDS.finditer(rest[found.end() :]):  # noqa: B007 - a name may hold such IDs: the last
        pass
    function = function._replace(class_code=int(found[1] or found[2], 16))
    if ids is None:
        return function
    vendor, device = (int(each, 16) for each in (ids[1] or ids[3], ids[2] or ids[4]))
    return function._replace(vendor=vendor, device=device)


def _details(function: Function, lines: list[str]) -> Function:
    """The function with what the lines below its head say."""
    if not any(line[0] in "\t " for line in lines):
        return function  # lspci without -v, and whatever follows it
    told: dict[str, object] = {"has_capabilities": True, "header_type": 0}
    text = "\n".join(lines)
    acs = {found[1]: _bits(found[2]) for found in _ACS.finditer(text)}
    for line in lines:
        if "access denied" in line:
            told["has_capabilities"] = False
        else:
            for pattern, read in _LINES:
                if found := pattern.search(line):
                    told |= read(found)
    if acs:
        told["acs"] = Acs(acs.get("Cap", 0), acs.get("Ctl", 0))
    # Without -vv a capability has its name and no registers.
    if "Access Control Services" in text and not acs:
        told["has_capabilities"] = False
    told["virtual"] = _virtual(text)
    return function._replace(**told)  # type: ignore[arg-type]


def _bits(text: str) -> int:
    """The set bits of ``SrcValid+ TransBlk-``."""
    return sum(_ACS_BITS.get(word[:-1], 0) for word in set(text.split()) if word.endswith("+"))


def _virtual(text: str) -> VirtualFunctions | None:
    places, count = _VIRTUAL.search(text), _COUNT.search(text)
    if not (places and count and _ENABLED.search(text)) or not int(count[1]):
        return None
    return VirtualFunctions(int(count[1]), int(places[1]), int(places[2]))


def _buses(found: re.Match[str]) -> dict[str, object]:
    return {"buses": Buses(*(int(each, 16) for each in found.groups())), "header_type": 1}


_Reader = Callable[[re.Match[str]], dict[str, object]]

#: What is read of which line.
_LINES: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_BUSES, _buses),
    (_EXPRESS, lambda found: {"port": _PORTS.get(found[1].strip())}),
    (_GROUP, lambda found: {"group": int(found[1])}),
    (_NODE, lambda found: {"node": found[1]}),
    (_SUBSYSTEM, lambda found: {"subsystem": (int(found[1], 16), int(found[2], 16))}),
    (re.compile(r"SltCap:.*\bHotPlug\+"), lambda _: {"hotplug": True}),
    (re.compile("Alternative Routing-ID Interpretation"), lambda _: {"ari": True}),
    (re.compile("Unknown header type"), lambda _: {"header_type": None}),
)


def _dump(lines: list[str]) -> bytes:
    """The bytes of a hex dump without gaps; what follows a gap is left out."""
    data = bytearray()
    for line in lines[1:]:
        found = _HEX_LINE.match(line)
        if found and int(found[1], 16) == len(data) < _MAX_CONFIG:
            data += bytes.fromhex(found[2])
    return bytes(data)
