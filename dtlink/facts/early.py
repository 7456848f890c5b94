"""What the kernel starts before there are devices, by ``compatible``.

Interrupt controllers, clocks and timers are started from tables that the linker gathers (Linux,
include/linux/of.h, OF_DECLARE_1() and its kind). Such a node serves its consumers wherever it
stands in the tree, whether or not a device is ever made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from dtlink.facts.kernels import DEFAULT, KernelVersion, since
from dtlink.facts.shipped import shipped

#: Tables whose entries make the kernel mark a node as initialised, so that no device waits for it
#: (drivers/clk/clk.c, of_clk_add_provider(); kernel/irq/irqdomain.c, __irq_domain_create()).
_PROVIDERS = ("CLK_OF_DECLARE", "CLK_OF_DECLARE_DRIVER", "IRQCHIP_DECLARE")


#: What an architecture starts by itself: arch/nios2/kernel/irq.c, init_IRQ().
_BY_ARCHITECTURE = frozenset(("altr,nios2-1.0", "altr,nios2-1.1"))
#: Interrupt controllers that got a driver instead of early code together with their parent's
#: (drivers/irqchip/irq-ls-extirq.c); the nearest file of data may be of an older version.
_EXTIRQ = frozenset(("fsl,ls1021a-extirq", "fsl,ls1043a-extirq", "fsl,ls1088a-extirq"))
_HAS_DRIVERS = since("6.19")


def early_tables(version: KernelVersion = DEFAULT) -> Mapping[str, frozenset[str]]:
    """All compatible strings by the macro that declares them (``CLK_OF_DECLARE`` …)."""
    return _tables(shipped("early", version), version in _HAS_DRIVERS)


@lru_cache(maxsize=8)
def _tables(path: str, has_drivers: bool) -> Mapping[str, frozenset[str]]:  # noqa: FBT001 - a key
    with open(path, encoding="utf-8") as file:
        rows = [line.split() for line in file]
    gone = _EXTIRQ if has_drivers else frozenset()
    found = {macro: frozenset(names) - gone for macro, *names in rows}
    return {**found, "IRQCHIP_DECLARE": found["IRQCHIP_DECLARE"] | _BY_ARCHITECTURE}


def is_served_early(compatible: Iterable[str], version: KernelVersion = DEFAULT) -> bool:
    """Whether a node of these ``compatible`` strings is a provider without being a device."""
    names, tables = tuple(compatible), early_tables(version)
    return any(not tables[kind].isdisjoint(names) for kind in _PROVIDERS)


def is_started_early(compatible: Iterable[str], version: KernelVersion = DEFAULT) -> bool:
    """Whether the kernel starts a node of these ``compatible`` strings before there are devices."""
    names = tuple(compatible)
    return any(not table.isdisjoint(names) for table in early_tables(version).values())
