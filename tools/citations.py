"""The kernel files and functions that the code cites, looked up in unpacked sources.

A citation is text such as ``drivers/base/dd.c, driver_deferred_probe_check_state()``: a file, and
the functions that follow it directly. It holds if one of the sources has the file, and has a
function of that name in it; sources of several versions are looked at together, since a fact may be
about an old kernel only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_FOLDERS = "arch|block|crypto|drivers|fs|include|init|ipc|kernel|lib|mm|net|security|sound"
_FILE = rf"\b(?:{_FOLDERS})/[\w/.-]+\.[chS]\b"
# Between the names there are commas, line ends of docstrings and the seams of split strings.
_SEAM = r"""[\s,"#:]*"""
_CITATION = re.compile(rf"(?P<file>{_FILE})(?P<functions>(?:{_SEAM}\b\w+\(\))*)")
_FUNCTION = re.compile(r"\b(\w+)\(\)")

#: Files of made-up kernels in examples, and of other systems.
_NOT_LINUX = re.compile(r"vendor|/icc\.c|/mmc/mmc\.c|/clk/cc\.c|arm_smmu\.c|virtio/virtio_pci\.c")
_OTHER_SYSTEM = re.compile(r"\bsys/amd64/")


class Citation(NamedTuple):
    """A kernel file that the code cites, and a function in it; empty where none is named."""

    path: str
    line: int
    file: str
    function: str

    def __str__(self) -> str:
        what = f"{self.function}() in {self.file}" if self.function else self.file
        return f"{self.path}:{self.line}: {what}"


def citations(path: str, text: str) -> Iterator[Citation]:
    """The citations in the text of one file."""
    for found in _CITATION.finditer(text):
        file = found["file"]
        before = text[max(0, found.start() - 12) : found.start()]
        if _NOT_LINUX.search(file) or _OTHER_SYSTEM.search(before + file):
            continue
        line = text.count("\n", 0, found.start()) + 1
        functions = _FUNCTION.findall(found["functions"])
        yield from (Citation(path, line, file, each) for each in functions or [""])


def unfounded(cited: Iterable[Citation], sources: Sequence[Path]) -> Iterator[Citation]:
    """The citations that no source bears out."""
    texts: dict[str, str] = {}
    for each in cited:
        if each.file not in texts:
            texts[each.file] = _text(each.file, sources)
        text = texts[each.file]
        if not text or (each.function and not re.search(rf"\b{each.function}\b", text)):
            yield each


def _text(file: str, sources: Sequence[Path]) -> str:
    paths = (source / file for source in sources)
    return "\n".join(path.read_text("utf-8", "replace") for path in paths if path.is_file())
