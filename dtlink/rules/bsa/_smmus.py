"""The SMMUs of an IORT by the version of their architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IortNode, Smmu, SmmuV3
from dtlink.rules.iort._nodes import nodes

#: The architecture version of each model of an SMMUv1 or v2 node: generic v1 and v2, MMU-400,
#: MMU-500, MMU-401, ThunderX. Source: Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c,
#: acpi_smmu_get_data(); ACPICA, actbl2.h.
VERSION_OF_MODEL: Mapping[int, int] = {0: 1, 1: 2, 2: 1, 3: 2, 4: 1, 5: 2}


def by_version(board: TablesBoard) -> dict[int, Sequence[IortNode]]:
    """The nodes of each version there is; those of an unknown model are left out."""
    found: dict[int, list[IortNode]] = {}
    for node in nodes(board, Smmu):
        if version := VERSION_OF_MODEL.get(node.model):
            found.setdefault(version, []).append(node)
    for v3 in nodes(board, SmmuV3):
        found.setdefault(3, []).append(v3)
    return {**found}
