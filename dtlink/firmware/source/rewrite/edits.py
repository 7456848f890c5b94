"""Edits of a tree as edits of the files that it was made from.

What an edit does not concern keeps its text: formatting, comments, macros, labels. What can't be
written so is refused, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from dtlink.firmware.source.rewrite import place as places
from dtlink.firmware.source.rewrite.held import HeldValues
from dtlink.firmware.source.rewrite.labels import Labels
from dtlink.firmware.source.rewrite.node_edits import NodeEdits, by_node
from dtlink.firmware.source.rewrite.place import Place, RefusedError
from dtlink.firmware.source.rewrite.statements import NewStatements
from dtlink.firmware.source.rewrite.value import Replaced, changed
from dtlink.firmware.source.rewrite.words import OF_BASE, labels_within, wanted
from dtlink.firmware.text_edits import EditConflictError, TextEdit, Written, by_file, in_order
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import PropertyValue, TreeEdit
    from dtlink.firmware.source.files import SourceFiles
    from dtlink.firmware.source.livetree import DtsNode, DtsProperty, LiveTree
    from dtlink.firmware.source.preprocess import SourceText
    from dtlink.firmware.source.statements import Statement


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
        self._labels = Labels(live)
        self._new = NewStatements(self._labels.known, is_overlay=is_overlay)
        self._values = HeldValues(live, text, files, self._labels.known)

    def run(self, edits: Iterable[TreeEdit]) -> Iterator[TextEdit]:
        nodes = by_node(edits)
        for path, each in nodes.items():
            self._labels.find(each.all_values())
            yield from self._node(path, each)
        for path, label in self._labels.new.items():
            yield self._labelled(path, label)

    # Labels

    def _labelled(self, path: str, label: str) -> TextEdit:
        node = self._node_at(path)
        at = self._place(node.opened_at[0], f"the opening of {path}")
        places.opening(at, node)
        return places.text_edit(at.file, Replaced(at.offset, at.offset, f"{label}: "))

    # Nodes

    def _node_at(self, path: str) -> DtsNode:
        node = self._live.find(path)
        if node is None or not node.opened_at:
            raise RefusedError(f"no source opens {path}")
        return node

    def _place(self, at: int, what: str) -> Place:
        return places.place(self._text, at, what)

    def _node(self, path: str, edits: NodeEdits) -> Iterator[TextEdit]:
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
            same = [name for name, value in rest.items() if self._values.has(each, value)]
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
            raise RefusedError(f"the end of {node.path} can't be found in its text")
        if new:
            yield self._new.properties(file, opened, new)
        if children:
            yield self._new.children(file, opened, children)

    def _opening(self, node: DtsNode) -> int:
        from dtlink.firmware.source.read import lacking

        return lacking(node, self._text)

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
            return self._new.properties(at.file, places.opening(at, node), new)
        if not node.labels:
            return None
        file = self._text.inclusions[0].file
        end = len(file.text)
        between = "\n" if file.text.endswith("\n") else "\n\n"
        line = self._new.statement(held.name, value, "\t")
        text = f"{between}&{node.labels[0]} {{\n\t{line}\n}};\n"
        return places.text_edit(file, Replaced(end, end, text))

    # Properties

    def _set(self, held: DtsProperty, number: int = -1) -> tuple[Place, Statement]:
        """A statement that sets a property: the last one, which counts."""
        if not held.set_at:
            raise RefusedError(f"no source sets {held.name}")
        at = self._place(held.set_at[number], held.name)
        return at, places.property_statement(at, held.name)

    def _changed(self, held: DtsProperty, value: PropertyValue) -> Iterator[TextEdit]:
        at, statement = self._set(held)
        old = self._values.value(held, at, statement)
        if old is None or not value:
            yield self._whole(held, at, statement, value)
            return
        new = wanted(value, self._labels.known)
        if self._is_overlay and any(OF_BASE in each.meanings for each in old.words):
            # Which of several references goes can't be found from numbers that are all the same.
            if [each.meaning for each in new] != [
                one for each in old.words for one in each.meanings
            ]:
                raise RefusedError(f"the value of {held.name} references a node of the base")
            return
        found = changed(old, new)
        if found is None:
            raise RefusedError(f"comments within the value of {held.name} would be lost")
        yield from (places.text_edit(at.file, each) for each in found)

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
        line = self._new.statement(held.name, value, places.indent_of(at.file, start))
        return places.text_edit(at.file, Replaced(start, statement.end, labels + line))

    def _instead(self, held: DtsProperty, new: Mapping[str, PropertyValue]) -> Iterator[TextEdit]:
        """Other properties in the place of one; a value that stays keeps its text."""
        at, statement = self._set(held)
        file, start = at.file, statement.start
        indent = places.indent_of(file, start)
        own = file.code.index(held.name, start)
        same = next((name for name, value in new.items() if self._values.has(held, value)), None)
        before = [self._new.statement(n, v, indent) for n, v in new.items() if n != same]
        between = f"\n{indent}" if places.is_first_in_line(file, start) else " "
        if len(held.set_at) > 1:
            deletion = f"/delete-property/ {held.name};"
            yield from self._earlier(held, (at, statement), deletion, before)
        if same is None:
            yield places.text_edit(file, Replaced(start, statement.end, between.join(before)))
            return
        text = "".join(f"{line}{between}" for line in before)
        yield places.text_edit(file, Replaced(own, own + len(held.name), same))
        if text:
            yield places.text_edit(file, Replaced(start, start, text))

    def _without(self, held: DtsProperty) -> Iterator[TextEdit]:
        at, statement = self._set(held)
        instead: list[str] = []
        if len(held.set_at) > 1:
            deletion = f"/delete-property/ {held.name};"
            yield from self._earlier(held, (at, statement), deletion, instead)
        if instead:
            yield places.text_edit(at.file, Replaced(statement.start, statement.end, instead[0]))
        else:
            yield places.text_edit(at.file, places.whole_line(at.file, statement))

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
                yield places.text_edit(other, places.whole_line(other, statement))


def _same_beginning(one: str, other: str) -> int:
    """How many characters two names begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
