"""The devices whose probe was deferred, in the order in which the kernel tries them again.

Whenever a device binds, the kernel tries all others again, in turns (drivers/base/dd.c,
driver_deferred_probe_trigger()): for a chain of n devices n²/2 probes. A try changes nothing unless
a supplier has changed since the last one, so only devices of which that is true are tried here, in
the same order.
"""

from __future__ import annotations

from heapq import heappop, heappush

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtlink.boot.devlink.state import CoreDevice

#: The distance of labels of neighbours that are added in turn.
_STEP = 1 << 20


class _Slot:
    """A place on the ring; labels ascend from its head."""

    __slots__ = ("after", "before", "device", "is_due", "label")

    def __init__(self, device: CoreDevice | None = None) -> None:
        self.device = device
        self.label = 0
        self.is_due = False
        self.before = self.after = self


class Waiting:
    """A ring of devices, and the place on it up to which they have been tried.

    A device that is tried in vain goes to the end of the kernel's list: on the ring, the place
    moves on. What is added there is tried last.
    """

    def __init__(self) -> None:
        self._head = _Slot()
        self._next = self._head
        """The device that follows the place."""
        self._slots: dict[CoreDevice, _Slot] = {}
        self._of_node: dict[int, list[CoreDevice]] = {}
        self._at: dict[int, _Slot] = {}
        """The slots by their labels."""
        self._ahead: list[int] = []
        self._passed: list[int] = []
        """Heaps of the labels of what is to be tried, after the place and before it."""

    def add(self, device: CoreDevice) -> None:
        """Let a device wait, as the last one; once."""
        if device in self._slots:
            return
        slot = self._slots[device] = _Slot(device)
        slot.after, slot.before = self._next, self._next.before
        slot.before.after = slot.after.before = slot
        self._of_node.setdefault(device.node, []).append(device)
        if self._label(slot):
            self._at[slot.label] = slot
        else:
            self._relabel()

    def remove(self, device: CoreDevice) -> None:
        """A device waits no longer."""
        slot = self._slots.pop(device, None)
        if slot is None:
            return
        slot.before.after, slot.after.before = slot.after, slot.before
        if self._next is slot:
            self._next = slot.after
        del self._at[slot.label]
        self._of_node[device.node].remove(device)

    def release(self) -> None:
        """Take the ring apart: its places are in reference cycles with their neighbours."""
        for slot in (self._head, *self._slots.values()):
            del slot.before, slot.after

    def devices_of(self, node: int) -> Iterator[CoreDevice]:
        """The devices of a node that wait."""
        return iter(self._of_node.get(node, ()))

    def let_try(self, device: CoreDevice) -> None:
        """Have a device tried when its turn comes, if it waits."""
        slot = self._slots.get(device)
        if slot is not None and not slot.is_due:
            slot.is_due = True
            self._queue(slot)

    def let_try_all(self) -> None:
        """Have all that wait tried."""
        for device in self._slots:
            self.let_try(device)

    def turn(self) -> CoreDevice | None:
        """The next device to be tried, which the place moves beyond; ``None`` if there is none."""
        while self._ahead or self._passed:
            if not self._ahead:
                self._ahead, self._passed = self._passed, self._ahead
                self._next = self._head.after
            slot = self._at.get(heappop(self._ahead))
            if slot is not None and slot.is_due:
                slot.is_due = False
                self._next = slot.after
                return slot.device
        return None

    def _queue(self, slot: _Slot) -> None:
        heap = self._ahead if slot.label > self._next.before.label else self._passed
        heappush(heap, slot.label)

    def _label(self, slot: _Slot) -> bool:
        """Give a new place a label between those of its neighbours; ``False`` if there is none."""
        low, high = slot.before.label, slot.after.label
        room = 2 * _STEP if slot.after is self._head else high - low
        slot.label = low + min(room // 2, _STEP)
        return room > 1

    def _relabel(self) -> None:
        """Give all places new labels, with room between them."""
        slot, label = self._head.after, _STEP
        self._at = {}
        while slot is not self._head:
            self._at[label] = slot
            slot.label, slot, label = label, slot.after, label + _STEP
        place = self._next.before.label
        due = [label for label, slot in self._at.items() if slot.is_due]
        # Ascending lists are heaps.
        self._ahead = [each for each in due if each > place]
        self._passed = [each for each in due if each <= place]
