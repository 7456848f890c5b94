"""Invalid bounds of a reserved memory region.

What it finds: an RMRR that ends before it begins, or whose bounds are not those of 4 KiB pages; and
an RMRR that is for no device.
Why it matters: "Your BIOS is broken; bad RMRR". Linux uses the region all the same: one that ends
before it begins maps nothing, one that begins within a page maps from the next page on. The device
goes on using what is not mapped, and its DMA is refused (keyboards, graphics, management
controllers). Regions that overlap, and devices with several, are legal.
What to do: a base that is a multiple of 4 KiB, and as last address the last byte of a page.
References: Intel VT-d, 8.4; Linux, drivers/iommu/intel/iommu.c, rmrr_sanity_check(),
intel_iommu_get_resv_regions(), and drivers/iommu/iommu.c, iommu_create_device_direct_mappings().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Rmrr
from dtlink.rules.dmar._words import BUG, listed
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "more memory is mapped for the devices"),
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          region: rmrr base=0x7b800000 last=0x7b000000
            endpoint hops="02.0"
        """,
        finds=("region:last",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          region: rmrr base=0x7b800000 last=0x7fffffff
            endpoint hops="02.0"
        """
    ),
    needs=("DMAR",),
)
def reserved_region(board: TablesBoard) -> Iterator[Finding]:
    """One finding a region."""
    table = board.machine.dmar
    for region in table.remappings if table else ():
        if isinstance(region, Rmrr) and region.has("last"):
            yield from _check(region)


def _check(region: Rmrr) -> Iterator[Finding]:
    if region.last < region.base:
        yield _finding(region, "last", "ends before it begins", "nothing is mapped")
    elif region.base & 0xFFF:
        yield _finding(
            region, "base", "begins within a page", "the first page is not mapped for its devices"
        )
    elif (region.last + 1) & 0xFFF:
        yield _finding(
            region,
            "last",
            "ends within a page",
            "Linux maps the whole last page, which holds other data too",
            Severity.WARNING,
        )
    elif region.end - region.start == region.SIZE:
        yield _for_nobody(region)


def _finding(
    region: Rmrr, field: str, fault: str, result: str, severity: Severity | None = None
) -> Finding:
    refused = (
        ""
        if severity
        else '; DMA to unmapped memory is refused ("DMAR: [DMA … NO_PASID] Request …")'
    )
    bounds = f"[{region.base:#018x}-{region.last:#018x}]"
    devices = listed(each.identity for each in region.scopes) or "no device"
    return reserved_region.finding(
        region,
        f"the region {region.identity} of {devices} {fault}",
        property_name=field,
        effect=f'"{BUG}Your BIOS is broken; bad RMRR {bounds}": {result}{refused}',
        fix=_fix(region),
        severity=severity,
    )


def _fix(region: Rmrr) -> Fix | str:
    if region.last < region.base:
        return "Set base to the first byte of a page, and last to the last byte of the last page."
    whole = region.base & ~0xFFF, region.last | 0xFFF
    text = f"Set base to {whole[0]:#x} and last to {whole[1]:#x}, whole pages."
    if not region.scopes:
        return text
    return Fix.setting(
        text,
        (region, "base", whole[0]),
        (region, "last", whole[1]),
    )


def _for_nobody(region: Rmrr) -> Finding:
    return reserved_region.finding(
        region,
        f"the region {region.identity} has no device scope: it applies to no device",
        effect="no device has it mapped; if one uses it, its DMA is refused",
        fix="Add the device scopes of the devices that use it, or remove the structure.",
        severity=Severity.INFO,
    )
