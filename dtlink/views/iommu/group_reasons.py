"""Why Linux puts PCI functions in one IOMMU group.

Source: Linux 7.2, drivers/iommu/iommu.c, pci_device_group(); drivers/pci/pci.c, pci_acs_enabled().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.links.pci.aliases import dma_aliases
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.pci.functions import Function
    from dtlink.links.pci.groups import IommuGroups

_ASSUMED = "as Linux switches ACS on where there is an IOMMU; the list is of a machine without"


def group_reasons(groups: IommuGroups, function: Function) -> Iterator[str]:
    """The reasons for which a function is not alone, which it is known not to be."""
    yield from _of_aliases(groups, function)
    hierarchy, isolated = groups.hierarchy, groups.isolations.isolated
    for each in hierarchy.above(function):
        if not isolated(each):
            yield f"the bridge {each.name} does not isolate what is behind it (ACS)"
    if hierarchy.is_multifunction(function) and not isolated(function):
        yield "the functions of its device are not isolated from each other (ACS)"
    if function.is_bridge and not isolated(function):
        yield "it does not isolate what is behind it (ACS)"
    if groups.isolations.assumed and groups.isolations.listed:
        yield _ASSUMED


def _of_aliases(groups: IommuGroups, function: Function) -> Iterator[str]:
    for alias in dma_aliases(groups.hierarchy, function)[1:]:
        if alias.function is function:
            yield f"its DMA has the requester ID {alias.rid:#x} too, by a quirk"
        else:
            yield f"{alias.function.name} gives its DMA the requester ID {alias.rid:#x}"
