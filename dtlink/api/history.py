"""``history()``: findings over many builds, from saved reports or an index over them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from fnmatch import fnmatchcase
from functools import partial

from dtlink import arguments as taken
from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING
from dtlink.views.history.builds import ORDERS, builds, natural, ordered
from dtlink.views.history.model import SavedDocument, SavedReport
from dtlink.views.history.read import NotAReportError, Reader
from dtlink.views.history.view import HistoryView, UnreadRow

if TYPE_CHECKING:
    from dtlink.api.options import AnyPath
    from dtlink.views.history.index import Index

_SUFFIXES = (".json", ".jsonl")


def history(
    reports: AnyPath | Iterable[AnyPath] = (),
    *,
    db: AnyPath | None = None,
    sort: str = "given",
    by_folder: bool = False,
    rules: str | Iterable[str] = (),
    boards: str | Iterable[str] = (),
    told: Callable[[str], object] = lambda _: None,
) -> HistoryView:
    """The history of findings in saved reports, as ``dtlink history``.

    ``reports`` are files that ``lint --format json`` or ``jsonl`` wrote, and folders of them; each
    file is a build, with ``by_folder`` each folder is. ``db`` is an index that they are added to;
    the history is that of all reports in it. ``sort``: ``given``, ``name`` or ``time``. ``rules``
    are rules and families, ``boards`` patterns of names; empty: all. ``told`` is called with what
    was passed over. Files that could not be read are ``unread`` of the view. Raises
    :class:`InputError` for an index that cannot be used, and :class:`ValueError` for ``sort``.
    """
    taken.choice("sort", sort, ORDERS)
    taken.flags(by_folder=by_folder)
    if not callable(told):
        raise taken.refused("told", "a function of one string", told)
    only_rules, only_boards = taken.words("rules", rules), taken.words("boards", boards)
    paths = taken.paths("reports", reports)
    source = _Source(paths, told)
    with _index(db, writes=bool(paths)) as index:
        if index is not None:
            source.add_to(index)
        found, documents = source.all(index)
        return HistoryView.of(
            builds(ordered(found, sort), documents, by_folder=by_folder),
            source.unread,
            wants_rule=partial(_is_rule, only_rules),
            wants_board=partial(_is_board, only_boards),
            with_times=sort == "time",
        )


def _index(db: AnyPath | None, *, writes: bool) -> AbstractContextManager[Index | None]:
    if db is None:
        return nullcontext()
    from dtlink.views.history.index import opened

    return opened(taken.path("db", db), writes=writes)


def _is_rule(wanted: Sequence[str], rule: str) -> bool:
    return not wanted or any(
        rule == each or rule.startswith(f"{each.rstrip('/')}/") for each in wanted
    )


def _is_board(wanted: Sequence[str], board: str) -> bool:
    return not wanted or any(fnmatchcase(board, each) for each in wanted)


class _Source:
    """Files of reports, and what was wrong with them."""

    def __init__(self, paths: Sequence[str], told: Callable[[str], object]) -> None:
        self._paths = paths
        self._reader = Reader()
        self._told = told
        self.unread: list[UnreadRow] = []

    def all(
        self, index: Index | None
    ) -> tuple[Sequence[SavedReport], Callable[[SavedReport], Sequence[SavedDocument]]]:
        """The reports, and what gives the documents of each: the index, or the files."""
        if index is None:
            files = dict(self._files())
            return list(files), lambda each: self._documents(each, is_named=files[each])
        numbers = {id(report): (number, report) for number, report in index.reports()}
        found = [report for _, report in numbers.values()]
        return found, lambda each: list(index.documents(numbers[id(each)][0]))

    def add_to(self, index: Index) -> None:
        """Add the files that an index does not have."""
        for report, is_named in self._files():
            try:
                if not index.is_unchanged(report):
                    index.add(report, self._reader.documents, reading.digest(report.path))
            except OSError as error:
                self._note(report, InputError(error.strerror or str(error)), is_named=is_named)
            except InputError as error:
                self._note(report, error, is_named=is_named)

    def _documents(self, report: SavedReport, *, is_named: bool) -> Sequence[SavedDocument]:
        try:
            return self._reader.documents(report.path)
        except InputError as error:
            self._note(report, error, is_named=is_named)
            return ()

    def _note(self, report: SavedReport, error: InputError, *, is_named: bool) -> None:
        if isinstance(error, NotAReportError) and not is_named:
            self._told(f"passed over: {report.path}: {error.message}")
        else:
            self.unread.append(UnreadRow(path=report.path, message=error.message))

    def _files(self) -> Iterator[tuple[SavedReport, bool]]:
        """The files, each once, and whether the user named it."""
        seen = set[str]()
        for path in self._paths:
            is_folder = os.path.isdir(path)  # noqa: PTH112 - paths stay as the user wrote them
            for each in _below(path) if is_folder else [path]:
                if each in seen:
                    continue
                seen.add(each)
                if not is_folder:
                    reading.allow(each)
                try:
                    yield SavedReport(each, os.stat(each).st_mtime_ns), not is_folder  # noqa: PTH116
                except OSError as error:
                    message = error.strerror or str(error)
                    self.unread.append(UnreadRow(path=each, message=message))


def _below(folder: str) -> list[str]:
    """The files of a folder that may be reports, in the natural order of their paths."""
    found = [
        os.path.join(place, name)  # noqa: PTH118 - paths stay as the user wrote them
        for place, _, names in os.walk(folder)
        for name in names
        if name.endswith(_SUFFIXES)
    ]
    return sorted(found, key=natural)
