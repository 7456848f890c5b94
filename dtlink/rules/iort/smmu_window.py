"""An SMMU's registers are where none can be.

What it finds: SMMUv1 and v2 with a span of 0; windows that run beyond the last address; SMMUv3
whose base is no multiple of 64 KiB; bases of 0.
Why it matters: Linux cannot make a device of a window that ends before it begins, and then makes
none of any SMMU or PMCG after it in the table either: their devices run untranslated. From
another base than the SMMU's the driver reads whatever lies there.
What to do: the address and the size of the registers.
References: Arm IHI 0070, memory map of an SMMUv3; Linux, drivers/acpi/arm64/iort.c,
iort_init_platform_devices(); drivers/base/platform.c, platform_device_add().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Smmu, SmmuV3, is_whole
from dtlink.rules.iort._nodes import nodes, waiting
from dtlink.rules.iort._windows import PAGE_64K, TOP
from dtlink.rules.model import Finding, Severity, Tables, rule

_ENDS = (
    '"failed to claim resource 0": Linux makes no device of it, nor of any SMMU or PMCG after '
    "it in the table"
)


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          smmu: smmu base=0x15000000 span=0
            global-interrupts gsiv=97
            context-interrupt gsiv=128
        """,
        finds=("smmu:span",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu base=0x15000000 span=0x100000
            global-interrupts gsiv=97
            context-interrupt gsiv=128
        """
    ),
    needs=("IORT",),
)
def smmu_window(board: TablesBoard) -> Iterator[Finding]:
    """One finding an SMMU."""
    for smmu in filter(is_whole, nodes(board, Smmu)):
        if not smmu.span or smmu.base + smmu.span > TOP:
            yield smmu_window.finding(
                smmu,
                f"the registers of {smmu.name} take {smmu.span:#x} bytes"
                + (", which ends after the last address" if smmu.span else ""),
                property_name="span",
                effect=_ENDS,
                fix="Set span to the size of the registers, at least 0x10000.",
            )
        elif not smmu.base:
            yield _at_zero(smmu)
    for v3 in filter(is_whole, nodes(board, SmmuV3)):
        if v3.base % PAGE_64K or v3.base + 2 * PAGE_64K > TOP:
            yield _crooked(board, v3)
        elif not v3.base:
            yield _at_zero(v3)


def _crooked(board: TablesBoard, node: SmmuV3) -> Finding:
    behind = node.base + 2 * PAGE_64K > TOP
    return smmu_window.finding(
        node,
        f"the registers of {node.name} "
        + ("end after the last address" if behind else "do not begin at a multiple of 64 KiB"),
        property_name="base",
        effect=_ENDS
        if behind
        else "the driver reads what lies there instead of the SMMU's registers, and gives up or "
        f"does harm; its devices {waiting(board)}",
        fix="Set base to the first 64 KiB page of the SMMU.",
    )


def _at_zero(node: Smmu | SmmuV3) -> Finding:
    return smmu_window.finding(
        node,
        f"base of {node.WORD}@{node.start:#x} is 0",
        property_name="base",
        likely=True,
        effect="the driver reads what is there instead of the registers of the SMMU, and gives up",
        fix="Set base to the address of the registers, or remove the node if the machine lacks "
        "the SMMU.",
    )
