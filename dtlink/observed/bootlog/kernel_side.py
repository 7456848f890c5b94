"""What the kernel that wrote a log has for the devices of the tree: its side of the story."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from dtlink.board.driver_words import to_set
from dtlink.facts.outcomes import State, When
from dtlink.kernel.facts import version_in
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import joined

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.boot.timeline.model import Cause
    from dtlink.boot.timeline.timeline import Timeline
    from dtlink.facts.outcomes import Driver

_NO_DRIVER = (
    "use a kernel that has a driver for it, or a tree that this kernel knows: no driver in its "
    "source matches the compatible"
)


class KernelSide:
    """When devices can probe in one kernel, and which drivers keep them from it.

    ``until_root``: the log ends before a root filesystem is mounted, so that no module of it has
    been loaded.
    """

    def __init__(self, board: TreeBoard, logged: str, *, until_root: bool) -> None:
        """``logged``: the release that the log names."""
        own, other = version_in(board.named_facts.build.release), version_in(logged)
        self.is_that_of_the_log = own is None or other is None or own == other
        self._board = board
        self._until_root = until_root

    def is_absent(self, path: str) -> bool:
        """Whether a device cannot have probed in this log, whatever is not in it."""
        node = self._index(path)
        return node is not None and self._is_late(self._timeline.when(node))

    def lacks_driver(self, path: str) -> bool:
        """Whether a device's own driver cannot have been there."""
        node = self._index(path)
        return node is not None and self._is_late(self._timeline.comes(node))

    def roots(self, path: str) -> list[str]:
        """The nodes that lack the drivers for which a device is absent; each once."""
        return list(dict.fromkeys(self._roots.get(path, ())))

    def detail(self, path: str) -> str:
        """What the kernel has for a device that lacks its driver, as a sentence."""
        driver = self._driver(path)
        if driver.state is State.NO_DRIVER:
            return "no driver in this kernel's source matches its compatible"
        if driver.modules:
            names = joined(driver.modules, "or")
            return f"its driver is the module {names}, which the initramfs does not have"
        option = f": CONFIG_{driver.config} is off" if driver.config else ""
        return f"its driver is not built in this kernel{option}"

    def cure(self, path: str) -> str:
        """How to get a device's driver into this kernel in time; empty if that is not known."""
        if self._index(path) is None:
            return ""
        driver = self._driver(path)
        if driver.modules:
            return self._of_modules(driver)
        option = f"CONFIG_{driver.config}" if driver.config else ""
        if driver.state is State.NOT_BUILT and option:
            setting = to_set(self._board.named_facts, driver.config)
            return f"set {setting} in the kernel's configuration"
        if driver.state is State.BUILT_IN:
            built_in = f" ({option}=y)" if option else ""
            return f"its driver is built in{built_in}: see what it logged, and what it waits for"
        return _NO_DRIVER if driver.state is State.NO_DRIVER else ""

    def _of_modules(self, driver: Driver) -> str:
        """Where a module has to be, and the option that does without it."""
        names = joined(driver.modules, "or")
        option = f" (or set CONFIG_{driver.config}=y)" if driver.config else ""
        held = [self._board.named_facts.holds(name) for name in driver.modules]
        if True in held:
            return f"the initramfs has its module {names}: see whether it was loaded, and its lines"
        if None in held:
            return f"load its module {names} before the consumers need it: in the initramfs{option}"
        return f"put its module {names} into the initramfs{option}"

    def _driver(self, path: str) -> Driver:
        """The driver that is missing: of a device, or of one that its driver makes."""
        if (missing := self._missing.get(path)) is not None:
            return missing
        return self._board.drivers.of(self._board.tree.by_path[path].index)

    def _index(self, path: str) -> int | None:
        node = self._board.tree.by_path.get(path)
        return None if node is None else node.index

    def _is_late(self, when: When) -> bool:
        return when is When.NEVER or (when is When.ROOT and self._has_no_root)

    @property
    def _has_no_root(self) -> bool:
        """Whether modules that the initramfs lacks cannot have been loaded."""
        initramfs = self._board.named_facts.initramfs
        return self._until_root and initramfs is not None and initramfs.complete

    @property
    def _timeline(self) -> Timeline:
        return self._board.timeline

    @cached_property
    def _missing(self) -> Mapping[str, Driver]:
        path = self._board.tree.path
        return {path(cause.supplier): cause.driver for cause in self._causes}

    @cached_property
    def _causes(self) -> list[Cause]:
        return [each for each in self._timeline.causes() if self._is_late(each.comes)]

    @cached_property
    def _roots(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        path = self._board.tree.path
        for cause in self._causes:
            for node in dict.fromkeys((cause.supplier, *(each.node for each in cause.devices))):
                found.setdefault(path(node), []).append(path(cause.supplier))
        return found
