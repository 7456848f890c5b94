"""What an editor asks of a source that was read: names, files, references, macros."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dtlink.firmware.source.scan import Kind
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.source.livetree import DtsProperty, LiveTree
    from dtlink.firmware.source.preprocess import SourceText
    from dtlink.firmware.source.scan import SourceFile
    from dtlink.firmware.tree import Location


class SourceReference(NamedTuple):
    """A reference to a node, as a value has it."""

    node: str
    """The path of the node that has the property."""
    property_name: str
    location: Location


class SourceLookup:
    """Answers from the live tree and the text that it was read from."""

    def __init__(self, live: LiveTree, text: SourceText) -> None:
        self._live = live
        self._text = text

    @property
    def files(self) -> Sequence[str]:
        """The files that were read, each once, the source itself first."""
        return list(dict.fromkeys(each.file.path for each in self._text.inclusions))

    def find(self, name: str) -> str | None:
        """The path of a node by label, path, or a label and the path below it."""
        found = self._live.find(name)
        return None if found is None else found.path

    def labels(self, path: str) -> Sequence[str]:
        """The labels of a node; those in an overlay too."""
        found = self._live.find(path)
        return () if found is None else found.labels

    def openings(self) -> Iterator[tuple[str, Location]]:
        """The path of each node, with each place that opens it."""
        for node in self._live.root.walk():
            path = node.path
            for at in node.opened_at:
                yield path, self._text.place(at)

    def references(self, path: str) -> Iterator[SourceReference]:
        """The values that reference a node, in the order of the tree."""
        target = self._live.find(path)
        for node in self._live.root.walk() if target is not None else ():
            for held in node.kept_properties():
                for name in held.value.references if held.value and held.set_at else ():
                    if self._live.find(name.name) is target:
                        yield SourceReference(node.path, held.name, self._place(held, name.name))

    def included(self, file: str, line: int) -> str | None:
        """The file that a line of another one includes."""
        for inclusion in self._text.inclusions:
            if inclusion.by < 0:
                continue
            by = self._text.inclusions[inclusion.by].file
            if by.path == file and by.position(inclusion.at)[1] == line:
                return inclusion.file.path
        return None

    def macro(self, name: str) -> Location | None:
        """The line that defines a macro; the last one that was read."""
        for inclusion in reversed(self._text.inclusions):
            at = _definition(inclusion.file, name)
            if at >= 0:
                number = self._text.inclusions.index(inclusion)
                return self._text.place_of(number, at)
        return None

    def _place(self, held: DtsProperty, name: str) -> Location:
        """Where a value has the name of a reference; the property, if a macro brings it."""
        found = re.compile(rf"&(?:{{{re.escape(name)}}}|{re.escape(name)}\b)").search(
            self._text.text, held.start, held.end
        )
        return self._text.place(found.start() if found else held.set_at[-1])


def _definition(file: SourceFile, name: str) -> int:
    """The offset of the name in the last line of a file that defines a macro; -1: none does."""
    for segment in reversed(file.segments):
        if segment.kind is Kind.DEFINES and name in segment.macros:
            pattern = re.compile(rf"^[ \t]*#[ \t]*define[ \t]+({re.escape(name)})\b", re.MULTILINE)
            found = [each.start(1) for each in pattern.finditer(file.code, segment.start)]
            return found[-1] if found else segment.start
    return -1
