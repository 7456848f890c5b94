"""``dtlink modules``: the modules that some devices need before they can probe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dtlink.board.needs import disk_modules
from dtlink.boot.roles import Role, Roles
from dtlink.boot.timeline import PARENT
from dtlink.facts.outcomes import State
from dtlink.report.layout import Line, line
from dtlink.views.data import CommandResult, JsonRow
from dtlink.views.nodes import node_named

if TYPE_CHECKING:
    from dtlink.board.needs import NeededNode
    from dtlink.board.tree import TreeBoard

_DISK = "disk"
_DEPENDENCY = "module"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ModuleRow(JsonRow):
    """A module, and what needs it."""

    name: str
    """As the kernel spells it: ``_`` for ``-``. modprobe takes both."""
    node: str | None
    """The device that it drives; ``None`` for a module that another depends on."""
    binding: str | None
    consumer: str | None
    """The device, or the module, that needs it."""
    config: str | None
    in_initramfs: bool | None
    """``None``: not known."""
    file: str | None
    """The name of its file, such as ``phy-x.ko``; ``None``: not known."""

    @property
    def reason(self) -> str:
        """What needs the module, in a few words."""
        if self.binding == _DEPENDENCY:
            return f"{self.consumer} depends on it"
        if self.binding == _DISK:
            return f"makes a disk of what {self.node} finds"
        if self.consumer is None:
            return f"{self.node}"
        if self.binding == PARENT:
            return f"{self.node}, parent of {self.consumer}"
        return f"{self.node}, for {self.consumer} ({self.binding})"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class DriverlessRow(JsonRow):
    """A device that is needed, and has no driver in this kernel."""

    node: str
    binding: str | None
    consumer: str | None
    config: str | None
    state: State


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class ModulesView(CommandResult):
    """The modules that some nodes of a board need, in load order."""

    member: ClassVar[str] = "modules"
    kernel: str | None
    """The kernel's release."""
    nodes: tuple[str, ...]
    modules: tuple[ModuleRow, ...]
    without_driver: tuple[DriverlessRow, ...]

    @classmethod
    def of(
        cls, board: TreeBoard, names: Sequence[str] = (), *, missing: bool = False
    ) -> ModulesView:
        """What the nodes of these names need, for a board with a kernel.

        Without names: every storage controller. Of several modules that may drive a device, all
        are listed: modprobe loads them all. ``missing``: only those that the initramfs lacks.
        """
        nodes = [node_named(board.tree, name).index for name in names] or _storage(board)
        steps = board.needs.follow(nodes)
        rows = _modules(board, steps, frozenset(nodes)).values()
        return cls(
            kernel=board.named_facts.build.release or None,
            nodes=tuple(board.tree.path(node) for node in nodes),
            modules=tuple(row for row in rows if not missing or row.in_initramfs is False),
            without_driver=tuple(_driverless(board, steps)),
        )

    def text(self) -> Iterator[Line]:
        """The modules, each with what needs it."""
        return map(line, self.lines())

    def lines(self, form: str = "list") -> Iterator[str]:
        """The lines of one of :data:`FORMS`, without newlines."""
        return FORMS[form](self)


def _storage(board: TreeBoard) -> list[int]:
    """Every storage controller that is enabled; flash chips if there is nothing else."""
    tree, roles = board.tree, Roles(board.tree)
    own, names = tree.holders("compatible"), tree.layout.names
    found = [
        node
        for node in sorted(own)
        if node not in tree.disabled and roles.of(node) in (Role.ROOT, Role.STORAGE)
    ]
    return [node for node in found if not names[node].startswith((b"flash", b"nand"))] or found


def _modules(
    board: TreeBoard, steps: Sequence[NeededNode], asked: frozenset[int]
) -> dict[str, ModuleRow]:
    """The modules by name, those that others depend on first."""
    found: dict[str, ModuleRow] = {}
    for step in steps:
        driver = board.needs.driver(step)
        for name in driver.modules:
            _add(found, board, name, step, driver.config)
        for name in disk_modules(board.tree, step.node) if step.node in asked else ():
            _add(found, board, name, step._replace(binding=_DISK), "")
    return found


def _add(
    found: dict[str, ModuleRow], board: TreeBoard, module: str, step: NeededNode, config: str
) -> None:
    """Add a module after what it depends on."""
    facts, tree = board.named_facts, board.tree
    known = facts.build.knows("modules")
    for name in facts.build.closure([module]) if known else [module]:
        if name in found:
            continue
        is_own = name == module
        found[name] = ModuleRow(
            name=name,
            node=tree.path(step.node) if is_own else None,
            binding=(step.binding or None) if is_own else _DEPENDENCY,
            consumer=_consumer(board, step) if is_own else module,
            config=(config or None) if is_own else None,
            in_initramfs=facts.holds(name),
            file=facts.file_of(name),
        )


def _consumer(board: TreeBoard, step: NeededNode) -> str | None:
    return board.tree.path(step.consumer) if step.consumer >= 0 else None


def _driverless(board: TreeBoard, steps: Sequence[NeededNode]) -> Iterator[DriverlessRow]:
    for step in steps:
        driver = board.needs.driver(step)
        if driver.state in (State.NOT_BUILT, State.UNKNOWN):
            yield DriverlessRow(
                node=board.tree.path(step.node),
                binding=step.binding or None,
                consumer=_consumer(board, step),
                config=driver.config or None,
                state=driver.state,
            )


def _list(view: ModulesView) -> Iterator[str]:
    for row in view.without_driver:
        how = "is not listed" if row.state is State.UNKNOWN else "is not set"
        option = f": CONFIG_{row.config} {how}" if row.config else ""
        yield f"# no module for {row.node} ({row.state.value}{option})"
    width = max((len(row.name) for row in view.modules), default=0)
    for module in view.modules:
        file = "" if module.file in (None, f"{module.name}.ko") else f" ({module.file})"
        yield f"{module.name:{width}}  # {module.reason}{file}"


def _plain(view: ModulesView) -> Iterator[str]:
    yield from (row.name for row in view.modules)


def _dracut(view: ModulesView) -> Iterator[str]:
    if view.modules:
        yield f'add_drivers+=" {" ".join(_plain(view))} "'


def _mkinitcpio(view: ModulesView) -> Iterator[str]:
    if view.modules:
        yield f"MODULES=({' '.join(_plain(view))})"


def _nixos(view: ModulesView) -> Iterator[str]:
    quoted = " ".join(f'"{name}"' for name in _plain(view))
    if quoted:
        yield f"boot.initrd.availableKernelModules = [ {quoted} ];"


#: How modules are listed, by the name of the format: its lines. Those of initramfs-tools are for
#: /etc/initramfs-tools/modules (initramfs-tools(7)), dracut's for /etc/dracut.conf.d/*.conf
#: (dracut.conf(5)), the next for mkinitcpio.conf(5) and for a NixOS configuration.
FORMS: dict[str, Callable[[ModulesView], Iterator[str]]] = {
    "list": _list,
    "initramfs-tools": _list,
    "dracut": _dracut,
    "mkinitcpio": _mkinitcpio,
    "nixos": _nixos,
    "modules.load": _plain,
}
