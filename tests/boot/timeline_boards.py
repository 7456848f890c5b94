"""Small boards whose drivers are told by their ``compatible`` strings."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dtlink.boot.timeline.model import Dependency
from dtlink.facts.outcomes import Driver, State, When
from dtlink.facts.profile import KernelProfile
from dtlink.firmware import dts
from dtlink.firmware.tree import Tree
from tests.boot.boot_cases import initramfs, timeline_of

BUILT_IN, NOT_BUILT, UNKNOWN = (Driver(s) for s in (State.BUILT_IN, State.NOT_BUILT, State.UNKNOWN))
EARLY = Driver(State.EARLY)


def module(*names: str) -> Driver:
    return Driver(State.MODULE, names)


class Told:
    """Drivers by the first ``compatible`` that is told of; all others are built in."""

    def __init__(self, tree: Tree, drivers: Mapping[str, Driver]) -> None:
        self._tree = tree
        self._drivers = drivers

    def of(self, node: int) -> Driver:
        own = self._tree[node]
        for name in (*own.compatible, own.path):
            if name in self._drivers:
                return self._drivers[name]
        return BUILT_IN if own.compatible else Driver(State.SERVED)


class Board:
    """A board in one kernel. Modules in ``image`` are in the initramfs, all others on the root."""

    def __init__(
        self,
        source: str,
        drivers: Mapping[str, Driver],
        image: Collection[str] | None = (),
        cmdline: str = "",
        version: str = "6.12",
        **options: object,
    ) -> None:
        self.tree = dts.read_text(f"/ {{ #address-cells = <1>; #size-cells = <0>; {source} }};")
        config_modules = bool(options.get("modules", True))
        self.timeline = timeline_of(
            self.tree,
            KernelProfile.of(version, cmdline, modules=config_modules),
            Told(self.tree, drivers),
            initramfs=None if image is None else initramfs(frozenset(image)),
            **options,
        )

    def node(self, path: str) -> int:
        return self.tree.by_path[path].index

    def when(self, path: str) -> When:
        return self.timeline.when(self.node(path))

    def waits(self, path: str) -> list[Dependency]:
        return list(self.timeline.waits_of(self.node(path)))

    def wait(self, path: str, supplier: str, binding: str) -> Dependency:
        """The one dependency of two nodes by a binding."""
        (found,) = (
            each
            for each in self.waits(path)
            if each.supplier == self.node(supplier) and each.binding == binding
        )
        return found

    def causes(self) -> dict[str, dict[str, str]]:
        """The devices that each cause takes down, with their outcomes."""
        path = self.tree.path
        return {
            path(cause.supplier): {path(each.node): each.outcome.name for each in cause.devices}
            for cause in self.timeline.causes()
        }
