"""What is under the cursor: a node, a reference to one, a property, a macro."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.escaping import markdown
from dtlink.facts.outcomes import When
from dtlink.lsp.lenses import in_cycles
from dtlink.lsp.model import HoverText
from dtlink.lsp.places import cursor, reference
from dtlink.lsp.targets import target_of
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import and_more, counted

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.firmware.tree import Node
    from dtlink.links.reference import Link
    from dtlink.lsp.analysis import Analysis
    from dtlink.lsp.documents import OpenFiles
    from dtlink.lsp.places import Cursor
    from dtlink.lsp.structure import FileStructures

#: Upper bounds on the links that are listed, and on the length of what is quoted.
_LISTED = 8
_LONGEST = 300


def hover(
    analysis: Analysis, files: OpenFiles, structures: FileStructures, path: str, offset: int
) -> HoverText | None:
    """The text for an offset of a file; ``None``: there is nothing to say."""
    if analysis.board is None:
        return None
    here = cursor(analysis, files, structures, path, offset)
    rows = list(_rows(analysis, analysis.board, here))
    return HoverText(here.at, "\n\n".join(rows)) if rows else None


def _rows(analysis: Analysis, board: TreeBoard, here: Cursor) -> Iterator[str]:
    target = target_of(analysis, here)
    if target is not None:
        node = board.tree.by_path.get(target)
        if node is None:
            yield f"{code(target)} is not in the tree"
            return
        yield from _entries_to(board, here, node)
        yield from node_text(analysis, board, node)
    elif (held := _property(here)) and here.node:
        node = board.tree.by_path.get(here.node)
        yield from _property_text(board, node, held) if node else ()
    if target is None and (macro := _macro(analysis, here.word)):
        yield macro


def _property(here: Cursor) -> str:
    """The name of the property that the cursor is on; empty: it is on something else."""
    held = here.opening.property_at(here.at.start) if here.opening else None
    return held.name if held and held.start <= here.at.start < held.start + len(held.name) else ""


def code(text: str) -> str:
    """Text of a file as code in Markdown: it can't end the code."""
    return markdown.code(text, _LONGEST)


def node_text(analysis: Analysis, board: TreeBoard, node: Node) -> Iterator[str]:
    """A node: path, labels, state, driver, suppliers and consumers; a paragraph each."""
    labels = analysis.lookup.labels(node.path) if analysis.lookup else ()
    told = f" · {' '.join(code(each) for each in labels[:_LISTED])}" if labels else ""
    yield f"**{code(node.path)}**{told}"
    if node.compatible:
        yield f"compatible: {', '.join(code(each) for each in node.compatible[:_LISTED])}"
    if not node.enabled:
        own = "disabled" if not node.available else "a parent is disabled"
        yield f"status: {own}"
    elif board.facts is not None and node.compatible:
        yield _driver(board, node)
    graph = board.graph_for(node)
    suppliers = graph.suppliers.get(node.index, ())
    consumers = graph.consumers.get(node.index, ())
    yield from _links("supplier", [(link.supplier.path, link) for link in suppliers])
    yield from _links("consumer", [(link.consumer.path, link) for link in consumers])
    size = in_cycles(board).get(node.index)
    if size and node.enabled:
        yield f"in a cycle of {size} devices"


def _links(what: str, rows: Sequence[tuple[str, Link]]) -> Iterator[str]:
    """The nodes of links, each once, with the entries that make them."""
    entries: dict[str, list[str]] = {}
    for path, link in rows:
        entries.setdefault(path, []).append(link.entry)
    if not entries:
        return
    lines = [
        f"- {code(path)} ({code(', '.join(dict.fromkeys(found)))})"
        for path, found in list(entries.items())[:_LISTED]
    ]
    if len(entries) > _LISTED:
        lines.append(f"- {and_more(len(entries) - _LISTED, what)}")
    yield "\n".join((f"{counted(len(entries), what)}:", "", *lines))


def _driver(board: TreeBoard, node: Node) -> str:
    """The driver of a node in the kernel that the user named, and whether an initramfs has it."""
    from dtlink.views.drivers import node_driver

    found = node_driver(board, node.index)
    told = found.state.value
    if found.modules:
        told += f" {', '.join(code(each) for each in found.modules)}"
    if found.config:
        told += f" ({code(f'CONFIG_{found.config}')})"
    if found.in_initramfs is not None and found.modules:
        told += ", in the initramfs" if found.in_initramfs else ", not in the initramfs"
    release = board.named_facts.build.release
    told += f" · kernel {code(release)}" if release else ""
    when = board.timeline.when(node.index) if node.index in board.devices else When.UNKNOWN
    probes = "" if when is When.UNKNOWN else f"\n\nearliest probe: {when.value}"
    return f"driver: {told}{probes}"


def _entries_to(board: TreeBoard, here: Cursor, node: Node) -> Iterator[str]:
    """The entries of the property at the cursor that lead to a node."""
    held = here.opening.property_at(here.at.start) if here.opening else None
    holder = board.tree.by_path.get(here.node or "")
    if held is None or holder is None or not reference(here.word):
        return
    graph = board.graph_for(holder)
    for link in graph.links:
        if link.node == holder and link.property_name == held.name and link.supplier == node:
            why = graph.not_followed(link.reference)
            note = f"; fw_devlink creates no link: {why}" if why else ""
            yield f"{code(link.entry)}: {link.binding.kind}{note}"


def _property_text(board: TreeBoard, node: Node, name: str) -> Iterator[str]:
    """What the entries of a property resolve to."""
    graph = board.graph_for(node)
    found = [link for link in graph.links if link.node == node and link.property_name == name]
    lines = [f"- {code(link.entry)} → {code(link.supplier.path)}" for link in found[:_LISTED]]
    if len(found) > _LISTED:
        lines.append(f"- {and_more(len(found) - _LISTED, 'entry', 'entries')}")
    failed = [
        f"- {code(each.binding.name)} entry {each.entry} {each.why.value}"
        for each in graph.unresolved
        if each.node == node.index and board.tree.property_name(each.at) == name
    ]
    if lines or failed:
        yield "\n".join((f"**{code(name)}** of {code(node.path)}", "", *lines, *failed[:_LISTED]))


def _macro(analysis: Analysis, word: str) -> str:
    if analysis.lookup is None or not word or not (word[0].isalpha() or word[0] == "_"):
        return ""
    found = analysis.lookup.macro(word)
    return f"{code(found.text.strip())}\n\n{code(f'{found.file}:{found.line}')}" if found else ""
