"""What Linux does with the devices and the segments that an IORT describes.

Source, unless a row has its own: Linux, drivers/acpi/arm64/iort.c.
"""

from __future__ import annotations

from dtlink.facts.behaviours import READS_SMMU_IDENTIFIERS
from dtlink.firmware.acpi.iort import (
    IDENTIFIER_SINCE,
    Iort,
    IortNode,
    Iwb,
    NamedComponent,
    RootComplex,
    SmmuV3,
    is_whole,
)
from dtlink.links.acpi.iort_pieces import output, pieces
from dtlink.links.id_ranges import REQUESTER_IDS, merged, within, without
from dtlink.rules.acpi._effects import Effect
from dtlink.rules.acpi._rows import NamedDevice, NameFault, NameRows, SegmentRows, UniqueRows
from dtlink.rules.iort._mappings import loss, root_complexes, spans
from dtlink.rules.iort._nodes import full_path
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtlink.firmware.acpi.layout import Struct
    from dtlink.links.id_ranges import IdRange

_MATCH = "iort_match_node_callback()"
_LOST = "Linux finds no node for the device: no SMMU, no MSIs, no address limit, and no message"


def _named(table: Iort) -> Iterator[NamedComponent | Iwb]:
    return (node for node in table.nodes if isinstance(node, NamedComponent | Iwb))


def _bridges(table: Iort) -> Iterator[Iwb]:
    """The wire bridges whose fields are all there."""
    return (node for node in table.nodes if isinstance(node, Iwb) and is_whole(node))


def _has_ranges_only(node: Struct) -> bool:
    """Whether Linux has no use for the mappings of a component: it reads single ones alone."""
    maps = node.mappings if isinstance(node, NamedComponent) else ()
    return bool(maps) and not any(each.single for each in maps)


def _components(table: Iort) -> Iterator[NamedComponent]:
    return (node for node in table.nodes if isinstance(node, NamedComponent))


NAMES = NameRows(
    among=lambda table: filter(is_whole, _named(table)),
    likely=True,
    effects=(
        Effect(
            "the name ends only because the byte after it happens to be 0",
            lambda case: case.fault is NameFault.LUCKY and isinstance(case.where, Iwb),
            Severity.WARNING,
            _MATCH,
        ),
        Effect(
            "Linux does not find the bridge by this name: no wired interrupt behind it works",
            lambda case: isinstance(case.where, Iwb),
            source="iort_iwb_handle(), iort_match_node_callback()",
        ),
        Effect(
            "the name ends only because the byte after it happens to be 0",
            lambda case: case.fault is NameFault.LUCKY,
            Severity.WARNING,
            _MATCH,
        ),
        Effect(
            "the bytes that follow are part of the name: " + _LOST,
            lambda case: case.fault is NameFault.UNTERMINATED,
            source=_MATCH,
        ),
        Effect(
            "no device has such a name: the node and its mappings have no effect",
            lambda case: case.fault is NameFault.UNUSABLE,
            Severity.WARNING,
            _MATCH,
        ),
        Effect(
            "the nodes have no effect, unless a table that is loaded later adds the devices: a "
            "device of another path has no SMMU, no MSIs, no address limit, and no message",
            lambda case: case.fault is NameFault.UNKNOWN,
            source=_MATCH,
        ),
        Effect(
            "Linux finds no node for the device: no address limit, and no message; with ranges of "
            "IDs alone it gets no SMMU and no MSIs by any name; other systems find it",
            lambda case: case.fault is NameFault.UNPADDED and _has_ranges_only(case.where),
            Severity.INFO,
            "iort_match_node_callback(), iort_node_get_id()",
        ),
        Effect(
            _LOST + "; other systems find it",
            lambda case: case.fault is NameFault.UNPADDED,
            Severity.WARNING,
            _MATCH,
        ),
        Effect[NamedDevice](_LOST, source=_MATCH),
    ),
)

SEGMENTS = (
    SegmentRows(
        among=root_complexes,
        together=True,
        likely=True,
        effects=(
            Effect(
                "Linux finds no configuration space, and so no device, unless the host bridge "
                "gives its address (_CBA); the mappings are unused",
                source="drivers/acpi/pci_mcfg.c, pci_mcfg_lookup()",
            ),
        ),
    ),
)


def _maps(node: RootComplex) -> Sequence[tuple[IdRange, int, int]]:
    """What a node maps: IDs, to which node, and as what."""
    return [
        (span, mapping.output, output(mapping, span.first))
        for span, mapping in within(pieces(node), REQUESTER_IDS)
    ]


def _lost(pair: tuple[RootComplex, RootComplex]) -> Sequence[IdRange]:
    """The requester IDs that only the later of two root complexes maps."""
    first, later = (merged(span for span, _, _ in _maps(each)) for each in pair)
    return list(without(later, first))


def _smmus_with_identifier(table: Iort) -> list[SmmuV3]:
    nodes = table.nodes if table.revision >= IDENTIFIER_SINCE else ()
    return [each for each in nodes if isinstance(each, SmmuV3)]


def _nodes_with_identifier(table: Iort) -> Iterator[IortNode]:
    """The nodes, of SMMUv3s that share an identifier the first alone: the others are a fault of
    their own.
    """
    seen: set[int] = set()
    for node in table.nodes if table.revision >= IDENTIFIER_SINCE else ():
        if not isinstance(node, SmmuV3) or node.identifier not in seen:
            yield node
        if isinstance(node, SmmuV3):
            seen.add(node.identifier)


_NO_IDENTIFIERS = (
    "none in Linux, which does not read these identifiers; a reader that looks a node up by its "
    "identifier finds another"
)


_LAST_IDENTIFIER = 0xFFFFFFFF


def _own_identifier(_first: IortNode, _later: IortNode) -> str:
    return "Give each node of the table its own identifier."


def _unused_identifier(node: IortNode) -> int | None:
    """After the highest of the table, by the number of the node: no two get the same."""
    nodes = node.owner.nodes if isinstance(node.owner, Iort) else ()
    if node not in nodes:
        return None
    highest = max(each.identifier for each in nodes)
    value = highest + 1 + nodes.index(node)
    return value if value <= _LAST_IDENTIFIER else None


UNIQUE = (
    UniqueRows(
        alias="iort/duplicate-component",
        among=_components,
        key=lambda node: full_path(node.object_name),
        noun="object_name",
        field="object_name",
        per="key",
        effects=(
            Effect(
                lambda pair: (
                    f"Linux takes the node at {pair[0].start:#x}: the mappings and the "
                    "address limit of the others have no effect"
                ),
                source="iort_scan_node()",
            ),
        ),
        fix=lambda first, _later: f"Move all mappings of the device to {first.name}.",
    ),
    UniqueRows(
        alias="iort/duplicate-root-complex",
        among=lambda table: (
            node for node in table.nodes if isinstance(node, RootComplex) and node.has("segment")
        ),
        key=lambda node: node.segment,
        noun="segment",
        field="segment",
        same=lambda first, later: _maps(first) == _maps(later),
        effects=(
            Effect(
                lambda pair: (
                    f"Linux never uses {pair[1].name}: requester IDs {spans(_lost(pair))} "
                    f"have no mapping, and get {loss(pair[1])}"
                ),
                lambda pair: bool(_lost(pair)),
                Severity.ERROR,
                _MATCH,
            ),
            Effect(
                lambda pair: (
                    f"Linux never uses {pair[1].name}: where it differs from the first it "
                    "has no effect"
                ),
                source=_MATCH,
            ),
        ),
        fix=lambda first, _later: (
            f"Move all mappings of the segment to {first.name}, or set another segment."
        ),
    ),
    UniqueRows(
        alias="iort/duplicate-bridge",
        among=_bridges,
        key=lambda node: node.iwb_index,
        noun="iwb_index",
        field="iwb_index",
        per="key",
        effects=(
            Effect(
                lambda pair: (
                    f"Linux takes {pair[0].name}: no wired interrupt behind the others works"
                ),
                severity=Severity.ERROR,
                source="iort_iwb_handle(), iort_match_iwb_callback()",
            ),
        ),
        fix=lambda _first, _later: (
            "Set the index that interrupt numbers of each bridge have, each its own."
        ),
    ),
    UniqueRows(
        alias="iort/duplicate-component",
        among=_bridges,
        key=lambda node: full_path(node.object_name),
        noun="object_name",
        field="object_name",
        per="key",
        effects=(
            Effect(
                lambda pair: (
                    f"Linux takes the node at {pair[0].start:#x} for both: the wires behind the "
                    "others get its mappings"
                ),
                source="iort_scan_node(), iort_match_node_callback()",
            ),
        ),
        fix=lambda _first, _later: "Set object_name to the bridge's own device.",
    ),
    UniqueRows(
        alias="iort/duplicate-identifier",
        among=_smmus_with_identifier,
        key=lambda node: node.identifier,
        noun="identifier",
        field="identifier",
        per="table",
        effects=(
            Effect(
                "Linux looks for NVIDIA's command queue extension (NVDA200C) of an SMMUv3 by its "
                "identifier: both get that of one, if there is any; a reader that looks a node up "
                "by its identifier finds another",
                severity=Severity.INFO,
                source=READS_SMMU_IDENTIFIERS.source,
                given=READS_SMMU_IDENTIFIERS,
            ),
            Effect(_NO_IDENTIFIERS, severity=Severity.INFO),
        ),
        fix=_own_identifier,
        unused=_unused_identifier,
    ),
    UniqueRows(
        alias="iort/duplicate-identifier",
        among=_nodes_with_identifier,
        key=lambda node: node.identifier,
        noun="identifier",
        field="identifier",
        per="table",
        effects=(
            Effect(
                "none in Linux, which compares the identifiers of SMMUv3 nodes alone; a reader "
                "that looks a node up by its identifier finds another",
                severity=Severity.INFO,
                source=READS_SMMU_IDENTIFIERS.source,
                given=READS_SMMU_IDENTIFIERS,
            ),
            Effect(_NO_IDENTIFIERS, severity=Severity.INFO),
        ),
        fix=_own_identifier,
        unused=_unused_identifier,
    ),
)
