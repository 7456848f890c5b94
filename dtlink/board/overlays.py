"""The faults of overlays: of those that a tree was made with, or of a tree that is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from dtlink.facts import overlays as facts
from dtlink.firmware.errors import InputError
from dtlink.firmware.overlay import fixups
from dtlink.firmware.overlay.fragments import lone_faults
from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays
from dtlink.firmware.overlay.nodes import editable
from dtlink.firmware.read import read
from dtlink.firmware.source.options import SourceOptions
from dtlink.firmware.storage import DISK
from dtlink.firmware.tree import Node, Tree
from dtlink.records import NamedTuple
from dtlink.stamps import look
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed, noun

if TYPE_CHECKING:
    from dtlink.board.settings import Settings
    from dtlink.facts.overlays import OverlayProblem
    from dtlink.firmware.overlay.fault import OverlayFault


#: How many labels a reason has.
_LABELS = 6
#: Bases that are kept.
_BASES = 256
#: The bases that were read last, each with the state of its file before.
_last_bases: dict[tuple[str, SourceOptions], tuple[object, Tree]] = {}


class PlacedFault(NamedTuple):
    """A fault, at the node of the overlay that has it."""

    fault: OverlayFault
    node: Node
    overlay: str
    """The overlay; empty if it is the input itself."""
    base: str
    """The base, or "the base"."""


class BaseFit(NamedTuple):
    """Whether an overlay can be applied to a base."""

    path: str
    faults: Sequence[OverlayFault] = ()
    error: str = ""
    """Why the base can't be read."""
    is_overlay: bool = False
    """Whether the base is an overlay itself, which may lie in a folder of bases."""

    @property
    def is_applied(self) -> bool:
        """Whether a boot loader applies it."""
        return not self.error and not any(each.problem.fatal for each in self.faults)

    @property
    def lacks_symbols(self) -> bool:
        """Whether the base has no labels to look for."""
        return any(each.problem is facts.NO_SYMBOLS for each in self.faults)

    @property
    def why(self) -> str:
        """Why it can't be applied, as the end of "on this base, …"; empty if it can."""
        if self.error:
            return self.error
        fatal = [each for each in self.faults if each.problem.fatal]
        if self.lacks_symbols:
            return f"it has no __symbols__ (build it with {facts.SYMBOLS_OPTION})"
        labels = [each.what for each in fatal if each.problem is facts.UNKNOWN_LABEL]
        paths = [each.what for each in fatal if each.problem.name == facts.UNKNOWN_TARGET.name]
        told = (facts.UNKNOWN_LABEL.name, facts.UNKNOWN_TARGET.name)
        others = dict.fromkeys(each.problem.name for each in fatal if each.problem.name not in told)
        lacking = noun(len(labels), "label")
        reasons = [f"it lacks the {lacking} {listed(labels, _LABELS)}"] if labels else []
        reasons += [f"it has no {listed(paths, _LABELS)}"] if paths else []
        return "; ".join((*reasons, *others))


class OverlayFindings:
    """What is known of the overlays of one input."""

    def __init__(self, tree: Tree, settings: Settings) -> None:
        self._tree = tree
        self._settings = settings

    def of(self, *problems: OverlayProblem) -> Iterator[PlacedFault]:
        """The faults that are one of these problems."""
        names = {each.name for each in problems}
        return (each for each in self._all if each.fault.problem.name in names)

    @cached_property
    def _all(self) -> Sequence[PlacedFault]:
        overlaid = self._tree.overlaid
        if overlaid is not None:
            return [
                PlacedFault(fault, _node(each.tree, fault.path), each.name, "the base")
                for each in overlaid.overlays
                for fault in each.faults
            ]
        if not self._tree.is_overlay:
            return []
        only = self.fits[0] if len(self.fits) == 1 else None
        faults = only.faults if only else lone_faults(editable(self._tree))
        name = only.path if only else "the base"
        return [PlacedFault(each, _node(self._tree, each.path), "", name) for each in faults]

    @cached_property
    def fits(self) -> Sequence[BaseFit]:
        """How the tree, as an overlay, fits on each base that the settings name."""
        if not self._tree.is_overlay:
            return []
        sources = self._settings.sources._replace(symbols=True, overlay=())
        found = [_fit(path, self._tree, sources) for path in self._settings.bases]
        return [each for each in found if not each.is_overlay] or found

    @cached_property
    def labels(self) -> Sequence[str]:
        """The labels that the tree, as an overlay, needs of a base."""
        return fixups.needed(self._tree)


def _fit(path: str, overlay: Tree, sources: SourceOptions) -> BaseFit:
    try:
        base = _base(path, sources, look(path))
        if base.is_overlay:
            return BaseFit(path, error="an overlay itself", is_overlay=True)
        overlaid = apply_overlays(base, [NamedOverlay("", overlay)]).overlaid
    except InputError as error:
        return BaseFit(path, error=error.message)
    return BaseFit(path, overlaid.overlays[0].faults if overlaid else ())


@lru_cache(maxsize=_BASES)
def _base(path: str, sources: SourceOptions, _: int) -> Tree:
    """A base, looked at once a run; a source each time, as what it includes may be another."""
    state, known = DISK.state(path), _last_bases.pop((path, sources), None)
    if known is not None and known[1].origins is None and state is not None and known[0] == state:
        found = known[1]
    else:
        found = _read_base(path, sources)
    _last_bases[path, sources] = state, found
    while len(_last_bases) > _BASES:
        _last_bases.pop(next(iter(_last_bases)))
    return found


def _read_base(path: str, sources: SourceOptions) -> Tree:
    found = read(path, sources=sources)
    if not isinstance(found, Tree):
        raise InputError("ACPI tables, on which no overlay can be put", path=path)
    return found


def _node(tree: Tree, path: str) -> Node:
    return tree.by_path.get(path, tree.root)
