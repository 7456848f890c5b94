"""The rows of the table of legacy bindings, and the nodes that a row applies to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dtlink.enums import Enum
from dtlink.facts.patterns import fits
from dtlink.firmware.tree import Node, Tree
from dtlink.records import NamedTuple
from dtlink.rules.model import Severity


class Fate(Enum):
    """What today's kernels do with an old form."""

    IGNORED = "no driver reads"
    HIDDEN = "the driver reads and fw_devlink does not follow"
    READ = "is still read"


class Rewrite(Enum):
    """How an old form is edited, where its successor means the same."""

    RENAME = "the new name takes its value"
    RENAME_PHY = "as RENAME; the PHY gets #phy-cells = <0> where it has none"
    DELETE = "nothing takes its place"


class LegacyBinding(NamedTuple):
    """One old form: what kernels do with it, and what to write instead.

    ``effect`` and ``fix`` are templates: ``{node}`` is the name of the first node that uses
    the old form, ``{path}`` its path, ``{value}`` the old form's phandle list as DTS, ``{text}``
    its string, ``{old}`` and ``{new}`` the row's own fields. A compatible string may have one ``*``
    that stands for anything (``fsl,*-fec``).
    """

    old: str
    """The property."""
    new: str
    """What takes its place: a property's name, or a few words."""
    fate: Fate
    effect: str
    fix: str = ""
    """Empty where ``rewrite`` says it; with ``rewrite``, the words before the edits."""
    rewrite: Rewrite | None = None
    cells: str | None = None
    """The suppliers' cells property, where entries have arguments."""
    severity: Severity = Severity.INFO
    likely: bool = False
    on: Sequence[str] = ()
    """Only on nodes with one of these compatible strings."""
    not_on: Sequence[str] = ()
    """Not on nodes with one of these, where the name means something else or has no successor."""
    named: str = ""
    """Only on nodes whose names begin so."""
    beside: Sequence[str] = ()
    """Only beside one of these properties."""
    unless: Sequence[str] = ()
    """Not beside one of these properties: mostly the new form, by which the old does no harm."""
    names: str = ""
    """Only where the first cell is the phandle of a node with this property."""
    not_to: Sequence[str] = ()
    """Not where the first cell names a node with one of these compatible strings."""

    def nodes(self, tree: Tree) -> list[Node]:
        """The enabled nodes of a tree that the row concerns, in blob order."""
        holders = tree.holders(self.old)
        if not holders:
            return []
        found = holders.keys() - tree.disabled
        for name in self.unless:
            found -= tree.holders(name).keys()
        if found and self.beside:
            found &= {node for name in self.beside for node in tree.holders(name)}
        return [node for node in map(tree.__getitem__, sorted(found)) if self._concerns(node)]

    def _concerns(self, node: Node) -> bool:
        if not node.name.startswith(self.named):
            return False
        if (self.on or self.not_on) and not _among(node.compatible, self.on, self.not_on):
            return False
        if not (self.names or self.not_to):
            return True
        target = node.tree.phandles.get(node.cell(self.old) or 0)
        if target is None:
            return False
        supplier = node.tree[target]
        return (not self.names or supplier.has(self.names)) and _among(
            supplier.compatible, (), self.not_to
        )


def _among(compatible: Iterable[str], wanted: Sequence[str], refused: Sequence[str]) -> bool:
    """Whether one of the strings is wanted (any will do if none is named), and none refused."""
    strings = tuple(compatible)
    return (not wanted or fits(strings, wanted)) and not fits(strings, refused)
