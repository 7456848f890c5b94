"""Reports of many inputs in little memory: compressed, and unpacked while they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from dtlink.report.model import InputReport
from dtlink.typed import overload

#: So many reports stay as they are: packing them would cost more than it saves.
_PLAIN = 4096
#: Reports that are packed together; they often have the same words.
_TOGETHER = 256


class PackedReports(Sequence[InputReport]):
    """A sequence of reports that grows at its end.

    A report that is read twice is equal, but another object.
    """

    def __init__(self) -> None:
        self._plain: list[InputReport] = []
        self._packed: list[bytes] = []
        self._last: list[InputReport] = []

    def append(self, item: InputReport) -> None:
        """Add a report."""
        if len(self._plain) < _PLAIN:
            self._plain.append(item)
            return
        self._last.append(item)
        if len(self._last) == _TOGETHER:
            self._packed.append(_pack(self._last))
            self._last = []

    def __len__(self) -> int:
        return len(self._plain) + len(self._packed) * _TOGETHER + len(self._last)

    def __iter__(self) -> Iterator[InputReport]:
        yield from self._plain
        for each in self._packed:
            yield from _unpack(each)
        yield from self._last

    @overload
    def __getitem__(self, at: int) -> InputReport: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[InputReport]: ...
    def __getitem__(self, at: int | slice) -> InputReport | Sequence[InputReport]:
        """As of a list; what is not among the first is found by reading those before it."""
        if isinstance(at, slice):
            return list(self)[at]
        number = at + len(self) if at < 0 else at
        if not 0 <= number < len(self):
            raise IndexError(at)
        return next(islice(self, number, None))


# Imported late: few runs have so many inputs. The pickles never leave the process.
def _pack(reports: Sequence[InputReport]) -> bytes:
    import pickle
    import zlib

    return zlib.compress(pickle.dumps(reports, pickle.HIGHEST_PROTOCOL), 1)


def _unpack(data: bytes) -> list[InputReport]:
    import pickle
    import zlib

    reports: list[InputReport] = pickle.loads(zlib.decompress(data))  # noqa: S301 - see above
    return reports
