"""``dtlink drivers``: the driver of each device in one kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dtlink.facts.outcomes import State
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT, Absent, CommandResult, JsonRow

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.facts.outcomes import Driver

#: The column of paths is no wider; a path that is longer pushes its row only.
_WIDEST = 44

#: The style of a state: what keeps a device from working stands out.
_STYLES = {
    State.NOT_BUILT: STYLES["error"],
    State.NO_DRIVER: STYLES["warning"],
    State.UNKNOWN: STYLES["warning"],
}


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class NodeDriver(JsonRow):
    """The driver of one node."""

    node: str
    compatible: tuple[str, ...]
    state: State
    modules: tuple[str, ...]
    """Those that may drive it: any of them will do."""
    config: str | None
    by: str | None
    in_initramfs: bool | None
    """``None``: not known."""
    creates: tuple[NeedDriver, ...] = ()
    """The drivers of the devices without a node that the driver makes; ``by`` is a device's alias.
    """


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class NeedDriver(JsonRow):
    """The driver of a device that another needs; fields as of :class:`NodeDriver`."""

    state: State
    modules: tuple[str, ...]
    config: str | None
    by: str | None
    in_initramfs: bool | None
    culprit: bool
    """Whether the chain breaks here: the kernel, or an initramfs that was named, lacks it."""

    @property
    def name(self) -> str:
        """The name of a device without a node, without its bus."""
        return (self.by or "").partition(":")[2]

    @classmethod
    def of(cls, board: TreeBoard, node: int) -> NeedDriver:
        """The driver of a node, on a board with a kernel."""
        return cls.of_driver(board, board.drivers.of(node))

    @classmethod
    def of_driver(cls, board: TreeBoard, driver: Driver) -> NeedDriver:
        """The same for a driver."""
        in_initramfs = _held(board, driver)
        return cls(
            state=driver.state,
            modules=tuple(driver.modules),
            config=driver.config or None,
            by=driver.by or None,
            in_initramfs=in_initramfs,
            culprit=driver.state is State.NOT_BUILT or in_initramfs is False,
        )


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class DriversView(CommandResult):
    """The driver of each device.

    Made by :meth:`dtlink.Board.drivers`; ``nodes`` has a row for each device.
    """

    member: ClassVar[str] = "drivers"
    kernel: str | None
    """The kernel's release."""
    states: Mapping[State, int]
    """How many devices there are of each state."""
    nodes: tuple[NodeDriver, ...]

    @classmethod
    def of(cls, board: TreeBoard) -> DriversView:
        """The drivers of the enabled nodes with ``compatible``, for a board with a kernel."""
        tree = board.tree
        nodes = [node for node in sorted(tree.holders("compatible")) if node not in tree.disabled]
        rows = tuple(node_driver(board, node) for node in nodes)
        counts = Counter(row.state for row in rows)
        return cls(
            kernel=board.named_facts.build.release or None,
            states={state: counts[state] for state in State if counts[state]},
            nodes=rows,
        )

    def text(self, states: Collection[str] = ()) -> Iterator[Line]:
        """The nodes of these states (all if none is named), and the counts."""
        rows = [row for row in self._rows() if not states or row[1].state.value in states]
        width = min(max((len(device) for device, _ in rows), default=0), _WIDEST)
        yield from (_line(device.ljust(width), row) for device, row in rows)
        told = ", ".join(f"{count:,} {state.value}" for state, count in self.states.items())
        kernel = f" · kernel {self.kernel}" if self.kernel else ""
        yield line(Span(f"{counted(len(self.nodes), 'node')}: {told}{kernel}", BOLD))

    def _rows(self) -> Iterator[tuple[str, NodeDriver | NeedDriver]]:
        """Each device with a node, followed by those that its driver makes."""
        for row in self.nodes:
            yield row.node, row
            yield from ((f"{row.node} creates {each.name}", each) for each in row.creates)


def node_driver(board: TreeBoard, node: int) -> NodeDriver:
    """The driver of a node, on a board with a kernel."""
    driver = board.drivers.of(node)
    made = board.made_devices.of(node)
    return NodeDriver(
        node=board.tree.path(node),
        compatible=tuple(board.tree[node].compatible),
        state=driver.state,
        modules=tuple(driver.modules),
        config=driver.config or None,
        by=driver.by or None,
        in_initramfs=_held(board, driver),
        creates=tuple(NeedDriver.of_driver(board, each.driver) for each in made),
    )


def providers(board: TreeBoard, supplier: int, kind: str) -> tuple[NeedDriver, ...] | Absent:
    """The drivers of the devices without a node that provide a kind of resource for a supplier.

    ``ABSENT`` where the supplier's own driver does, or where that is not known.
    """
    devices = board.devices
    drivers = [devices.driver(each) for each in devices.providing(supplier, kind)]
    return tuple(NeedDriver.of_driver(board, each) for each in drivers) or ABSENT


def _held(board: TreeBoard, driver: Driver) -> bool | None:
    """Whether the initramfs has a module of a driver; ``None``: not known."""
    held = [board.named_facts.holds(module) for module in driver.modules]
    return True if True in held else None if None in held or not held else False


def driver_of(board: TreeBoard, node: int) -> str:
    """The driver of one node in a few words."""
    row = node_driver(board, node)
    return driver_words(row) + (f" (CONFIG_{row.config})" if row.config and row.modules else "")


def driver_words(driver: NodeDriver | NeedDriver) -> str:
    """A driver in a few words."""
    if driver.modules:
        place = {True: ", in the initramfs", False: ", NOT IN THE INITRAMFS", None: ""}
        return f"{' or '.join(driver.modules)}, module{place[driver.in_initramfs]}"
    if driver.state is State.NOT_BUILT:
        return f"NOT BUILT (CONFIG_{driver.config} is off)" if driver.config else "NOT BUILT"
    if driver.state is State.UNKNOWN and driver.config:
        return f"unknown (CONFIG_{driver.config} is not listed)"
    state: str = driver.state.value
    return state


def _line(device: str, row: NodeDriver | NeedDriver) -> Line:
    what = f"module {' or '.join(row.modules)}" if row.modules else row.state.value
    option = f"  CONFIG_{row.config}" if row.config else ""
    option += " is not listed" if option and row.state is State.UNKNOWN else ""
    held = {True: "in the initramfs", False: "not in the initramfs", None: ""}[row.in_initramfs]
    notes = f"  ({held})" if held else ""
    return line(f"{device}  ", Span(what, _STYLES.get(row.state, "")), Span(option + notes, DIM))
