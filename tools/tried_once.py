"""The compatible strings whose drivers are tried once, from kernel sources.

A driver that is registered by platform_driver_probe() cannot be deferred. A file that registers
other drivers too is left out: which of them has a string is not read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from dtlink.facts.kernels import KernelVersion
from dtlink.kernel.source.index import SourceIndex
from dtlink.kernel.source.write import kernel_release

_ONCE = re.compile(r"\b(?:(?:module|builtin)_)?platform_driver_probe\(")
_OTHER = re.compile(
    r"\b(?:module_platform_driver|builtin_platform_driver|platform_driver_register"
    r"|platform_register_drivers)\("
)


def tried_once(sources: Iterable[Path]) -> str:
    """The file of data: a line for each compatible string, with the versions that try it once."""
    found: dict[str, list[KernelVersion]] = defaultdict(list)
    for tree in sources:
        version = KernelVersion.of_release(kernel_release(str(tree)))
        for name in _of_source(tree, version):
            found[name].append(version)
    rows = ((name, " ".join(map(str, sorted(held)))) for name, held in sorted(found.items()))
    return "".join(f"{name} {versions}\n" for name, versions in rows)


def _of_source(tree: Path, version: KernelVersion) -> Iterator[str]:
    index = SourceIndex.load(version=version)
    once = lru_cache(maxsize=None)(lambda file: _is_once(tree / file))
    for name in index:
        entries = index.entries(name) if ":" not in name else ()
        files = {each.file for each in entries if each.kind == "driver"}
        early = any(each.kind == "early" for each in entries)
        if files and not early and all(map(once, files)):
            yield name


def _is_once(path: Path) -> bool:
    text = path.read_text(errors="replace") if path.is_file() else ""
    return _ONCE.search(text) is not None and _OTHER.search(text) is None
