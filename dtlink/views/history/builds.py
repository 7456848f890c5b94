"""Which documents are one build, what builds are called, and what an input is called in all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from dtlink.views.history.model import Build, SavedDocument, SavedInput, SavedReport

#: What orders builds: as they are given, by path (numbers in it as numbers), or by the time of the
#: files.
ORDERS = ("given", "name", "time")

_NUMBERS = re.compile(r"(\d+)")


def ordered(reports: Iterable[SavedReport], order: str) -> list[SavedReport]:
    """The reports in one of :data:`ORDERS`."""
    if order == "given":
        return list(reports)
    found = sorted(reports, key=lambda each: natural(each.path))
    return sorted(found, key=lambda each: each.time) if order == "time" else found


def natural(path: str) -> list[tuple[int, int, str]]:
    """A key that reads numbers in a path as numbers: build-9 is before build-10."""
    pieces = (each for each in _NUMBERS.split(path) if each)
    return [(0, int(p), p) if p.isascii() and p.isdigit() else (1, 0, p) for p in pieces]


def builds(
    reports: Iterable[SavedReport],
    documents: Callable[[SavedReport], Sequence[SavedDocument]],
    *,
    by_folder: bool = False,
) -> Iterator[Build]:
    """The builds of reports in their order.

    A file is a build, with ``by_folder`` a folder is. A new one begins where a document has an
    input that the build has already: so a file with a line for each input is one build, and one
    with a line for each build is many.
    """
    for path, several in _groups(reports, by_folder=by_folder):
        number, part, names = 1, _Part(), set[tuple[str, str]]()
        for report in several:
            for document in documents(report):
                mine = {(each.path, each.rest) for each in document.inputs}
                if not names.isdisjoint(mine):
                    yield part.build(path, number)
                    number, part, names = number + 1, _Part(), set()
                names |= mine
                part.add(report, document)
        if part.versions:
            yield part.build(path, number)


def _groups(
    reports: Iterable[SavedReport], *, by_folder: bool
) -> Iterable[tuple[str, Sequence[SavedReport]]]:
    if not by_folder:
        return ((each.path, [each]) for each in reports)
    found: dict[str, list[SavedReport]] = {}
    for each in reports:
        found.setdefault(os.path.dirname(each.path) or os.curdir, []).append(each)  # noqa: PTH120
    return found.items()


class _Part:
    """A build that is being put together."""

    def __init__(self) -> None:
        self.inputs: list[SavedInput] = []
        self.time = 0
        self.versions: dict[str, None] = {}
        self.kernels: dict[str, None] = {}

    def add(self, report: SavedReport, document: SavedDocument) -> None:
        """Add a document."""
        self.inputs += document.inputs
        self.time = max(self.time, report.time)
        self.versions[document.dtlink] = None
        self.kernels[document.kernel] = None

    def build(self, path: str, number: int) -> Build:
        """The build, its inputs named for all builds."""
        versions, kernels = (
            ", ".join(filter(None, each)) for each in (self.versions, self.kernels)
        )
        return Build(path, number, self.time, versions, kernels, list(_named(self.inputs)))


def _named(inputs: Sequence[SavedInput]) -> Iterator[tuple[str, SavedInput]]:
    """Each input with its name in all builds.

    Relative paths stay. Absolute ones are relative to the folder that those of the build have in
    common, since builds are made in folders of their own.
    """
    absolute = [os.path.dirname(each.path) for each in inputs if os.path.isabs(each.path)]  # noqa: PTH117, PTH120
    top = os.path.commonpath(absolute) if absolute else ""
    for each in inputs:
        path = os.path.relpath(each.path, top) if os.path.isabs(each.path) else each.path  # noqa: PTH117
        yield path.replace(os.sep, "/") + each.rest, each


def names(found: Sequence[tuple[str, int]]) -> list[str]:
    """Short distinct names of builds, of their paths and numbers.

    Without the suffix, and the first and last parts that are the same in all: ``out/7/lint.json``
    and ``out/8/lint.json`` are 7 and 8.
    """
    split = [re.split(r"[/\\]", re.sub(r"\.jsonl?$", "", path)) for path, _ in found]
    alike = {tuple(parts) for parts in split}
    first, last = _shared(alike), _shared({each[::-1] for each in alike})
    made = []
    for parts, (_, number) in zip(split, found, strict=True):
        least = len(min(alike, key=len))
        end = len(parts) - min(last, max(least - first - 1, 0))
        short = "/".join(parts[min(first, len(parts) - 1) : end] or parts[-1:])
        made.append(short if number == 1 else f"{short}:{number}")
    return _distinct(made)


def _shared(paths: Iterable[tuple[str, ...]]) -> int:
    """How many first parts all paths share; of a single path, all but one."""
    several = list(paths)
    if len(several) == 1:
        return len(several[0]) - 1
    return next(
        (at for at, parts in enumerate(zip(*several, strict=False)) if len(set(parts)) > 1),
        min(map(len, several), default=0),
    )


def _distinct(found: Sequence[str]) -> list[str]:
    """The names; those that come again get a number."""
    made: dict[str, None] = {}
    for each in found:
        name, number = each, 1
        while name in made:
            number += 1
            name = f"{each} ({number})"
        made[name] = None
    return list(made)
