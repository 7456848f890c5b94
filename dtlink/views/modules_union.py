"""The modules that many boards need together: what a distribution puts into one initramfs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dtlink import arguments
from dtlink.links.components import strong_components
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import JsonRow
from dtlink.views.module_formats import FORMS
from dtlink.views.modules import ModulesView
from dtlink.wording import counted, listed

if TYPE_CHECKING:
    from dtlink.views.modules import ModuleRow

#: How many of a board's devices without driver a line names.
_NAMED = 3


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class UnionRow(JsonRow):
    """A module, and how many boards need it."""

    name: str
    file: str | None
    boards: int
    optional: bool
    """Whether each of these boards may do without."""
    in_initramfs: bool | None

    @property
    def file_name(self) -> str:
        """The name as its file has it, with ``-`` or ``_``."""
        return self.file.removesuffix(".ko") if self.file else self.name

    @property
    def reason(self) -> str:
        """How many boards need it."""
        return counted(self.boards, "board")


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class NoWayRow(JsonRow):
    """A board on which no controller of a medium can work."""

    board: str
    lacks: tuple[str, ...]
    """The devices without a driver, a sentence each."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ModulesUnion(JsonRow):
    """The union of the lists of several boards.

    Made by :meth:`of`; ``modules`` has a row for each.
    """

    boards: int
    modules: tuple[UnionRow, ...]
    """A module after those that it depends on, and after those of its devices' suppliers."""
    without_storage: tuple[str, ...]
    """The boards of which no controller is known."""
    without_way: tuple[NoWayRow, ...]
    with_gaps: tuple[str, ...]
    """The boards where only some controllers lack a driver, their own or one on the way."""

    @classmethod
    def of(cls, views: Mapping[str, ModulesView]) -> ModulesUnion:
        """The union of boards' lists, by the boards' names."""
        needed = "a mapping of names to ModulesViews"
        for each in arguments.mapping("views", views, needed).values():
            arguments.instance("views", each, ModulesView, needed)
        known = [(name, view) for name, view in views.items() if view.ways]
        return cls(
            boards=len(views),
            modules=tuple(_rows(views)),
            without_storage=tuple(name for name, view in views.items() if not view.ways),
            without_way=tuple(
                NoWayRow(board=name, lacks=tuple(view.gaps()))
                for name, view in known
                if not view.has_way
            ),
            with_gaps=tuple(name for name, view in known if view.has_way and not view.is_complete),
        )

    @property
    def is_complete(self) -> bool:
        """Whether every board has a controller, and a driver for everything on the way to it."""
        return not (self.without_storage or self.without_way or self.with_gaps)

    def lines(self, form: str = "list") -> Iterator[str]:
        """The lines of one of :data:`FORMS`, without newlines. Raises :class:`ValueError`."""
        arguments.choice("form", form, FORMS)
        return FORMS[form].lines(self.modules, tuple(self.remarks()))

    def summary(self) -> str:
        """The numbers of what :meth:`remarks` names."""
        found = f"{counted(len(self.modules), 'module')} for {counted(self.boards, 'board')}"
        counts = (
            (len(self.without_storage), "without a storage controller"),
            (len(self.without_way), "without a way to a disk"),
            (len(self.with_gaps), "with a way, but not from every controller"),
        )
        return "; ".join((found, *(f"{number} {what}" for number, what in counts if number)))

    def remarks(self) -> Iterator[str]:
        """What is no module, a sentence each."""
        yield self.summary()
        for name in self.without_storage:
            yield f"{name}: no storage controller was found"
        for row in self.without_way:
            yield f"{row.board}: no way to a disk: {listed(row.lacks, _NAMED)}"


def _rows(views: Mapping[str, ModulesView]) -> Iterator[UnionRow]:
    rows: dict[str, list[ModuleRow]] = {}
    for view in views.values():
        for row in view.modules:
            rows.setdefault(row.name, []).append(row)
    for name in _ordered(views, list(rows)):
        found = rows[name]
        yield UnionRow(
            name=name,
            file=found[0].file,
            boards=len(found),
            optional=all(each.optional for each in found),
            in_initramfs=found[0].in_initramfs,
        )


def _ordered(views: Mapping[str, ModulesView], names: Sequence[str]) -> Iterator[str]:
    """The modules, those first that another needs on any board; a cycle in the given order."""
    numbers = {name: number for number, name in enumerate(names)}
    before: dict[int, dict[int, None]] = {number: {} for number in numbers.values()}
    for view in views.values():
        drivers: dict[str | None, list[int]] = {}
        for row in view.modules:
            drivers.setdefault(row.node, []).append(numbers[row.name])
        for row in view.modules:
            known = numbers.get(row.consumer or "")
            for consumer in drivers.get(row.consumer, ()) if known is None else (known,):
                before[consumer][numbers[row.name]] = None
    arcs = {number: tuple(first) for number, first in before.items()}
    for each in strong_components(arcs, minimum=1):
        yield from (names[number] for number in sorted(each))
