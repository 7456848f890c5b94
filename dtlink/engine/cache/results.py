"""The results of a lint: those that the cache has, and the others, which are made and kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence

from dtlink import cache
from dtlink.engine.cache.asked import ASKED, DiskNow
from dtlink.engine.cache.origin import origin
from dtlink.engine.cache.shelf import Shelf
from dtlink.engine.runner import run
from dtlink.engine.task import Task
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN
from dtlink.firmware.storage import DISK
from dtlink.records import NamedTuple
from dtlink.report.model import InputReport
from dtlink.stamps import Stamp, stamp_of
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.engine.runner import Workers


class Basis(NamedTuple):
    """What the result of an input rests on besides its files, as text."""

    settings: str
    kernel: str = ""
    """What the files of its kernel were when they were read."""
    form: str = ""
    """The only form of input whose result rests on no more; empty: any has."""


class _Place(NamedTuple):
    """Where the result of an input is kept, and the stamp of its file."""

    shelf: Shelf
    name: str
    stamp: Stamp
    form: str
    """The form of the results that are kept; empty: any."""

    def is_for(self, report: InputReport) -> bool:
        """Whether a result is one to be kept."""
        return not self.form or report.form == self.form


class ResultCache:
    """The results of the inputs of one run.

    ``basis_of`` returns ``None`` for an input whose result rests on more than can be compared.
    """

    def __init__(self, where: str, basis_of: Callable[[Input], Basis | None]) -> None:
        self._where = where
        self._basis_of = basis_of
        self._shelves: dict[tuple[str, str, str], Shelf] = {}
        self._origin = origin()
        self._now = time.time_ns()
        self._disk = DiskNow(self._now)

    def run(
        self, inputs: Sequence[Input], task: Callable[[Input], Task], *, jobs: Workers, digest: bool
    ) -> Iterator[InputReport]:
        """As :func:`dtlink.engine.run`."""
        places = [self._place(each) for each in inputs]
        pairs = [*zip(inputs, places, strict=True)]
        kept = [at and self._find(each, at, digest=digest) for each, at in pairs]
        missed = [each for each, found in zip(inputs, kept, strict=True) if found is None]
        ASKED.forget()
        fresh = run(missed, lambda item: _noting(task(item)), jobs=jobs, digest=True)
        try:
            for report, place in zip(kept, places, strict=True):
                yield report or self._kept(next(fresh), place, digest=digest)
        finally:
            self._save()

    def _find(self, item: Input, at: _Place, *, digest: bool) -> InputReport | None:
        found = at.shelf.find(item.path, at.name, at.stamp, self._now, digest=digest)
        return found if found and at.is_for(found) else None

    def _place(self, item: Input) -> _Place | None:
        path, member, overlays, variant = item
        if member or overlays or variant or path == STDIN:
            return None
        basis, stamp = self._basis_of(item), stamp_of(path)
        if basis is None or stamp is None:
            return None
        # os.path.split() would take longer than to look at the file.
        above, _, name = path.rpartition(os.sep)
        shelf = self._shelf(above or path[: -len(name)], basis)
        return None if shelf is None else _Place(shelf, name, stamp, basis.form)

    def _shelf(self, folder: str, basis: Basis) -> Shelf | None:
        shelf = self._shelves.get((folder, basis.settings, basis.kernel))
        if shelf is None and self._origin is not None:
            # Reports have paths as the user wrote them.
            name = f"{_here()}\n{folder}\n{basis.settings}"
            key = f"{name}\n{self._origin}\n{basis.kernel}"
            shelf = Shelf(folder, self._where, name, key, self._disk)
            self._shelves[folder, basis.settings, basis.kernel] = shelf
        return shelf

    def _kept(self, report: InputReport, place: _Place | None, *, digest: bool) -> InputReport:
        if place is not None and place.is_for(report):
            place.shelf.keep(place.name, place.stamp, report, self._now)
        return report._replace(asked=(), sha256=report.sha256 if digest else "")

    def _save(self) -> None:
        saved = [each.save() for each in self._shelves.values()]
        if any(saved):
            cache.trim(self._where)


def _noting(task: Task) -> Task:
    """The task, with what it asks of the disk in its reports."""
    return task._replace(storage=ASKED) if task.storage is DISK else task


def _here() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - text
    except OSError:  # it was removed; paths from it lead nowhere
        return ""
