"""A devicetree source, read: the tree, and for each node and property where it is from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import write
from dtlink.firmware.source.errors import MAX_FAULTS, MAX_MESSAGE, SourceError, SourceFault
from dtlink.firmware.source.files import SourceFiles
from dtlink.firmware.source.finish import Finished, ReferenceFault, finish
from dtlink.firmware.source.livetree import DtsNode, DtsProperty
from dtlink.firmware.source.parse import Parsed, parse
from dtlink.firmware.source.preprocess import SourceText, preprocess
from dtlink.firmware.source.scan import SourceFile
from dtlink.firmware.source.values import spans
from dtlink.firmware.tree import Location, Tree
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import TreeEdit
    from dtlink.firmware.source.lookup import SourceLookup
    from dtlink.firmware.source.outline import OutlinedNode
    from dtlink.firmware.source.placed_comments import SourceComment
    from dtlink.firmware.text_edits import Written


class SourcePlaces:
    """What a source says of the tree that is made of it: where everything is from.

    It holds no reference to the tree, which refers to it: what is in no cycle is freed at once.
    """

    def __init__(self, parsed: Parsed, text: SourceText, files: SourceFiles) -> None:
        self.is_plugin = parsed.is_plugin
        self._live = parsed.tree
        self._text = text
        self._files = files
        self.comments = _comments(text, parsed)
        self._parts: tuple[DtsProperty, Sequence[tuple[int, int, int]]] | None = None

    def outline(self, tree: Tree) -> Iterator[OutlinedNode]:
        """The tree as source without includes and macros, with the place of each line."""
        from dtlink.firmware.source.outline import outline

        return outline(self._live, self._text, self._files.data, tree)

    def lookup(self) -> SourceLookup:
        """What an editor asks: names, files, references, macros."""
        from dtlink.firmware.source.lookup import SourceLookup

        return SourceLookup(self._live, self._text)

    def rewritten(self, edits: Iterable[TreeEdit]) -> Written:
        """Edits of the tree as edits of the files."""
        from dtlink.firmware.source.rewrite import written

        return written(self._live, self._text, self._files, edits, is_overlay=self.is_plugin)

    def reserved(self) -> Sequence[tuple[str, Location]]:
        """The reservations of memory: address and length as they are written, and where."""
        return [(each, self._text.place(at)) for each, at in self._live.reserved]

    def node(self, path: str, besides: str | None = None) -> Sequence[Location]:
        """Where a node is opened: see :class:`~dtlink.firmware.tree.Origins`."""
        found = self._live.find(path)
        if found is None:
            return []
        held = found.get(besides) if besides else None
        but = _opening(found, held.set_at[-1]) if held and held.set_at else None
        return [self._text.place(at) for at in found.opened_at if at != but]

    def property(self, path: str, name: str) -> Sequence[Location]:
        """Where a property is set, in the order of reading: the last one counts."""
        node = self._live.find(path)
        held = node.get(name) if node else None
        return [self._text.place(at) for at in held.set_at] if held else []

    def phandles_in(self, path: str, name: str) -> Iterator[int]:
        """The offsets in a property's value at which it has the phandles of references."""
        node = self._live.find(path)
        held = node.get(name) if node else None
        shift = 0
        for each in held.value.references if held and held.value else ():
            target = self._live.find(each.name)
            if not each.is_path:
                yield each.offset + shift
            elif target is not None:
                shift += len(target.path) + 1

    def location(
        self, path: str, name: str | None = None, offset: int | None = None
    ) -> Location | None:
        """Where something is from: see :class:`~dtlink.firmware.tree.Origins`."""
        node = self._live.find(path)
        if node is None or not node.opened_at:
            return None
        held = node.get(name) if name else None
        if name is None:
            return self._text.place(node.opened_at[0])
        if held is None or not held.set_at:
            return self._text.place(lacking(node, self._text))
        return self._text.place(held.set_at[-1] if offset is None else self._part(held, offset))

    def latest(self, path: str, names: Sequence[str]) -> str:
        """Which property is set last: see :class:`~dtlink.firmware.tree.Origins`."""
        node = self._live.find(path)
        held = {name: node.get(name) for name in names} if node else {}
        places = {name: each.set_at[-1] for name, each in held.items() if each and each.set_at}
        return max(names, key=lambda name: places.get(name, -1))

    def _part(self, held: DtsProperty, offset: int) -> int:
        """Where the part of a value stands that has a byte."""
        value = held.value
        if value is None or any(each.is_path for each in value.references):
            return held.set_at[-1]  # paths are put in afterwards, and move what follows
        parts = self._spans(held)
        number = bisect_right(parts, offset, key=itemgetter(0)) - 1
        return held.start + parts[number][1] if number >= 0 else held.set_at[-1]

    def _spans(self, held: DtsProperty) -> Sequence[tuple[int, int, int]]:
        """The parts of a value, kept for the next question about it."""
        if self._parts is None or self._parts[0] is not held:
            text = self._text.text[held.start : held.end]
            file = self._text.place(held.start).file
            self._parts = held, spans(text, lambda name: self._files.data(name, file))
        return self._parts[1]


class SourceTree(SourcePlaces):
    """A devicetree made from source; ``root`` is what is written to the blob."""

    def __init__(
        self, finished: Finished, parsed: Parsed, text: SourceText, files: SourceFiles
    ) -> None:
        super().__init__(parsed, text, files)
        self.root = finished.root
        self.tree = fdt.read(write(finished.root))
        self.tree.origins = SourcePlaces(parsed, text, files)
        self.tree.labels = finished.labels


def _comments(text: SourceText, parsed: Parsed) -> Sequence[SourceComment]:
    if not text.comments:
        return ()
    from dtlink.firmware.source.placed_comments import placed

    return placed(text, parsed.tree)


def lacking(node: DtsNode, text: SourceText) -> int:
    """The opening that lacks a property: see :class:`~dtlink.firmware.tree.Origins`."""
    places = (at for held in node.properties.values() for at in held.set_at)
    setting = [_opening(node, at) for at in places]
    own = [at for at in setting if text.origin(at)[0] == 0]
    return max(own or setting or node.opened_at)


def _opening(node: DtsNode, at: int) -> int:
    """The opening of a node that a place in it belongs to."""
    return node.opened_at[max(bisect_right(node.opened_at, at) - 1, 0)]


def read_source(
    path: str,
    files: SourceFiles,
    *,
    symbols: bool = False,
    defines: Mapping[str, str] | None = None,
) -> SourceTree:
    """Read a source file. ``symbols``: make ``__symbols__``, as ``dtc -@``.

    Raises :class:`SourceError` with all that is wrong in it, and
    :class:`~dtlink.firmware.errors.InputError` if it can't be opened.
    """
    return compile_source(files.source(path), files, symbols=symbols, defines=defines)


def compile_source(
    file: SourceFile,
    files: SourceFiles,
    *,
    symbols: bool = False,
    defines: Mapping[str, str] | None = None,
) -> SourceTree:
    """As :func:`read_source`, of a file that has been read."""
    text = preprocess(file, files, defines)
    parsed = parse(text, files)
    if parsed.faults:
        raise SourceError(parsed.faults)
    finished = finish(parsed, symbols=symbols)
    if finished.faults:
        raise SourceError([_placed(each, text) for each in finished.faults[:MAX_FAULTS]])
    return SourceTree(finished, parsed, text, files)


def _placed(fault: ReferenceFault, text: SourceText) -> SourceFault:
    at = _place(fault.node, fault.held)
    return SourceFault(fault.message[:MAX_MESSAGE], text.place(at))


def _place(node: DtsNode, held: DtsProperty | None) -> int:
    if held is not None and held.set_at:
        return held.set_at[-1]
    return node.opened_at[-1] if node.opened_at else 0
