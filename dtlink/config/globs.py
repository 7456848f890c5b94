"""Patterns of files, in the manner of :mod:`fnmatch`: ``*`` matches slashes too.

Case matters. ``?`` is any one character, ``[ab]`` one of these; a backslash, as ACPI's paths have
it, is itself.
"""

from __future__ import annotations

from fnmatch import fnmatchcase


def covers(pattern: str, path: str) -> bool:
    """Whether a pattern names a path, or a folder that the path is in; both with ``/``.

    ``**/`` matches any folders, and none.
    """
    whole = pattern.removeprefix("./").rstrip("/") or "."
    if whole == ".":
        return not path.startswith("../")
    return any(
        fnmatchcase(path, each) or fnmatchcase(path, f"{each}/*")
        for each in {whole, whole.replace("**/", "")}
    )
