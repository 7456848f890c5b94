"""What becomes of the devices that ACPI tables put behind an IOMMU.

A consumer asks for its IOMMU when its DMA is configured, and its probe is deferred. Until when
depends on the kernel: see :mod:`dtlink.facts.acpi_suppliers` for the rows and their sources.
"""

from __future__ import annotations

from functools import cached_property

from dtlink.boot.timeline.clock import RootTiming, root_timing
from dtlink.boot.timeline.loading import Limits, Loading
from dtlink.boot.timeline.model import AcpiDependency, is_later, latest
from dtlink.facts.acpi_suppliers import SUPPLIERS, AcpiSupplier, Without, outcome
from dtlink.facts.outcomes import Driver, Outcome, State, Wait, When
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from dtlink.facts.profile import KernelProfile
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.kernel.holdings.model import Holdings
    from dtlink.kernel.initramfs import Initramfs
    from dtlink.links.acpi.link import TableLink

_BUILT_IN = Driver(State.BUILT_IN)
#: The initcalls that register the drivers of the rows, for ``initcall_blacklist=`` (Linux 6.12,
#: drivers/iommu/arm/arm-smmu*/arm-smmu*.c, module_driver(); drivers/iommu/virtio-iommu.c).
_INITCALLS = {
    "smmu": "arm_smmu_driver_init",
    "smmu-v3": "arm_smmu_driver_init",
    "virtio-iommu-pci": "virtio_iommu_drv_init",
    "virtio-iommu-mmio": "virtio_iommu_drv_init",
}


class AcpiTimeline:
    """When the IOMMUs of a machine come, and what their consumers do until then.

    ``config`` is the kernel's configuration, keys without ``CONFIG_``, unset options absent;
    ``None``: it is not known. ``blacklist`` are initcalls that the kernel leaves out. The
    other parameters are those of :class:`~dtlink.boot.timeline.timeline.Timeline`.
    """

    def __init__(
        self,
        machine: Machine,
        profile: KernelProfile,
        config: Mapping[str, str] | None,
        *,
        initramfs: Initramfs | None = None,
        root: Collection[str] | None = None,
        root_after: float | None = None,
        root_delay: int | None = None,
        build: Holdings | None = None,
        blacklist: Collection[str] = (),
    ) -> None:
        self._machine = machine
        self._config = config
        self._version = profile.version
        modules = (config or {}).get("MODULES", "y") == "y"
        timing = root_timing(profile, root_after, None if initramfs else root_delay)
        best = RootTiming.IN_TIME if timing is RootTiming.UNKNOWN else timing
        self._limits = Limits(profile, timing, modules=modules)
        self._if_in_time = Limits(profile, best, modules=modules)
        self._loading = Loading(initramfs, root, build)
        self._blacklist = frozenset(blacklist)

    @cached_property
    def waits(self) -> Sequence[AcpiDependency]:
        """Every link that Linux uses, for consumers whose drivers are built in."""
        return self.behind(_BUILT_IN)

    def behind(self, driver: Driver) -> Sequence[AcpiDependency]:
        """The same, for consumers that have a driver such as this one."""
        from dtlink.links.acpi.graph import links

        ready = self._loading.comes(driver)
        return [
            self._judge(told, ready)
            for told in links(self._machine, self._version)
            if not told.why_not
        ]

    @cached_property
    def absences(self) -> Sequence[Outcome]:
        """For each of :attr:`waits`: how its consumer ends if the supplier's driver never binds."""
        from dtlink.links.acpi.graph import links

        rows = [
            SUPPLIERS.get(told.supplier.WORD)
            for told in links(self._machine, self._version)
            if not told.why_not
        ]
        return [self._end(row, When.NEVER, When.INITCALL, self._limits)[1] for row in rows]

    def _judge(self, told: TableLink, ready: When) -> AcpiDependency:
        row = SUPPLIERS.get(told.supplier.WORD)
        comes = When.UNKNOWN if row is None else self.comes(row)
        wait, end = self._end(row, comes, ready, self._limits)
        _, if_in_time = self._end(row, comes, ready, self._if_in_time)
        modules = () if row is None else self._modules(row)
        config = "" if row is None else row.config
        return AcpiDependency(
            told.consumer,
            told.supplier,
            told.binding.name,
            config,
            modules,
            comes,
            wait,
            end,
            if_in_time,
        )

    def _end(
        self, row: AcpiSupplier | None, comes: When, ready: When, limits: Limits
    ) -> tuple[Wait, Outcome]:
        if row is None or self._config is None:
            return Wait.NONE, Outcome.UNKNOWN
        without = outcome(row.word, self._option(row.config))
        if without is Without.UNTRANSLATED:
            return Wait.NONE, Outcome.DEGRADED
        if without is not Without.DEFERS or not is_later(comes, ready):
            return Wait.NONE, Outcome.OK
        is_limited = row.waits_end.on(self._version)
        wait = Wait.IOMMU_ACPI_TIMEOUT if is_limited else Wait.IOMMU_ACPI
        if When.UNKNOWN in (comes, ready):
            return wait, Outcome.UNKNOWN
        if is_limited and limits.end_requests(comes):
            # A consumer that asks after requests were ended is refused, and has not waited.
            return Wait.NONE if limits.end_requests(ready) else wait, Outcome.DEGRADED
        return wait, limits.met(comes)

    def comes(self, row: AcpiSupplier) -> When:
        """When the IOMMUs of a row are there."""
        if self._config is None:
            return When.UNKNOWN
        if _INITCALLS.get(row.word) in self._blacklist:
            return When.NEVER
        return latest(self._driver(each) for each in (row.config, *row.also))

    def _driver(self, config: str) -> When:
        option = self._option(config)
        if option != "m":
            return When.INITCALL if option == "y" else When.NEVER
        return self._loading.loaded(self._module(config))

    def _option(self, config: str) -> str:
        found = self._config.get(config, "n") if self._config else "n"
        return found if found in ("y", "m") else "n"

    def _module(self, config: str) -> str:
        """The module that an option builds: for those beside the row's own, of the same name."""
        rows = (row.module for row in SUPPLIERS.values() if row.config == config)
        return next(rows, "") or config.lower()

    def _modules(self, row: AcpiSupplier) -> tuple[str, ...]:
        options = (row.config, *row.also)
        return tuple(self._module(each) for each in options if self._option(each) == "m")
