"""IOMMUs and stream IDs. Few boards have an SMMU, so most faults bring their own."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts.iommus import kind_of
from tests.support.faults.bed import Bed, Value
from tests.support.faults.model import ERROR, INFO, WARNING, Planted, fault, faults_of

#: SMMUs by version.
V2 = "arm,mmu-500"
V3 = "arm,smmu-v3"
#: Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_of_match[].
ARM_SMMU = (
    "arm,smmu-v1",
    "arm,smmu-v2",
    "arm,mmu-400",
    "arm,mmu-401",
    "arm,mmu-500",
    "cavium,smmu-v2",
    "nvidia,smmu-500",
    "qcom,smmu-v2",
)


def smmu(bed: Bed, compatible: str = V2, cells: int = 1, **more: Value) -> int:
    """Add an SMMU."""
    return bed.add("seeded-smmu", compatible=compatible, _iommu_cells=cells, **more)


def generic_smmus(bed: Bed) -> Iterator[int]:
    """The board's own SMMUs that arm-smmu binds to."""
    for node in bed.enabled("compatible"):
        if any(name in bed.tree[node].compatible for name in ARM_SMMU):
            yield node


@fault("iommu/cells", ERROR)
def iommu_cells_too_small(bed: Bed) -> Planted | None:
    iommu, master = smmu(bed, cells=0), bed.pick(bed.devices())
    if master is None:
        return None
    bed.set(master, iommus=bed.phandle(iommu))
    return Planted(bed.path(iommu), "#iommu-cells")


@fault("iommu/cells", WARNING, boards=3)
def iommu_and_masters_with_cells_too_many(bed: Bed) -> Planted | None:
    """In the IOMMU and, in step with it, in its masters."""
    iommu = _own_iommu(bed)
    if iommu is None or V3 in bed.tree[iommu].compatible:  # its driver refuses to probe
        return None
    width = _cells_of(bed, iommu)[-1] + 1
    bed.set(iommu, _iommu_cells=width)
    for ref in bed.board.masters[iommu]:
        entries = [other for other in bed.references("iommus") if other.at == ref.at]
        value = [
            cell
            for entry in entries
            for cell in (
                *bed.tree.cells_at(ref.at)[entry.cell : entry.cell + 1 + entry.args],
                *[0] * (width - entry.args if entry.supplier == iommu else 0),
            )
        ]
        bed.set(ref.node, iommus=tuple(value))
    return Planted(bed.path(iommu), "#iommu-cells")


@fault("iommu/cells", ERROR, boards=1)
def own_iommu_with_cells_too_few(bed: Bed) -> Planted | None:
    """The stream IDs of its masters are then read as phandles."""
    iommu = _own_iommu(bed)
    if iommu is None or not _cells_of(bed, iommu)[0]:
        return None
    bed.set(iommu, _iommu_cells=0)
    return Planted(bed.path(iommu), "#iommu-cells", touched=_masters_of(bed, iommu))


@fault("phandle/truncated-specifier", ERROR, boards=2)
def own_iommu_with_cells_too_many(bed: Bed) -> Planted | None:
    """Masters with one entry: in a longer list an entry can take the next for its argument."""
    iommu = _own_iommu(bed)
    refs = [] if iommu is None else bed.board.masters[iommu]
    if len({ref.at for ref in refs}) > 2:  # then wrong-cells reports the IOMMU
        return None
    ref = bed.pick(ref for ref in refs if not ref.entry and bed.is_last(ref))
    if iommu is None or ref is None:
        return None
    bed.set(iommu, _iommu_cells=_cells_of(bed, iommu)[-1] + 1)
    touched = _masters_of(bed, iommu) | {bed.path(iommu)}
    return bed.here(ref)._replace(touched=touched)


def _own_iommu(bed: Bed) -> int | None:
    """An IOMMU of a known kind that the board has, and names by iommus only."""
    return bed.pick(
        node
        for node, refs in bed.board.masters.items()
        if kind_of(bed.tree[node].compatible) and all(ref.binding.name == "iommus" for ref in refs)
    )


def _cells_of(bed: Bed, iommu: int) -> tuple[int, ...]:
    kind = kind_of(bed.tree[iommu].compatible)
    return kind.cells if kind else ()


def _masters_of(bed: Bed, iommu: int) -> frozenset[str]:
    return bed.paths(ref.node for ref in bed.board.masters[iommu])


@fault("supplier/unordered-iommu", INFO)
def master_that_is_not_ordered(bed: Bed) -> Planted | None:
    return _unordered(bed)


@fault("supplier/unordered-iommu", WARNING)
def command_line_that_gives_masters_up(bed: Bed) -> Planted | None:
    chosen = next((node for node in bed.tree.root.children if node.name == "chosen"), None)
    node = bed.add("chosen") if chosen is None else chosen.index
    bed.set(node, bootargs="console=ttyS0 deferred_probe_timeout=0")
    return _unordered(bed)


def _unordered(bed: Bed) -> Planted | None:
    """Told once a board, at the first of all masters."""
    iommu = smmu(bed)
    planted = _stream(bed, iommu, 0x400)
    return planted and Planted(bed.path(iommu), together=bed.paths((iommu,)))


@fault("iommu/shared-stream-id", INFO)
def one_stream_for_two_devices(bed: Bed) -> Planted | None:
    iommu = smmu(bed)
    return _masters(bed, iommu, (0x400,), (0x400,))


@fault("iommu/shared-stream-id", ERROR)
def one_stream_for_two_devices_at_an_smmu_v3(bed: Bed) -> Planted | None:
    iommu = smmu(bed, V3)
    return _masters(bed, iommu, (0x400,), (0x400,))


@fault("iommu/stream-match-overlap", ERROR)
def stream_matches_that_overlap_in_part(bed: Bed) -> Planted | None:
    iommu = smmu(bed, cells=2)
    return _masters(bed, iommu, (0x620, 0x0C), (0x624, 0x03))


@fault("iommu/stream-match-overlap", WARNING)
def stream_match_within_another(bed: Bed) -> Planted | None:
    iommu = smmu(bed, cells=2)
    return _masters(bed, iommu, (0x600, 0xFF), (0x620, 0x03))


@fault("iommu/stream-match-overlap", ERROR)
def wider_stream_match_last(bed: Bed) -> Planted | None:
    phandle = bed.phandle(smmu(bed, cells=2))
    master = bed.pick(bed.devices())
    if master is None:
        return None
    bed.set(master, iommus=(phandle, 0x620, 0x03, phandle, 0x600, 0xFF))
    return Planted(bed.path(master), "iommus", 1)


def _masters(bed: Bed, iommu: int, *streams: tuple[int, ...]) -> Planted | None:
    """Give one entry each to devices that have nothing to do with each other.

    Which of them is the finding's subject follows from their order in the tree.
    """
    chosen: list[int] = []
    candidates = list(bed.devices())
    bed.random.shuffle(candidates)
    for node in candidates:
        if not any(_is_related(bed, node, other) for other in chosen):
            chosen.append(node)
        if len(chosen) == len(streams):
            break
    else:
        return None
    for node, stream in zip(chosen, streams, strict=True):
        bed.set(node, iommus=(bed.phandle(iommu), *stream))
    return Planted(bed.path(chosen[0]), together=bed.paths((*chosen, iommu)))


def _is_related(bed: Bed, one: int, other: int) -> bool:
    """Whether one device uses the other, or lies in it."""
    return (
        bed.is_below(one, other)
        or bed.is_below(other, one)
        or any({one, other} == {ref.consumer, ref.supplier} for ref in bed.board.graph.references)
    )


@fault("iommu/stream-id-range", ERROR)
def stream_id_of_17_bits(bed: Bed) -> Planted | None:
    return _stream(bed, smmu(bed), 0x10480)


@fault("iommu/stream-id-range", ERROR)
def stream_id_of_16_bits_at_an_smmu_v1(bed: Bed) -> Planted | None:
    return _stream(bed, smmu(bed, "arm,mmu-401"), 0x8480)


def _stream(bed: Bed, iommu: int, *stream: int) -> Planted | None:
    master = bed.pick(bed.devices())
    if master is None:
        return None
    bed.set(master, iommus=(bed.phandle(iommu), *stream))
    return Planted(bed.path(master), "iommus", 0)


@fault("iommu/smmu-node", ERROR)
def smmu_without_its_number_of_global_interrupts(bed: Bed) -> Planted | None:
    return _lacking(bed, smmu(bed, reg=(0, 0x10000)), "#global-interrupts")


@fault("iommu/smmu-node", ERROR)
def smmu_without_context_interrupts(bed: Bed) -> Planted | None:
    iommu = smmu(bed, reg=(0, 0x10000), _global_interrupts=2)
    return _lacking(bed, iommu, "#global-interrupts")


@fault("iommu/smmu-node", WARNING, boards=1)
def own_smmu_without_its_number_of_global_interrupts(bed: Bed) -> Planted | None:
    iommu = bed.pick(generic_smmus(bed))
    if iommu is None:
        return None
    bed.drop(iommu, "#global-interrupts")
    return Planted(bed.path(iommu), "#global-interrupts")


@fault("iommu/smmu-node", WARNING, boards=1)
def own_smmu_with_global_interrupts_only(bed: Bed) -> Planted | None:
    iommu = bed.pick(generic_smmus(bed))
    if iommu is None:
        return None
    bed.set(iommu, _global_interrupts=0x1000)
    return Planted(bed.path(iommu), "interrupts")


@fault("iommu/smmu-node", WARNING, boards=12)  # those that have a GIC
def smmu_v3_whose_interrupts_have_other_names(bed: Bed) -> Planted | None:
    gic = bed.pick(
        each
        for each in bed.enabled("interrupt-controller", "#interrupt-cells")
        if any(name.startswith("arm,gic") for name in bed.tree[each].compatible)
    )
    if gic is None:
        return None
    iommu = smmu(
        bed,
        V3,
        reg=(0, 0, 0, 0x20000),
        interrupt_parent=bed.phandle(gic),
        interrupts=(0,) * (bed.tree.cell("#interrupt-cells", gic) or 1),
        interrupt_names="global",
    )
    return _lacking(bed, iommu, "interrupt-names")


@fault("iommu/smmu-node", WARNING)
def gpu_smmu_without_clocks(bed: Bed) -> Planted | None:
    iommu = smmu(
        bed,
        "qcom,adreno-smmu\0qcom,smmu-500\0arm,mmu-500",
        reg=(0, 0x10000),
        _global_interrupts=0,
        interrupts=(0, 1, 4, 0, 2, 4, 0, 3, 4),
    )
    return _lacking(bed, iommu, "clocks")


def _lacking(bed: Bed, iommu: int, name: str) -> Planted | None:
    master = _stream(bed, iommu, 0x400)
    return master and Planted(bed.path(iommu), name, touched=frozenset((master.node,)))


FAULTS = faults_of(globals())
