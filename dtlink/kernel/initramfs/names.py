"""The name of a module, from the name of its file."""

from __future__ import annotations

import re

_FILE = re.compile(r"([A-Za-z0-9_-]{1,255})\.ko(?:\.(?:xz|zst|gz))?")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def module_name(file: str) -> str | None:
    """The module in a file of this name (without folders), ``_`` for ``-``; None: no module."""
    match = _FILE.fullmatch(file)
    return match[1].replace("-", "_") if match else None


def named_module(word: str) -> str | None:
    """The module that a list names: by its name, its file, or its file's path."""
    base = word.rpartition("/")[2]
    if (module := module_name(base)) is not None:
        return module
    return word.replace("-", "_") if _NAME.fullmatch(word) else None
