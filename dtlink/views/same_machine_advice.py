"""The effect where a devicetree and ACPI differ, and what to correct.

Log lines and behaviour: Linux 6.12, drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c,
arm_smmu_init_initial_stes() and arm_smmu_evtq_thread(); drivers/iommu/arm/arm-smmu/arm-smmu.c,
arm_smmu_global_fault(); drivers/pci/msi/msi.c; drivers/irqchip/irq-gic-v3.c,
gic_dist_supports_lpis(); drivers/irqchip/irq-gic-v3-its.c, its_map_one().
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from dtlink.facts.pci import bdf
from dtlink.links.same_machine import ACPI, DEVICETREE, Aspect
from dtlink.links.translation import SupplierKind
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.links.hosts import Host
    from dtlink.links.id_ranges import IdRange
    from dtlink.links.same_machine import Difference
    from dtlink.links.translation import Key, Supplier

#: Upper bound on the entries to write that are spelled out.
_SPELLED = 3

#: What happens to the DMA of a stream that the IOMMU's driver does not know.
_BLOCKED = {
    SupplierKind.SMMU_V3: (
        'the SMMU aborts their DMA (C_BAD_STREAMID, "event 0x02 received:", where its stream table '
        "has two levels; without a word in the log where it has one)"
    ),
    SupplierKind.SMMU: (
        'the SMMU blocks their DMA ("Blocked unknown Stream ID 0x…; boot with '
        '"arm-smmu.disable_bypass=0" to allow, but this may have security implications")'
    ),
    SupplierKind.VIRTIO: (
        "their DMA passes, untranslated, only while the device lets endpoints that are not "
        "attached bypass it"
    ),
}
_SOMEHOW = "their DMA meets an IOMMU that was not set up for it"
#: … and where the driver does not know the IOMMU itself.
_UNKNOWN = "the kernel does not set that IOMMU up: it treats their DMA as firmware has left it"


def name(supplier: Supplier) -> str:
    """A supplier by what it is on the machine."""
    key = supplier.key
    if len(key) == 3:
        place = bdf(key[2], key[1])
    else:
        place = key[1] if isinstance(key[1], str) else f"{key[1]:#x}"
    return f"{supplier.kind.value} {place}"


def board(found: Difference, described: Mapping[str, Container[Key]]) -> str:
    """What the user sees. ``described`` are the suppliers that each side has, by its name."""
    row = found.rows[0]
    one, other = row.devicetree, row.acpi
    if one is not None and other is not None:
        return _both(found.aspect, one.supplier.kind)
    way, has, lacks = (one, DEVICETREE, ACPI) if one is not None else (other, ACPI, DEVICETREE)
    if way is None:
        return ""
    if found.aspect is Aspect.IOMMU:
        blocked = _BLOCKED.get(way.supplier.kind, _SOMEHOW)
        if way.supplier.key not in described[lacks]:
            blocked = _UNKNOWN
        return _translated(name(way.supplier), has, lacks, blocked)
    return _interrupting(way.supplier, has, lacks)


def _both(aspect: Aspect, kind: SupplierKind) -> str:
    """What happens where the two give different suppliers, or other IDs at the same."""
    blocked = _BLOCKED.get(kind, _SOMEHOW)
    return {
        Aspect.IOMMU: (
            "only one IOMMU translates for these functions; booted with the description of the "
            f"other one, the kernel sets up that, and {blocked}"
        ),
        Aspect.STREAM: (
            "their DMA comes with one ID; booted with the description that has another, the "
            f"kernel sets up a stream that is not theirs, and {blocked}"
        ),
        Aspect.MSI: (
            "booted with the description that is wrong, their interrupts go to a controller that "
            "does not expect them: they never come, and requests time out"
        ),
        Aspect.DEVICE: (
            "the ITS drops MSIs with an unknown device ID: booted with the "
            "description that is wrong, their interrupts never come, and requests time out"
        ),
    }[aspect]


def _translated(what: str, has: str, lacks: str, blocked: str) -> str:
    """What happens where one description gives an IOMMU and the other none."""
    return (
        f"the same kernel translates their DMA when booted with {has}, and not with {lacks}.\n"
        f"If {what} does translate for them: with {lacks} {blocked}.\n"
        f"If it does not: with {has} they use addresses that are not translated, and access the "
        "wrong memory"
    )


def _interrupting(supplier: Supplier, has: str, lacks: str) -> str:
    """What happens where one description gives an MSI controller and the other none."""
    what = name(supplier)
    told = (
        f"the same kernel has MSIs for them when booted with {has}, and none with {lacks}, if "
        f"{what} is there: then requests for MSIs fail with {lacks} (-ENOTSUPP), and drivers go "
        "back to INTx or give up.\n"
        f"If it is not there, they have none with {has} either"
    )
    base = supplier.key[1]
    if supplier.kind is not SupplierKind.ITS or not isinstance(base, int):
        return told
    return (
        f"{told}: the kernel looks for no ITS where GICD_TYPER.LPIS is 0, else it reads what "
        f'is not there (an external abort, or "ITS@{base:#018x}: No ITS detected, giving up")'
    )


def if_acpi_is_right(found: Difference, host: Host, labels: Mapping[Key, str]) -> str:
    """What to write in the devicetree; ``labels`` are what its nodes are called there."""
    ours, theirs = found.rows[0].devicetree, found.rows[0].acpi
    if theirs is None:
        where = ours.entry.name if ours else ""
        return f"in {host.path}: leave requester IDs {_ids(found)} out of {where}"
    prop = "iommu-map" if found.aspect in (Aspect.IOMMU, Aspect.STREAM) else "msi-map"
    label = labels.get(theirs.supplier.key, "&new")
    rows = [
        f"<{row.span.first:#x} {label} {row.acpi.ids.of(row.span).first:#x} {row.span.size:#x}>"
        for row in found.rows
        if row.acpi is not None
    ]
    new = f", where &new is a node for {name(theirs.supplier)}, which is missing"
    return f"in {host.path}: {prop} = {_some(rows)}{new if label == '&new' else ''}"


def if_devicetree_is_right(found: Difference, holder: str) -> str:
    """What to write in the tables; ``holder`` is the node that would have to say it."""
    ours, theirs = found.rows[0].devicetree, found.rows[0].acpi
    if ours is None and theirs is not None:
        if found.aspect is Aspect.IOMMU:
            return f"let {theirs.entry.path} leave out requester IDs {_ids(found)}"
        what = theirs.supplier
        also = ", and the ITS group that names it out of the IORT" * (what.kind is SupplierKind.ITS)
        return f"take {what.path} out of the MADT{also}, if there is no {name(what)}"
    rows = [
        f"{_span(row.span)} to {found.ids} {_span(row.devicetree.ids.of(row.span))}"
        for row in found.rows
        if row.devicetree is not None
    ]
    at = name(ours.supplier) if ours else ""
    virtio = ours is not None and ours.supplier.kind is SupplierKind.VIRTIO
    exact = virtio or holder.startswith("RIMT/")
    count = "" if exact else " (a count is one less than the IDs)"
    told = f"let {holder} send requester IDs {_some(rows)}, at {at}"
    return f"{told}, in place of what it does with them now{count}"


def _span(span: IdRange) -> str:
    return f"{span.first:#x}" if span.size == 1 else f"{span.first:#x}-{span.last:#x}"


def _ids(found: Difference) -> str:
    return _some([_span(span) for span in found.spans])


def _some(words: Sequence[str]) -> str:
    return listed(words, _SPELLED)
