"""What Linux does with a RIMT.

Source, unless a row has its own: Linux 6.18 and 7.2, drivers/acpi/riscv/rimt.c.
"""

from __future__ import annotations

from dtlink.facts.behaviours import RIMT_WAIT_ENDS
from dtlink.firmware.acpi.rimt import KINDS, Iommu, PlatformDevice, Rimt, RimtNode, RimtRootComplex
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.rules.acpi._effects import Effect, fault
from dtlink.rules.acpi._rows import (
    FrameRows,
    NamedDevice,
    NameFault,
    NameRows,
    ReferenceRows,
    ReservedRows,
    SegmentRows,
    TableRows,
    UniqueRows,
    UnknownRows,
)
from dtlink.rules.model import Severity
from dtlink.typed import TypeVar

_SCAN = "rimt_scan_node()"
_MAP = "rimt_node_map_id()"
_MATCH = "rimt_match_node_callback()"

_NodeT = TypeVar("_NodeT", bound=RimtNode)


def _whole(table: Rimt, kind: type[_NodeT]) -> list[_NodeT]:
    """The whole nodes of a kind."""
    return [
        each
        for each in table.nodes
        if isinstance(each, kind) and each.end - each.start >= each.SIZE
    ]


FRAME = FrameRows(
    names_field=False,
    effects=(
        Effect(
            'Linux warns "RIMT node pointer overflows, bad table!" for each look-up',
            fault(FrameFaultKind.MISSING),
            source=_SCAN,
        ),
        Effect(
            "Linux looks at this node again and again, and finds none after it",
            fault(what="node", when=lambda case: not case.length),
            source=_SCAN,
        ),
        Effect(
            "Linux takes the bytes that follow for fields, nodes or mappings: a wrong IOMMU, or "
            "none",
            source=_MAP,
        ),
    ),
)

RESERVED = ReservedRows(
    effects=(
        Effect(
            "none: Linux does not read these bits; a later revision may give them a meaning",
            source=_SCAN,
        ),
    )
)

UNKNOWN = UnknownRows(
    known=f"0 to {max(KINDS)}",
    effects=(Effect("Linux skips such nodes: what they describe has no effect", source=_SCAN),),
)

_NULL = '"[Firmware Bug]: … ID map has NULL parent reference"'
REFERENCES = ReferenceRows(
    names_target=False,
    dangling=(
        Effect(
            f"{_NULL}: the device has no IOMMU from this entry on",
            lambda case: not case.value and isinstance(case.holder, PlatformDevice),
            source="rimt_node_get_id()",
        ),
        Effect(
            f"{_NULL}: no ID of the node gets an IOMMU, whatever its other entries are",
            lambda case: not case.value and not case.where.entry,
            source=_MAP,
        ),
        Effect(
            "Linux takes the bytes there for a node: the devices get no IOMMU, or wait for one "
            "that never probes",
            source="rimt_node_map_id(), rimt_iommu_xlate()",
        ),
    ),
    illegal=(
        Effect(
            "Linux continues through the mappings there: the devices get the IOMMU and device IDs "
            "of others, or none",
            source=_MAP,
        ),
    ),
)

SEGMENTS = (
    SegmentRows(
        among=lambda table: [each for each in _whole(table, Iommu) if each.is_pcie],
        effects=(
            Effect(
                "the devices that it serves wait for it until deferred_probe_timeout expires, and "
                "run untranslated",
                source="rimt_iommu_xlate()",
                given=RIMT_WAIT_ENDS,
            ),
            Effect("the devices that it serves wait forever", source="rimt_iommu_xlate()"),
        ),
    ),
    SegmentRows(
        among=lambda table: _whole(table, RimtRootComplex),
        effects=(
            Effect(
                "there are no such devices, and their mappings are unused",
                severity=Severity.WARNING,
                source=_MATCH,
            ),
        ),
    ),
)

_NO_NODE = "Linux does not match the node to its device, which has no IOMMU"
NAMES = NameRows(
    among=lambda table: _whole(table, PlatformDevice),
    effects=(
        Effect(
            "the name ends only because the byte after it happens to be 0",
            lambda case: case.fault is NameFault.LUCKY,
            Severity.WARNING,
            _MATCH,
        ),
        Effect(_NO_NODE, lambda case: case.fault is NameFault.UNKNOWN, Severity.WARNING, _MATCH),
        Effect[NamedDevice](_NO_NODE, source=_MATCH),
    ),
)

UNIQUE = (
    UniqueRows(
        alias="rimt/duplicate-iommu",
        among=lambda table: _whole(table, Iommu),
        key=lambda node: (
            (True, node.segment, node.function) if node.is_pcie else (False, node.base, 0)
        ),
        noun="place",
        effects=(
            Effect(
                lambda pair: (
                    f"Linux knows it as {pair[0].name}: devices that are mapped to "
                    f"{pair[1].name} wait until deferred_probe_timeout expires, and run "
                    "untranslated"
                ),
                severity=Severity.ERROR,
                source="rimt_iommu_register(), rimt_iommu_xlate()",
                given=RIMT_WAIT_ENDS,
            ),
            Effect(
                lambda pair: (
                    f"Linux knows it as {pair[0].name}: devices that are mapped to "
                    f"{pair[1].name} wait forever (-EPROBE_DEFER)"
                ),
                severity=Severity.ERROR,
                source="rimt_iommu_register(), rimt_iommu_xlate()",
            ),
        ),
        fix=lambda first, later: (
            f"Remove the second node, and set outputs of {later.start:#x} to {first.start:#x}."
        ),
    ),
    UniqueRows(
        alias="rimt/duplicate-root-complex",
        among=lambda table: _whole(table, RimtRootComplex),
        key=lambda node: node.segment,
        noun="segment",
        effects=(
            Effect(
                lambda pair: (
                    f"Linux takes {pair[0].name} for all devices of the segment: IDs "
                    "that only the other node maps get no IOMMU"
                ),
                source=_MATCH,
            ),
        ),
        fix=lambda first, later: f"Move its mappings ({len(later.mappings)}) to {first.name}.",
    ),
)

ROWS = TableRows(
    frame=FRAME,
    reserved=RESERVED,
    unknown=UNKNOWN,
    references=REFERENCES,
    segments=SEGMENTS,
    names=NAMES,
    unique=UNIQUE,
)
