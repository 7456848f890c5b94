"""Faults that can be seeded into real boards: for each rule those that it must find.

One function, or one row, is one fault; it chooses a suitable place on a board, spoils it, and says
where the finding must be.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.faults import cycle, iommu, legacy, phandle, supplier, tree
from tests.support.faults.model import Fault

FAULTS: tuple[Fault, ...] = tuple(
    fault for module in (phandle, supplier, cycle, iommu, legacy, tree) for fault in module.FAULTS
)

#: Rules for which no fault is seeded, and why.
NOT_SEEDED: Mapping[str, str] = {}
