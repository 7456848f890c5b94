"""The requester IDs that a function's DMA may have at the IOMMU.

Source: Linux, drivers/pci/search.c, pci_for_each_dma_alias(); drivers/pci/pci.c,
pci_add_dma_alias() and pci_devs_are_dma_aliases().
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from dtlink.facts.pci_quirks import (
    FIXED_ALIASES,
    FUNCTION_ALIASES,
    HIDDEN_EXPRESS_BRIDGES,
    SUBSYSTEM_ALIASES,
    TRANSLATION_ROOTS,
    TRANSPARENT_BRIDGES,
)
from dtlink.firmware.pci.functions import Function, PortType
from dtlink.links.pci.hierarchy import PciHierarchy
from dtlink.records import NamedTuple

_PASS_ON = (PortType.ROOT_PORT, PortType.UPSTREAM, PortType.DOWNSTREAM)


class DmaAlias(NamedTuple):
    """A requester ID that a function's DMA may have."""

    rid: int
    function: Function
    """The function that gives it: itself, or a bridge above it."""


def dma_aliases(hierarchy: PciHierarchy, function: Function) -> list[DmaAlias]:
    """The requester IDs of a function's DMA: its own first, then from the nearest bridge up.

    A bridge without capabilities in the listing is taken for what it says it is: without root,
    bridges of PCI Express look like those of conventional PCI, and the result means nothing
    (:attr:`~dtlink.firmware.pci.functions.FunctionList.has_capabilities`).
    """
    return list(_aliases(hierarchy, hierarchy.translated(function) or function))


def _aliases(hierarchy: PciHierarchy, function: Function) -> Iterator[DmaAlias]:
    yield DmaAlias(function.rid, function)
    for devfn in sorted(own_aliases(function)):
        yield DmaAlias(function.bus << 8 | devfn, function)
    for bridge in hierarchy.above(function):
        if _ids(bridge) in TRANSLATION_ROOTS:
            return
        rid = _of_bridge(hierarchy, bridge)
        if rid is not None:
            yield DmaAlias(rid, bridge)


def own_aliases(function: Function) -> frozenset[int]:
    """Other devices and functions of its bus whose requester ID a function's DMA has, by quirks."""
    return _by_quirk(*_ids(function), function.subsystem or (-1, -1), function.rid & 0xFF)


@lru_cache(maxsize=4096)
def _by_quirk(vendor: int, device: int, subsystem: tuple[int, int], devfn: int) -> frozenset[int]:
    number = devfn & 7
    found: set[int] = set(FIXED_ALIASES.get((vendor, device), ()))
    found.add(devfn & ~7 | FUNCTION_ALIASES.get((vendor, device), number))
    found.update(SUBSYSTEM_ALIASES.get((vendor, device, *subsystem), ()))
    return frozenset(found - {devfn})


def _of_bridge(hierarchy: PciHierarchy, bridge: Function) -> int | None:
    """The requester ID that a bridge gives to what is behind it; ``None``: it passes theirs on."""
    if bridge.port in _PASS_ON:
        return None
    below = (bridge.buses.secondary if bridge.buses else 0) << 8
    if bridge.port is PortType.PCI_BRIDGE:
        return None if _ids(bridge) in TRANSPARENT_BRIDGES else below
    if bridge.port is None and _is_hidden_express(hierarchy, bridge):
        return below
    if bridge.port in (None, PortType.PCIE_BRIDGE):
        return bridge.rid
    return None


def _is_hidden_express(hierarchy: PciHierarchy, bridge: Function) -> bool:
    """Whether a bridge is one from PCI Express that has no Express capability."""
    if _ids(bridge) not in HIDDEN_EXPRESS_BRIDGES:
        return False
    above = hierarchy.bridge(bridge)
    return above is not None and above.port not in (None, PortType.PCI_BRIDGE)


def _ids(function: Function) -> tuple[int, int]:
    """The vendor and the device; of one that is not known, an ID that nothing has."""
    if function.vendor is None or function.device is None:
        return -1, -1
    return function.vendor, function.device
