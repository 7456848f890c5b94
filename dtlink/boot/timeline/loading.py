"""When a device's driver is there, and which waits the kernel ends before that.

The timeout counts from the last driver registration, so what the initramfs loads comes before it
(Linux, drivers/base/dd.c, driver_deferred_probe_check_state(), deferred_probe_initcall(),
deferred_probe_timeout_work_func()).
"""

from __future__ import annotations

from functools import cached_property, lru_cache

from dtlink.boot.timeline.clock import RootTiming
from dtlink.boot.timeline.model import earliest, is_later
from dtlink.facts.outcomes import Driver, Outcome, State, When
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from dtlink.boot.timeline.judge import Verdict
    from dtlink.facts.profile import KernelProfile
    from dtlink.kernel.holdings.model import Holdings
    from dtlink.kernel.initramfs import Initramfs

#: Upper bound on drivers that are remembered: parts of devices are served by a node of one board.
_REMEMBERED = 32_768

_STATES = {
    State.BUILT_IN: When.INITCALL,
    State.EARLY: When.INITCALL,
    State.SERVED: When.INITCALL,  # as soon as the driver above it is there
    State.NO_DEVICE: When.INITCALL,
    State.NOT_BUILT: When.NEVER,
    State.UNKNOWN: When.UNKNOWN,
    State.NO_DRIVER: When.UNKNOWN,  # others look such nodes up; or a driver is not of the source
}


@lru_cache(maxsize=4)
def loading_of(initramfs: Initramfs | None, build: Holdings | None) -> Loading:
    """Where the modules of a kernel are, for all boards that boot it with an initramfs."""
    return Loading(initramfs, build=build)


class Loading:
    """Where modules are, so when they are loaded.

    Without an initramfs every module is on the root file system. ``root`` names the modules that
    are there (``None``: all). ``build``, if given, knows which modules need which.
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
        self._times: dict[Driver, When] = {}

    def comes(self, driver: Driver) -> When:
        """When a driver is registered."""
        found = self._times.get(driver)
        if found is None:
            if len(self._times) >= _REMEMBERED:
                self._times.clear()
            found = self._times[driver] = self._comes(driver)
        return found

    def _comes(self, driver: Driver) -> When:
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
        build = self._build
        if build is None or not build.release:
            return self._initramfs.modules
        return self._initramfs.modules_for(build.release, is_whole=build.has_whole_release)

    @cached_property
    def _named(self) -> frozenset[str]:
        """The modules that the initramfs loads by name, with what these need."""
        order = self._initramfs.order if self._initramfs else ()
        return frozenset(order if self._build is None else (*order, *self._build.closure(order)))


@lru_cache(maxsize=16)
def limits_of(profile: KernelProfile, timing: RootTiming, *, modules: bool) -> Limits:
    """The limits of a kernel, for all boards that boot it with the same command line."""
    return Limits(profile, timing, modules=modules)


class Limits:
    """The limits of one kernel and command line.

    ``timing`` is that of the root filesystem's modules; not known counts as too late.
    ``modules`` says whether the kernel has CONFIG_MODULES.
    """

    def __init__(self, profile: KernelProfile, timing: RootTiming, *, modules: bool = True) -> None:
        timeout = profile.deferred_probe_timeout
        self.modules = modules
        self.verdicts: dict[tuple[Any, ...], Verdict] = {}
        """What was judged under these limits (:mod:`dtlink.boot.timeline.judge`)."""
        self._at_once = not modules or timeout == 0 or not profile.timeout_holds_requests
        self._expires = timeout > 0
        self._root_in_time = timing is RootTiming.IN_TIME

    def in_time(self, when: When) -> bool:
        """Whether something comes before the timeout, where there is one."""
        return when in (When.INITCALL, When.INITRAMFS) or (when is When.ROOT and self._root_in_time)

    def end_requests(self, when: When) -> bool:
        """Whether requests with a limit have been ended by then."""
        if self._at_once:
            return when is not When.INITCALL
        return self._expires and not self.in_time(when)

    def end_links(self, when: When) -> bool:
        """Whether the device links to what has no driver have been relaxed by then.

        With ``deferred_probe_timeout=0`` they never are: the work that would do it is not queued.
        """
        if not self.modules:
            return when is not When.INITCALL
        return self._expires and not self.in_time(when)

    @property
    def goes_on(self) -> When:
        """When a consumer goes on whose request has been ended."""
        return When.INITCALL if self._at_once else When.INITRAMFS

    def met(self, when: When) -> Outcome:
        """How a consumer ends that waits until its supplier comes."""
        if when is When.NEVER:
            return Outcome.NEVER
        return Outcome.LATE if self.in_time(when) else Outcome.RECOVERS
