"""``dtlink preprocess``: a devicetree source as it was read, with the place of each line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from dtlink.enums import Enum
from dtlink.escaping.text import name
from dtlink.firmware.errors import InputError
from dtlink.firmware.source.read import SourcePlaces
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.rules.finding import location_entry
from dtlink.typed import TYPE_CHECKING, cast
from dtlink.views.data import CommandResult, JsonRow
from dtlink.views.nodes import node_named
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.firmware.source.outline import OutlinedNode, OutlinedProperty
    from dtlink.firmware.tree import Location
    from dtlink.report.entries import Json


class Places(Enum):
    """Which places are printed: the first that opens a node and the last that sets a property."""

    ONE = "one"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class PreprocessedProperty(JsonRow):
    """A property; its value is what follows ``=`` in source, and absent without one."""

    name: str
    value: str | None
    places: tuple[Location, ...]
    """In the order of reading: the last one counts."""
    macros: tuple[str, ...]

    def to_json(self) -> Json:
        """The members; places as those of findings."""
        return {
            "name": self.name,
            "value": self.value,
            "places": _places(self.places),
            "macros": list(self.macros),
        }


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class PreprocessedNode(JsonRow):
    """A node without its children, which follow."""

    path: str
    labels: tuple[str, ...]
    places: tuple[Location, ...]
    """In the order of reading."""
    properties: tuple[PreprocessedProperty, ...]

    @property
    def name(self) -> str:
        """What opens it in source."""
        return self.path.rpartition("/")[2] or "/"

    @property
    def depth(self) -> int:
        """The number of its ancestors."""
        return self.path.count("/") if self.path != "/" else 0

    def to_json(self) -> Json:
        """The members; places as those of findings."""
        return {
            "path": self.path,
            "labels": list(self.labels),
            "places": _places(self.places),
            "properties": [each.to_json() for each in self.properties],
        }


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class PreprocessView(CommandResult):
    """A tree, or what is below one node of it.

    Made by :meth:`dtlink.Board.preprocess`; ``nodes`` has a row for each.
    """

    member: ClassVar[str] = "preprocess"
    plugin: bool
    """Whether it is an overlay with references to its base."""
    memory_reservations: tuple[str, ...]
    """Address and length of each, as they are written."""
    nodes: tuple[PreprocessedNode, ...]
    """Parents first."""

    def __repr__(self) -> str:
        return f"<PreprocessView: {counted(len(self.nodes), 'node')}>"

    @classmethod
    def of(cls, board: TreeBoard, node: str = "") -> PreprocessView:
        """The tree of a source; with ``node`` that node and what is below it.

        Raises :class:`InputError` for what was not read from source, and for a node that is not
        there, for which it suggests others.
        """
        source = board.tree.origins
        if board.tree.overlaid is not None:
            raise InputError("with --overlay there is no source of the whole: print each alone")
        if not isinstance(source, SourcePlaces):
            raise InputError("not devicetree source: 'dtc -I dtb -O dts' prints a blob as source")
        top = node_named(board.tree, node).path if node else "/"
        below = top.rstrip("/") + "/"
        nodes = source.outline(board.tree)
        found = (each for each in nodes if each.path == top or each.path.startswith(below))
        return cls(
            plugin=source.is_plugin,
            memory_reservations=tuple(each for each, _ in source.reserved()),
            nodes=tuple(map(_node, found)),
        )

    def text(self, places: Places = Places.ONE, *, columns: bool = False) -> Iterator[Line]:
        """Source that compiles into the tree, with comments that say where each line is from.

        What is below one node is without what a whole source begins with.
        """
        comments = _Comments(places, columns=columns)
        yield from self._head()
        last, *others = self.nodes
        top = last.depth
        yield from _opened(last, 0, comments)
        for node in others:
            yield from _closed(last.depth - top, node.depth - top)
            if last.properties or last.depth >= node.depth:
                yield line()
            yield from _opened(node, node.depth - top, comments)
            last = node
        yield from _closed(last.depth - top, 0)
        if self._is_whole:
            # A label before "/" is a syntax error (dtc-parser.y, devicetree).
            for label in reversed(self.nodes[0].labels):
                yield line()
                yield line(f"{label}: &{{/}} {{ }};")

    @property
    def _is_whole(self) -> bool:
        return self.nodes[0].path == "/"

    def _head(self) -> Iterator[Line]:
        """What a whole source begins with."""
        if not self._is_whole:
            return
        yield line("/dts-v1/;")
        if self.plugin:
            yield line("/plugin/;")
        for each in self.memory_reservations:
            yield line(f"/memreserve/ {each};")
        yield line()


class _Comments:
    """The comments at the ends of lines."""

    def __init__(self, places: Places, *, columns: bool) -> None:
        self._places = places
        self._columns = columns

    def of_node(self, node: PreprocessedNode) -> Iterator[Span]:
        """Where a node is opened."""
        shown = node.places if self._places is Places.ALL else node.places[:1]
        return self._comment(", ".join(map(self._place, shown)))

    def of_property(self, held: PreprocessedProperty) -> Iterator[Span]:
        """Where a property is set, and by which macros."""
        if not held.places:
            return self._comment("made by dtc")
        *earlier, last = held.places
        text = self._place(last)
        if held.macros:
            text += f" ({', '.join(held.macros)})"
        if earlier and self._places is Places.ALL:
            text += f" overrides {', '.join(map(self._place, reversed(earlier)))}"
        return self._comment(text)

    def _place(self, place: Location) -> str:
        column = f":{place.column}" if self._columns and place.column else ""
        return f"{place.file}:{place.line}{column}"

    def _comment(self, text: str) -> Iterator[Span]:
        if text and self._places is not Places.NONE:
            # A name of a file must not end the comment.
            yield Span(f" /* {name(text).replace('*/', '* /')} */", DIM)


def _opened(node: PreprocessedNode, depth: int, comments: _Comments) -> Iterator[Line]:
    labels = "".join(f"{label}: " for label in node.labels) if node.path != "/" else ""
    indent = "\t" * depth
    yield line(f"{indent}{labels}", Span(node.name, BOLD), " {", *comments.of_node(node))
    for each in node.properties:
        value = "" if each.value is None else f" = {each.value}"
        yield line(f"{indent}\t{each.name}{value};", *comments.of_property(each))


def _closed(depth: int, down_to: int) -> Iterator[Line]:
    """The ends of the nodes that are open at a depth, before one at another."""
    for each in range(depth, down_to - 1, -1):
        yield line("\t" * each + "};")


def _node(node: OutlinedNode) -> PreprocessedNode:
    return PreprocessedNode(
        path=node.path,
        labels=tuple(node.labels),
        places=tuple(node.places),
        properties=tuple(map(_property, node.properties)),
    )


def _property(held: OutlinedProperty) -> PreprocessedProperty:
    return PreprocessedProperty(
        name=held.name, value=held.value, places=tuple(held.places), macros=tuple(held.macros)
    )


def _places(places: Sequence[Location]) -> list[Json]:
    return [cast("Json", location_entry(each)) for each in places]
