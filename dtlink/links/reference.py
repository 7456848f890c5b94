"""What a walk over a tree's supplier properties gives: references, and what did not resolve.

References are plain tuples of numbers, because a large board has thousands; :class:`Link` is the
view that the rest of dtlink works with.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtlink.facts.binding import SupplierBinding
    from dtlink.firmware.tree import Node, Tree


class Flaw(IntEnum):
    """Why a kernel may not follow a reference although it resolves."""

    NONE = 0
    BEHIND_HOLE = 1
    """It stands behind a zero phandle, where fw_devlink stops reading."""
    ASSUMED_CELLS = 2
    """It was reached, as some kernels do, by taking a missing ``#…-cells`` for 0."""


class UnresolvedReason(Enum):
    """Why an entry of a supplier property does not resolve; the value completes "the entry …"."""

    DANGLING = "names a phandle that no node has"
    NO_CELLS = "names a node that lacks the cells property"
    TRUNCATED = "has fewer cells than its supplier asks for"
    LEFTOVER = "is followed by bytes that make no entry"
    NO_PARENT = "has no interrupt parent with #interrupt-cells"


class Reference(NamedTuple):
    """One reference, in node numbers; ``at`` is the property's position (words)."""

    consumer: int
    supplier: int
    binding: SupplierBinding
    node: int
    at: int
    entry: int
    """Which entry of the property, from 0."""
    cell: int
    """The cell of the phandle, or of the interrupt specifier, in the property."""
    args: int
    """How many argument cells follow it."""
    flaw: Flaw


class Unresolved(NamedTuple):
    """An entry that names no supplier; where the stride is lost, the walk ended there."""

    why: UnresolvedReason
    binding: SupplierBinding
    node: int
    at: int
    entry: int
    cell: int
    value: int
    """The phandle, or what was left over; 0 if neither applies."""
    target: int
    """The node that the entry names; -1 if none."""


class _Entry:
    """One entry of a supplier property, seen through its tree."""

    __slots__ = ("_raw", "_tree")

    def __init__(self, tree: Tree, raw: Reference | Unresolved) -> None:
        self._tree = tree
        self._raw = raw

    @property
    def node(self) -> Node:
        """The node that holds the property (mostly, not always, the consumer)."""
        return self._tree[self._raw.node]

    @property
    def binding(self) -> SupplierBinding:
        """The binding by which the property was read."""
        return self._raw.binding

    @property
    def property_name(self) -> str:
        """The property's name."""
        return self._tree.property_name(self._raw.at)

    @property
    def index(self) -> int:
        """Which entry of the property."""
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
    """An entry that does not resolve."""

    __slots__ = ("raw",)

    def __init__(self, tree: Tree, raw: Unresolved) -> None:
        super().__init__(tree, raw)
        self.raw = raw

    @property
    def why(self) -> UnresolvedReason:
        """What is wrong with it."""
        return self.raw.why

    @property
    def value(self) -> int:
        """The phandle, or what was left over."""
        return self.raw.value

    @property
    def target(self) -> Node | None:
        """The node that the entry names, if it names one."""
        return None if self.raw.target < 0 else self._tree[self.raw.target]


class Link(_Entry):
    """One consumer needs one supplier, said by one entry of one property."""

    __slots__ = ("reference",)

    def __init__(self, tree: Tree, reference: Reference) -> None:
        super().__init__(tree, reference)
        self.reference = reference

    def __repr__(self) -> str:
        return f"<Link {self.consumer.path} -> {self.supplier.path} ({self.entry})>"

    @property
    def consumer(self) -> Node:
        """Who needs the supplier."""
        return self._tree[self.reference.consumer]

    @property
    def supplier(self) -> Node:
        """Who is needed."""
        return self._tree[self.reference.supplier]

    @property
    def args(self) -> tuple[int, ...]:
        """The specifier's cells."""
        reference = self.reference
        start = reference.at + 3 + reference.cell + reference.binding.walk.args_skip
        return tuple(self._tree.words[start : start + reference.args])
