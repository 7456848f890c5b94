"""Who takes the MSIs of a requester, and whether they are isolated.

Isolated: the device cannot raise interrupts of others. An ITS does that, and an IOMMU that remaps
interrupts. Sources: Linux 7.2, kernel/irq/msi.c, msi_device_has_isolated_msi(), and who sets
IRQ_DOMAIN_FLAG_ISOLATED_MSI: drivers/iommu/intel/irq_remapping.c, drivers/iommu/amd/iommu.c,
drivers/irqchip/irq-gic-v3-its.c and irq-gic-v5-its.c.
"""

from __future__ import annotations

from dataclasses import replace

from dtlink.links.acpi.dmar_units import refused
from dtlink.links.translation import SupplierKind
from dtlink.rules.dmar.ioapic import ioapic
from dtlink.rules.ivrs.missing_ioapic import missing_ioapic
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING
from dtlink.views.iommu.rows import InterruptsRow

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard
    from dtlink.links.translation import Supplier
    from dtlink.rules.model import Finding

_NO_CONTROLLER = "no ITS takes its MSIs, as far as the tables say"
_NO_REMAPPING = "the DMAR says that the platform does not remap interrupts (INTR_REMAP is clear)"
_NO_RISCV = "Linux isolates no MSIs on RISC-V"
_NOTHING = "no table describes what remaps interrupts"
_NO_IOMMU = "no IOMMU that could remap its interrupts has it"
_FRAME = "a GICv2m frame takes any MSI"


def at_controller(found: Supplier, ident: int) -> InterruptsRow:
    """What an MSI controller makes of the MSIs that it takes."""
    if found.kind is SupplierKind.ITS:
        return InterruptsRow(controller=found.path, id=ident, isolated=True, reason=None)
    reason = _FRAME if found.kind is SupplierKind.FRAME else f"{found.path} is not an ITS"
    return InterruptsRow(controller=found.path, id=None, isolated=False, reason=reason)


def no_controller(reason: str) -> InterruptsRow:
    """Nothing takes or remaps the MSIs."""
    return InterruptsRow(controller=None, id=None, isolated=False, reason=reason)


def of_platform(board: TablesBoard) -> InterruptsRow:
    """The MSIs of requesters that no MSI controller of the tables takes.

    The IOMMU that remaps them is that of the requester: see :func:`of_requester`.
    """
    machine = board.machine
    if machine.dmar is not None:
        off = refused(machine.dmar)
        if off or not machine.dmar.remaps_interrupts:
            return no_controller(off or _NO_REMAPPING)
        return _by_findings(list(ioapic.check(board)))
    if machine.ivrs is not None:
        return _by_findings(list(missing_ioapic.check(board)))
    if machine.rimt is not None:
        return no_controller(_NO_RISCV)
    is_arm = machine.iort is not None or bool(machine.madt and machine.madt.gic_version)
    return no_controller(_NO_CONTROLLER if is_arm else _NOTHING)


def of_requester(
    platform: InterruptsRow, iommu: str | None, unless: str | None = None
) -> InterruptsRow:
    """The same for one requester, with its IOMMU; ``unless`` is what may give it one."""
    if not platform.isolated:
        return platform
    if iommu is None and unless:
        return replace(platform, isolated=None, reason=f"not remapped, {unless}")
    return no_controller(_NO_IOMMU) if iommu is None else replace(platform, controller=iommu)


def _by_findings(findings: list[Finding]) -> InterruptsRow:
    """Linux remaps all interrupts or none: what the rules find about I/O APICs decides."""
    serious = [each for each in findings if each.severity is not Severity.INFO]
    if not serious:
        return InterruptsRow(controller=None, id=None, isolated=True, reason=None)
    sure = any(each.severity is Severity.ERROR for each in serious)
    return InterruptsRow(
        controller=None,
        id=None,
        isolated=False if sure else None,
        reason=f"Linux does not remap interrupts: {serious[0].message}",
    )
