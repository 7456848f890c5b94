"""One entry of the cache: the results of the inputs of one folder, with the same settings."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

from dtlink import cache
from dtlink.engine.cache.plain import packed, unpacked
from dtlink.engine.cache.stamps import Stamp, content_of, is_settled
from dtlink.firmware.read import BLOBS
from dtlink.report.model import InputReport

#: How many results an entry has: more are not worth reading for one input.
_MOST = 8192
#: The forms of inputs whose results are kept: what is read of them is one file.
_FORMS = frozenset(("fdt", "fdt-overlay"))
#: What unpacking other data than a report raises.
_OTHER_DATA = (TypeError, ValueError, LookupError, AttributeError, OverflowError)


class Shelf:
    """The results of a folder: by the name of the file its stamp, and the report as plain data."""

    def __init__(self, folder: str, where: str, name: str, key: str) -> None:
        self._folder = folder
        self._where, self._name, self._key = where, name, key
        self._asked: set[str] = set()
        self._is_changed = False
        found = cache.load(name, key, cache.LINT, where)
        self._results: dict[str, Any] = found if isinstance(found, dict) else {}

    def find(self, path: str, name: str, stamp: Stamp) -> InputReport | None:
        """The report of a file that is what it was; ``None`` if there is none."""
        self._asked.add(name)
        try:
            known, data = self._results[name]
            if known == stamp:
                return unpacked(path, data)
            if data["sha256"] != content_of(path, stamp[0]):
                return None
            found = unpacked(path, data)
        except _OTHER_DATA:
            return None
        self._put(name, stamp, data)
        return found

    def keep(self, name: str, stamp: Stamp, report: InputReport) -> None:
        """Keep a report, unless it rests on more than its file."""
        if report.form not in _FORMS or report.inside or not report.sha256:
            return
        if report.error or report.faults or report.refused:
            return
        try:
            self._put(name, stamp, packed(report))
        except TypeError:
            self._results.pop(name, None)

    def _put(self, name: str, stamp: Stamp, data: Any) -> None:
        # Without its stamp a file is known by its content.
        self._results[name] = [stamp if is_settled(stamp) else None, data]
        self._is_changed = True

    def save(self) -> bool:
        """Write what is new; whether there was anything."""
        if not self._is_changed:
            return False
        names = self._asked if len(self._results) > _MOST else self._asked | self._there
        results = {name: each for name, each in self._results.items() if name in names}
        cache.store(self._name, self._key, results, cache.LINT, self._where)
        self._is_changed = False
        return True

    @cached_property
    def has_sources(self) -> bool:
        """Whether a blob of the folder may have its source beside it."""
        return any(name.endswith(tuple(BLOBS)) for name in self._there)

    @cached_property
    def _there(self) -> frozenset[str]:
        try:
            return frozenset(os.listdir(self._folder or os.curdir))  # noqa: PTH208 - names
        except OSError:
            return frozenset()
