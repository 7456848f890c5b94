"""An index over archived reports: one SQLite file, so that each report is read once.

It holds what a history needs of each file of reports, in their order; builds are made of that as of
the files themselves, so the answers are the same. A file is known by its path and its hash: one
that was written again is another report. Findings of a board that do not change from one build to
the next are held once.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dtlink.firmware.errors import InputError
from dtlink.rules.model import Severity
from dtlink.typed import Any
from dtlink.views.history.model import SavedDocument, SavedFinding, SavedInput, SavedReport

#: Marks a SQLite file as an index of dtlink ("dtlh"), and the version of its tables.
APPLICATION, VERSION = 0x64746C68, 1
#: For how many seconds to wait while another process writes.
_PATIENCE = 60

_TABLES = (
    """CREATE TABLE report (id INTEGER PRIMARY KEY, place TEXT NOT NULL, path TEXT NOT NULL,
sha256 TEXT NOT NULL, size INTEGER NOT NULL, time INTEGER NOT NULL, UNIQUE (place, sha256))""",
    """CREATE TABLE document (id INTEGER PRIMARY KEY, report INTEGER NOT NULL, dtlink TEXT NOT NULL,
kernel TEXT NOT NULL)""",
    "CREATE INDEX documents ON document (report, id)",
    """CREATE TABLE input (id INTEGER PRIMARY KEY, document INTEGER NOT NULL, path TEXT NOT NULL,
rest TEXT NOT NULL, model TEXT NOT NULL, error TEXT NOT NULL, failed TEXT NOT NULL,
findings INTEGER NOT NULL)""",
    "CREATE INDEX inputs ON input (document, id)",
    "CREATE TABLE findings (id INTEGER PRIMARY KEY, data TEXT NOT NULL UNIQUE)",
    "CREATE TABLE finding (id INTEGER PRIMARY KEY, data TEXT NOT NULL UNIQUE)",
)
_FIELDS = len(SavedFinding._fields)
_SEVERITIES = frozenset(each.value for each in Severity)


class Index:
    """An open index. :func:`opened` opens it, and says what is wrong with its file."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self._findings: dict[int, SavedFinding] = {}
        self._several: dict[int, tuple[SavedFinding, ...]] = {}

    def add(
        self, report: SavedReport, read: Callable[[str], Sequence[SavedDocument]], digest: str
    ) -> bool:
        """Add a report, all of it or nothing; whether it was new. ``read`` gets its documents."""
        place, size = os.path.realpath(report.path), os.stat(report.path).st_size  # noqa: PTH116
        with self._writing():
            known = self._base.execute(
                "SELECT id FROM report WHERE place = ? AND sha256 = ?", (_text(place), digest)
            ).fetchone()
            if known:
                # It was touched: the next run need not read it again to find that out.
                what = "UPDATE report SET size = ?, time = ? WHERE id = ?"
                self._base.execute(what, (size, report.time, known[0]))
                return False
            number = self._insert(
                "report (place, path, sha256, size, time)",
                *(_text(place), _text(report.path), digest, size, report.time),
            )
            for document in read(report.path):
                self._add_document(number, document)
            return True

    def _add_document(self, report: int, document: SavedDocument) -> None:
        number = self._insert(
            "document (report, dtlink, kernel)",
            *(report, _text(document.dtlink), _text(document.kernel)),
        )
        for item in document.inputs:
            findings = [self._same("finding", list(each)) for each in item.findings]
            self._insert(
                "input (document, path, rest, model, error, failed, findings)",
                *(number, _text(item.path), _text(item.rest), _text(item.model)),
                *(_text(item.error), json.dumps(item.failed), self._same("findings", findings)),
            )

    def _same(self, table: str, value: Any) -> int:
        """The row with this value: the one that is there, or a new one."""
        data = json.dumps(value, separators=(",", ":"))
        found = self._base.execute(f"SELECT id FROM {table} WHERE data = ?", (data,)).fetchone()  # noqa: S608 - our own
        return found[0] if found else self._insert(f"{table} (data)", data)

    def _insert(self, into: str, *values: Any) -> int:
        marks = ", ".join("?" * len(values))
        done = self._base.execute(f"INSERT INTO {into} VALUES ({marks})", values)  # noqa: S608 - our own
        return done.lastrowid or 0

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def is_unchanged(self, report: SavedReport) -> bool:
        """Whether the file is known by its path, size and time: its hash need not be made."""
        place, size = os.path.realpath(report.path), os.stat(report.path).st_size  # noqa: PTH116
        found = self._base.execute(
            "SELECT 1 FROM report WHERE place = ? AND size = ? AND time = ?",
            (_text(place), size, report.time),
        )
        return found.fetchone() is not None

    def reports(self) -> Iterator[tuple[int, SavedReport]]:
        """The reports with their numbers, in the order in which they were added."""
        rows = self._base.execute("SELECT id, path, time FROM report ORDER BY id")
        for number, path, time in rows:
            _check(isinstance(path, str) and isinstance(time, int))
            yield number, SavedReport(_name(path), time)

    def documents(self, report: int) -> Iterator[SavedDocument]:
        """The documents of a report."""
        rows = self._base.execute(
            "SELECT id, dtlink, kernel FROM document WHERE report = ? ORDER BY id", (report,)
        )
        for number, version, kernel in rows.fetchall():
            _check(isinstance(version, str) and isinstance(kernel, str))
            yield SavedDocument(_name(version), _name(kernel), tuple(self._inputs(number)))

    def _inputs(self, document: int) -> Iterator[SavedInput]:
        rows = self._base.execute(
            "SELECT path, rest, model, error, failed, findings FROM input WHERE document = ? "
            "ORDER BY id",
            (document,),
        )
        for *texts, failed, findings in rows.fetchall():
            _check(all(isinstance(each, str) for each in (*texts, failed)))
            rules = json.loads(failed)
            _check(isinstance(rules, list) and all(isinstance(each, str) for each in rules))
            path, rest, model, error = map(_name, texts)
            yield SavedInput(path, rest, model, error, self._of(findings), tuple(rules))

    def _of(self, number: Any) -> tuple[SavedFinding, ...]:
        if number not in self._several:
            members = self._data("findings", number)
            _check(all(isinstance(each, int) for each in members))
            self._several[number] = tuple(map(self._finding, members))
        return self._several[number]

    def _finding(self, number: int) -> SavedFinding:
        if number not in self._findings:
            values = self._data("finding", number)
            _check(len(values) == _FIELDS)
            found = SavedFinding(*values)
            optional = (found.property_name, found.supplier)
            texts = (*found[:3], found.subject, *found[7:])
            _check(all(isinstance(each, str) for each in texts))
            _check(all(each is None or isinstance(each, str) for each in optional))
            _check(type(values[3]) is bool)
            _check(found.severity in _SEVERITIES)
            self._findings[number] = found
        return self._findings[number]

    def _data(self, table: str, number: Any) -> list[Any]:
        row = self._base.execute(f"SELECT data FROM {table} WHERE id = ?", (number,)).fetchone()  # noqa: S608 - our own
        text = row[0] if row else ""
        _check(isinstance(text, str))
        data = json.loads(text)
        _check(isinstance(data, list))
        return list(data)


@contextmanager
def opened(path: str, *, writes: bool) -> Iterator[Index]:
    """The index in a file, which is made if it is to be written and is not there.

    Raises :class:`InputError` for a file that is no index of dtlink, or is damaged.
    """
    base = None
    try:
        base = _connected(path, writes=writes)
        yield Index(base)
    except (sqlite3.Error, ValueError, RecursionError) as error:
        raise InputError(f"{_why(error)}", path=path) from error
    finally:
        if base is not None:
            base.close()


def _why(error: Exception) -> str:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return f"another process has been writing for more than {_PATIENCE} s"
    if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
        return str(error)
    return (
        f"not an index of dtlink history, or a damaged one ({error}); if it is one, remove it: "
        "dtlink history --db makes it again from the reports"
    )


def _connected(path: str, *, writes: bool) -> sqlite3.Connection:
    is_there = os.path.exists(path)  # noqa: PTH110 - which is False for a name that is too long
    if not is_there and not writes:
        raise InputError("no such index: name the reports to make it of", path=path)
    if is_there and not Path(path).is_file():
        raise InputError("not a file", path=path)
    mode = "rwc" if writes else "ro"
    uri = f"{Path(path).absolute().as_uri()}?mode={mode}"
    base = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
    try:
        _prepare(base, writes=writes)
    except BaseException:
        base.close()
        raise
    return base


def _prepare(base: sqlite3.Connection, *, writes: bool) -> None:
    """Make the tables in an empty file; refuse a file that has others.

    A file from elsewhere may hold views, triggers or indexes that run code of its maker.
    """
    base.execute("PRAGMA trusted_schema = OFF")
    if writes:
        base.execute("BEGIN IMMEDIATE")
        if not _schema(base):
            for each in _TABLES:
                base.execute(each)
            base.execute(f"PRAGMA application_id = {APPLICATION}")
            base.execute(f"PRAGMA user_version = {VERSION}")
        base.execute("COMMIT")
    (application,) = base.execute("PRAGMA application_id").fetchone()
    (version,) = base.execute("PRAGMA user_version").fetchone()
    _check(application == APPLICATION and _schema(base) <= set(_TABLES))
    if version != VERSION:
        raise InputError(f"an index of version {version}; this dtlink reads version {VERSION}")
    _check(_schema(base) == set(_TABLES))


def _schema(base: sqlite3.Connection) -> set[str]:
    """What the file was made with; constraints' own indexes have no statement."""
    rows = base.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {row[0] for row in rows}


def _check(is_right: bool) -> None:  # noqa: FBT001
    if not is_right:
        raise ValueError("its content is not what dtlink writes")


def _text(text: str) -> str:
    """Text that SQLite stores: names may have bytes that are not UTF-8."""
    return json.dumps(text)[1:-1] if not text.isascii() or "\\" in text else text


def _name(text: str) -> str:
    """What :func:`_text` made its text of."""
    name = json.loads(f'"{text}"') if "\\" in text else text
    _check(isinstance(name, str))
    return str(name)
