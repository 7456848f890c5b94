"""One entry of the cache: the results of the inputs of one folder, with the same settings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property

from dtlink import cache
from dtlink.engine.cache.asked import DiskNow, Row
from dtlink.engine.cache.plain import packed, unpacked
from dtlink.firmware.read import BLOBS, source_beside
from dtlink.report.model import InputReport
from dtlink.stamps import Stamp, content_of, is_settled
from dtlink.typed import Any

#: How many results an entry has: more are not worth reading for one input.
_MOST = 8192
#: The forms of inputs whose results are kept. What is read of others is not noted.
_BLOBS, _SOURCE = ("fdt", "fdt-overlay"), "dts"
#: What using other data than this module's raises.
_OTHER_DATA = (TypeError, ValueError, LookupError, AttributeError, OverflowError)


class Shelf:
    """The results of a folder: by the name of the file its stamp, the report as plain data, and the
    numbers of the rows that say what else was asked of the disk.
    """

    def __init__(self, folder: str, where: str, name: str, key: str, disk: DiskNow) -> None:
        self._folder = folder
        self._where, self._name, self._key = where, name, key
        self._disk = disk
        self._wanted: set[str] = set()
        self._is_changed = False
        self._rows, self._results = _whole(cache.load(name, key, cache.LINT, where))
        self._numbers: dict[Any, int] = {}
        self._held: dict[int, bool] = {}

    def find(
        self, path: str, name: str, stamp: Stamp, now: int, *, digest: bool
    ) -> InputReport | None:
        """The report of a file that is what it was, with its hash or without; ``None`` if there is
        none.

        ``now`` is a time before the stamp was taken.
        """
        self._wanted.add(name)
        try:
            known, data, numbers = self._results[name]
            is_known = known == stamp
            if not is_known and data["sha256"] != content_of(path, stamp[0]):
                return None
            if not (self._hold(numbers) if numbers else self._is_alone(path)):
                return None
            found = unpacked(path, data, digest=digest)
        except _OTHER_DATA:
            return None
        if not is_known:
            self._put(name, stamp, data, numbers, now)
        return found

    def keep(self, name: str, stamp: Stamp, report: InputReport, now: int) -> None:
        """Keep a report, unless it rests on more than can be compared."""
        if report.inside or not report.sha256 or not (report.asked or report.form in _BLOBS):
            return
        if report.error or report.faults or report.refused or report.overwrites:
            return
        if report.form not in _BLOBS and report.form != _SOURCE:
            return
        rows = report.asked if report.form == _SOURCE or _has_source(report.asked) else ()
        try:
            data = packed(report._replace(asked=(), blob=b""))
        except TypeError:
            self._results.pop(name, None)
        else:
            self._put(name, stamp, data, [self._number(each) for each in rows], now)

    def save(self) -> bool:
        """Write what is new; whether there was anything."""
        if not self._is_changed:
            return False
        many = len(self._results) > _MOST
        names = self._wanted if many else self._wanted | self._there
        results = {name: each for name, each in self._results.items() if name in names}
        rows, results = _renumbered(self._rows, results)
        kept = {"asked": rows, "results": results}
        cache.store(self._name, self._key, kept, cache.LINT, self._where)
        self._is_changed = False
        return True

    def _put(self, name: str, stamp: Stamp, data: Any, numbers: Sequence[int], now: int) -> None:
        # Without its stamp a file is known by its content.
        self._results[name] = [stamp if is_settled(stamp, now) else None, data, numbers]
        self._is_changed = True

    def _number(self, row: Row) -> int:
        """The number of a row: of one that was kept in this run, or a new one."""
        kind, path, *_ = row
        number = self._numbers.get((kind, path))
        if number is None or self._rows[number] != row:
            number = self._numbers[kind, path] = len(self._rows)
            self._rows.append(row)
        return number

    def _hold(self, numbers: Sequence[int]) -> bool:
        """Whether the disk still says what these rows have."""
        held = [self._held.get(each) or self._holds(each) for each in numbers]
        return all(held)

    def _holds(self, number: int) -> bool:
        if number not in self._held:
            row = self._disk.holds(self._rows[number])
            self._held[number] = row is not None
            if row is not None and row is not self._rows[number]:
                self._rows[number] = row
                self._is_changed = True
        return self._held[number]

    def _is_alone(self, path: str) -> bool:
        """Whether nothing but its file was read for a blob: there is no source beside it."""
        return not (self._has_sources and source_beside(path))

    @cached_property
    def _has_sources(self) -> bool:
        return any(name.endswith(tuple(BLOBS)) for name in self._there)

    @cached_property
    def _there(self) -> frozenset[str]:
        try:
            return frozenset(os.listdir(self._folder or os.curdir))  # noqa: PTH208 - names
        except OSError:
            return frozenset()


def _whole(found: Any) -> tuple[list[Row], dict[str, Any]]:
    """The rows and the results of an entry; none of one of another form."""
    try:
        rows, results = found["asked"], found["results"]
        texts = {type(each) for kind, path, *_ in rows for each in (kind, path)}
        whole = {
            name: [stamp, data, numbers]
            for name, (stamp, data, numbers) in results.items()
            if type(numbers) is list and {*map(type, numbers)} <= {int}
            if not numbers or (min(numbers) >= 0 and max(numbers) < len(rows))
        }
    except _OTHER_DATA:
        return [], {}
    return ([*rows], whole) if texts <= {str} else ([], {})


def _has_source(rows: Sequence[Row]) -> bool:
    """Whether a blob has a source beside it, which may have been read."""
    return any(kind == "is_file" and answer for kind, _, answer, *_ in rows)


def _renumbered(rows: Sequence[Row], results: dict[str, Any]) -> tuple[list[Row], dict[str, Any]]:
    """The rows that the results have, without the others."""
    numbers = dict.fromkeys(each for _, _, held in results.values() for each in held)
    new = {each: number for number, each in enumerate(numbers)}
    changed = {
        name: [stamp, data, [new[each] for each in held]]
        for name, (stamp, data, held) in results.items()
    }
    return [rows[each] for each in numbers], changed
