"""What was found out about a kernel, kept for the next time.

In ``$XDG_CACHE_HOME/dtlink``, or ``~/.cache/dtlink``; ``DTLINK_CACHE`` names another folder, and
none if it is empty. An entry is one file for one path. It holds the sizes and times of all the
files that it was made from, and dtlink's version: where one of them is another, it is not used, and
written anew. Entries are written beside their place and renamed, so that whoever reads meets a
whole one, however many write. A damaged cache is never reported: it is just not used.
"""

# Paths are text here: there may be thousands, and pathlib is slow.
# ruff: noqa: PTH103, PTH105, PTH110, PTH111, PTH116, PTH117, PTH120

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any
from zlib import adler32, crc32

from dtlink.version import __version__

#: Of the entry's own form: another one where what is stored changes.
FORM = 3
#: No entry comes near this size.
MAX_ENTRY = 64 << 20


def folder() -> str:
    """Where entries are kept; empty: nowhere."""
    if (own := os.environ.get("DTLINK_CACHE")) is not None:
        return own
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.cache")
    return f"{base}/dtlink" if os.path.isabs(base) else ""


def key_of(paths: Iterable[str], more: Iterable[str] = ()) -> str | None:
    """What must be the same for an entry to hold; ``None`` if a file cannot be read."""
    parts = [str(FORM), __version__, *more]
    try:
        for path in paths:
            found = os.stat(path)
            parts.append(f"{path}\0{found.st_size}\0{found.st_mtime_ns}")
    except (OSError, ValueError):
        return None
    return "\n".join(parts)


def load(name: str, key: str | None) -> Any:
    """What was kept for a name under the same key; ``None`` if there is nothing."""
    path = _path(name)
    if not path or key is None:
        return None
    try:
        with open(path, "rb") as file:
            entry = file.read(MAX_ENTRY)
        sealed, _, text = entry.partition(b"\n")
        found = json.loads(text) if sealed == _seal(text) else [None]
    except (OSError, ValueError, RecursionError):
        return None
    return found[1] if found[0] == key else None


def store(name: str, key: str | None, facts: Any) -> None:
    """Keep facts (what JSON can hold) for a name."""
    path = _path(name)
    if not path or key is None:
        return
    beside = f"{path}.{os.urandom(8).hex()}"
    try:
        text = json.dumps([key, facts], separators=(",", ":")).encode("ascii")
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        _write(beside, _seal(text) + b"\n" + text)
        os.replace(beside, path)
    except (OSError, ValueError):
        return


def _write(path: str, data: bytes) -> None:
    try:
        with open(path, "xb") as file:
            file.write(data)
    except OSError:
        if os.path.exists(path):
            os.unlink(path)
        raise


def _path(name: str) -> str:
    """The entry of a name. Two names that share one push each other out, and no more."""
    where = folder()
    data = name.encode("utf-8", "surrogateescape")
    return f"{where}/kernel-{crc32(data):08x}{adler32(data):08x}" if where else ""


def _seal(text: bytes) -> bytes:
    """Tells a whole entry from a damaged one. (hashlib would take longer to import than to run.)"""
    return b"%08x" % crc32(text)
