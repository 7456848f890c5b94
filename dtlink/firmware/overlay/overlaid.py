"""What overlays made of a base: which of them brought what, and what was wrong with each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.firmware.edits import TreeEdit
    from dtlink.firmware.overlay.fault import OverlayFault
    from dtlink.firmware.source.placed_comments import SourceComment
    from dtlink.firmware.text_edits import Written
    from dtlink.firmware.tree import Location, Origins, Tree

#: A path, and a property; empty: the node itself.
Place: TypeAlias = "tuple[str, str]"
#: By path and property (empty: the node itself) the number of an overlay, and its own node.
Brought: TypeAlias = "dict[Place, tuple[int, str]]"


class AppliedOverlay(NamedTuple):
    """An overlay, and what became of it."""

    name: str
    tree: Tree
    is_applied: bool
    """Whether it is part of the merged tree: a boot loader refuses it otherwise."""
    faults: Sequence[OverlayFault]


class Overlaid:
    """Where the nodes and properties of a merged tree are from."""

    def __init__(
        self,
        base: Tree,
        overlays: Sequence[AppliedOverlay],
        brought: Mapping[Place, tuple[int, str]],
    ) -> None:
        self.base = base
        self.overlays = overlays
        self._brought = brought
        self.comments: Sequence[SourceComment] = [*self._comments()]
        self.notes: list[str] = []
        """What was assumed, for the user to know."""

    def parts(self) -> tuple[Tree, Brought, list[AppliedOverlay]]:
        """Copies of what it was made of, for more overlays."""
        return self.base, dict(self._brought), [*self.overlays]

    def _comments(self) -> Iterator[SourceComment]:
        """The comments of the base and of the overlays, with the nodes of the merged tree."""
        if self.base.origins is not None:
            yield from self.base.origins.comments
        for number, each in enumerate(self.overlays):
            origins = each.tree.origins
            if not each.is_applied or origins is None or not origins.comments:
                continue
            merged = {own: path for (path, _), (by, own) in self._brought.items() if by == number}
            for comment in origins.comments:
                nodes = tuple(merged.get(node, node) for node in comment.nodes)
                yield comment._replace(nodes=nodes)

    @property
    def has_origins(self) -> bool:
        """Whether the source of any part is known."""
        trees = (self.base, *(each.tree for each in self.overlays))
        return any(_origins(tree) is not None for tree in trees)

    def bringer(self, path: str, name: str | None = None) -> str:
        """The overlay that set a property; empty: the base did.

        Of a property that no overlay set, or without one: the overlay that added the node.
        """
        found = self._of(path, name)
        return self.overlays[found[0]].name if found else ""

    def _of(self, path: str, name: str | None) -> tuple[int, str] | None:
        held = self._brought.get((path, name)) if name else None
        return held or self._brought.get((path, ""))

    def location(
        self, path: str, name: str | None = None, offset: int | None = None
    ) -> Location | None:
        """Where the source sets it: see :class:`~dtlink.firmware.tree.Origins`."""
        found = self._of(path, name)
        if found is None:
            origins, at = _origins(self.base), path
        else:
            origins, at = _origins(self.overlays[found[0]].tree), found[1]
        return origins.location(at, name, offset) if origins else None

    def rewritten(self, edits: Iterable[TreeEdit]) -> Written:
        """Nothing: whether the base or an overlay is to change is a decision."""
        from dtlink.firmware.text_edits import Written

        del edits
        return Written(refused="it is found with overlays: change the base, or the overlay")

    def latest(self, path: str, names: Sequence[str]) -> str:
        """Which property is set last: see :class:`~dtlink.firmware.tree.Origins`."""
        bringers = {name: self._of(path, name) for name in names}
        last = max(-1 if each is None else each[0] for each in bringers.values())
        those = [name for name in names if (bringers[name] or (-1, ""))[0] == last]
        found = bringers[those[0]]
        origins = _origins(self.overlays[found[0]].tree) if found else _origins(self.base)
        return origins.latest(found[1] if found else path, those) if origins else those[0]

    def node(self, path: str, besides: str | None = None) -> Sequence[Location]:
        """Where the base and the overlay that counts open a node: see ``Origins``."""
        found, base = self._of(path, besides), _origins(self.base)
        if found is None:
            return base.node(path, besides) if base else []
        own = _origins(self.overlays[found[0]].tree)
        return [*(base.node(path) if base else ()), *(own.node(found[1], besides) if own else ())]

    def property(self, path: str, name: str) -> Sequence[Location]:
        """Where the base and the overlay that counts set a property: see ``Origins``."""
        found, base = self._of(path, name), _origins(self.base)
        own = _origins(self.overlays[found[0]].tree) if found else None
        of_base = base.property(path, name) if base else ()
        return [*of_base, *(own.property(found[1], name) if own and found else ())]


def _origins(tree: Tree) -> Origins | None:
    """Where the parts of a source are from, or of a blob whose source is known."""
    return tree.origins or tree.source
