"""The memory attributes of a node contradict each other.

What it finds: named components and root complexes that are fully coherent (cache coherency
attribute 1) without a coherent path to memory (CPM 0); that are not, although they have such a
path and write through it as the caches do (CPM and DACS 1); and attributes other than 0 and 1.
Why it matters: a system that takes the device for coherent does no cache maintenance for it:
where that is wrong, data is corrupted silently. Linux takes coherency from _CCA in the
namespace and does not read these fields; others, hypervisors among them, do.
What to do: CCA 1 with CPM 1 for a coherent device; CCA 0 with CPM 0, or with DACS 0, for one that
is not; and the same in _CCA.
References: Arm DEN0049, memory access properties; fwts, src/acpi/iort/iort.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Memory, NamedComponent, RootComplex, is_whole
from dtlink.rules.iort._nodes import named, nodes, others
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "whether the device is coherent is known to the firmware only"),
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          rc: root-complex segment=0 coherent=1 memory_flags=0
            map count=0xffff output=its
        """,
        finds=("rc",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          rc: root-complex segment=0 coherent=1 memory_flags=1
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def memory_attributes(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each kind of fault."""
    found: dict[str, list[NamedComponent | RootComplex]] = {}
    for node in _described(board):
        fault = _fault(node) if is_whole(node) else ""
        if fault:
            found.setdefault(fault, []).append(node)
    for fault, those in found.items():
        yield memory_attributes.finding(
            those[0],
            f"{named(those)}: {fault}",
            property_name="coherent",
            related=others(those),
            effect="a system that relies on it omits cache maintenance that is needed, or "
            "does it needlessly; Linux uses _CCA of the namespace instead",
            fix=_fix(those),
        )


def _fix(those: list[NamedComponent | RootComplex]) -> Fix | str:
    if all(isinstance(each, RootComplex) and each.is_memory_flags_in_ats for each in those):
        both = Memory.CPM | Memory.DACS
        return Fix.setting(
            "Set memory_flags to 0x3, and ats to what the root complex supports (0 or 1).",
            *((each, "memory_flags", each.memory_flags | both) for each in those),
        )
    text = (
        "For a coherent device, set attribute 1 and CPM 1; else attribute 0, and not both CPM and "
        "DACS."
    )
    if all(each.coherent == Memory.COHERENT for each in those):
        flags = ((each, "memory_flags", each.memory_flags | Memory.CPM) for each in those)
        return Fix.setting(text, *flags)
    return text


def _described(board: TablesBoard) -> Iterator[NamedComponent | RootComplex]:
    yield from nodes(board, NamedComponent)
    yield from nodes(board, RootComplex)


def _fault(node: NamedComponent | RootComplex) -> str:
    cpm, dacs = node.memory_flags & Memory.CPM, node.memory_flags & Memory.DACS
    if node.coherent > Memory.COHERENT:
        return f"the cache coherency attribute is {node.coherent:#x}, neither 0 nor 1"
    if isinstance(node, RootComplex) and node.is_memory_flags_in_ats:
        return (
            "fully coherent (CCA 1), but without a coherent path to memory (CPM 0); the ATS "
            "attribute is 0x3, which may be CPM and DACS in the wrong field"
        )
    if node.coherent and not cpm:
        return "fully coherent (CCA 1), but without a coherent path to memory (CPM 0)"
    if not node.coherent and cpm and dacs:
        return (
            "not coherent (CCA 0), but with a coherent path (CPM 1) and cacheable accesses (DACS 1)"
        )
    return ""
