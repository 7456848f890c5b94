"""Edits of a tree as edits of the files that it was made from.

What an edit does not concern keeps its text: formatting, comments, macros, labels. What can't be
written so is refused, with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dtlink.firmware.edit_text import assignment
from dtlink.firmware.edits import AddNode, DeleteProperty, NodeRef, PropertyValue, SetProperty
from dtlink.firmware.source.rewrite import place as places
from dtlink.firmware.source.rewrite.place import Place, RefusedError
from dtlink.firmware.source.rewrite.value import FileValue, Replaced, changed, file_words, grouped
from dtlink.firmware.source.rewrite.value import rows as in_rows
from dtlink.firmware.source.rewrite.words import Meaning, labels_within, tokens, wanted
from dtlink.firmware.source.values import spans
from dtlink.firmware.text_edits import EditConflictError, TextEdit, Written, by_file, in_order

if TYPE_CHECKING:
    from dtlink.firmware.edits import TreeEdit
    from dtlink.firmware.source.files import SourceFiles
    from dtlink.firmware.source.livetree import DtsNode, DtsProperty, LiveTree
    from dtlink.firmware.source.preprocess import SourceText
    from dtlink.firmware.source.scan import SourceFile
    from dtlink.firmware.source.statements import Statement

_WORD = re.compile(r"\W+", re.ASCII)
#: What an overlay has in place of the phandle of a node that is the base's.
_OF_BASE = ("cell", 0xFFFFFFFF)


class _NodeEdits:
    """What is to become of one node."""

    def __init__(self) -> None:
        self.values: dict[str, PropertyValue] = {}
        self.deleted: list[str] = []
        self.added: dict[str, dict[str, PropertyValue]] = {}
        """New children, with their properties."""


def written(
    live: LiveTree,
    text: SourceText,
    files: SourceFiles,
    edits: Iterable[TreeEdit],
    *,
    is_overlay: bool = False,
) -> Written:
    """The edits as edits of files."""
    writer = _Writer(live, text, files, is_overlay=is_overlay)
    try:
        found = list(writer.run(edits))
        ordered = [each for of_one in by_file(found).values() for each in in_order(of_one)]
    except RefusedError as error:
        return Written(refused=str(error))
    except EditConflictError as error:
        return Written(refused=f"two of its edits meet at {error}")
    return Written(tuple(ordered))


class _Writer:
    def __init__(
        self, live: LiveTree, text: SourceText, files: SourceFiles, *, is_overlay: bool
    ) -> None:
        self._live = live
        self._is_overlay = is_overlay
        self._text = text
        self._files = files
        self._labels: dict[str, str] = {}
        self._new_labels: dict[str, str] = {}

    def run(self, edits: Iterable[TreeEdit]) -> Iterator[TextEdit]:
        nodes = _by_node(edits)
        for path, each in nodes.items():
            self._find_labels(each)
            yield from self._node(path, each)
        for path, label in self._new_labels.items():
            yield self._labelled(path, label)

    # Labels

    def _find_labels(self, node: _NodeEdits) -> None:
        """A label for every node that the values refer to without one."""
        values = [*node.values.values(), *(v for new in node.added.values() for v in new.values())]
        for piece in (piece for value in values for piece in value):
            for cell in piece if isinstance(piece, tuple) else ():
                if isinstance(cell, NodeRef) and not cell.label and cell.path not in self._labels:
                    self._labels[cell.path] = self._label(cell.path)

    def _label(self, path: str) -> str:
        node = self._live.find(path)
        if node is None or node.parent is None:
            return ""
        if node.labels:
            return node.labels[0]
        name, _, unit = node.name.partition("@")
        stem = _WORD.sub("_", name)
        stem = stem if stem[:1].isalpha() else f"node_{stem}"
        taken = self._live.labels.keys() | self._new_labels.values()
        tries = (stem, *([f"{stem}_{_WORD.sub('_', unit)}"] if unit else []))
        numbered = (f"{tries[-1]}_{number}" for number in range(2, len(taken) + 4))
        label = next(each for each in (*tries, *numbered) if each not in taken)
        self._new_labels[path] = label
        return label

    def _labelled(self, path: str, label: str) -> TextEdit:
        node = self._node_at(path)
        at = self._place(node.opened_at[0], f"the opening of {path}")
        places.opening(at, node)
        return _edit(at.file, Replaced(at.offset, at.offset, f"{label}: "))

    # Nodes

    def _node_at(self, path: str) -> DtsNode:
        node = self._live.find(path)
        if node is None or not node.opened_at:
            raise RefusedError(f"no source opens {path}")
        return node

    def _place(self, at: int, what: str) -> Place:
        return places.place(self._text, at, what)

    def _node(self, path: str, edits: _NodeEdits) -> Iterator[TextEdit]:
        node = self._node_at(path)
        held = {name: found for name in edits.values if (found := node.get(name)) is not None}
        for name, found in held.items():
            edit = self._enabled(node, found, edits.values[name])
            yield from [edit] if edit else self._changed(found, edits.values[name])
        new = {name: value for name, value in edits.values.items() if name not in held}
        gone = [found for name in edits.deleted if (found := node.get(name)) is not None]
        for each, instead in self._successors(gone, new):
            yield from self._instead(each, instead) if instead else self._without(each)
        new = {} if gone else new
        if new or edits.added:
            yield from self._added(node, new, edits.added)

    def _successors(
        self, gone: Sequence[DtsProperty], new: Mapping[str, PropertyValue]
    ) -> Iterator[tuple[DtsProperty, Mapping[str, PropertyValue]]]:
        """What takes the place of each property that goes: one with its value, if there is one.

        What has the value of none is in the place of one that has no successor, else of any.
        """
        rest = dict(new)
        found: list[tuple[DtsProperty, dict[str, PropertyValue]]] = []
        for each in gone:
            same = [name for name, value in rest.items() if self._is(each, value)]
            # Of several with one value: the name that begins as the old one.
            alike = max(same, key=partial(_same_beginning, each.name), default=None)
            found.append((each, {} if alike is None else {alike: rest.pop(alike)}))
        place = next((instead for _, instead in found if not instead), found[0][1] if found else {})
        place |= rest
        yield from found

    def _added(
        self,
        node: DtsNode,
        new: Mapping[str, PropertyValue],
        children: Mapping[str, Mapping[str, PropertyValue]],
    ) -> Iterator[TextEdit]:
        at = self._place(self._opening(node), f"the opening of {node.path}")
        opened, file = places.opening(at, node), at.file
        if opened.end <= opened.brace + 1:
            raise RefusedError(f"the end of {node.path} can't be told from its text")
        if new:
            yield self._properties(file, opened, new)
        if children:
            yield self._children(file, opened, children)

    def _opening(self, node: DtsNode) -> int:
        from dtlink.firmware.source.read import lacking

        return lacking(node, self._text)

    def _properties(
        self, file: SourceFile, opened: Statement, new: Mapping[str, PropertyValue]
    ) -> TextEdit:
        after = places.anchor(file, opened)
        is_line = "\n" not in file.code[opened.brace : opened.end]
        if after is None:
            at, indent = opened.brace + 1, f"{places.indent_of(file, opened.start)}\t"
            at = at if is_line else places.line_end(file, at)
        else:
            at, indent = places.line_end(file, after.end), places.indent_of(file, after.start)
            is_line = is_line or not places.is_first_in_line(file, after.start)
            at = after.end if is_line else at
        lines = [self._statement(name, value, indent) for name, value in new.items()]
        between = " " if is_line else f"\n{indent}"
        return _edit(file, Replaced(at, at, "".join(f"{between}{line}" for line in lines)))

    def _children(
        self,
        file: SourceFile,
        opened: Statement,
        children: Mapping[str, Mapping[str, PropertyValue]],
    ) -> TextEdit:
        close = file.code.rindex("}", opened.brace, opened.end)
        if "\n" not in file.code[opened.brace : close]:
            raise RefusedError("a node on one line gets no children")
        at = file.text.rindex("\n", 0, close)
        outer = f"{places.indent_of(file, opened.start)}\t"
        texts = []
        for name, new in children.items():
            lines = [self._statement(each, value, f"{outer}\t") for each, value in new.items()]
            inside = "".join(f"\n{outer}\t{line}" for line in lines)
            texts.append(f"\n\n{outer}{name} {{{inside}\n{outer}}};")
        return _edit(file, Replaced(at, at, "".join(texts)))

    def _statement(self, name: str, value: PropertyValue, indent: str) -> str:
        if not value:
            return f"{name};"
        words = wanted(value, self._labels)
        if self._is_overlay and any(each.meaning == _OF_BASE for each in words):
            raise RefusedError(f"the value of {name} references a node of the base")
        groups = grouped(words, [each.text for each in words])
        column = len(f"{indent}{name} = ".expandtabs(8))
        return f"{name} = {in_rows(groups, column, indent)};" if words else assignment(name, value)

    def _enabled(self, node: DtsNode, held: DtsProperty, value: PropertyValue) -> TextEdit | None:
        """The edit that enables a node in the board's own file; ``None``: it is no such edit.

        Files that boards share leave devices disabled, and each board enables what it has.
        """
        data = held.value.data if held.value else b""
        if held.name != "status" or value != ("okay",) or data != b"disabled\0":
            return None
        if not held.set_at or self._text.origin(held.set_at[-1])[0] == 0:
            return None
        later = (at for at in node.opened_at if at > held.set_at[-1])
        own = [at for at in later if self._text.origin(at)[0] == 0]
        new = {held.name: value}
        if own:
            at = self._place(own[-1], f"the opening of {node.path}")
            return self._properties(at.file, places.opening(at, node), new)
        if not node.labels:
            return None
        file = self._text.inclusions[0].file
        end = len(file.text)
        between = "\n" if file.text.endswith("\n") else "\n\n"
        line = self._statement(held.name, value, "\t")
        text = f"{between}&{node.labels[0]} {{\n\t{line}\n}};\n"
        return _edit(file, Replaced(end, end, text))

    # Properties

    def _set(self, held: DtsProperty, number: int = -1) -> tuple[Place, Statement]:
        """A statement that sets a property: the last one, which counts."""
        if not held.set_at:
            raise RefusedError(f"no source sets {held.name}")
        at = self._place(held.set_at[number], held.name)
        return at, places.property_statement(at, held.name)

    def _changed(self, held: DtsProperty, value: PropertyValue) -> Iterator[TextEdit]:
        at, statement = self._set(held)
        old = self._value(held, at, statement)
        if old is None or not value:
            yield self._whole(held, at, statement, value)
            return
        new = wanted(value, self._labels)
        if self._is_overlay and any(_OF_BASE in each.meanings for each in old.words):
            # Which of several references goes can't be told from numbers that are all the same.
            if [each.meaning for each in new] != [
                one for each in old.words for one in each.meanings
            ]:
                raise RefusedError(f"the value of {held.name} references a node of the base")
            return
        found = changed(old, new)
        if found is None:
            raise RefusedError(f"comments within the value of {held.name} would be lost")
        yield from (_edit(at.file, each) for each in found)

    def _whole(
        self, held: DtsProperty, at: Place, statement: Statement, value: PropertyValue
    ) -> TextEdit:
        """A statement written anew, if its text has nothing that would be lost."""
        if macros := self._text.macros(held.start, held.end):
            raise RefusedError(f"the value of {held.name} has {macros[0]} in it, a macro")
        code, start = at.file.code, statement.start
        if at.file.text[start : statement.end] != code[start : statement.end]:
            raise RefusedError(f"comments within the value of {held.name} would be lost")
        if labels_within(code, start + code[start : statement.end].find("="), statement.end):
            raise RefusedError(f"labels within the value of {held.name} would be lost")
        labels = code[start : code.index(held.name, start)]
        line = self._statement(held.name, value, places.indent_of(at.file, start))
        return _edit(at.file, Replaced(start, statement.end, labels + line))

    def _value(self, held: DtsProperty, at: Place, statement: Statement) -> FileValue | None:
        """A value as its file has it; ``None`` if its words can't be told one by one."""
        if held.value is None or held.start == held.end:
            return None
        file = at.file
        start = file.code.index("=", statement.start) + 1
        meanings = self._meanings(held)
        if meanings is None:
            return None
        origins = [(self._text.origin(place), meaning) for place, meaning in meanings]
        files = {self._text.inclusions[inclusion].file for (inclusion, *_), _ in origins}
        if files != {file}:
            return None
        found = file_words(
            list(tokens(file.code, start, statement.end - 1)),
            [(offset, meaning) for (_, offset, _), meaning in origins],
        )
        if found is None:
            return None
        return FileValue(file.text, file.code, start, statement.end - 1, *found)

    def _meanings(self, held: DtsProperty) -> Sequence[tuple[int, Meaning]] | None:
        """What the words of a value mean, with the place of each in the text."""
        if held.value is None or any(each.is_path for each in held.value.references):
            return None
        text, file = self._text.text[held.start : held.end], self._text.place(held.start).file
        parts = spans(text, lambda name: self._files.data(name, file))
        targets = {each.offset: each.name for each in held.value.references}
        ends = [offset for offset, _, _ in parts[1:]] + [len(held.value.data)]
        return [
            (
                held.start + start,
                self._meaning(held.value.data[offset:end], targets.get(offset), text[start]),
            )
            for (offset, start, _), end in zip(parts, ends, strict=True)
        ]

    def _meaning(self, data: bytes, target: str | None, sign: str) -> Meaning:
        if target is not None:
            node = self._live.find(target)
            return ("path", node.path) if node else _OF_BASE
        if sign in "\"'" and data.endswith(b"\0"):
            return "text", data[:-1]
        return ("cell", int.from_bytes(data)) if len(data) == 4 else ("bytes", data)

    def _instead(self, held: DtsProperty, new: Mapping[str, PropertyValue]) -> Iterator[TextEdit]:
        """Other properties in the place of one; a value that stays keeps its text."""
        at, statement = self._set(held)
        file, start = at.file, statement.start
        indent = places.indent_of(file, start)
        own = file.code.index(held.name, start)
        same = next((name for name, value in new.items() if self._is(held, value)), None)
        before = [self._statement(n, v, indent) for n, v in new.items() if n != same]
        between = f"\n{indent}" if places.is_first_in_line(file, start) else " "
        if len(held.set_at) > 1:
            deletion = f"/delete-property/ {held.name};"
            yield from self._earlier(held, (at, statement), deletion, before)
        if same is None:
            yield _edit(file, Replaced(start, statement.end, between.join(before)))
            return
        text = "".join(f"{line}{between}" for line in before)
        yield _edit(file, Replaced(own, own + len(held.name), same))
        if text:
            yield _edit(file, Replaced(start, start, text))

    def _is(self, held: DtsProperty, value: PropertyValue) -> bool:
        """Whether a property has a value already, however it is written."""
        if held.value is None:
            return not value
        meanings = self._meanings(held)
        new = [each.meaning for each in wanted(value, self._labels)]
        return meanings is not None and [meaning for _, meaning in meanings] == new

    def _without(self, held: DtsProperty) -> Iterator[TextEdit]:
        at, statement = self._set(held)
        instead: list[str] = []
        if len(held.set_at) > 1:
            deletion = f"/delete-property/ {held.name};"
            yield from self._earlier(held, (at, statement), deletion, instead)
        if instead:
            yield _edit(at.file, Replaced(statement.start, statement.end, instead[0]))
        else:
            yield _edit(at.file, _line_of(at.file, statement))

    def _earlier(
        self,
        held: DtsProperty,
        last: tuple[Place, Statement],
        deletion: str,
        instead: list[str],
    ) -> Iterator[TextEdit]:
        """What earlier statements set: those of the same file go; others are deleted there."""
        file, own = last[0].file, last[1].start
        found = [self._set(held, number) for number in range(len(held.set_at) - 1)]
        # A file that is included twice sets it twice, by one statement.
        earlier = {(at.file.path, each.start): (at.file, each) for at, each in found}
        earlier.pop((file.path, own), None)
        if any(other is not file for other, _ in earlier.values()):
            instead.append(deletion)
        else:
            for other, statement in earlier.values():
                yield _edit(other, _line_of(other, statement))


def _same_beginning(one: str, other: str) -> int:
    """How many characters two names begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _by_node(edits: Iterable[TreeEdit]) -> Mapping[str, _NodeEdits]:
    """The edits by the node that they are about; those of a new node are its parent's."""
    nodes: dict[str, _NodeEdits] = {}
    new: dict[str, dict[str, PropertyValue]] = {}
    for edit in edits:
        if isinstance(edit, AddNode):
            path = f"{edit.parent.path.rstrip('/')}/{edit.name}"
            new[path] = nodes.setdefault(edit.parent.path, _NodeEdits()).added[edit.name] = {}
        elif edit.node.path in new:
            if isinstance(edit, SetProperty):
                new[edit.node.path][edit.name] = edit.value
        elif isinstance(edit, DeleteProperty):
            nodes.setdefault(edit.node.path, _NodeEdits()).deleted.append(edit.name)
        else:
            nodes.setdefault(edit.node.path, _NodeEdits()).values[edit.name] = edit.value
    return nodes


def _line_of(file: SourceFile, statement: Statement) -> Replaced:
    """A statement with the line that it has for itself."""
    start, end = statement.start, statement.end
    line_end = places.line_end(file, end)
    alone = places.is_first_in_line(file, start)
    if alone and (line_end == len(file.text) or file.text[line_end] == "\n"):
        first = file.text.rfind("\n", 0, start) + 1
        return Replaced(first, min(line_end + 1, len(file.text)), "")
    while not alone and file.text[start - 1] in " \t":
        start -= 1
    return Replaced(start, end, "")


def _edit(file: SourceFile, change: Replaced) -> TextEdit:
    _, line, column = file.position(change.start)
    _, last, end = file.position(change.end)
    return TextEdit(
        places.own_path(file), change.start, change.end, change.text, line, column, last, end
    )
