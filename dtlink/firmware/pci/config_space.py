"""What the bytes of a function's configuration space say.

Sources: as of :mod:`dtlink.firmware.pci.functions`; Linux, drivers/pci/probe.c,
pci_setup_device() and set_pcie_port_type().
"""

from __future__ import annotations

from collections.abc import Callable

from dtlink.firmware.pci.functions import Acs, Buses, Function, PortType, VirtualFunctions

_HEADER = 0x40
_EXTENDED = 0x100
_LARGEST = 0x1000

_STATUS = 0x06
_HAS_CAPABILITIES = 0x10
_CLASS, _HEADER_TYPE, _BUSES, _SUBSYSTEM, _CAPABILITIES = 0x0A, 0x0E, 0x18, 0x2C, 0x34
_MULTIFUNCTION = 0x80

_EXPRESS = 0x10
_ACS, _ARI, _SRIOV = 0x000D, 0x000E, 0x0010

#: Bytes after the start of the Express capability: flags, slot capabilities.
_FLAGS, _SLOT = 2, 0x14
_SLOT_IMPLEMENTED, _HOTPLUG = 0x100, 0x40
#: Bytes after the start of SR-IOV's: control, number, offset and stride.
_CONTROL, _COUNT, _OFFSET, _STRIDE = 8, 0x10, 0x14, 0x16
#: Bytes of an extended capability that are needed.
_PARTS = {_ACS: 8, _SRIOV: _STRIDE + 2}


def with_config(function: Function, data: bytes) -> Function:
    """The function with what its configuration space says; what is cut off stays unknown.

    A function that no longer answers reads as all ones: nothing of it is known.
    """
    return _with_capabilities(with_header(function, data), data) if answers(data) else function


def needed_parts(read: Callable[[int, int], bytes]) -> bytes:
    """A configuration space in which only what is needed here was read, the rest being zeros.

    ``read`` returns the bytes at an offset, as many as asked or fewer. Some devices do not bear
    reads of all of it (lspci(8), -xxx), so on a running machine as little as possible is read.
    """
    data = bytearray(read(0, _HEADER))
    if not answers(data) or not data[_STATUS] & _HAS_CAPABILITIES:
        return bytes(data)
    whole = bytearray(_LARGEST)
    whole[: len(data)] = data
    size = len(data)

    def fetch(at: int, length: int) -> bool:
        nonlocal size
        part = read(at, length)
        whole[at : at + len(part)] = part
        size = max(size, at + len(part))
        return len(part) == length

    at, seen, is_express = data[_CAPABILITIES] & ~3, set[int](), False
    while _HEADER <= at < _EXTENDED and at not in seen and fetch(at, 2) and whole[at]:
        seen.add(at)
        if whole[at] == _EXPRESS:
            is_express = fetch(at, _SLOT + 2)
        at = whole[at + 1] & ~3
    if not seen:
        return bytes(whole[:size])
    at = _EXTENDED if is_express else 0
    while at >= _EXTENDED and at not in seen and fetch(at, 4):
        seen.add(at)
        head = int.from_bytes(whole[at : at + 4], "little")
        fetch(at, _PARTS.get(head & 0xFFFF, 4))
        at = head >> 20 & ~3 if head not in (0, 0xFFFFFFFF) else 0
    return bytes(whole if _EXTENDED in seen else whole[:_EXTENDED])


def answers(data: bytes | bytearray) -> bool:
    """Whether there is a header, of a function that still answers."""
    return len(data) >= _HEADER and data[:4] != b"\xff\xff\xff\xff"


def with_header(function: Function, data: bytes) -> Function:
    """The function with what its header says, its capabilities left as they are."""
    if not answers(data):
        return function
    header = data[_HEADER_TYPE] & ~_MULTIFUNCTION
    function = function._replace(
        vendor=_word(data, 0),
        device=_word(data, 2),
        class_code=_word(data, _CLASS),
        header_type=header,
        multifunction=bool(data[_HEADER_TYPE] & _MULTIFUNCTION),
    )
    if header == 0:
        pair = _word(data, _SUBSYSTEM), _word(data, _SUBSYSTEM + 2)
        function = function._replace(subsystem=pair)
    elif header in (1, 2):
        function = function._replace(buses=Buses(*data[_BUSES : _BUSES + 3]))
    return function


def _with_capabilities(function: Function, data: bytes) -> Function:
    if not data[_STATUS] & _HAS_CAPABILITIES:
        return function._replace(has_capabilities=True)
    found = _capabilities(data)
    express = found.get(_EXPRESS)
    if express is None:
        # Without root the file ends after the header, or zeros follow.
        return function._replace(has_capabilities=bool(found))
    extended = _extended(data)
    flags = _word(data, express + _FLAGS)
    slot = flags & _SLOT_IMPLEMENTED and data[express + _SLOT] & _HOTPLUG
    at = extended.get(_ACS)
    return function._replace(
        has_capabilities=len(data) > _EXTENDED,
        port=_port(flags >> 4 & 0xF),
        hotplug=bool(slot),
        acs=None if at is None else Acs(_word(data, at + 4), _word(data, at + 6)),
        ari=_ARI in extended,
        virtual=_virtual(data, extended.get(_SRIOV)),
    )


def _port(number: int) -> PortType | None:
    try:
        return PortType(number)
    except ValueError:
        return None


def _virtual(data: bytes, at: int | None) -> VirtualFunctions | None:
    if at is None or not data[at + _CONTROL] & 1:
        return None
    count, offset, stride = (_word(data, at + each) for each in (_COUNT, _OFFSET, _STRIDE))
    return VirtualFunctions(count, offset, stride) if count else None


def _capabilities(data: bytes) -> dict[int, int]:
    """The first place of each capability by its ID; a chain that comes back ends."""
    found: dict[int, int] = {}
    at, seen = data[_CAPABILITIES] & ~3, set[int]()
    while _HEADER <= at < min(len(data), _EXTENDED) - _OFFSET and at not in seen and data[at]:
        seen.add(at)
        found.setdefault(data[at], at)
        at = data[at + 1] & ~3
    return found


def _extended(data: bytes) -> dict[int, int]:
    """The first place of each extended capability by its ID."""
    found: dict[int, int] = {}
    at, seen = _EXTENDED, set[int]()
    while _EXTENDED <= at < len(data) - _STRIDE - 1 and at not in seen:
        seen.add(at)
        head = int.from_bytes(data[at : at + 4], "little")
        if head in (0, 0xFFFFFFFF):
            break
        found.setdefault(head & 0xFFFF, at)
        at = head >> 20 & ~3
    return found


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")
