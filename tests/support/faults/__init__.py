"""Faults that can be seeded into real boards: for each rule those that it must find.

One function, or one row, is one fault; it chooses a suitable place on a board, spoils it, and says
where the finding must be.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.faults import (
    cycle,
    id_map,
    interrupts,
    iommu,
    legacy,
    lists,
    phandle,
    specifier,
    supplier,
    tree,
)
from tests.support.faults.model import Fault

_MODULES = (phandle, specifier, interrupts, supplier, cycle, iommu, id_map, legacy, lists, tree)

FAULTS: tuple[Fault, ...] = tuple(fault for module in _MODULES for fault in module.FAULTS)

#: Rules for which no fault is seeded, and why.
NOT_SEEDED: Mapping[str, str] = {
    "version/behaviour-change": "compares two kernels on one board, which has no fault",
    "source/invalid-comment": "is about comments, which a blob does not have",
    **{
        f"overlay/{name}": "is about overlays: tests/firmware/overlay changes pairs of them"
        for name in (
            *("config-txt", "empty", "invalid-fixup", "lost-node", "no-base", "no-target"),
            *("phandle-clash", "run-time", "unit-address", "unknown-label", "without-base"),
        )
    },
    "supplier/wrong-kind": "needs two drivers of which the source was read to the end",
}
