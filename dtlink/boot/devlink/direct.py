"""Kernels without links between nodes: devices that lack a supplier try again and again.

A device reads its properties, and those of all below it, when it is added; if a supplier is no
device yet, it is on a list, and reads them again whenever a device is added. See
:data:`dtlink.facts.behaviours.FWNODE_LINKS`. Source: Linux 5.10, drivers/base/core.c and
drivers/of/property.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.boot.devlink.effects import TryResult
from dtlink.boot.devlink.joining import depends, join
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.state import CoreDevice, CoreState
    from dtlink.links.reference import Reference


class Tried(NamedTuple):
    """A reference, as tried for one device last."""

    device: int
    reference: Reference
    supplier: int
    """The node that would be the supplier's device; -1 if there is none."""
    result: TryResult


class _Listed:
    """A device on the list ``wait_for_suppliers``."""

    def __init__(self, device: CoreDevice) -> None:
        self.device = device
        self.unread = True
        self.required = True
        """Whether a supplier of its own is missing (``need_for_probe``)."""
        self.own: dict[tuple[int, int], Tried] = {}
        """References of its own node whose suppliers are no devices yet."""
        self.missing: dict[int, list[Reference]] = {}
        """The same for those that hold up no probe, by supplier."""


class DirectLinker:
    """fw_devlink before it linked nodes."""

    def __init__(self, state: CoreState) -> None:
        self._state = state
        self._listed: dict[int, _Listed] = {}
        self._new: set[int] = set()
        self._held: list[CoreDevice] | None = None
        self.tried: dict[tuple[int, int, int], Tried] = {}
        """The last result by device, property and entry."""
        self.read: dict[int, None] = {}
        """The nodes whose properties were read, in that order."""

    def pause(self) -> None:
        """The root node's devices are all added before any is linked (fw_devlink_pause())."""
        self._held = []

    def resume(self) -> list[CoreDevice]:
        """Link all that were added meanwhile (fw_devlink_resume())."""
        held, self._held = self._held or [], None
        self._try_again()
        return held

    def added(self, device: CoreDevice) -> bool:
        """Let others find a new device, and it its suppliers (fw_devlink_link_device())."""
        state = self._state
        self._new.add(device.node)
        if not state.profile.parses:
            return self._held is None
        listed = _Listed(device)
        if self._held is not None:
            self._held.append(device)
            self._listed[device.node] = listed
            return False
        self._try_again()
        self._read(listed)
        if listed.own or listed.missing:
            self._listed[device.node] = listed
        return True

    def holds(self, device: CoreDevice) -> bool:
        """Whether a supplier of its own is missing."""
        listed = self._listed.get(device.node)
        return listed is not None and listed.required

    def bound(self, device: CoreDevice) -> None:
        """A device that has bound needs no more links."""
        self._listed.pop(device.node, None)

    def lacks(self, device: CoreDevice) -> list[int]:
        """The nodes of its own suppliers that are no devices, in the order of the properties."""
        listed = self._listed.get(device.node)
        return list({each.supplier: None for each in listed.own.values()}) if listed else []

    def _try_again(self) -> None:
        """Let each device on the list try again (device_link_add_missing_supplier_links())."""
        for listed in list(self._listed.values()):
            if listed.unread:
                self._read(listed)
            else:
                self._read_again(listed)
            if not (listed.own or listed.missing):
                del self._listed[listed.device.node]
        self._new.clear()

    def _read(self, listed: _Listed) -> None:
        """Try all references of a device and of what is below it (of_link_to_suppliers())."""
        listed.unread = False
        state, node = self._state, listed.device.node
        self.read[node] = None
        for reference in state.references.get(node, ()):
            self._try(listed, reference, orders=state.profile.orders_probing)
        for below in self._below(node):
            self.read[below] = None
            for reference in state.references.get(below, ()):
                self._try(listed, reference, orders=False)
        listed.required = bool(listed.own)
        self._state.touched.append(node)

    def _read_again(self, listed: _Listed) -> None:
        """Try what was left: nothing else can have changed."""
        for tried in list(listed.own.values()):
            self._try(listed, tried.reference, orders=True)
        for supplier in listed.missing.keys() & self._new:
            for reference in listed.missing.pop(supplier):
                self._try(listed, reference, orders=False)
        if listed.required and not listed.own:
            listed.required = False
            self._state.touched.append(listed.device.node)

    def _below(self, node: int) -> Iterator[int]:
        stack = list(self._state.available_children(node))[::-1]
        while stack:
            below = stack.pop()
            yield below
            stack.extend(list(self._state.available_children(below))[::-1])

    def _try(self, listed: _Listed, reference: Reference, *, orders: bool) -> None:
        """Try one reference, and keep what came of it (of_link_to_phandle())."""
        supplier = self._state.device_node(reference.supplier)
        result = self._outcome(listed.device, supplier, orders=orders)
        key = reference.at, reference.entry
        tried = Tried(listed.device.node, reference, supplier, result)
        self.tried[(listed.device.node, *key)] = tried
        listed.own.pop(key, None)
        if result is TryResult.LATER and orders:
            listed.own[key] = tried
        elif result is TryResult.LATER:
            listed.missing.setdefault(supplier, []).append(reference)

    def _outcome(self, device: CoreDevice, supplier: int, *, orders: bool) -> TryResult:
        state = self._state
        if supplier < 0:
            return TryResult.NO_DEVICE
        if state.is_at_or_above(device.node, supplier):
            return TryResult.DESCENDANT
        found = state.device.get(supplier)
        if found is not None:
            made = join(state, device, found, orders=orders)
            return TryResult.LINKED if made else TryResult.LOOP
        if supplier in state.gone:
            return TryResult.NO_DEVICE
        above = state.device_above(supplier) if orders else None
        return TryResult.LOOP if above and depends(above, device) else TryResult.LATER
