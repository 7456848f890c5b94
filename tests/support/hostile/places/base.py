"""What the places share: command lines in every format, and texts where names are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from dtlink.report.formats import FORMATS
from tests.support.hostile.running import Call

ROOT = Path(__file__).resolve().parents[4]


TABLES = ROOT / "fixtures" / "tables"


#: Every format of ``dtlink lint``.
LINT = tuple(FORMATS)


GRAPHS = ("html", "dot", "mermaid", "graphml", "json")


LISTS = ("list", "initramfs-tools", "dracut", "mkinitcpio", "nixos", "modules.load", "json")


Texts = Sequence[str]


Place = Callable[[Path, Texts], Iterable[Call]]


PLACES: dict[str, Place] = {}


def place(function: Place) -> Place:
    """Add a place by the name of its function."""
    PLACES[function.__name__.replace("_", " ")] = function
    return function


def lint(*args: str, forms: Iterable[str] = LINT) -> Iterator[Call]:
    """``dtlink lint`` in formats, with all rules and all lists."""
    always = ("lint", "-j1", "--select", "all", "--show", "info")
    for form in forms:
        yield Call((*always, *args, "--format", form), form)


def views(*args: str, of: Sequence[str], forms: Sequence[str] = ("text", "json")) -> Iterator[Call]:
    """Commands in text and JSON."""
    for command in of:
        for form in forms:
            yield Call((command, *args, "--format", form), form)


def raw(text: str) -> bytes:
    """A text as bytes of a file."""
    return text.encode("utf-8", "surrogateescape")


def word(text: str, also: str = "") -> str:
    """What of a text may be in the name of a node or a property."""
    return re.sub(rf"[^\x21-\x2e\x30-\x7e{also}]", "", text)[:24] or "x"


def named(text: str) -> str | None:
    """A text as the name of a file; ``None``: no file can be called that."""
    cut = text.replace("/", "").replace("\0", "")[:60]
    return cut if cut.strip(".") else None
