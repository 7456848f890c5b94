"""What was found out, kept for the next time: facts of kernels, results of lints.

In ``$XDG_CACHE_HOME/dtlink``, or ``~/.cache/dtlink``; ``DTLINK_CACHE`` names another folder, of
which a ``~`` at the start is expanded, and none if it is empty. An entry is one file: a line of
JSON, and a text after it if there is one;
nothing in it is executed. It holds the key under which it was written, with all that its content
depends on; under another key it is not used, and written anew. Entries are written beside their
place and renamed, so that a reader meets a whole one, however many write. An entry that is damaged,
or that another user wrote or could have written, is never reported: it is not used.
"""

# Paths are text here: there may be thousands, and pathlib is slow.
# ruff: noqa: PTH103, PTH112, PTH105, PTH111, PTH117, PTH119, PTH120

from __future__ import annotations

import os
import stat
import time
from _thread import get_ident
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from zlib import adler32, crc32

from dtlink import reading
from dtlink.records import NamedTuple
from dtlink.stamps import is_settled, stamp_of
from dtlink.typed import Any
from dtlink.version import __version__

#: Of the entry's own form: another one where what is stored changes.
FORM = 4
#: No entry comes near this size.
MAX_ENTRY = 64 << 20
#: What all entries together may have.
MAX_FOLDER = 256 << 20
#: How many entries there are: to look at them costs as much as to lint a board.
MAX_ENTRIES = 5_000
#: Seconds after which an entry that was not used is removed.
_UNUSED = 30 * 86400
#: Seconds after which a file that was not renamed is left by a process that was killed.
_LEFT = 3600
#: Seconds for which the time of the last use may be wrong: less would write at each use.
_USED_AGAIN = 86400

#: The variable of the environment that names the folder.
FOLDER = "DTLINK_CACHE"

#: What entries are about; their names begin with it.
KERNEL, LINT = "kernel", "lint"


#: The folder that a call of the library names, by the thread that makes it.
_of_call: dict[int, str] = {}


@contextmanager
def kept_in(where: str | None) -> Iterator[None]:
    """Have what this thread does keep entries in a folder; empty: nowhere; ``None``: as before."""
    thread = get_ident()
    before = _of_call.get(thread)
    if where is not None:
        _of_call[thread] = where
    try:
        yield
    finally:
        _of_call.pop(thread, None)
        if before is not None:
            _of_call[thread] = before


def folder() -> str:
    """Where entries are kept; empty: nowhere."""
    if _of_call and (called := _of_call.get(get_ident())) is not None:
        return called
    if (own := os.environ.get(FOLDER)) is not None:
        # No shell expands what a CI service, or a file of variables, sets.
        return os.path.expanduser(own) if own.startswith("~") else own
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.cache")
    return f"{base}/dtlink" if os.path.isabs(base) else ""


def unusable() -> str:
    """A line that says what is there in place of the folder; empty if it is a folder."""
    where = folder()
    if not where or os.path.isdir(where) or not os.path.lexists(where):
        return ""
    return f"{where}: the cache needs a folder: nothing is kept"


def key_of(paths: Iterable[str], more: Iterable[str] = ()) -> str | None:
    """What must be the same for an entry to hold; ``None`` if a file cannot be read.

    A file that was just written may be written again with the same stamp: its content is part of
    the key until then, as git treats its index ("racily clean" entries).
    """
    parts = [str(FORM), __version__, *more]
    now = time.time_ns()
    for path in paths:
        # Builds and copies keep sizes and times; the time of the last change they cannot set.
        stamp = stamp_of(path, empty=True)
        if stamp is None:
            return None
        parts.append("\0".join((path, *map(str, stamp))))
        if not is_settled(stamp, now):
            try:
                parts.append(reading.digest(path))
            except OSError:
                return None
    return "\n".join(parts)


def load(name: str, key: str | None, kind: str = KERNEL, where: str | None = None) -> Any:
    """What was kept for a name under the same key; ``None`` if there is nothing."""
    return load_with_text(name, key, kind, where).facts


class Entry(NamedTuple):
    """What was kept for a name."""

    facts: Any = None
    """``None``: nothing."""
    data: bytes = b""
    start: int = 0
    """Where the text that was kept beside the facts begins in the data: there may be megabytes,
    of which no copy is made."""

    @property
    def text(self) -> str:
        """The text."""
        return self.data[self.start :].decode("latin-1")


def load_with_text(
    name: str, key: str | None, kind: str = KERNEL, where: str | None = None
) -> Entry:
    """As :func:`load`, with the text that was kept beside the facts."""
    path = _path(name, kind, where)
    if not path or key is None:
        return Entry()
    try:
        data = _own(path)
        line, start = _unsealed(data)
        found = _parsed(line)
        if "\\ud" in line:
            _check_text(found)
        return Entry(found[1], data, start) if found[0] == key else Entry()
    except (OSError, ValueError, TypeError, LookupError, RecursionError, StopIteration):
        return Entry()


def _unsealed(entry: bytes) -> tuple[str, int]:
    """The line of an entry, and where its text begins.

    Raises :class:`ValueError` for one that is damaged.
    """
    start = entry.index(b"\n") + 1
    if entry[: start - 1] != _seal(memoryview(entry)[start:]):  # no copy
        raise ValueError("a damaged entry")
    end = entry.find(b"\n", start)
    end = len(entry) if end < 0 else end
    return entry[start:end].decode("ascii"), end + 1


def _check_text(found: Any) -> None:
    """Raise :class:`ValueError` for text with halves of characters that stand for no byte.

    Names of files, and strings of blobs, have those that do (PEP 383); dtlink keeps no others, and
    not all that prints text can print them.
    """
    import json

    json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogateescape")


def store(
    name: str,
    key: str | None,
    facts: Any,
    kind: str = KERNEL,
    where: str | None = None,
    text: str = "",
) -> None:
    """Keep facts (what JSON can hold) for a name; and a text, whose characters are of latin-1."""
    path = _path(name, kind, where)
    if not path or key is None:
        return
    import json

    try:
        line = json.dumps([key, facts], separators=(",", ":")).encode("ascii")
        rest = line + b"\n" + text.encode("latin-1") if text else line
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        _write(path, _seal(rest) + b"\n" + rest)
    except (OSError, ValueError, RecursionError):
        return


def trim(where: str | None = None, now: float | None = None) -> None:
    """Remove what was not used for a long time, then the oldest until the rest is small enough."""
    now = time.time() if now is None else now
    try:
        there = [*_entries(folder() if where is None else where)]
    except OSError:
        return
    left = MAX_FOLDER
    for number, (used, size, path) in enumerate(sorted(there, reverse=True)):
        left = left - size if number < MAX_ENTRIES else -1
        limit = _LEFT if "." in os.path.basename(path) else _UNUSED
        if left < 0 or now - used > limit:
            with suppress(OSError):
                os.unlink(path)


def _entries(where: str) -> Iterable[tuple[float, int, str]]:
    """When each file of this module was used, its size and path."""
    with os.scandir(where) as found:
        for each in found:
            if _is_ours(each.name) and each.is_file(follow_symlinks=False):
                with suppress(OSError):
                    is_of = each.stat(follow_symlinks=False)
                    yield is_of.st_mtime, is_of.st_size, f"{where}/{each.name}"


def _is_ours(name: str) -> bool:
    """Whether a name is one that this module gives: the folder may be one of the user's."""
    kind, _, rest = name.partition("-")
    whole, *beside = rest.split(".")
    sums = (whole, *beside)
    return (
        kind in (KERNEL, LINT)
        and len(sums) <= 2
        and all(len(each) == 16 and not each.strip("0123456789abcdef") for each in sums)
    )


class _Scanner:
    """How JSON is parsed, as ``json.decoder`` says it by default."""

    strict = True
    object_hook = object_pairs_hook = parse_constant = None
    parse_float, parse_int = float, int


def _parsed(text: str) -> Any:
    """The value in a line of JSON. Raises :class:`ValueError` or :class:`StopIteration`.

    By json's parser in C alone: all of :mod:`json` takes 4 ms to import, for it imports :mod:`re`.
    """
    try:
        from _json import make_scanner
    except ImportError:  # a Python without it
        import json

        return json.loads(text)
    found, end = make_scanner(_Scanner)(text, 0)  # type: ignore[arg-type]
    if end != len(text):
        raise ValueError("more than one value")
    return found


def _own(path: str) -> bytes:
    """The bytes of an entry. Raises :class:`OSError` unless only this user can have written it."""
    with open(path, "rb", opener=_careful) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_ENTRY:
            raise OSError(path)
        if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & 0o022):
            raise OSError(path)
        if time.time() - found.st_mtime > _USED_AGAIN:
            with suppress(OSError):
                os.utime(path)
        return file.read(found.st_size)


def _careful(path: str, flags: int) -> int:
    """Neither through a link to another file, nor waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _write(path: str, data: bytes) -> None:
    """Write beside the place, then rename: no reader meets a part. Raises :class:`OSError`."""
    beside = f"{path}.{os.urandom(8).hex()}"
    from dtlink.signals import held_back

    with held_back():
        try:
            with open(beside, "xb", opener=_private) as file:
                file.write(data)
            os.replace(beside, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside)
            raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _path(name: str, kind: str, where: str | None) -> str:
    """The entry of a name. Two names that share one push each other out, and no more."""
    where = folder() if where is None else where
    data = name.encode("utf-8", "surrogateescape")
    return f"{where}/{kind}-{crc32(data):08x}{adler32(data):08x}" if where else ""


def _seal(text: bytes | memoryview) -> bytes:
    """The checksum of an entry. (hashlib would take longer to import than to run.)"""
    return b"%08x" % crc32(text)
