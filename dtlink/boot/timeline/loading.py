"""When a device's driver is there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from dtlink.boot.timeline.model import earliest, is_later
from dtlink.facts.outcomes import Driver, State, When

if TYPE_CHECKING:
    from collections.abc import Collection

    from dtlink.kernel.holdings.model import Holdings
    from dtlink.kernel.initramfs import Initramfs

_STATES = {
    State.BUILT_IN: When.INITCALL,
    State.EARLY: When.INITCALL,
    State.SERVED: When.INITCALL,  # as soon as the driver above it is there
    State.NO_DEVICE: When.INITCALL,
    State.NOT_BUILT: When.NEVER,
    State.UNKNOWN: When.UNKNOWN,
}


class Loading:
    """Where modules are, so when they are loaded.

    Without an initramfs every module is on the root file system. ``root`` names the modules that
    are there (``None``: all). ``build``, if given, tells which modules need which.
    """

    def __init__(
        self,
        initramfs: Initramfs | None,
        root: Collection[str] | None = None,
        build: Holdings | None = None,
    ) -> None:
        self._initramfs = initramfs
        self._root = root if root is None else frozenset(root)
        self._build = build

    def comes(self, driver: Driver) -> When:
        """When a driver is registered."""
        if driver.modules and driver.state in (State.MODULE, State.SERVED):
            return earliest(self.loaded(name) for name in driver.modules)
        return _STATES.get(driver.state, When.UNKNOWN)

    def loaded(self, name: str) -> When:
        """When a module can be loaded, with all that it depends on."""
        own = self._loaded(name)
        module = self._build.modules.get(name) if self._build else None
        for needed in module.depends if module else ():
            if is_later(when := self._loaded(needed), own):
                own = when
        return own

    def _loaded(self, name: str) -> When:
        image = self._initramfs
        if image is not None:
            if name in self._modules:
                loads = image.udev or not image.order or name in self._named
                return When.INITRAMFS if loads else When.UNKNOWN
            if not image.complete:
                return When.UNKNOWN
        return When.ROOT if self._root is None or name in self._root else When.NEVER

    @cached_property
    def _modules(self) -> frozenset[str]:
        if self._initramfs is None:
            return frozenset()
        release = self._build.release if self._build else ""
        return self._initramfs.modules_for(release) if release else self._initramfs.modules

    @cached_property
    def _named(self) -> frozenset[str]:
        """The modules that the initramfs loads by name, with what these need."""
        order = self._initramfs.order if self._initramfs else ()
        return frozenset(order if self._build is None else (*order, *self._build.closure(order)))
