"""Which files are left out: those that the user excludes, and sources that git ignores.

Git ignores what a build makes. Blobs and tables are that as a rule, and linted nevertheless: the
kernel's own ``.gitignore`` has ``*.dtb``. A source that git ignores is a copy that was generated.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import BLOBS
from dtlink.firmware.source.surroundings import and_above
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    from dtlink.firmware.choice import Exclusion

#: The group of pathspec's expressions that has the slash after a folder.
_FOLDER = "ps_d"
_RUNS = re.compile(r"\*+")
#: A file of patterns with more bytes is none.
_LARGEST = 1 << 20
#: What of a pattern makes the search for it long: the time grows with the length of a name to the
#: power of the stars in one segment, and with the depth of a path to that of its ``**``.
_STARS, _FOLDERS = 3, 2
#: Upper bound on the steps of all searches: some seconds.
_STEPS = 50_000_000


def is_excluded(path: str, exclude: Sequence[Exclusion]) -> bool:
    """Whether a path is left out, itself or a folder that it is in."""
    whole = _absolute(path) + ("/" if os.path.isdir(path) else "")
    if not _EFFORT.allows(whole, _STARS - 1, 1):
        raise InputError("the patterns take too long", path="exclude")
    return any(
        spec.match_file(inside)
        for base, spec in _specs(tuple(exclude))
        if (inside := _inside(whole, base))
    )


def is_ignored(path: str) -> bool:
    """Whether git ignores a source, or a folder that it is in; no other file is asked for."""
    if not path.endswith(tuple(BLOBS)):
        return False
    whole = _absolute(path)
    return _is_ignored(whole, os.path.dirname(whole))


def is_ignored_folder(path: str) -> bool:
    """Whether git ignores a folder, or one that it is in."""
    return _is_folder_ignored(os.path.realpath(path))


def forget() -> None:
    """Look at the files anew."""
    for kept in (_is_folder_ignored, _real, _repository, _ignore_file):
        kept.cache_clear()
    _EFFORT.left = _STEPS


def has_given_up() -> bool:
    """Whether patterns take so long that not all files were held against them."""
    return _EFFORT.left <= 0


class _Effort:
    """The steps of searches that are left: files of patterns are those of an unknown tree."""

    def __init__(self) -> None:
        self.left = _STEPS

    def allows(self, path: str, stars: int, folders: int) -> bool:
        """Whether the search of a pattern with so many wildcards may be made; counts it."""
        names = path.split("/")
        longest = max(map(len, names)) if stars > 1 else 1
        self.left -= longest ** max(stars - 1, 0) * len(names) ** max(folders, 0)
        return self.left > 0


_EFFORT = _Effort()


@lru_cache(maxsize=64)
def _specs(exclude: tuple[Exclusion, ...]) -> Sequence[tuple[str, GitIgnoreSpec]]:
    """The patterns of each base. Raises :class:`InputError` for one that is none."""
    bases = dict.fromkeys(each.base for each in exclude)
    return [
        (base, _spec([each.pattern for each in exclude if each.base == base], "exclude"))
        for base in bases
    ]


def _spec(lines: Sequence[str], name: str) -> GitIgnoreSpec:
    import warnings

    from pathspec import GitIgnoreSpec

    for line in lines:
        stars, folders = _wildcards(line)
        if stars > _STARS or folders > _FOLDERS:
            raise InputError(f"too many * in a pattern: {line[:60]!r}", path=name)
    try:
        with warnings.catch_warnings(action="ignore"):  # of re, about brackets in brackets
            return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise InputError(f"not a pattern as .gitignore has them: {error}", path=name) from error


def _wildcards(line: str) -> tuple[int, int]:
    """How many stars a pattern has in one segment, and how many segments that are ``**``."""
    segments = line.strip("/").split("/")
    stars = [0 if each == "**" else len(_RUNS.findall(each)) for each in segments]
    return max(stars), segments.count("**")


def _absolute(path: str) -> str:
    """The path with its folders resolved; a link keeps its own name."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(_real(folder), name)


@cache
def _real(folder: str) -> str:
    """The folder with links resolved: a folder of a thousand inputs is resolved once."""
    return os.path.realpath(folder)


def _inside(whole: str, base: str) -> str:
    """A path from a folder; empty if it is not in it."""
    start = os.path.join(_real(base), "")
    return whole[len(start) :] if whole.startswith(start) else ""


def _is_ignored(whole: str, folder: str) -> bool:
    return _is_folder_ignored(folder) or _is_named(whole, folder)


@cache
def _is_folder_ignored(folder: str) -> bool:
    """Whether a folder is ignored, or one above it: what is in it can't be taken back (git)."""
    top = _repository(folder)
    below = folder[len(top) :].strip("/").split("/") if top and folder != top else []
    above = top
    for name in below:
        if _is_named(f"{above}/{name}/", above):
            return True
        above = f"{above}/{name}"
    return False


def _is_named(whole: str, folder: str) -> bool:
    """What the nearest file of patterns says that has one for the path; the last one counts.

    The path of a folder ends with a slash.
    """
    for base, patterns in _ignore_files(folder):
        inside = whole[len(base) + 1 :]
        for pattern in reversed(patterns):
            if pattern.matches(inside):
                return pattern.ignores
    return False


class _IgnorePattern(NamedTuple):
    """A line of a file of patterns."""

    ignores: bool
    """Else it takes back what a line before it ignores."""
    for_folders: bool
    """Whether it is about folders alone."""
    stars: int
    folders: int
    regex: re.Pattern[str]

    @classmethod
    def of(cls, line: str) -> _IgnorePattern | None:
        """The pattern of a line; ``None`` where git sees none."""
        try:
            (pattern,) = _spec([line], "").patterns
        except (InputError, ValueError):
            return None
        regex: re.Pattern[str] | None = getattr(pattern, "regex", None)
        if pattern.include is None or regex is None:
            return None
        return cls(pattern.include, line.rstrip().endswith("/"), *_wildcards(line), regex)

    def matches(self, inside: str) -> bool:
        """Whether it is about a path itself: one of a folder above has been asked for that."""
        path = inside if self.for_folders else inside.removesuffix("/")
        return _EFFORT.allows(path, self.stars, self.folders) and any(
            match.groupdict().get(_FOLDER) is None or match.end(_FOLDER) == len(path)
            for match in self.regex.finditer(path)
        )


def _ignore_files(folder: str) -> Iterator[tuple[str, Sequence[_IgnorePattern]]]:
    """The files of patterns that are for a folder of a repository, the nearest first."""
    top = _repository(folder)
    while top:
        if found := _ignore_file(f"{folder}/.gitignore"):
            yield folder, found
        if folder == top:
            yield top, _ignore_file(f"{top}/.git/info/exclude")
            return
        folder = os.path.dirname(folder)


@cache
def _repository(folder: str) -> str:
    """The top of the repository that a folder is in; empty if it is in none."""
    tops = (each for each in and_above(folder) if os.path.exists(f"{each}/.git"))
    return next(tops, "")


@cache
def _ignore_file(path: str) -> Sequence[_IgnorePattern]:
    """The patterns of a file; none of one that can't be read."""
    if os.path.islink(path) or not os.path.isfile(path):
        return ()  # git follows no links here; and some files never end
    try:
        with open(path, "rb", opener=reading.regular) as file:
            lines = file.read(_LARGEST).decode("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ()
    kept = (line for line in lines if line.strip() and line[0] != "#")
    return [each for line in kept if (each := _IgnorePattern.of(line)) is not None]
