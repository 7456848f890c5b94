"""The names of nodes that drivers of regulators look for, from kernel sources.

A driver compares the names of the nodes below a PMIC with texts of its own. Every text of a driver
that could be such a name counts; drivers that put their names together are left out.
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

_FOLDERS = ("drivers/regulator/", "drivers/mfd/")
_TEXT = re.compile(r'"(\d?[A-Za-z][\w-]{1,29})"')
#: Texts of every driver.
_OTHERS = frozenset(("GPL", "regulators", "regulator", "reg", "name"))
#: A name that the preprocessor makes of an argument.
_MADE = re.compile(r"of_match\w*\s*(?:=|\()\s*(?:of_match_ptr\()?\s*[\w\s\"]*#")


def regulator_names(sources: Iterable[Path]) -> str:
    """The file of data: lines of compatible strings, a bar, and the names of their regulators."""
    found: dict[str, set[str]] = defaultdict(set)
    left_out: set[str] = set()
    for tree in sources:
        for name, names in _of_source(tree):
            if names:
                found[name] |= names
            else:
                left_out.add(name)
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(found.keys() - left_out):
        groups[" ".join(sorted(found[name]))].append(name)
    return "".join(f" {' '.join(held)} | {names} \n" for names, held in groups.items())


def _of_source(tree: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """Each compatible string of a PMIC's driver with names; without: they are not known."""
    index = SourceIndex.load(version=KernelVersion.of_release(kernel_release(str(tree))))
    texts = lru_cache(maxsize=None)(lambda file: _texts(tree / file))
    for name in index:
        if ":" in name:
            continue  # not of a devicetree
        files = {each.file for each in index.entries(name) if each.kind == "driver"}
        files |= {each.file for alias in _made(index, files, name) for each in index.entries(alias)}
        own = [texts(file) for file in sorted(files) if file.startswith(_FOLDERS)]
        known = [each for each in own if each is not None]
        if known:
            yield name, frozenset().union(*known) if all(known) else frozenset()


def _made(index: SourceIndex, files: Iterable[str], name: str) -> Iterator[str]:
    """What the drivers of a compatible string make devices of, by the alias of their drivers."""
    for file in files:
        facts = index.facts(file)
        for alias in facts.makes if facts else ():
            made, _, only = alias.partition(" ")
            if only in ("", name):
                yield made


def _texts(path: Path) -> frozenset[str] | None:
    """The texts of a driver that looks for nodes; empty: it makes names; ``None``: it does not."""
    text = path.read_text(errors="replace") if path.is_file() else ""
    if "of_match_ptr(" not in text and ".of_match" not in text and "of_regulator_match" not in text:
        return None
    if not re.search(r"\bregulator_(?:desc|match)\b|of_regulator_match", text):
        return None
    return frozenset() if _MADE.search(text) else frozenset(_TEXT.findall(text)) - _OTHERS
