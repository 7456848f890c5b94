"""The merge of overlays into a base, as a boot loader does it.

Source: libfdt (dtc 1.7.2), fdt_overlay.c, fdt_overlay_apply(): phandles of the overlay are moved
above those of the base, references are resolved by ``__fixups__`` and the base's ``__symbols__``,
fragments are merged in order, and the overlay's labels are added to those of the base. New nodes
and properties come before the others, as there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.facts import overlays as facts
from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import write
from dtlink.firmware.overlay.fault import OverlayFault
from dtlink.firmware.overlay.fragments import SYMBOLS
from dtlink.firmware.overlay.nodes import editable
from dtlink.firmware.overlay.one import OverlayMerge
from dtlink.firmware.overlay.overlaid import AppliedOverlay, Brought, Overlaid, Place
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree


class NamedOverlay(NamedTuple):
    """An overlay to apply."""

    name: str
    """What findings call it: its path, or the member of a container."""
    tree: Tree


def apply_overlays(
    base: Tree, overlays: Sequence[NamedOverlay], *, keeps_phandles: bool = True
) -> Tree:
    """Return the base with overlays applied in order; ``tree.overlaid`` says what each brought.

    This is what ``fdtoverlay``, U-Boot's ``fdt apply`` and the configurations of a FIT image do.
    An overlay that libfdt refuses is left out, and its faults say why (see
    :class:`~dtlink.firmware.overlay.overlaid.AppliedOverlay`). ``keeps_phandles=False`` is for a
    libfdt before 1.7.1, which replaces the phandle of a node of the base.

    Raises :class:`InputError` for a result that can't be a devicetree, such as one too deep.
    """
    layers = Layers(base)
    for number, (name, tree) in enumerate(overlays):
        merge = OverlayMerge(layers.root, editable(tree), keeps_phandles=keeps_phandles)
        faults = _late(merge.run(), overlays[number + 1 :])
        if tree.origins is not None:  # that its labels are kept is dtlink's choice
            faults = (each for each in faults if each.problem not in _OF_LABELS)
        layers.add(name, tree, tuple(faults), merge)
    return layers.merged()


class Layers:
    """A base and what was put on it so far; ``root`` is the result, to be changed."""

    def __init__(self, base: Tree) -> None:
        self.root = editable(base)
        self._base = base
        self._brought: Brought = {}
        self._applied: list[AppliedOverlay] = []
        self._notes = base.overlaid.notes if base.overlaid else []
        if base.overlaid is not None:
            self._base, self._brought, self._applied = base.overlaid.parts()

    def add(
        self, name: str, tree: Tree, faults: Sequence[OverlayFault], merge: OverlayMerge | None
    ) -> None:
        """Add an overlay with its merge; ``None``: it could not be tried."""
        is_applied = merge is not None and merge.is_applied
        if merge is not None and is_applied:
            self.root = merge.root
            number = len(self._applied)
            self._brought |= {key: (number, path) for key, path in merge.brought.items()}
        self._applied.append(AppliedOverlay(name, tree, is_applied, faults))

    def add_changes(
        self, name: str, tree: Tree, faults: Sequence[OverlayFault], changed: Iterable[Place]
    ) -> None:
        """Add what changed the root in place."""
        number = len(self._applied)
        self._brought |= {place: (number, place[0]) for place in changed}
        self._applied.append(AppliedOverlay(name, tree, True, faults))

    def merged(self) -> Tree:
        """The tree. Raises :class:`InputError` for what can't be one."""
        tree = fdt.read(write(self.root, fdt.reservations(self._base.blob)))
        tree.overlaid = overlaid = Overlaid(self._base, self._applied, self._brought)
        overlaid.notes += self._notes
        if overlaid.has_origins:
            tree.origins = overlaid
        tree.labels = {**tree.labels, **self._base.labels}
        return tree


#: What the kernel refuses of an overlay that was compiled with its labels.
_OF_LABELS = (facts.SYMBOL_EXISTS, facts.NO_SYMBOLS_NODE, facts.LOST_SYMBOL)


def _late(faults: Sequence[OverlayFault], rest: Sequence[NamedOverlay]) -> Iterator[OverlayFault]:
    """The faults; of a label that a later overlay brings it is said which one does."""
    for fault in faults:
        if fault.problem is facts.UNKNOWN_LABEL:
            bringers = (name for name, tree in rest if fault.what in exported(tree))
            if bringer := next(bringers, ""):
                yield fault._replace(problem=facts.LATE_LABEL, detail=bringer)
                continue
        yield fault


def exported(tree: Tree) -> Mapping[str, bytes]:
    """The labels that a tree has for overlays, with their paths."""
    table = tree.root.child(SYMBOLS)
    return table.properties if table else {}
