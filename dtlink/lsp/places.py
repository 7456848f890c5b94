"""From the places of a board to stretches of files, and back to its nodes."""

from __future__ import annotations

import os

from dtlink.lsp.model import FileSpan
from dtlink.lsp.openings import Opening, opening_at, word_at
from dtlink.lsp.positions import Span
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Location
    from dtlink.lsp.analysis import Analysis
    from dtlink.lsp.documents import OpenFiles
    from dtlink.lsp.structure import FileStructures


def span_of(location: Location, files: OpenFiles) -> FileSpan:
    """The word at a place; without a column, the line."""
    lines = files.lines(location.file)
    at = lines.at(location.line, location.column)
    if not location.column:
        return FileSpan(location.file, lines.line_of(at))
    found = word_at(lines.text, at)
    # A word that ends at the place is another one.
    return FileSpan(
        location.file, Span(at, max(found.end, at)) if found.end > at else Span(at, at + 1)
    )


class Cursor(NamedTuple):
    """What is at an offset of a file."""

    path: str
    word: str
    at: Span
    opening: Opening | None
    """The node that the file opens around it."""
    node: str | None
    """The path of that node, if the board has it."""

    @property
    def is_name(self) -> bool:
        """Whether the word is the name, or a label, of the node that is opened here."""
        opening = self.opening
        if opening is None:
            return False
        end = opening.name_at + len(opening.name)
        return opening.start <= self.at.start and self.at.end <= end


def cursor(
    analysis: Analysis, files: OpenFiles, structures: FileStructures, path: str, offset: int
) -> Cursor:
    """What is at an offset of a file of a board."""
    text = files.lines(path).text
    at = word_at(text, offset)
    opening = opening_at(structures.of(path), offset)
    node = path_of_opening(analysis, files, path, opening) if opening else None
    return Cursor(path, text[at.start : at.end], at, opening, node)


def path_of_opening(
    analysis: Analysis, files: OpenFiles, path: str, opening: Opening
) -> str | None:
    """The path of the node that a file opens; by its names, where the places have changed."""
    known = analysis.opened.get(os.path.realpath(path), {})
    lines = files.lines(path)
    for at in (opening.name_at, opening.start):
        found = known.get(lines.place(at))
        if found is not None and _may_be(found, opening):
            return found
    return _by_names(opening, analysis)


def _may_be(path: str, opening: Opening) -> bool:
    """Whether a node has the name that is written there."""
    name = opening.name
    if name.startswith("&"):
        return True
    return name == "/" if path == "/" else path.rpartition("/")[2] == name


def _by_names(opening: Opening, analysis: Analysis) -> str | None:
    names: list[str] = []
    each = opening
    while each.parent is not None:
        names.append(each.name)
        each = each.parent
    top = reference(each.name)
    lookup = analysis.lookup
    if lookup is None or not top:
        return None
    return lookup.find("/".join((top.rstrip("/"), *reversed(names))) or "/")


def reference(word: str) -> str:
    """What a word references: a label or a path; empty if it is no reference."""
    if word.startswith("&{"):
        return word[2:-1]
    if word.startswith("&"):
        return word[1:]
    return word if word == "/" else ""


def defining(analysis: Analysis, files: OpenFiles, node: str, label: str = "") -> FileSpan | None:
    """Where a node is opened: with a label, the place that has it; else the first one."""
    places = analysis.places.node(node) if analysis.places else ()
    if not places:
        return None
    chosen = next((each for each in places if label and f"{label}:" in each.text), places[0])
    found = span_of(chosen, files)
    text = files.lines(chosen.file).text
    start = text.rfind("\n", 0, found.span.start) + 1
    at = text.find(f"{label}:", start, found.span.start) if label else -1
    return found if at < 0 else FileSpan(chosen.file, Span(at, at + len(label)))
