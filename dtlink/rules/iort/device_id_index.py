"""An SMMUv3's DeviceID mapping index names no single mapping.

What it finds: nodes whose index is valid, and is that of a range, or as large as the number of
mappings. Up to node revision 4 it is valid unless all four interrupts are wired (are not 0), also
where an interrupt is 0 because the SMMU does not have it; from revision 5 on a flag says so. Linux
before 6.2 does not know the flag.
Why it matters: the entry is for the SMMU's own MSIs, and takes no part in translating the IDs of
devices. Where it is a range, Linux has no MSI for the SMMU, and the devices whose stream IDs are in
the range get no MSIs either.
What to do: a single mapping of its own to the ITS, and its index. An SMMU that has no MSIs: node
revision 5 without the flag, or a number for each of the four interrupts.
References: Arm DEN0049, SMMUv3 node, DeviceID mapping index; Linux, drivers/acpi/arm64/iort.c,
iort_get_id_mapping_index(), iort_set_device_domain();
drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_setup_msis().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.behaviours import READS_INDEX_FLAG
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.iort import IdMapping, Iort, ItsGroup, SmmuV3
from dtlink.links.acpi.iort_pieces import own_mapping, pieces, taken
from dtlink.links.acpi.iort_walk import supplier
from dtlink.links.id_ranges import IdRange, without
from dtlink.rules.iort._mappings import spans
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule
from dtlink.wording import counted

_SINCE_FLAG = 5
#: The table revision of the document that has this node revision (E.e).
_TABLE_SINCE_FLAG = 6
#: What the driver says where it has neither an MSI nor a wired interrupt.
_UNHEARD = (
    ("no evtq irq - events will not be reported!", "event_gsiv"),
    ("no gerr irq - errors will not be reported!", "gerr_gsiv"),
)


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the SMMU, or devices behind it, get other interrupts than before"),
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 node_revision=4 base=0x9050000 event_gsiv=74 gerr_gsiv=77 sync_gsiv=76
            map count=0xffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
        """,
        finds=("smmu:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 node_revision=4 base=0x9050000 event_gsiv=74 gerr_gsiv=77 device_id_index=1
            map count=0xffff output=its
            map flags=1 output_base=0x10000 output=its
          root-complex segment=0
            map count=0xffff output=smmu
        """
    ),
    needs=("IORT",),
)
def device_id_index(board: TablesBoard) -> Iterator[Finding]:
    """At most one finding a node."""
    table = board.machine.iort
    for node in nodes(board, SmmuV3):
        index = own_mapping(node, board.version)
        if table is None or index is None:
            continue
        if index >= node.mapping_count:
            yield _beyond(node, index, board.version)
        elif index < len(node.mappings) and not node.mappings[index].single:
            yield _range(board, table, node, node.mappings[index])


def _why(node: SmmuV3, version: KernelVersion) -> str:
    """Why the index is valid."""
    if node.revision >= _SINCE_FLAG and READS_INDEX_FLAG.on(version):
        return "its flag says that the index is valid"
    names = ("event", "PRI", "global error", "sync")
    unwired = [name for name, gsiv in zip(names, node.gsivs, strict=True) if not gsiv]
    told = " and ".join(filter(None, (", ".join(unwired[:-1]), unwired[-1])))
    are = "interrupts are" if len(unwired) > 1 else "interrupt is"
    if node.revision >= _SINCE_FLAG:
        return (
            f"Linux before {READS_INDEX_FLAG.since} does not read its flag, and the {told} {are} 0"
        )
    return f"in node revision {node.revision} the index is valid because the {told} {are} 0"


def _silent(node: SmmuV3) -> str:
    """What the driver says of the interrupts that are no MSIs and not wired either."""
    lines = [line for line, gsiv in _UNHEARD if not getattr(node, gsiv)]
    return "".join(f'; "{line}"' for line in lines)


def _beyond(node: SmmuV3, index: int, version: KernelVersion) -> Finding:
    number, why = node.mapping_count, _why(node, version)
    return device_id_index.finding(
        node,
        f"{node.name} has {counted(number, 'mapping')}, and its own is to be number {index}: {why}",
        property_name="device_id_index",
        severity=Severity.WARNING if _silent(node) else Severity.INFO,
        effect='"ACPI: IORT: [Firmware Bug]: [node … type 4] ID mapping index overflows valid '
        'mappings": its interrupts are the wired ones' + _silent(node),
        fix=_fix(node, version),
    )


def _fix(node: SmmuV3, version: KernelVersion) -> Fix:
    """With edits where one single mapping to an ITS is there, or where the flag can say that the
    wired interrupts are meant.
    """
    text, table = _text(node), node.owner
    own = [
        each
        for each in node.mappings
        if isinstance(table, Iort) and each.single and isinstance(supplier(table, each), ItsGroup)
    ]
    if len(own) == 1:
        return Fix.setting(text, (node, "device_id_index", own[0].entry))
    is_wired = node.event_gsiv and node.gerr_gsiv
    if own or not is_wired or not READS_INDEX_FLAG.on(version):
        return Fix(text)
    flags = node.node_flags & ~SmmuV3.DEVICE_ID_VALID
    if node.revision >= _SINCE_FLAG:
        return Fix.setting(text, (node, "node_flags", flags))
    if table is None or table.revision < _TABLE_SINCE_FLAG or node.node_flags != flags:
        return Fix(text)
    return Fix.setting(text, (node, "node_revision", _SINCE_FLAG))


def _text(node: SmmuV3) -> str:
    if node.revision >= _SINCE_FLAG and not node.node_flags & SmmuV3.DEVICE_ID_VALID:
        return (
            "Add a single mapping to the ITS and set its index, for these kernels; or set "
            "device_id_index to the number of mappings."
        )
    if node.revision >= _SINCE_FLAG:
        return "Add a single mapping to the ITS and set its index, or clear the flag."
    return (
        "Add a single mapping to the ITS and set its index, or write node revision 5 without the "
        "flag (bit 4)."
    )


def _range(board: TablesBoard, table: Iort, node: SmmuV3, mapping: IdMapping) -> Finding:
    lost = (
        _lost(node, mapping, board.version)
        if isinstance(supplier(table, mapping), ItsGroup)
        else []
    )
    return device_id_index.finding(
        mapping,
        f"mappings[{mapping.entry}] of {node.name} is selected for the own interrupts of the SMMU, "
        f"but is a range: {_why(node, board.version)}",
        property_name="flags",
        severity=None if lost else Severity.WARNING,
        effect='"ACPI: IORT: [Firmware Bug]: [node … type 4] Invalid MSI mapping"'
        + _silent(node)
        + (
            f"; and Linux leaves the range out for the devices behind it: stream IDs {spans(lost)} "
            "get no MSIs"
            if lost
            else ""
        ),
        fix=_fix(node, board.version),
    )


def _lost(node: SmmuV3, mapping: IdMapping, version: KernelVersion) -> list[IdRange]:
    """The stream IDs of a range that no other mapping has."""
    return without([taken(mapping)], [piece.span for piece in pieces(node, version)])
