"""Whether a function is isolated from its neighbours by Access Control Services.

Source: Linux, drivers/pci/pci.c, pci_acs_enabled(), pci_acs_path_enabled(), pci_std_enable_acs();
drivers/iommu/iommu.c, REQ_ACS_FLAGS; drivers/pci/quirks.c, pci_dev_specific_acs_enabled().
"""

from __future__ import annotations

from dtlink.facts.pci_quirks import ISOLATION, Isolation
from dtlink.firmware.pci.functions import Acs, Function, PortType
from dtlink.links.pci.hierarchy import PciHierarchy

_SOURCE_VALIDATION, _REQUEST_REDIRECT, _COMPLETION_REDIRECT, _UPSTREAM_FORWARDING = 1, 4, 8, 0x10
#: The bits of ACS that a function needs to be isolated.
REQUIRED = _SOURCE_VALIDATION | _REQUEST_REDIRECT | _COMPLETION_REDIRECT | _UPSTREAM_FORWARDING

_NEVER = (PortType.PCIE_BRIDGE, PortType.PCI_BRIDGE, PortType.EVENT_COLLECTOR)
_ALWAYS = (PortType.DOWNSTREAM, PortType.ROOT_PORT)


class Isolations:
    """Which functions of a machine are isolated.

    Where no function at all has ACS switched on and none is known to be in a group, the machine ran
    without an IOMMU: with one, Linux switches on what each can (``assumed``). Not all kernels do so
    in time on devicetree machines: there the groups are larger.
    """

    def __init__(self, hierarchy: PciHierarchy, *, has_ivrs: bool = False) -> None:
        self.hierarchy = hierarchy
        self._has_ivrs = has_ivrs
        self._isolated: dict[tuple[int, int], bool] = {}
        self._path: dict[tuple[int, int], bool] = {}
        acs = [each.acs for each in hierarchy.functions if each.acs is not None]
        self.listed: bool = bool(acs)
        """Whether a function has ACS, as far as the list says."""
        has_groups = any(each.group is not None for each in hierarchy.functions)
        self.assumed: bool = not has_groups and not any(each.control & REQUIRED for each in acs)
        """Whether what Linux switches on is assumed, not seen."""

    def isolated(self, function: Function) -> bool:
        """Whether all its DMA passes through the IOMMU (pci_acs_enabled())."""
        place = function.segment, function.rid
        if place not in self._isolated:
            self._isolated[place] = self._is_isolated(function)
        return self._isolated[place]

    def _is_isolated(self, function: Function) -> bool:
        by_quirk = self._by_quirk(function)
        if by_quirk is not None:
            return by_quirk
        if function.port is None or function.port in _NEVER:
            return False
        if function.port in _ALWAYS or self.hierarchy.is_multifunction(function):
            return self._is_on(function.acs)
        return True

    def path_isolated(self, function: Function) -> bool:
        """Whether it and all bridges above it are isolated (pci_acs_path_enabled())."""
        place = function.segment, function.rid
        if place not in self._path:
            way = (function, *self.hierarchy.above(function))
            self._path[place] = all(map(self.isolated, way))
        return self._path[place]

    def _is_on(self, acs: Acs | None) -> bool:
        if acs is None:
            return False
        needed = REQUIRED & acs.capability
        return self.assumed or acs.control & needed == needed

    def _by_quirk(self, function: Function) -> bool | None:
        for row in ISOLATION:
            if function.vendor != row.vendor or (row.ports and function.port not in row.ports):
                continue
            if row.in_amd_hub and not self._is_in_hub(function):
                continue
            if row.needs_acs and function.acs is None:
                continue
            if _is_listed(row, function.device):
                return True
            if row.others_lack:
                return False
        return None

    def _is_in_hub(self, function: Function) -> bool:
        hierarchy = self.hierarchy
        on_root = hierarchy.bridge(function) is None
        return self._has_ivrs and on_root and hierarchy.is_multifunction(function)


def _is_listed(row: Isolation, device: int | None) -> bool:
    return not row.devices or any(device in each for each in row.devices)
