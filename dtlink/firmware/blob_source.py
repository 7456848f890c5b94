"""The source that a blob was made from: where the blob's parts are in it.

It is the blob's own source if it makes the same tree, whatever the order of nodes and properties:
the same nodes, each with the same properties of the same bytes. Phandles may be other numbers:
where the source has a reference, the blob has the phandle of that node, and ``phandle`` itself is
not compared. Nor are the nodes that ``dtc -@`` adds (``__symbols__``, ``__fixups__`` and
``__local_fixups__``), and memory reservations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from dtlink.firmware.errors import InputError
from dtlink.firmware.source.options import SourceOptions
from dtlink.firmware.storage import DISK, Disk
from dtlink.firmware.tree import Location, Node, Origins, Tree
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import TreeEdit
    from dtlink.firmware.source.placed_comments import SourceComment
    from dtlink.firmware.source.read import SourcePlaces, SourceTree
    from dtlink.firmware.text_edits import Written

_PHANDLES = frozenset(("phandle", "linux,phandle"))
_GENERATED = frozenset(("__symbols__", "__fixups__", "__local_fixups__"))


class BlobSource(Origins):
    """Where the parts of a blob are in a source, which is read when it is first asked for.

    A source that the user named (``is_given``) is asked for every node and property that it has
    as the blob has it. Another one is asked if it makes the same tree, and silently passed over
    otherwise.
    """

    def __init__(
        self,
        blob: Tree,
        path: str,
        sources: SourceOptions,
        storage: Disk = DISK,
        *,
        is_given: bool = False,
    ) -> None:
        #: None: what the comments of the source allow is reported of a blob.
        self.comments: Sequence[SourceComment] = ()
        # Not the blob itself: trees hold no reference cycles.
        self._layout = blob.blob, blob.layout
        self._path = path
        self._sources = sources
        self._storage = storage
        self._is_given = is_given

    @cached_property
    def _blob(self) -> Tree:
        return Tree(*self._layout)

    @cached_property
    def _read(self) -> SourceTree:
        """The source. Raises :class:`InputError`."""
        from dtlink.firmware import dts

        symbols = b"__symbols__" in self._blob.layout.names
        return dts.read_source_file(
            self._path, self._sources, symbols=symbols, storage=self._storage
        )

    @cached_property
    def _usable(self) -> SourceTree | None:
        try:
            return self._read if self._is_given or not self.difference else None
        except InputError:
            return None

    @cached_property
    def difference(self) -> str:
        """Where the source makes another tree, the first place; empty if nowhere.

        Raises :class:`InputError` for a source that can't be read.
        """
        return difference(self._blob, self._read.tree, self._read)

    @property
    def labels(self) -> Mapping[str, str]:
        """Label by node path. Raises :class:`InputError` for a source that can't be read."""
        return self._read.tree.labels

    def _of(self, path: str, name: str | None) -> SourceTree | None:
        """The source, if it says of a node and a property what the blob has."""
        source = self._usable
        if source is None or not self.difference:
            return source
        mine, theirs = self._blob.by_path.get(path), source.tree.by_path.get(path)
        is_same = mine and theirs and (name is None or is_same_property(mine, theirs, name, source))
        return source if is_same else None

    def location(
        self, path: str, name: str | None = None, offset: int | None = None
    ) -> Location | None:
        """Where the source sets it: see :class:`~dtlink.firmware.tree.Origins`."""
        source = self._of(path, name)
        return source.location(path, name, offset) if source else None

    def rewritten(self, edits: Iterable[TreeEdit]) -> Written:
        """Edits of the tree as edits of the source, if it makes the same tree."""
        from dtlink.firmware.text_edits import Written

        if self._usable is None or self.difference:
            return Written(refused=f"{self._path} makes another tree than the blob")
        return self._usable.rewritten(edits)

    def latest(self, path: str, names: Sequence[str]) -> str:
        """Which property is set last: see :class:`~dtlink.firmware.tree.Origins`."""
        source = self._of(path, None)
        return source.latest(path, names) if source else names[0]

    def node(self, path: str, besides: str | None = None) -> Sequence[Location]:
        """Where the source opens a node: see :class:`~dtlink.firmware.tree.Origins`."""
        source = self._of(path, None)
        return source.node(path, besides) if source else ()

    def property(self, path: str, name: str) -> Sequence[Location]:
        """Where the source sets a property: see :class:`~dtlink.firmware.tree.Origins`."""
        source = self._of(path, name)
        return source.property(path, name) if source else ()


def difference(blob: Tree, made: Tree, source: SourcePlaces) -> str:
    """Where the tree that a source makes is not a blob's, the first place; empty if nowhere.

    Numbers of phandles do not count, and neither does what dtc adds.
    """
    return next(_differences(blob, made, source), "")


def _differences(blob: Tree, made: Tree, source: SourcePlaces) -> Iterator[str]:
    mine, theirs = _described(blob), _described(made)
    for path, node in mine.items():
        if path not in theirs:
            yield f"it has no {path}"
            return
        other = theirs[path]
        names = dict.fromkeys((*node.properties, *other.properties))
        yield from (
            f"{path}: {each}" for each in names if not is_same_property(node, other, each, source)
        )
    yield from (f"it has {path} as well" for path in theirs if path not in mine)
    if len(mine) < sum(map(_is_described, blob)):
        yield "two nodes of the blob have the same path"


def _described(tree: Tree) -> dict[str, Node]:
    """The nodes by path, without those that dtc adds."""
    return {node.path: node for node in tree if _is_described(node)}


def _is_described(node: Node) -> bool:
    return node.path.split("/", 2)[1] not in _GENERATED


def is_same_property(mine: Node, theirs: Node, name: str, source: SourcePlaces) -> bool:
    """Whether a property of the blob is what the source makes of it; neither may have it."""
    value, made = mine.get(name), theirs.get(name)
    if name in _PHANDLES:
        return True
    if value is None or made is None or len(value) != len(made):
        return value is made
    start = 0
    for at in source.phandles_in(theirs.path, name):
        if value[start:at] != made[start:at]:
            return False
        if _target(mine, value, at) != _target(theirs, made, at):
            return False
        start = at + 4
    return value[start:] == made[start:]


def _target(node: Node, value: bytes, at: int) -> str | int:
    """The node that a phandle in a value is of; the number if there is none."""
    number = int.from_bytes(value[at : at + 4], "big")
    found = node.tree.phandles.get(number)
    return number if found is None else node.tree.path(found)
