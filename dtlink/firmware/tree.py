"""The devicetree as data, the same for every devicetree reader.

A :class:`Tree` keeps one column per property name (which nodes have it, and at which position), so
a lookup for one binding touches only the nodes that use it. A :class:`Node` is a view of one node,
created on demand.
"""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from zlib import crc32

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dtlink.firmware.edits import TreeEdit
    from dtlink.firmware.overlay.overlaid import Overlaid
    from dtlink.firmware.source.placed_comments import SourceComment
    from dtlink.firmware.text_edits import Written

    #: 32-bit words in host order.
    Cells = array[int]
else:
    Cells = array  # which is generic since Python 3.12

#: Top-level nodes that describe the tree, not the hardware: property names in them are labels or
#: paths.
METADATA_NODES = frozenset(
    (b"aliases", b"__symbols__", b"__fixups__", b"__local_fixups__", b"__overrides__")
)

#: Phandle that dtc writes for an unresolved reference of an overlay (dtc, livetree.c).
EXTERNAL_PHANDLE = 0xFFFFFFFF

#: Values of ``status`` of an available node (Linux, drivers/of/base.c, __of_device_is_status()).
_AVAILABLE = (b"okay", b"ok")

PROP = 3
_NOP = 4
_NOWHERE: Mapping[int, int] = {}

#: Names and paths that are longer are shown by so many of their first characters, and a checksum:
#: real ones have at most some 50 and 150, and a hostile one would be in every line of a report.
_NAME, _PATH, _SHOWN = 255, 1024, 100


@lru_cache(maxsize=4096)
def strings_of(value: bytes) -> tuple[str, ...]:
    """The strings of a value: boards have many in common."""
    return tuple(value.removesuffix(b"\0").decode("latin-1").split("\0"))


def _short(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:_SHOWN]}~{crc32(text.encode('ascii')):08x}"


class Location(NamedTuple):
    """A place in a source file; lines and columns count from 1."""

    file: str
    line: int
    column: int = 0
    """0: not known."""
    macro: str = ""
    """The macro whose use makes what is there."""
    chain: tuple[tuple[str, int], ...] = ()
    """The files, with lines, that include this one, the innermost first."""
    text: str = ""
    """The line, as it is in the file."""


class Origins(Protocol):
    """Where the parts of a tree are from, for one that was made from source."""

    comments: Sequence[SourceComment]
    """The comments in the source that allow or expect findings."""

    @abstractmethod
    def location(
        self, path: str, name: str | None = None, offset: int | None = None
    ) -> Location | None:
        """Where the source sets a property, with an offset the part of its value that is there.

        Of a property that the node lacks: the last place that opens the node and sets a property
        of it, in the source itself rather than in a file that it includes. Without a name: the
        first place that opens the node. ``None``: no source has that node.
        """

    @abstractmethod
    def rewritten(self, edits: Iterable[TreeEdit]) -> Written:
        """Edits of the tree as edits of the files that it was made from."""

    @abstractmethod
    def latest(self, path: str, names: Sequence[str]) -> str:
        """Which of the properties of a node is set last; the first if none of them is."""

    @abstractmethod
    def node(self, path: str, besides: str | None = None) -> Sequence[Location]:
        """Where a node is opened, in the order of reading; empty if no source does.

        ``besides``: but for the opening that sets this property.
        """

    @abstractmethod
    def property(self, path: str, name: str) -> Sequence[Location]:
        """Where a property is set, in the order of reading: the last one counts."""


class Oddity(NamedTuple):
    """An error in the form of the tree that does not prevent reading; ``node`` is a node number."""

    kind: str
    node: int
    detail: str


class Layout(NamedTuple):
    """The contents of a structure block, read in one pass.

    Nodes are numbered in blob order, parents before their children. Positions are in 32-bit words
    from the start of the structure block.
    """

    words: Cells
    """The structure block as 32-bit cells in host order."""
    base: int
    """Byte offset of the structure block in the blob."""
    names: Sequence[bytes]
    parents: Sequence[int]
    """The parent's number; -1 for the root."""
    starts: Sequence[int]
    """Position of each node's begin token."""
    columns: Mapping[str, Mapping[int, int]]
    """Property name to {node: position of the property's token}, without metadata nodes."""
    strings: Mapping[int, str]
    """Property name by offset in the strings block."""
    oddities: Sequence[Oddity]


class Tree:
    """A whole devicetree: a sequence of :class:`Node` in blob order.

    From :func:`dtlink.read_tree`. ``find()`` takes a path, a label or an alias.
    """

    def __init__(self, blob: bytes, layout: Layout) -> None:
        self.blob = blob
        self.layout = layout
        self.words: Cells = layout.words
        self.parents: Sequence[int] = layout.parents
        self.columns: Mapping[str, Mapping[int, int]] = layout.columns
        self.oddities: list[Oddity] = list(layout.oddities)
        self.origins: Origins | None = None
        """Where its parts are from; ``None`` for a blob."""
        self.source: Origins | None = None
        """Where the parts of a blob are in the source that it was made from, if that is known."""
        self.overlaid: Overlaid | None = None
        """The base and the overlays that it was merged from; ``None``: it was read as it is."""
        self._paths: dict[int, str] = {0: "/"}
        self.phandles: dict[int, int]
        self.own_phandle: dict[int, int]
        self.phandles, self.own_phandle = self._collect_phandles()

    def __repr__(self) -> str:
        name = next(iter(self.root.compatible), "")
        return f"<Tree {name}: {len(self)} nodes>" if name else f"<Tree: {len(self)} nodes>"

    def __len__(self) -> int:
        return len(self.parents)

    def __getitem__(self, index: int) -> Node:
        # Views are not cached: cached views would form reference cycles with the tree, which
        # only the (slow) garbage collector could free.
        return Node(self, index)

    def __iter__(self) -> Iterator[Node]:
        return (Node(self, index) for index in range(len(self.parents)))

    @property
    def root(self) -> Node:
        """The root node."""
        return self[0]

    def holders(self, name: str) -> Mapping[int, int]:
        """Return the nodes that have a property, with the position (words) of its token."""
        return self.columns.get(name, _NOWHERE)

    def property_name(self, at: int) -> str:
        """Return the name of the property whose token is at word ``at``."""
        return self.layout.strings[self.words[at + 2]]

    def value(self, at: int) -> bytes:
        """Return the value of the property whose token is at word ``at``."""
        start = self.layout.base + (at + 3) * 4
        return self.blob[start : start + self.words[at + 1]]

    def compatible(self, index: int) -> tuple[str, ...]:
        """Return a node's ``compatible`` strings, most specific first; empty if it has none."""
        at = self.columns.get("compatible", _NOWHERE).get(index)
        value = Node(self, index).get("compatible") if at is None else self.value(at)
        return strings_of(value) if value else ()

    def size(self, at: int) -> int:
        """Return the length, in bytes, of the property at word ``at``."""
        return self.words[at + 1]

    def bytes_left(self, at: int) -> int:
        """Return how many bytes the property at word ``at`` has after its last whole cell."""
        return self.words[at + 1] & 3

    def first_cell(self, at: int) -> int | None:
        """Return the first cell of the property at word ``at``; ``None`` if it is shorter."""
        return self.words[at + 3] if self.words[at + 1] >= 4 else None

    def cells_at(self, at: int) -> Cells:
        """Return the value of the property at word ``at`` as cells, without a partial last cell."""
        return self.words[at + 3 : at + 3 + (self.words[at + 1] >> 2)]

    def cell(self, name: str, index: int) -> int | None:
        """Return the first cell of a node's property; ``None`` if it is missing or shorter."""
        at = self.columns.get(name, _NOWHERE).get(index)
        return None if at is None or self.words[at + 1] < 4 else self.words[at + 3]

    def path(self, index: int) -> str:
        """Return a node's full path; one that no real tree has in a short form."""
        path = self._paths.get(index)
        if path is None:
            parent = self.path(self.parents[index]).rstrip("/")
            path = f"{parent}/{self.layout.names[index].decode('ascii')}"
            if len(path) > _NAME:
                path = _short(f"{parent}/{self.name(index)}", _PATH)
            self._paths[index] = path
        return path

    def name(self, index: int) -> str:
        """Return a node's name with its unit address; one that no real tree has, shortened."""
        return _short(self.layout.names[index].decode("ascii"), _NAME)

    def _collect_phandles(self) -> tuple[dict[int, int], dict[int, int]]:
        """Phandle to node (the first in blob order, as in the kernel), and node to phandle.

        If a node has both ``phandle`` and ``linux,phandle``, the first of the two is used (Linux,
        drivers/of/fdt.c, populate_properties()).
        """
        holders = list(self.holders("phandle").items())
        own = {node: self.words[at + 3] for node, at in holders if self.words[at + 1] == 4}
        numbers = dict(zip(own.values(), own, strict=True))
        is_plain = len(numbers) == len(holders) and "linux,phandle" not in self.columns
        if is_plain and 0 not in numbers and EXTERNAL_PHANDLE not in numbers:  # as on most boards
            return numbers, own
        own = {}
        if "linux,phandle" in self.columns:
            holders += self.holders("linux,phandle").items()
            holders.sort(key=lambda item: item[1])
        for node, at in holders:
            number = self.words[at + 3] if self.words[at + 1] >= 4 else 0
            if self.words[at + 1] != 4:
                size = self.words[at + 1]
                self.oddities.append(Oddity("invalid-phandle", node, f"of {size} bytes"))
            if own.setdefault(node, number) != number:
                self.oddities.append(Oddity("two-phandles", node, f"{own[node]:#x}, {number:#x}"))
        first: dict[int, int] = {}
        for node, number in own.items():
            if number in (0, EXTERNAL_PHANDLE):
                self.oddities.append(Oddity("invalid-phandle", node, f"{number:#x}"))
            elif first.setdefault(number, node) != node:
                self.oddities.append(Oddity("duplicate-phandle", node, f"{number:#x}"))
        return first, own

    @cached_property
    def shared_phandles(self) -> Mapping[int, Sequence[int]]:
        """The phandles that several nodes have, with all of these: references mean the first."""
        several = {node for kind, node, _ in self.oddities if kind == "duplicate-phandle"}
        numbers = {self.own_phandle[node] for node in several}
        found: dict[int, list[int]] = {number: [] for number in sorted(numbers)}
        for node, number in self.own_phandle.items() if found else ():
            if number in found:
                found[number].append(node)
        return found

    @cached_property
    def mistakable(self) -> frozenset[int]:
        """The nodes that a reference by phandle leads to where it may mean another one."""
        return frozenset(nodes[0] for nodes in self.shared_phandles.values())

    @cached_property
    def unavailable(self) -> frozenset[int]:
        """The nodes that are not available by their own ``status``."""
        return frozenset(
            node
            for value, nodes in self.by_status.items()
            if value.partition(b"\0")[0] not in _AVAILABLE
            for node in nodes
        )

    @cached_property
    def disabled(self) -> frozenset[int]:
        """The nodes that are not available, or have an ancestor that is not."""
        parents = self.parents
        disabled, end = set[int](), len(parents)
        for top in sorted(self.unavailable):
            if top not in disabled:
                node = top + 1
                while node < end and parents[node] >= top:  # what is below it comes right after it
                    node += 1
                disabled.update(range(top, node))
        return frozenset(disabled)

    @cached_property
    def children(self) -> Sequence[Sequence[int]]:
        """The children of each node, in blob order."""
        children: list[list[int]] = [[] for _ in self.parents]
        for node, parent in enumerate(self.parents[1:], 1):
            children[parent].append(node)
        return children

    @cached_property
    def by_compatible(self) -> Mapping[bytes, Sequence[int]]:
        """The nodes with each value of ``compatible``, in blob order."""
        return self._by_value("compatible")

    @cached_property
    def by_status(self) -> Mapping[bytes, Sequence[int]]:
        """The nodes with each value of ``status``, in blob order."""
        return self._by_value("status")

    def _by_value(self, name: str) -> Mapping[bytes, Sequence[int]]:
        found: dict[bytes, list[int]] = {}
        blob, words, base = self.blob, self.words, self.layout.base + 12
        for node, at in self.holders(name).items():
            start = base + 4 * at
            value = blob[start : start + words[at + 1]]
            if value in found:
                found[value].append(node)
            else:
                found[value] = [node]
        return found

    def with_compatible(self, name: bytes) -> set[int]:
        """The nodes that have a ``compatible`` string, in any place of the list."""
        return {
            node
            for value, nodes in self.by_compatible.items()
            if name in value and name in value.split(b"\0")
            for node in nodes
        }

    @property
    def by_path(self) -> Mapping[str, Node]:
        """Nodes by full path; the first one if several nodes have the same path."""
        return _NodesByPath(self, self._numbers)

    @cached_property
    def repeated_paths(self) -> frozenset[str]:
        """The paths that several nodes have: no path names any of them but the first."""
        if all(each.kind != "duplicate-node" for each in self.oddities):
            return frozenset()
        counts = Counter(map(self.path, range(len(self.parents))))
        return frozenset(path for path, count in counts.items() if count > 1)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        path = self.path
        return {path(node): node for node in reversed(range(len(self.parents)))}

    @cached_property
    def labels(self) -> dict[str, str]:
        """Label by node path, from ``__symbols__``; the first one if a node has several."""
        labels: dict[str, str] = {}
        if b"__symbols__" not in self.layout.names:
            return labels
        table = self.root.child("__symbols__")
        for name, value in table.properties.items() if table else ():
            if value:
                labels.setdefault(value.partition(b"\0")[0].decode("latin-1"), name)
        return labels

    @cached_property
    def is_overlay(self) -> bool:
        """Whether this is an overlay, whose references may point into the base tree."""
        names = self.layout.names
        return b"__overlay__" in names or b"__fixups__" in names or self._has_targets

    @property
    def _has_targets(self) -> bool:
        """Whether a top-level node names a target, as fragments do."""
        return any(
            not self.parents[node] and (name == "target-path" or b"fragment" in names[node])
            for names in (self.layout.names,)
            for name in ("target-path", "target")
            for node in self.holders(name)
        )

    def find(self, name: str) -> Node | None:
        """Return a node by full path, label (``&label`` or ``label``) or alias; else ``None``."""
        if not isinstance(name, str):
            raise TypeError(f"name: a string is needed, not {type(name).__name__}")
        name = name.removeprefix("&")
        if name.startswith("/"):
            return self.at_path(name.rstrip("/") or "/")
        for path, label in self.labels.items():
            if label == name:
                return self.at_path(path)
        aliases = self.root.child("aliases")
        return self.at_path(next(iter(aliases.strings(name)), "")) if aliases else None

    def at_path(self, path: str) -> Node | None:
        """As :attr:`by_path`, of which no more is made than is asked for."""
        if "_numbers" in self.__dict__ or len(path) > _NAME:
            return self.by_path.get(path)
        if path == "/":
            return self[0]
        found, names = [0], self.layout.names
        if path[:1] != "/" or not path.isascii():
            return None
        for part in path[1:].encode("ascii").split(b"/"):
            found = [each for node in found for each in self.children[node] if names[each] == part]
        return self[min(found)] if found else None

    def named(self, name: str) -> Node | None:
        """:meth:`find`, else the node of a name that no other node has."""
        found = self.find(name)
        same = [] if found else [node for node in self if node.name == name]
        return same[0] if len(same) == 1 else found


class _NodesByPath(Mapping[str, "Node"]):
    """A view of the nodes; a tree that kept them would be in a reference cycle with each."""

    __slots__ = ("_numbers", "_tree")

    def __init__(self, tree: Tree, numbers: Mapping[str, int]) -> None:
        self._tree = tree
        self._numbers = numbers

    def __getitem__(self, path: str) -> Node:
        return Node(self._tree, self._numbers[path])

    def __contains__(self, path: object) -> bool:
        return path in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


class Node:
    """A view of one devicetree node. Two views of the same node are equal."""

    __slots__ = ("index", "tree")

    def __init__(self, tree: Tree, index: int) -> None:
        self.tree: Tree = tree
        self.index: int = range(len(tree.parents))[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.index == other.index and self.tree is other.tree

    def __hash__(self) -> int:
        return hash((id(self.tree), self.index))

    def __repr__(self) -> str:
        return f"<Node {self.path}>"

    @property
    def path(self) -> str:
        """The full path."""
        return self.tree.path(self.index)

    @property
    def name(self) -> str:
        """The name with its unit address; empty for the root."""
        return self.tree.name(self.index)

    @property
    def parent(self) -> Node | None:
        """The parent; ``None`` for the root."""
        parent = self.tree.parents[self.index]
        return None if parent < 0 else self.tree[parent]

    @property
    def children(self) -> list[Node]:
        """The child nodes, in blob order."""
        return [self.tree[child] for child in self.tree.children[self.index]]

    @property
    def phandle(self) -> int:
        """The phandle; 0 if the node has none."""
        return self.tree.own_phandle.get(self.index, 0)

    @property
    def label(self) -> str:
        """The first label in ``__symbols__``; empty if there is none."""
        return self.tree.labels.get(self.path, "")

    @property
    def properties(self) -> Mapping[str, bytes]:
        """The properties in blob order; the first one if a name occurs twice."""
        return dict(self._read())

    def _read(self) -> Iterator[tuple[str, bytes]]:
        """The properties in blob order, from the word after the node's name."""
        tree, words = self.tree, self.tree.words
        name_size = len(tree.layout.names[self.index]) + 1
        at = tree.layout.starts[self.index] + 1 + ((name_size + 3) >> 2)
        seen: set[str] = set()
        while words[at] in (PROP, _NOP):
            if words[at] == _NOP:
                at += 1
                continue
            name = tree.layout.strings[words[at + 2]]
            if name not in seen:
                seen.add(name)
                yield name, tree.value(at)
            at += 3 + ((words[at + 1] + 3) >> 2)

    @property
    def available(self) -> bool:
        """Whether the node is available by its own ``status``."""
        return self.index not in self.tree.unavailable

    @property
    def enabled(self) -> bool:
        """Whether the node and all its ancestors are available."""
        return self.index not in self.tree.disabled

    @property
    def compatible(self) -> tuple[str, ...]:
        """The ``compatible`` strings, most specific first; empty if there are none."""
        return self.tree.compatible(self.index)

    @property
    def ancestors(self) -> Iterator[Node]:
        """The parent, its parent, and so on up to the root."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def child(self, name: str) -> Node | None:
        """Return the first child with that full name; ``None`` if there is none."""
        return next((child for child in self.children if child.name == name), None)

    def get(self, name: str) -> bytes | None:
        """Return a property's value in bytes; ``None`` if it is missing."""
        at = self.tree.holders(name).get(self.index)
        if at is not None:
            return self.tree.value(at)
        return self.properties.get(name) if self._is_metadata else None

    @property
    def _is_metadata(self) -> bool:
        """Whether the node is one of the :data:`METADATA_NODES` or below one: it has no columns."""
        top, parents = self.index, self.tree.parents
        while parents[top] > 0:
            top = parents[top]
        return self.tree.layout.names[top] in METADATA_NODES

    def has(self, name: str) -> bool:
        """Whether the node has a property of that name."""
        return self.length(name) is not None

    def length(self, name: str) -> int | None:
        """Return how many bytes a property has, which are not copied; ``None`` if it is missing."""
        at = self.tree.holders(name).get(self.index)
        if at is not None:
            return self.tree.size(at)
        value = self.properties.get(name) if self._is_metadata else None
        return None if value is None else len(value)

    def strings(self, name: str) -> tuple[str, ...]:
        """Return a string-list property; empty if it is missing or empty."""
        value = self.get(name)
        if not value:
            return ()
        return tuple(value.removesuffix(b"\0").decode("latin-1").split("\0"))

    def cells(self, name: str) -> Sequence[int]:
        """Return a property as 32-bit cells, without a partial last cell; empty if missing."""
        at = self.tree.holders(name).get(self.index)
        return () if at is None else self.tree.cells_at(at)

    def cell(self, name: str) -> int | None:
        """Return a property's first cell; ``None`` if it is missing or shorter than a cell."""
        return self.tree.cell(name, self.index)

    def offset(self, name: str | None = None) -> int:
        """Return the byte offset in the blob of a property's value, else of the node itself."""
        at = self.tree.holders(name).get(self.index) if name else None
        words = self.tree.layout.starts[self.index] if at is None else at + 3
        return self.tree.layout.base + words * 4
