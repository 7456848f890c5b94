"""What an SMMU's node lacks, by the driver that probes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.iommus import ARM_SMMU, SMMU_V3
from dtlink.facts.smmu_nodes import (
    ADRENO_SMMU,
    ADRENO_SUPPLIERS,
    QCOM_SMMUS,
    QCOM_SMMUS_SINCE,
    SMMU_V3_COMBINED,
    SMMU_V3_INTERRUPTS,
    SMMU_V3_ONE_PAGE,
    SMMU_V3_SIZE,
    TEGRA_SMMU_SINCE,
    TEGRA_SMMUS,
)
from dtlink.firmware.tree import Node
from dtlink.links.address import first_region
from dtlink.links.interrupts import InterruptTree
from dtlink.records import NamedTuple
from dtlink.wording import counted, joined, listed

#: The patterns of Qualcomm's own names for its SMMUs.
_QCOM_ENDS = ("-smmu-v2", "-smmu-500")


class Lack(NamedTuple):
    """What is wrong with a node."""

    property_name: str
    message: str
    """The end of a sentence about the node."""
    effect: str
    fix: str
    fails: bool
    """Whether the driver's probe fails."""
    likely: bool = False
    cells: int | None = None
    """The only number that the property may have, where there is one."""


Check = Callable[[TreeBoard, Node], "Lack | None"]


def lacks(board: TreeBoard, node: Node) -> Iterator[Lack]:
    """What a node lacks for its driver; nothing for a node that no SMMU driver binds to."""
    compatible = node.compatible
    if SMMU_V3 in compatible:
        yield from filter(None, (check(board, node) for check in _OF_V3))
    elif any(name in ARM_SMMU for name in compatible):
        # The probe ends with the first fault, and one is reported.
        found = next(filter(None, (check(board, node) for check in _OF_V2)), None)
        if found:
            yield found
        elif lack := _qcom(board, node):
            yield lack


def _global_interrupts(_board: TreeBoard, node: Node) -> Lack | None:
    name = "#global-interrupts"
    if node.cell(name) is not None:
        return None
    return Lack(
        name,
        f"has no {name}" if not node.has(name) else f"has a {name} that is not one cell",
        '"missing #global-interrupts property", -ENODEV',
        f"Set {name} to the number of global interrupts, which come first in interrupts.",
        fails=True,
    )


def _interrupts(board: TreeBoard, node: Node) -> Lack | None:
    count = _count(board, node)
    first = node.cell("#global-interrupts") or 0
    if count is None or count > first:
        return None
    return Lack(
        "interrupts" if count else "#global-interrupts",
        f"has {counted(count, 'interrupt')}, of which #global-interrupts makes {first} global: "
        "none is left "
        "for the context banks",
        f'"found {count} interrupts but expected at least {first + 1}", -ENODEV',
        "Add the interrupts of the context banks after the global ones, or correct "
        "#global-interrupts.",
        fails=True,
    )


def _count(board: TreeBoard, node: Node) -> int | None:
    """The interrupts of a node; ``None`` if that is not sure here."""
    tree = board.tree
    if node.has("interrupts-extended"):
        return None
    if not node.has("interrupts"):
        return 0
    irq = InterruptTree(tree)
    parent = irq.parent(node.index)
    width = irq.width(parent) if parent >= 0 else 0
    return len(node.cells("interrupts")) // width if width > 0 else None


def _memory_controller(board: TreeBoard, node: Node) -> Lack | None:
    name = "nvidia,memory-controller"
    made = next((each for each in node.compatible if each in TEGRA_SMMUS), None)
    if made is None or node.has(name) or board.version < TEGRA_SMMU_SINCE:
        return None
    return Lack(
        name,
        f"({made}) has no {name}",
        "the arm-smmu driver asks for the memory controller, and gets -ENOENT",
        f"Set {name} to the memory controller (in 5.10 the driver did not ask for it).",
        fails=True,
    )


def _v3_cells(_board: TreeBoard, node: Node) -> Lack | None:
    name, value = "#iommu-cells", node.cell("#iommu-cells")
    if value == 1:
        return None
    told = (
        f'"invalid #iommu-cells value ({value})"'
        if value is not None
        else f'"missing {name} property"'
    )
    return Lack(
        name,
        f"has {name} = <{value}>" if value is not None else f"has no {name}",
        f"{told}, -EINVAL",
        f"Set {name} = <1>;",
        fails=True,
        cells=1,
    )


def _v3_size(board: TreeBoard, node: Node) -> Lack | None:
    region = first_region(board.tree, node.index)
    if region is None or node.has(SMMU_V3_ONE_PAGE):
        return None
    size = region.end - region.start
    if size >= SMMU_V3_SIZE:
        return None
    return Lack(
        "reg",
        f"has {size:#x} bytes of registers; the driver asks for {SMMU_V3_SIZE:#x}",
        '"MMIO region too small", -EINVAL',
        f"Set the size in reg to {SMMU_V3_SIZE:#x}: an SMMUv3 has two pages of 64 KiB.",
        fails=True,
    )


def _v3_names(_board: TreeBoard, node: Node) -> Lack | None:
    if not (node.has("interrupts") or node.has("interrupts-extended")) or node.has("msi-parent"):
        return None
    names = node.strings("interrupt-names")
    known = (SMMU_V3_COMBINED, *SMMU_V3_INTERRUPTS[:2])
    if any(each in names for each in known):
        return None
    return Lack(
        "interrupt-names",
        f"names its interrupts {listed(names)}" if names else "has no names for its interrupts",
        'the driver finds them by name: "no evtq irq - events will not be reported!", "no gerr irq '
        '- errors will not be reported!"',
        f"Set interrupt-names: {joined(SMMU_V3_INTERRUPTS[:2])}, or {SMMU_V3_COMBINED} if there is "
        "one line.",
        fails=False,
    )


def _qcom(board: TreeBoard, node: Node) -> Lack | None:
    names = [each for each in node.compatible if each.startswith("qcom,")]
    is_gpu = ADRENO_SMMU in names
    if is_gpu and (lack := _adreno_power(node)):
        return lack
    smmus = [each for each in names if each.endswith(_QCOM_ENDS) or each == "qcom,smmu-v2"]
    if board.version < QCOM_SMMUS_SINCE or not (smmus or is_gpu) or QCOM_SMMUS & set(names):
        return None
    what = (
        '"Missing qcom_smmu_impl_of_match entry" with a backtrace, and page tables for each '
        "process of the GPU do not work"
        if is_gpu
        else "Linux treats it as any other SMMU, and does not keep what the boot loader set up"
    )
    return Lack(
        "compatible",
        f"({', '.join(names)}) is not among the SMMUs that Linux knows as Qualcomm's",
        what,
        "Name the SoC's SMMU first in compatible, as qcom,SOC-smmu-v2; for an MMU-500 also "
        "qcom,smmu-500.",
        fails=False,
        likely=not is_gpu,
    )


def _adreno_power(node: Node) -> Lack | None:
    lost = [name for name in ADRENO_SUPPLIERS if not node.has(name)]
    if not lost:
        return None
    return Lack(
        lost[0],
        f"is the SMMU of a GPU and has no {joined(lost, 'and no')}",
        "if nothing else turns them on, its registers do not answer: the driver hangs, or the "
        "access is an external abort",
        f"Add {joined(lost)}, as the SoC's other boards have them.",
        fails=False,
        likely=True,
    )


_OF_V2: tuple[Check, ...] = (_global_interrupts, _memory_controller, _interrupts)
_OF_V3: tuple[Check, ...] = (_v3_cells, _v3_size, _v3_names)
