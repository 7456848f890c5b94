"""What is kept for the next source of a run, up to a size."""

from __future__ import annotations

from collections.abc import Callable

from dtlink.typed import Generic, TypeVar

Key = TypeVar("Key")
Item = TypeVar("Item")


class Kept(Generic[Key, Item]):
    """Items by key; the least recently used go first.

    Two generations instead of an order: asking for an item costs what a dict costs.
    """

    def __init__(self, limit: int, size: Callable[[Item], int]) -> None:
        """``size`` estimates the bytes of an item; ``limit`` is what all may have."""
        self._limit = limit // 2
        self._size_of = size
        self._size = 0
        self._young: dict[Key, Item] = {}
        self._old: dict[Key, Item] = {}

    def get(self, key: Key) -> Item | None:
        """The item, if it is still there."""
        found = self._young.get(key)
        if found is None and self._old:
            found = self._old.pop(key, None)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: Key, item: Item) -> None:
        """Keep an item."""
        self._size += self._size_of(item)
        if self._size > self._limit:
            self._old, self._young, self._size = self._young, {}, self._size_of(item)
        self._young[key] = item
