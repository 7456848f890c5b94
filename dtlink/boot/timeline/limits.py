"""Which waits a kernel ends, and before which of the times.

Source: Linux, drivers/base/dd.c (driver_deferred_probe_check_state(), deferred_probe_initcall(),
deferred_probe_timeout_work_func()). The timeout counts from the last driver registration, so what
the initramfs loads comes before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtlink.facts.outcomes import Outcome, When

if TYPE_CHECKING:
    from dtlink.facts.profile import KernelProfile


class Limits:
    """The limits of one kernel and command line.

    ``root_after`` is the time from the last driver of the initramfs to the root file system's
    first, in seconds; ``modules`` says whether the kernel has CONFIG_MODULES.
    """

    def __init__(self, profile: KernelProfile, root_after: float, *, modules: bool = True) -> None:
        timeout = profile.deferred_probe_timeout
        self.modules = modules
        self._at_once = not modules or timeout == 0 or not profile.timeout_holds_requests
        self._expires = timeout > 0
        self._root_in_time = 0 < root_after < timeout

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
