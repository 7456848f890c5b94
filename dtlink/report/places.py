"""Where a finding is, for services that show code: a file and a line."""

from __future__ import annotations

import os
from functools import lru_cache

from dtlink.firmware.read import STDIN
from dtlink.records import NamedTuple
from dtlink.report.model import InputReport, Unmet
from dtlink.rules.model import Finding


class Place(NamedTuple):
    """A place in a file, as services show it."""

    path: str
    """As :func:`relative` writes it."""
    line: int = 1
    column: int = 0
    """0: not known."""


def where(item: InputReport, finding: Finding) -> Place:
    """The place of a finding.

    The line is that of the source where it is known, else 1: a blob has no lines, but such
    services show nothing of a finding without one.
    """
    location = finding.location
    if location is None:
        return Place(relative(item.file_with(finding)))
    return Place(relative(location.file), max(location.line, 1), max(location.column, 0))


def place_of(item: InputReport, entry: Unmet) -> Place:
    """Where an expectation is reported: at the comment that has it, else at the input."""
    if entry.location is None:
        return Place(relative(item.path))
    file, line, column, *_ = entry.location
    return Place(relative(file), max(line, 1), max(column, 0))


def relative_name(item: InputReport) -> str:
    """An input's name with its path as :func:`relative` writes it."""
    return str(item.input._replace(path=relative(item.path)))


def relative(path: str) -> str:
    """A path with ``/``, relative to the working folder where it is below it; no ``./`` before it.

    Another path stays as it was written, but for needless steps; ``-``, the standard input, too.
    """
    if path == STDIN:
        return path
    return _relative(path, os.getcwd())  # noqa: PTH109 - text, not a Path


@lru_cache(maxsize=16)
def _relative(path: str, here: str) -> str:
    """The same from a working folder; each finding of a file asks for it."""
    # os.path, not pathlib: a path may be any text, and a run has thousands of them.
    full = os.path.normpath(os.path.join(here, path))  # noqa: PTH118 - text, not a Path
    # The working folder has no links in it, but the user may have come to the file by one.
    below = _below(here, full) or _below(here, _resolved(full))
    return (below or os.path.normpath(path)).replace(os.sep, "/")


def _below(folder: str, path: str) -> str:
    """The path relative to a folder; empty if it is not in it."""
    if path == folder:
        return os.curdir
    start = folder.rstrip(os.sep) + os.sep
    return path[len(start) :] if path.startswith(start) else ""


def _resolved(path: str) -> str:
    """The path with its folders resolved; the file itself may be a link, and keeps its name."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)  # noqa: PTH118 - text, not a Path
