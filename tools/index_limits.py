"""The highest index of clocks, reset lines and power domains, from the headers of bindings.

A provider's driver includes the headers that name its indexes (include/dt-bindings/clock, reset
and power). Only numbers are taken: for each compatible string and kind the highest that any macro
of these headers has, over all sources that are given.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from dtlink.facts.index_limits import KINDS
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.resources import RESET
from dtlink.kernel.source.index import SourceIndex
from dtlink.kernel.source.write import kernel_release

_HEADERS = "include/dt-bindings"
_INCLUDED = re.compile(r"#include\s*<dt-bindings/((?:clock|reset|power)/[^>]+\.h)>")
_WITHIN = re.compile(r"#include\s*(?:<dt-bindings/([^>]+)>|\"([^\"]+)\")")
_MACRO = re.compile(r"^#define[ \t]+(\w+)[ \t]+(.+?)[ \t]*(?:/[*/].*)?$", re.MULTILINE)
_SUM = re.compile(r"(\w+)\s*\)?\s*\+\s*\(?\s*(\w+)")
#: Folders with drivers whose specifier is a plain index.
_FOLDERS = ("drivers/clk/", "drivers/reset/", "drivers/pmdomain/", "drivers/soc/")
#: The folders of headers by kind: what has none in the first may have it in the header of clocks.
_FOLDER = {
    "clock": ("clock/",),
    "reset line": ("reset/", "clock/"),
    "power domain": ("power/", "clock/"),
}
#: Macros of a header of clocks that has reset lines, too.
_RESETS = re.compile(r"^(SRST_|RST_|RESET_)|_(SRST|RST|RESET|BCR)$")
_DEEPEST = 8


def index_limits(sources: Iterable[Path]) -> str:
    """The file of data: a line for each compatible string with the limits of :data:`KINDS`."""
    limits: dict[str, dict[str, int]] = defaultdict(dict)
    for tree in sources:
        for name, kind, limit in _of_source(tree):
            limits[name][kind] = max(limit, limits[name].get(kind, -1))
    rows = ((name, [str(found.get(kind, "-")) for kind in KINDS]) for name, found in limits.items())
    return "".join(f"{name} {' '.join(numbers)}\n" for name, numbers in sorted(rows))


def _of_source(tree: Path) -> Iterator[tuple[str, str, int]]:
    index = SourceIndex.load(version=KernelVersion.of_release(kernel_release(str(tree))))
    highest = lru_cache(maxsize=None)(lambda header: _highest(tree, header))
    headers = lru_cache(maxsize=None)(lambda file: _headers(tree / file))
    has_resets = lru_cache(maxsize=None)(lambda header: _has_resets(tree, header))
    for name in index:
        files = {each.file for each in index.entries(name) if each.kind in ("driver", "early")}
        file = files.pop() if len(files) == 1 else ""
        if file.startswith(_FOLDERS):
            for kind, folders in _FOLDER.items():
                found = (
                    [
                        highest(each)
                        for each in headers(file)
                        if each.startswith(folder)
                        if kind != RESET.kind or folder != "clock/" or has_resets(each)
                    ]
                    for folder in folders
                )
                values = next(filter(None, found), [])
                limits = [each for each in values if each is not None]
                if limits and len(limits) == len(values):
                    yield name, kind, max(limits)


def _headers(path: Path) -> tuple[str, ...]:
    text = path.read_text(errors="replace") if path.is_file() else ""
    return tuple(sorted(set(_INCLUDED.findall(text))))


def _has_resets(tree: Path, header: str) -> bool:
    return any(_RESETS.search(name) for name, _ in _macros(tree, header, set()))


def _highest(tree: Path, header: str) -> int | None:
    """The highest value of a header's macros; ``None``: one is not understood, or there is none."""
    macros = dict(_macros(tree, header, set()))
    values = [_value(text, macros, 0) for text in macros.values()]
    numbers = [each for each in values if each is not None]
    return max(numbers) if numbers and len(numbers) == len(values) else None


def _macros(tree: Path, header: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    path = tree / _HEADERS / header
    if header in seen or not path.is_file():
        return
    seen.add(header)
    text = path.read_text(errors="replace")
    for whole, beside in _WITHIN.findall(text):
        yield from _macros(tree, whole or str(Path(header).parent / beside), seen)
    yield from _MACRO.findall(text)


def _value(text: str, macros: Mapping[str, str], depth: int) -> int | None:
    """A number, another macro, or the sum of two."""
    text = text.strip().strip("()").strip()
    try:
        return int(text.rstrip("UuLl"), 0)
    except ValueError:
        pass
    if depth > _DEEPEST:
        return None
    if text in macros:
        return _value(macros[text], macros, depth + 1)
    added = _SUM.fullmatch(text)
    parts = [_value(each, macros, depth + 1) for each in added.groups()] if added else [None]
    known = [each for each in parts if each is not None]
    return sum(known) if len(known) == len(parts) else None
