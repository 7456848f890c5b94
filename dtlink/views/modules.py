"""``dtlink modules``: the modules that some devices need before they can probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from dtlink import arguments
from dtlink.board.root_needs import RootNeeds, Way, driver_of, node_way, root_needs
from dtlink.boot.drivers.identity import GENERIC_PHY
from dtlink.boot.timeline.model import PARENT
from dtlink.facts.outcomes import Outcome, State
from dtlink.report.layout import Line, line
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import CommandResult, JsonRow
from dtlink.views.module_formats import FORMS
from dtlink.views.nodes import node_named
from dtlink.wording import counted, listed

if TYPE_CHECKING:
    from dtlink.board.needs import NeededNode
    from dtlink.board.tree import TreeBoard
    from dtlink.facts.media import BusDriver
    from dtlink.facts.outcomes import Driver
    from dtlink.facts.root import Support

_DISK = "disk"
_DEPENDENCY = "module"
_ROOT = "root"
#: What a device may have instead of a driver.
GAPS = (State.NOT_BUILT, State.NO_DRIVER, State.UNKNOWN)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ModuleRow(JsonRow):
    """A module, and what needs it."""

    name: str
    """As the kernel spells it: ``_`` for ``-``. modprobe takes both."""
    node: str | None
    """The device that it drives; ``None`` for a module that another depends on."""
    binding: str | None
    consumer: str | None
    """The device, or the module, that needs it; of a root, the word of the command line."""
    config: str | None
    in_initramfs: bool | None
    """``None``: not known."""
    file: str | None
    """The name of its file, such as ``phy-x.ko``; ``None``: not known."""
    drives: str | None
    """What it drives, of a module that no node names."""
    optional: bool
    """Whether it may be possible to do without it."""
    made: str | None = None
    """The name of the device that it drives, if that has no node: the node's driver makes it."""

    @property
    def reason(self) -> str:
        """What needs the module, in a few words."""
        if self.binding == _DEPENDENCY:
            return f"{self.consumer} depends on it"
        if self.binding == _DISK:
            return f"{self.drives} behind {self.node}{', if any' if self.optional else ''}"
        if self.binding == _ROOT:
            return f"{self.drives} ({self.consumer})"
        return self._device if self.consumer is None else f"{self._device}, {self._purpose}"

    @property
    def _device(self) -> str:
        """What it drives: a node, or what a node's driver creates."""
        if self.made is None:
            return f"{self.node}"
        perhaps = "perhaps " if self.optional else ""
        return f"{perhaps}{self.made}, created by the driver of {self.node}"

    @property
    def _purpose(self) -> str:
        parent = f"parent of {self.consumer}"
        return parent if self.binding == PARENT else f"for {self.consumer} ({self.binding})"

    @property
    def file_name(self) -> str:
        """The name as its file has it, with ``-`` or ``_``; the name where no file is known."""
        return self.file.removesuffix(".ko") if self.file else self.name


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class DriverlessRow(JsonRow):
    """A device that is needed, and has no driver in this kernel."""

    node: str
    binding: str | None
    consumer: str | None
    config: str | None
    state: State
    drives: str | None = None
    """What a driver on the bus, or for the root, would drive."""
    made: str | None = None
    """The name of the device that has none, if that has no node: the node's driver makes it."""

    def __str__(self) -> str:
        how = "is not listed" if self.state is State.UNKNOWN else "is not set"
        option = f": CONFIG_{self.config} {how}" if self.config else ""
        what = self.node
        if self.drives:
            where = f"for {self.consumer}" if self.binding == _ROOT else f"behind {self.node}"
            what = f"{self.drives} {where}"
        if self.made:
            what = f"{self.made}, created by the driver of {self.node}"
        return f"{what} ({self.state.value}{option})"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class WayRow(JsonRow):
    """A device that was asked for, or a controller of a medium."""

    node: str
    media: tuple[str, ...]
    complete: bool | None
    """Whether it works with this kernel once all modules are there; ``None``: not known."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class ModulesView(CommandResult):
    """The modules that some nodes of a board need, in load order.

    Made by :meth:`dtlink.Board.modules`; ``modules`` has a row for each.
    """

    member: ClassVar[str] = "modules"
    kernel: str | None
    """The kernel's release."""
    nodes: tuple[str, ...]
    modules: tuple[ModuleRow, ...]
    without_driver: tuple[DriverlessRow, ...]
    ways: tuple[WayRow, ...]
    """The :attr:`nodes`, each with what is known of its way."""
    remark: str | None
    """Why no module is listed, where none is."""
    phys: tuple[str, ...]
    """The Ethernet PHYs whose driver follows from an ID that is not in the tree: the generic one is
    listed, which not every board can do with."""

    @classmethod
    def of(
        cls, board: TreeBoard, names: Sequence[str] = (), *, missing: bool = False
    ) -> ModulesView:
        """What the nodes of these names need, for a board with a kernel.

        Without names: what the root filesystem needs. Of several modules that may drive a device,
        all are listed: modprobe loads them all. ``missing``: only those that the initramfs lacks.
        Raises :class:`InputError` for a node that the board does not have.
        """
        if board.settings.root:
            node_named(board.tree, board.settings.root)
        nodes = [node_named(board.tree, name).index for name in names]
        ways = tuple(node_way(board, node) for node in nodes)
        needs = RootNeeds(ways) if ways else root_needs(board)
        return _Collector(board).view(needs, missing=missing)

    @property
    def has_way(self) -> bool:
        """Whether what was asked for, or one controller of a medium, has all its drivers."""
        controllers = [way for way in self.ways if way.media] or self.ways
        return any(way.complete is not False for way in controllers)

    @property
    def is_complete(self) -> bool:
        """Whether there is something to look for, and a driver for all of it."""
        supported = all(row.binding != _ROOT for row in self.without_driver)
        return bool(self.ways) and supported and all(w.complete is not False for w in self.ways)

    def text(self) -> Iterator[Line]:
        """The modules, each with what needs it."""
        return map(line, self.lines())

    def summary(self) -> str:
        """What a reader of the modules alone would miss; empty if there is nothing."""
        gaps = len(self.without_driver)
        lack = f"{counted(gaps, 'device')} without a driver" if gaps else ""
        return self.remark or lack

    def lines(self, form: str = "list") -> Iterator[str]:
        """The lines of one of :data:`FORMS`, without newlines. Raises :class:`ValueError`."""
        arguments.choice("form", form, FORMS)
        return FORMS[form].lines(self.modules, tuple(self.remarks()))

    def gaps(self) -> Iterator[str]:
        """The devices without a driver, each with the reason."""
        yield from map(str, self.without_driver)

    def remarks(self) -> Iterator[str]:
        """What is no module, a sentence each."""
        yield from (f"no module for {gap}" for gap in self.gaps())
        if self.phys:
            yield f"the generic driver is listed for PHYs without an ID: {listed(self.phys)}"
        if self.remark:
            yield self.remark


class _Collector:
    """Gathers the modules of one board."""

    def __init__(self, board: TreeBoard) -> None:
        self._board = board
        self._modules: dict[str, ModuleRow] = {}
        self._gaps: dict[tuple[str, str | None], DriverlessRow] = {}
        self._phys: list[str] = []

    def view(self, needs: RootNeeds, *, missing: bool) -> ModulesView:
        board = self._board
        ways = (*needs.ways, *needs.others)
        for step in board.needs.follow(self._starts(ways)):
            self._add_device(step)
            for way in ways:
                if way.node == step.node and not step.made:
                    self._add_bus(way)
        for each in needs.support:
            self._add_support(each)
        rows = [row for row in self._modules.values() if not missing or row.in_initramfs is False]
        return ModulesView(
            kernel=board.named_facts.build.release or None,
            nodes=tuple(board.tree.path(way.node) for way in ways),
            modules=tuple(rows),
            without_driver=tuple(self._gaps.values()),
            ways=tuple(self._row(way) for way in ways),
            remark=self._remark(needs, rows),
            phys=tuple(self._phys),
        )

    def _starts(self, ways: Sequence[Way]) -> list[int]:
        """The devices asked for, and those on the way to their disks."""
        root = self._board.root
        behind = ((way.node, *root.on_the_way(way.node)) for way in ways)
        return [node for nodes in behind for node in nodes]

    def _remark(self, needs: RootNeeds, rows: Sequence[ModuleRow]) -> str | None:
        if not needs.ways:
            disk = self._board.root.spec.disk
            return (
                f"no controller for root={self._board.command_line.root} was found"
                if disk
                else ("no storage controller was found")
            )
        if rows or self._gaps:
            return None
        if self._modules:
            return f"the initramfs has all of them: {counted(len(self._modules), 'module')}"
        if not any(way.drivers for way in needs.ways):
            named = listed([self._board.tree.path(way.node) for way in needs.ways])
            return f"no module is needed: no driver is for {named}"
        return "no module is needed: every driver is built in"

    def _row(self, way: Way) -> WayRow:
        media = tuple(medium.name for medium in way.media)
        node = self._board.tree.path(way.node)
        return WayRow(node=node, media=media, complete=self._is_complete(way))

    def _is_complete(self, way: Way) -> bool | None:
        """Whether a device probes in the end, and a driver on its bus is there."""
        board = self._board
        states = {driver_of(board, row).state for row in way.drivers if not row.is_optional}
        outcome = board.timeline.outcome(way.node)
        if outcome in (Outcome.NEVER, Outcome.LOST) or State.NOT_BUILT in states:
            return False
        return None if outcome is Outcome.UNKNOWN or State.UNKNOWN in states else True

    def _add_device(self, step: NeededNode) -> None:
        """A device's driver, or the lack of it."""
        driver, tree = self._board.needs.driver(step), self._board.tree
        node, binding = tree.path(step.node), step.binding or None
        consumer = tree.path(step.consumer) if step.consumer >= 0 else None
        made = step.made and step.made.name
        if driver.config == GENERIC_PHY:
            self._phys.append(tree.path(step.node))
        for name in driver.modules:
            optional = not step.is_sure
            self._add(name, node, binding, consumer, driver.config, optional=optional, made=made)
        if driver.state in GAPS and step.is_sure:
            self._gap(node, binding, consumer, driver, made=made)

    def _add_bus(self, way: Way) -> None:
        node = self._board.tree.path(way.node)
        for row in way.drivers:
            self._add_named(row, node, _DISK, None)

    def _add_support(self, each: Support) -> None:
        self._add_named(each.driver, None, _ROOT, each.because, optional=not each.is_told)

    def _add_named(
        self,
        row: BusDriver,
        node: str | None,
        binding: str,
        consumer: str | None,
        *,
        optional: bool = False,
    ) -> None:
        """A driver that a table names."""
        driver = driver_of(self._board, row)
        optional = optional or row.is_optional
        for name in driver.modules:
            self._add(name, node, binding, consumer, driver.config, row.drives, optional=optional)
        if driver.state in GAPS and not optional:
            self._gap(node or "/chosen", binding, consumer, driver, row.drives)

    def _gap(
        self,
        node: str,
        binding: str | None,
        consumer: str | None,
        driver: Driver,
        drives: str | None = None,
        made: str | None = None,
    ) -> None:
        row = DriverlessRow(
            node=node,
            binding=binding,
            consumer=consumer,
            config=driver.config or None,
            state=driver.state,
            drives=drives,
            made=made,
        )
        self._gaps.setdefault((made or node, row.config), row)

    def _add(
        self,
        module: str,
        node: str | None,
        binding: str | None,
        consumer: str | None,
        config: str,
        drives: str | None = None,
        *,
        optional: bool = False,
        made: str | None = None,
    ) -> None:
        """Add a module after what it depends on."""
        facts = self._board.named_facts
        names = facts.build.closure([module]) if facts.build.knows("modules") else [module]
        for name in names:
            if name in self._modules:
                continue
            is_own = name == module
            self._modules[name] = ModuleRow(
                name=name,
                node=node if is_own else None,
                binding=binding if is_own else _DEPENDENCY,
                consumer=consumer if is_own else module,
                config=(config or None) if is_own else None,
                in_initramfs=facts.holds(name),
                file=facts.file_of(name),
                drives=drives if is_own else None,
                optional=optional,
                made=made if is_own else None,
            )
