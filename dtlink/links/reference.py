"""The results of walking supplier properties: references, and entries that do not resolve.

References are plain tuples of numbers, since a large board has thousands; :class:`Link` is the view
of one that the rest of dtlink uses.
"""

from __future__ import annotations

from dtlink.enums import Enum, IntEnum
from dtlink.facts.binding import SupplierBinding
from dtlink.firmware.tree import Node, Tree
from dtlink.records import NamedTuple


class Flaw(IntEnum):
    """Why a kernel may not follow a reference although it resolves."""

    NONE = 0
    AFTER_HOLE = 1
    """It is after a zero phandle, where fw_devlink stops."""
    ASSUMED_CELLS = 2
    """It was parsed with 0 for a missing ``#…-cells``, as some kernels do."""


class UnresolvedReason(Enum):
    """Why an entry of a supplier property does not resolve; the value completes "the entry …"."""

    DANGLING = "references a phandle that no node has"
    NO_CELLS = "references a node without the cells property"
    TRUNCATED = "has fewer cells than its supplier requires"
    LEFTOVER = "is followed by bytes that are not a complete entry"
    NO_PARENT = "has no interrupt parent with #interrupt-cells"


class Reference(NamedTuple):
    """One reference, with node numbers; ``at`` is the position (words) of the property's token."""

    consumer: int
    supplier: int
    binding: SupplierBinding
    node: int
    at: int
    entry: int
    """Index of the entry in the property, from 0."""
    cell: int
    """Index of the cell with the phandle, or of the first interrupt specifier cell."""
    args: int
    """Number of argument cells."""
    flaw: Flaw


class Unresolved(NamedTuple):
    """An entry that does not resolve; if its length is unknown, the walk ended there."""

    why: UnresolvedReason
    binding: SupplierBinding
    node: int
    at: int
    entry: int
    cell: int
    value: int
    """The phandle, or the number of leftover cells or bytes; 0 if neither applies."""
    target: int
    """The node that the entry references; -1 if it references no node."""


class _Entry:
    """A view of one entry of a supplier property."""

    __slots__ = ("_raw", "_tree")

    def __init__(self, tree: Tree, raw: Reference | Unresolved) -> None:
        self._tree = tree
        self._raw = raw

    @property
    def node(self) -> Node:
        """The node with the property: usually, but not always, the consumer."""
        return self._tree[self._raw.node]

    @property
    def binding(self) -> SupplierBinding:
        """The binding of the property."""
        return self._raw.binding

    @property
    def property_name(self) -> str:
        """The property's name."""
        return self._tree.property_name(self._raw.at)

    @property
    def index(self) -> int:
        """Index of the entry in the property, from 0."""
        return self._raw.entry

    @property
    def entry(self) -> str:
        """The entry as ``property[index]``."""
        return f"{self.property_name}[{self.index}]"

    @property
    def offset(self) -> int:
        """Byte offset of the entry in the blob."""
        return self._tree.layout.base + (self._raw.at + 3 + self._raw.cell) * 4


class Failure(_Entry):
    """An entry of a supplier property that does not resolve."""

    __slots__ = ("raw",)

    def __init__(self, tree: Tree, raw: Unresolved) -> None:
        super().__init__(tree, raw)
        self.raw: Unresolved = raw

    @property
    def why(self) -> UnresolvedReason:
        """Why it does not resolve."""
        return self.raw.why

    @property
    def value(self) -> int:
        """The phandle, or the number of leftover cells or bytes."""
        return self.raw.value

    @property
    def target(self) -> Node | None:
        """The node that the entry references; ``None`` if it references no node."""
        return None if self.raw.target < 0 else self._tree[self.raw.target]


class Link(_Entry):
    """A dependency of a consumer on a supplier, from one entry of one property.

    Among ``links`` of a :class:`Graph`; ``entry`` is where it is written, as ``clocks[0]``.
    """

    __slots__ = ("reference",)

    def __init__(self, tree: Tree, reference: Reference) -> None:
        super().__init__(tree, reference)
        self.reference: Reference = reference

    def __repr__(self) -> str:
        return f"<Link {self.consumer.path} -> {self.supplier.path} ({self.entry})>"

    @property
    def consumer(self) -> Node:
        """The dependent node."""
        return self._tree[self.reference.consumer]

    @property
    def supplier(self) -> Node:
        """The node that the consumer depends on."""
        return self._tree[self.reference.supplier]

    @property
    def args(self) -> tuple[int, ...]:
        """The cells of the specifier."""
        reference = self.reference
        start = reference.at + 3 + reference.cell + reference.binding.walk.args_skip
        return tuple(self._tree.words[start : start + reference.args])
