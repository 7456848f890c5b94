"""Long sequences in little memory: compressed, and unpacked while they are read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice

from dtlink.typed import Any, TypeVar, overload

_ItemT = TypeVar("_ItemT")

#: So many items stay as they are: packing them would cost more than it saves.
_PLAIN = 4096
#: Items that are packed together; they often have the same words.
_TOGETHER = 256
#: Hash values per item.
_HASHES = 16


class Packed(Sequence[_ItemT]):
    """A sequence that grows at its end, of what can be pickled.

    An item that is read twice is equal, but another object.
    """

    def __init__(self, items: Iterable[_ItemT] = ()) -> None:
        self._plain: list[_ItemT] = []
        self._packed: list[bytes] = []
        self._last: list[_ItemT] = []
        self.extend(items)

    def append(self, item: _ItemT) -> None:
        """Add an item."""
        if len(self._plain) < _PLAIN:
            self._plain.append(item)
            return
        self._last.append(item)
        if len(self._last) == _TOGETHER:
            self._packed.append(_pack(self._last))
            self._last = []

    def extend(self, items: Iterable[_ItemT]) -> None:
        """Add items."""
        for each in items:
            self.append(each)

    def __len__(self) -> int:
        return len(self._plain) + len(self._packed) * _TOGETHER + len(self._last)

    def __iter__(self) -> Iterator[_ItemT]:
        yield from self._plain
        for each in self._packed:
            yield from _unpack(each)
        yield from self._last

    @overload
    def __getitem__(self, at: int) -> _ItemT: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[_ItemT]: ...
    def __getitem__(self, at: int | slice) -> _ItemT | Sequence[_ItemT]:
        """As of a list; what is not among the first is found by reading those before it."""
        if isinstance(at, slice):
            return list(self)[at]
        number = at + len(self) if at < 0 else at
        if not 0 <= number < len(self):
            raise IndexError(at)
        return next(islice(self, number, None))


def may_repeat(items: Iterable[Hashable], number: int) -> Callable[[Hashable], bool]:
    """Whether one of a number of items may be among them twice; an item that is always may.

    What is kept are some bytes for each, in the place of a set of all: the few that may be there
    twice are then compared.
    """
    alike = bytearray(_HASHES * number)  # how many items have a hash: 0, 1, or 2 for more
    for each in items:
        at = hash(each) % len(alike)
        alike[at] = min(alike[at] + 1, 2)
    return lambda item: alike[hash(item) % len(alike)] > 1


# Imported late: few runs have so many inputs. The pickles never leave the process.
def _pack(items: Sequence[Any]) -> bytes:
    import pickle
    import zlib

    return zlib.compress(pickle.dumps(items, pickle.HIGHEST_PROTOCOL), 1)


def _unpack(data: bytes) -> list[Any]:
    import pickle
    import zlib

    items: list[Any] = pickle.loads(zlib.decompress(data))  # noqa: S301 - see above
    return items
