"""The value that a property has: what its words mean, and where its file has them."""

from __future__ import annotations

from collections.abc import Sequence

from dtlink.firmware.source.rewrite.value import FileValue, file_words
from dtlink.firmware.source.rewrite.words import OF_BASE, Meaning, tokens, wanted
from dtlink.firmware.source.values import spans
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtlink.firmware.edits import PropertyValue
    from dtlink.firmware.source.files import SourceFiles
    from dtlink.firmware.source.livetree import DtsProperty, LiveTree
    from dtlink.firmware.source.preprocess import SourceText
    from dtlink.firmware.source.rewrite.place import Place
    from dtlink.firmware.source.statements import Statement


class HeldValues:
    """Reads the values of a tree word by word."""

    def __init__(
        self, live: LiveTree, text: SourceText, files: SourceFiles, labels: Mapping[str, str]
    ) -> None:
        self._live = live
        self._text = text
        self._files = files
        self._labels = labels

    def has(self, held: DtsProperty, value: PropertyValue) -> bool:
        """Whether a property has a value already, however it is written."""
        if held.value is None:
            return not value
        meanings = self._meanings(held)
        new = [each.meaning for each in wanted(value, self._labels)]
        return meanings is not None and [meaning for _, meaning in meanings] == new

    def value(self, held: DtsProperty, at: Place, statement: Statement) -> FileValue | None:
        """A value as its file has it; ``None`` if its words can't be matched one by one."""
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
            return ("path", node.path) if node else OF_BASE
        if sign in "\"'" and data.endswith(b"\0"):
            return "text", data[:-1]
        return ("cell", int.from_bytes(data)) if len(data) == 4 else ("bytes", data)
