"""New statements: their text, and where in a node they go."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.firmware.edit_text import assignment
from dtlink.firmware.source.rewrite import place as places
from dtlink.firmware.source.rewrite.place import RefusedError
from dtlink.firmware.source.rewrite.value import Replaced, grouped
from dtlink.firmware.source.rewrite.value import rows as in_rows
from dtlink.firmware.source.rewrite.words import OF_BASE, wanted
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import PropertyValue
    from dtlink.firmware.source.scan import SourceFile
    from dtlink.firmware.source.statements import Statement
    from dtlink.firmware.text_edits import TextEdit


class NewStatements:
    """Writes properties and nodes that a file does not have."""

    def __init__(self, labels: Mapping[str, str], *, is_overlay: bool) -> None:
        self._labels = labels
        self._is_overlay = is_overlay

    def properties(
        self, file: SourceFile, opened: Statement, new: Mapping[str, PropertyValue]
    ) -> TextEdit:
        """New properties after those that a node's text has."""
        after = places.anchor(file, opened)
        is_line = "\n" not in file.code[opened.brace : opened.end]
        if after is None:
            at, indent = opened.brace + 1, f"{places.indent_of(file, opened.start)}\t"
            at = at if is_line else places.line_end(file, at)
        else:
            at, indent = places.line_end(file, after.end), places.indent_of(file, after.start)
            is_line = is_line or not places.is_first_in_line(file, after.start)
            at = after.end if is_line else at
        lines = [self.statement(name, value, indent) for name, value in new.items()]
        between = " " if is_line else f"\n{indent}"
        text = "".join(f"{between}{line}" for line in lines)
        return places.text_edit(file, Replaced(at, at, text))

    def children(
        self,
        file: SourceFile,
        opened: Statement,
        children: Mapping[str, Mapping[str, PropertyValue]],
    ) -> TextEdit:
        """New children at the end of a node, which has lines of its own.

        Raises :class:`RefusedError` for one that has not.
        """
        close = file.code.rindex("}", opened.brace, opened.end)
        if "\n" not in file.code[opened.brace : close]:
            raise RefusedError("a node on one line gets no children")
        at = file.text.rindex("\n", 0, close)
        outer = f"{places.indent_of(file, opened.start)}\t"
        texts = []
        for name, new in children.items():
            lines = [self.statement(each, value, f"{outer}\t") for each, value in new.items()]
            inside = "".join(f"\n{outer}\t{line}" for line in lines)
            texts.append(f"\n\n{outer}{name} {{{inside}\n{outer}}};")
        return places.text_edit(file, Replaced(at, at, "".join(texts)))

    def statement(self, name: str, value: PropertyValue, indent: str) -> str:
        """The text of a property. Raises :class:`RefusedError` for one that can't be written."""
        if not value:
            return f"{name};"
        words = wanted(value, self._labels)
        if self._is_overlay and any(each.meaning == OF_BASE for each in words):
            raise RefusedError(f"the value of {name} references a node of the base")
        groups = grouped(words, [each.text for each in words])
        column = len(f"{indent}{name} = ".expandtabs(8))
        return f"{name} = {in_rows(groups, column, indent)};" if words else assignment(name, value)
