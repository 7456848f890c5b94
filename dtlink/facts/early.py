"""What the kernel starts before there are devices, by ``compatible``.

Interrupt controllers, clocks and timers are started from tables that the linker gathers (Linux,
include/linux/of.h, OF_DECLARE_1() and its kind). Such a node serves its consumers wherever it
stands in the tree, whether or not a device is ever made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.facts.shipped import shipped

#: Tables whose entries make the kernel mark a node as initialised, so that nobody waits for it
#: (drivers/clk/clk.c, of_clk_add_provider(); kernel/irq/irqdomain.c, __irq_domain_create()).
_PROVIDERS = ("CLK_OF_DECLARE", "CLK_OF_DECLARE_DRIVER", "IRQCHIP_DECLARE")


def early_tables(version: KernelVersion = DEFAULT) -> Mapping[str, frozenset[str]]:
    """All compatible strings by the macro that declares them (``CLK_OF_DECLARE`` …)."""
    return _tables(shipped("early", version))


@lru_cache(maxsize=8)
def _tables(path: Path) -> Mapping[str, frozenset[str]]:
    import json

    tables: Mapping[str, list[str]] = json.loads(path.read_text(encoding="ascii"))
    return {kind: frozenset(names) for kind, names in tables.items()}


def is_served_early(compatible: Iterable[str], version: KernelVersion = DEFAULT) -> bool:
    """Whether a node of these ``compatible`` strings is a provider without being a device."""
    names, tables = tuple(compatible), early_tables(version)
    return any(not tables[kind].isdisjoint(names) for kind in _PROVIDERS)
