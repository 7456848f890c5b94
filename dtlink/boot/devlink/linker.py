"""What the driver core asks fw_devlink to do: for kernels with links between nodes."""

from __future__ import annotations

from abc import abstractmethod

from dtlink.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dtlink.boot.devlink.booking import Bookkeeper
    from dtlink.boot.devlink.parsing import Parser
    from dtlink.boot.devlink.state import CoreDevice, CoreState


class Linker(Protocol):
    """fw_devlink, as the driver core calls it."""

    @abstractmethod
    def pause(self) -> None:
        """Devices that are added from now on are linked, and probed, when it is resumed."""

    @abstractmethod
    def resume(self) -> list[CoreDevice]:
        """The devices that were added during the pause."""

    @abstractmethod
    def added(self, device: CoreDevice) -> bool:
        """Link a device that is the first of its node; whether it may probe now."""

    @abstractmethod
    def holds(self, device: CoreDevice) -> bool:
        """Whether a device waits for a supplier that is not a device."""

    @abstractmethod
    def bound(self, device: CoreDevice) -> None:
        """The first device of a node has bound."""


class FwnodeLinker:
    """Links between nodes, which turn into device links.

    A device that has bound provides for all its descendants that are not devices.
    """

    def __init__(self, state: CoreState, parser: Parser, books: Bookkeeper) -> None:
        self._state = state
        self._parser = parser
        self._books = books

    def pause(self) -> None:
        """Links between nodes need no pause."""

    def resume(self) -> list[CoreDevice]:
        """No device was held."""
        return []

    def added(self, device: CoreDevice) -> bool:
        """Read the device's node and link it (fw_devlink_link_device())."""
        if self._state.profile.parses:
            self._parser.parse(device.node)
            self._books.link_to_consumers(device)
            self._books.link_to_suppliers(device)
        return True

    def holds(self, device: CoreDevice) -> bool:
        """Whether a link of its own node is left (fwnode_links_check_suppliers())."""
        links = self._state.suppliers.get(device.node, {})
        return any(link.blocks for link in links.values())

    def bound(self, device: CoreDevice) -> None:
        """Delete its links, and speak for what is below (device_links_driver_bound())."""
        state = self._state
        for link in state.links_of(device.node):
            state.unlink(link)
        for child in state.available_children(device.node):
            self._provide_for(child, device.node)
        self._books.link_to_consumers(device)

    def _provide_for(self, node: int, provider: int) -> None:
        """Move the consumers of a node that is not a device to the device above it.

        (__fw_devlink_pickup_dangling_consumers())
        """
        state = self._state
        for each in filter(state.consumers.get, self._absent(node)):
            for link in state.links_to(each):
                moved = state.link(link.consumer, provider, moved=True)
                moved.cycle |= link.cycle
                moved.ignore |= link.ignore
                state.unlink(link)

    def _absent(self, node: int) -> list[int]:
        """A node and its descendants, as far as they are not devices; they never will be."""
        state = self._state
        off, children = state.availability.unavailable, state.tree.children
        found = []
        stack = [node]
        while stack:
            node = stack.pop()
            if node not in state.device:
                found.append(node)
                if below := children[node]:
                    stack += [child for child in below[::-1] if child not in off]
        state.not_device.update(found)
        return found
