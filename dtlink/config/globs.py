"""Patterns of nodes and of files, in the manner of :mod:`fnmatch`: ``*`` stands for slashes too.

Case matters. ``?`` is any one character, ``[ab]`` one of these; a backslash, as ACPI's paths have
it, is itself.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

#: The offset in the name of a table's node, which another build may move (as in a fingerprint).
_OFFSET = re.compile(r"(?<=^[A-Z]{4}/)([a-z0-9-]+)@0x[0-9a-f]+")


def names_node(pattern: str, subject: str) -> bool:
    """Whether a pattern names a finding's subject, a table's node with or without its offset."""
    if not pattern or fnmatchcase(subject, pattern):
        return True
    bare = _OFFSET.sub(r"\1", subject)
    return bare != subject and fnmatchcase(bare, pattern)


def covers(pattern: str, path: str) -> bool:
    """Whether a pattern names a path, or a folder that the path is in; both with ``/``.

    ``**/`` stands for any folders, and for none.
    """
    whole = pattern.removeprefix("./").rstrip("/") or "."
    if whole == ".":
        return not path.startswith("../")
    return any(
        fnmatchcase(path, each) or fnmatchcase(path, f"{each}/*")
        for each in {whole, whole.replace("**/", "")}
    )
