"""Old bindings."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.rules.model import Severity
from tests.support.faults.bed import Bed
from tests.support.faults.iommu import generic_smmus
from tests.support.faults.model import ERROR, INFO, WARNING, Fault, Planted, fault, faults_of


@fault("legacy/mmu-masters", ERROR, boards=14)
def smmu_of_the_old_kind(bed: Bed) -> Planted | None:
    smmu = None if any(generic_smmus(bed)) else _old_smmu(bed)
    return None if smmu is None else Planted(bed.path(smmu), "mmu-masters")


@fault("legacy/mixed-iommu-bindings", ERROR)
def smmus_of_both_kinds(bed: Bed) -> Planted | None:
    own = list(generic_smmus(bed))
    old = _old_smmu(bed)
    new = bed.add("seeded-smmu-2", compatible="arm,mmu-500", _iommu_cells=1)
    if old is None:
        return None
    smmus = bed.paths((*own, old, new))
    return Planted(bed.path(new), "#iommu-cells", touched=smmus, together=smmus)


def _old_smmu(bed: Bed) -> int | None:
    masters = list(bed.devices())[:2]
    if not masters:
        return None
    entries = []
    for number, node in enumerate(masters):
        bed.set(node, _stream_id_cells=1)
        entries += [bed.phandle(node), 0x10 + number]
    return bed.add("seeded-smmu", compatible="arm,mmu-401", mmu_masters=tuple(entries))


@fault("phandle/missing-cells", ERROR, boards=14)
def master_without_stream_id_cells(bed: Bed) -> Planted | None:
    smmu = None if any(generic_smmus(bed)) else _old_smmu(bed)
    if smmu is None:
        return None
    master = next(bed.devices())
    bed.drop(master, "#stream-id-cells")
    return Planted(bed.path(smmu), "mmu-masters", together=bed.paths((smmu, master)))


@fault("legacy/stream-id-cells", WARNING)
def master_that_no_smmu_lists(bed: Bed) -> Planted | None:
    node = bed.pick(bed.devices())
    if node is None:
        return None
    bed.set(node, _stream_id_cells=1)
    bed.add("seeded-smmu", compatible="arm,mmu-500", _iommu_cells=1)
    return Planted(bed.path(node), "#stream-id-cells")


@fault("legacy/dead-compatible", ERROR, boards=12)
def regulator_of_the_old_kind(bed: Bed) -> Planted | None:
    fixed = [
        node
        for node in bed.enabled("compatible", "regulator-name")
        if "regulator-fixed" in bed.tree[node].compatible
    ]
    node = bed.pick(fixed)
    if node is None:
        return None
    bed.set(node, compatible="reg-fixed-voltage")
    return Planted(bed.path(node), "compatible")


def _renamed(
    rule: str, severity: Severity, old: str, new: str, boards: int, beside: str = "compatible"
) -> Fault:
    """The fault of a property under its old name."""

    def plant(bed: Bed) -> Planted | None:
        node = bed.pick(bed.enabled(old, beside))
        if node is None or bed.has(node, new):
            return None
        bed.rename(node, old, new)
        return _with_others(bed, node, new, bed.enabled(new))

    return Fault(rule, f"{new} for {old}", severity, boards, plant)


def _with_others(bed: Bed, node: int, name: str, others: Iterable[int]) -> Planted:
    """What a rule tells once a board: where others have it too, any of them is the subject."""
    if any(others):
        return Planted(bed.path(node), together=bed.paths((node,)))
    return Planted(bed.path(node), name)


samsung_power_domain = _renamed(
    "legacy/dead-property", WARNING, "power-domains", "samsung,power-domain", 8
)
usb_phy = _renamed("legacy/hidden-link", INFO, "phys", "fsl,usbphy", 10)
cpu0_supply = _renamed("legacy/old-name", INFO, "cpu-supply", "cpu0-supply", 2)
wakeup = _renamed("legacy/old-name", INFO, "wakeup-source", "gpio-key,wakeup", 6, "wakeup-source")


@fault("legacy/dead-property", WARNING)
def clocks_as_a_regulator(bed: Bed) -> Planted | None:
    """clocks-supply, which fw_devlink takes for a regulator."""
    clock = bed.pick(sorted({ref.supplier for ref in bed.references("clocks")}))
    node = bed.pick(bed.devices())
    if clock is None or node is None:
        return None
    bed.set(node, clocks_supply=bed.phandle(clock))
    return Planted(bed.path(node), "clocks-supply")


@fault("legacy/singular-gpio", INFO, boards=14)
def gpio_in_the_singular(bed: Bed) -> Planted | None:
    # Vendors' own names in the singular are not what the GPIO library looks for.
    ref = bed.pick(
        ref
        for ref in bed.references("*-gpios")
        if bed.has(ref.node, "compatible") and "," not in bed.property_name(ref)
    )
    if ref is None:
        return None
    old = bed.property_name(ref)
    bed.rename(ref.node, old, old[:-1])
    others = (name for name in bed.tree.columns if name.endswith("-gpio"))
    return _with_others(bed, ref.node, old[:-1], (n for o in others for n in bed.tree.holders(o)))


@fault("legacy/both-gpio-names", WARNING, boards=12)
def old_gpio_beside_the_new_one(bed: Bed) -> Planted | None:
    ref = bed.pick(ref for ref in bed.references("*-gpios") if ref.args and not ref.entry)
    if ref is None:
        return None
    old = bed.property_name(ref)[:-1]
    cells = bed.get(ref.node, f"{old}s")[: 1 + ref.args]
    bed.put(ref.node, old, (*cells[:-1], cells[-1] ^ 1))
    return Planted(bed.path(ref.node), old)


@fault("legacy/redundant-interrupts", INFO)
def interrupts_twice(bed: Bed) -> Planted | None:
    both = [node for node in bed.enabled("interrupts") if bed.has(node, "interrupts-extended")]
    # A specifier that goes through a nexus names the nexus, not the controller behind it.
    direct = [
        ref
        for ref in bed.references("interrupts")
        if ref.node not in both and bed.tree.cell("#interrupt-cells", ref.supplier) == ref.args
    ]
    ref = bed.pick(direct)
    if ref is None:
        return None
    specifier = bed.get(ref.node, "interrupts")[: ref.args]
    bed.set(ref.node, interrupts_extended=(bed.phandle(ref.supplier), *specifier))
    return _with_others(bed, ref.node, "interrupts", both)


@fault("legacy/dmas-without-names", INFO, boards=10)
def dma_channels_without_names(bed: Bed) -> Planted | None:
    node = bed.pick(bed.enabled("dmas", "dma-names"))
    if node is None:
        return None
    bed.drop(node, "dma-names")
    others = [other for other in bed.enabled("dmas") if not bed.has(other, "dma-names")]
    return _with_others(bed, node, "dmas", others)


FAULTS = faults_of(globals())
