"""The registers of two SMMUs or PMCGs overlap.

What it finds: windows of SMMUs (the span of an SMMUv1 or v2, 128 KiB of an SMMUv3, 64 KiB of a
Cavium CN99xx) and pages of PMCGs that overlap in part; and two nodes with the same registers. A
PMCG within an SMMU's window, beside the registers that the SMMU's driver maps, is as it should
be.
Why it matters: Linux cannot claim a window that overlaps another in part. It makes no device of
the later node, nor of any SMMU or PMCG after it in the table: their devices run untranslated. Of
two nodes with the same registers the second to probe is refused, and the devices behind it wait
(forever before 6.15, later until deferred_probe_timeout expires).
What to do: the address and size of each; one node for each SMMU.
References: Arm DEN0049, SMMU and PMCG nodes; Linux, kernel/resource.c, insert_resource();
drivers/acpi/arm64/iort.c, iort_init_platform_devices(); lib/devres.c, devm_ioremap_resource().
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Pmcg
from dtlink.rules.iort._nodes import waiting
from dtlink.rules.iort._windows import Window, claimed, mapped
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          first: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          second: smmu-v3 base=0x9060000 event_gsiv=76 gerr_gsiv=77
        """,
        finds=("second:base",),
    ),
    good=Tables(
        """
        IORT
          first: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          second: smmu-v3 base=0x9070000 event_gsiv=76 gerr_gsiv=77
          pmcg node_revision=1 base=0x9052000 page1=0x9062000 overflow_gsiv=78 reference=first
        """
    ),
    needs=("IORT",),
)
def overlapping_windows(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each pair of neighbours."""
    table = board.machine.iort
    if table is None:
        return
    told: set[frozenset[int]] = set()
    for pair in _in_part(claimed(table)):
        told.add(frozenset(window.node.start for window in pair))
        yield _unclaimed(*_in_order(pair))
    for pair in _shared(mapped(table)):
        nodes = frozenset(window.node.start for window in pair)
        if len(nodes) > 1 and nodes not in told:
            told.add(nodes)
            yield _refused(board, *_in_order(pair))


def _in_order(pair: tuple[Window, Window]) -> list[Window]:
    """In the order of the table, which is that in which Linux makes the devices."""
    return sorted(pair, key=lambda window: (window.node.start, window.field))


def _in_part(windows: Iterable[Window]) -> Iterator[tuple[Window, Window]]:
    """Pairs of which neither contains the other."""
    around: list[Window] = []
    for window in sorted(windows, key=lambda each: (each.start, -each.stop)):
        while around and around[-1].stop <= window.start:
            around.pop()
        if around and around[-1].stop < window.stop:
            yield around[-1], window
        around.append(window)


def _shared(windows: Iterable[Window]) -> Iterator[tuple[Window, Window]]:
    """Each window that has addresses in common with one before it, and that one."""
    farthest: Window | None = None
    for window in sorted(windows, key=lambda each: each.start):
        if farthest is not None and window.start < farthest.stop:
            yield farthest, window
        if farthest is None or window.stop > farthest.stop:
            farthest = window


def _unclaimed(first: Window, second: Window) -> Finding:
    number = int(second.field == "page1")
    return overlapping_windows.finding(
        second.node,
        f"the registers of {second.name} overlap those of {first.name} in part",
        property_name=second.field,
        related=(first.node,),
        effect=f'"failed to claim resource {number}": Linux makes no device of it, nor of any '
        "SMMU or PMCG after it in the table: their devices run untranslated",
        fix="Set the address and the size of the registers of each.",
    )


def _refused(board: TablesBoard, first: Window, second: Window) -> Finding:
    is_pmcg = isinstance(second.node, Pmcg)
    return overlapping_windows.finding(
        second.node,
        f"the registers of {second.name} are among those of {first.name}",
        property_name=second.field,
        related=(first.node,),
        severity=Severity.WARNING if is_pmcg and isinstance(first.node, Pmcg) else None,
        effect='"can\'t request region for resource": the later of the two to probe is '
        "refused; "
        + ("its counters are missing" if is_pmcg else f"the devices behind it {waiting(board)}"),
        fix="Set the address of the registers of each, or merge the nodes if they are one device.",
    )
