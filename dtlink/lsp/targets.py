"""Where the word under a cursor leads, and what leads to it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dtlink.lsp.model import FileSpan
from dtlink.lsp.places import cursor, defining, reference, span_of
from dtlink.lsp.positions import Span
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.lsp.analysis import Analysis
    from dtlink.lsp.documents import OpenFiles
    from dtlink.lsp.places import Cursor
    from dtlink.lsp.structure import FileStructures

#: Upper bound on the places of one answer.
_MOST = 5_000


def target_of(analysis: Analysis, here: Cursor) -> str | None:
    """The path of the node that the cursor is on: a reference, a name, or a label of one."""
    if analysis.lookup is None or not here.word:
        return None
    named = reference(here.word)
    if named and (here.word != "/" or here.is_name):
        found = analysis.lookup.find(named)
        return found if found is not None else here.node if here.is_name else None
    return here.node if here.is_name else None


def definition(
    analysis: Analysis, files: OpenFiles, structures: FileStructures, path: str, offset: int
) -> FileSpan | None:
    """Where what is under the cursor is defined: a node, a macro, an included file."""
    included = _included(analysis, files, path, offset)
    if included is not None:
        return FileSpan(included, Span(0, 0))
    here = cursor(analysis, files, structures, path, offset)
    target = target_of(analysis, here) or _aliased(analysis, files, here)
    if target is not None:
        return defining(analysis, files, target, _label(here))
    macro = analysis.lookup.macro(here.word) if analysis.lookup and here.word else None
    return span_of(macro, files) if macro else None


def references(
    analysis: Analysis,
    files: OpenFiles,
    structures: FileStructures,
    path: str,
    offset: int,
    *,
    declaration: bool = False,
) -> list[FileSpan]:
    """The places that depend on the node under the cursor, or reference it.

    ``declaration``: also those that open it.
    """
    here = cursor(analysis, files, structures, path, offset)
    target = target_of(analysis, here)
    if target is None:
        return []
    found = dict.fromkeys(_references(analysis, files, target, declaration=declaration))
    return list(found)[:_MOST]


def _references(
    analysis: Analysis, files: OpenFiles, target: str, *, declaration: bool
) -> Iterator[FileSpan]:
    if declaration and analysis.places is not None:
        for each in analysis.places.node(target):
            yield span_of(each, files)
    for found in analysis.lookup.references(target) if analysis.lookup else ():
        yield span_of(found.location, files)
    yield from _implicit(analysis, files, target)


def _implicit(analysis: Analysis, files: OpenFiles, target: str) -> Iterator[FileSpan]:
    """The properties that depend on a node without its name, as ``interrupts`` does."""
    node = analysis.tree.by_path.get(target) if analysis.tree else None
    if analysis.board is None or node is None or analysis.places is None:
        return
    graph = analysis.board.graph_for(node)
    for link in graph.consumers.get(node.index, ()):
        name = link.property_name
        if not [*analysis.places.phandles_in(link.node.path, name)]:
            at = analysis.places.location(link.node.path, name)
            if at is not None:
                yield span_of(at, files)


def _label(here: Cursor) -> str:
    """The label that the cursor is on; empty: it is on a name or a path."""
    named = reference(here.word).partition("/")[0]
    if named:
        return named
    labels = here.opening.labels if here.opening and here.is_name else ()
    return here.word if here.word in labels else ""


def _included(analysis: Analysis, files: OpenFiles, path: str, offset: int) -> str | None:
    """The file that the line of an offset includes."""
    lines = files.lines(path)
    row = lines.text[slice(*lines.line_of(offset))]
    if analysis.lookup is None or not row.startswith(("#", "/include/")):
        return None
    return analysis.lookup.included(_name_in(analysis, path), lines.row(offset))


def _name_in(analysis: Analysis, path: str) -> str:
    """A file's path as the reader has it."""
    real = os.path.realpath(path)
    names = analysis.lookup.files if analysis.lookup else ()
    return next((each for each in names if os.path.realpath(each) == real), path)


def _aliased(analysis: Analysis, files: OpenFiles, here: Cursor) -> str | None:
    """The node of a path or an alias in quotes, as in ``stdout-path``."""
    text = files.lines(here.path).text
    start = text.rfind('"', text.rfind("\n", 0, here.at.start) + 1, here.at.start + 1)
    held = here.opening.property_at(here.at.start) if here.opening else None
    if start < 0 or held is None or analysis.tree is None:
        return None
    end = text.find('"', start + 1)
    named = text[start + 1 : end].partition(":")[0] if end > here.at.start else ""
    is_name = named.startswith("/") or held.name == "stdout-path"
    found = analysis.tree.find(named) if named and is_name else None
    return found.path if found else None
