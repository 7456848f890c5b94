"""The compatible strings that a kernel starts before there are devices, from its source.

They are named by macros that put entries into tables which the linker gathers (Linux,
include/linux/of.h, OF_DECLARE_1() and its kind; include/linux/irqchip.h).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dtlink.kernel.source.macros import arguments, expand, string, telling
from dtlink.kernel.source.text import SourceReader, Unit

#: The macros, and which of their arguments is the compatible string.
_MACROS = {
    "CLK_OF_DECLARE": 1,
    "CLK_OF_DECLARE_DRIVER": 1,
    "CPU_METHOD_OF_DECLARE": 1,
    "IRQCHIP_DECLARE": 1,
    "IRQCHIP_MATCH": 0,
    "OF_EARLYCON_DECLARE": 1,
    "RESERVEDMEM_OF_DECLARE": 1,
    "TIMER_OF_DECLARE": 1,
}
_USE = re.compile(rf"\b({'|'.join(_MACROS)})(?=\s*\()")
_WORDS = ("_DECLARE", "IRQCHIP_MATCH")
#: The folders of a kernel source with code of the kernel itself.
_FOLDERS = ("arch", "drivers", "kernel", "mm", "sound")


def early_tables(tree: Path) -> Mapping[str, Sequence[str]]:
    """The compatible strings by macro, each in order."""
    reader, found = SourceReader(tree), defaultdict[str, set[str]](set)
    for path in _files(tree):
        text = reader.text(path)
        if text and any(word in text for word in _WORDS):
            for macro, compatible in declared(reader.unit(path, text)):
                found[macro].add(compatible)
    return {macro: sorted(names) for macro, names in sorted(found.items())}


def declared(unit: Unit) -> Iterator[tuple[str, str]]:
    """The macros that a file uses, each with its compatible string."""
    hidden = {name: macro for name, macro in telling(unit.macros).items() if name not in _MACROS}
    code = "".join(expand(part.code, hidden) for part in unit.stretches)
    for match in _USE.finditer(code):
        given, place = arguments(code, match.end()), _MACROS[match[1]]
        name = string(given[0][place], unit.macros) if given and len(given[0]) > place else None
        if name and name.isascii() and name.isprintable() and " " not in name:
            yield match[1], name


def as_text(tables: Mapping[str, Sequence[str]]) -> str:
    """The tables as dtlink ships them: a line for each macro, the same for the same source.

    Not JSON, whose reader takes longer to import than the file to read.
    """
    return "".join(f"{' '.join((macro, *names))}\n" for macro, names in tables.items())


def _files(tree: Path) -> Iterator[str]:
    for folder in _FOLDERS:
        for path in sorted((tree / folder).rglob("*.c")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(tree).as_posix()
