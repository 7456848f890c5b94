"""What Linux does with the output references of an IORT.

Source, unless a row has its own: Linux, drivers/acpi/arm64/iort.c.
"""

from __future__ import annotations

from dtlink.firmware.acpi.iort import (
    IdMapping,
    Iort,
    IortNode,
    ItsGroup,
    NamedComponent,
    Pmcg,
    Rmr,
    RootComplex,
    SmmuV3,
)
from dtlink.links.acpi.iort import TARGETS
from dtlink.links.acpi.iort_pieces import own_index
from dtlink.links.acpi.iort_walk import SMMUS, Walked, map_id
from dtlink.rules.acpi._effects import Effect, table_of
from dtlink.rules.acpi._rows import OffsetReference, ReferenceRows
from dtlink.rules.iort._mappings import cycles
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.layout import Struct

_NULL = '"ACPI: IORT: [Firmware Bug]: [node …] ID map has NULL parent reference"'
_ALL = tuple(kind.WORD for kind in (ItsGroup, *SMMUS))
#: The nodes whose IDs Linux follows from node to node.
_FOLLOWED = (RootComplex, NamedComponent, *SMMUS)
_NO_RESERVATION = (
    "Linux finds no SMMU for this entry and reserves nothing for its stream IDs: DMA that the "
    "firmware left running is refused"
)
_RMR = "iort_node_get_rmr_info()"
_GET = "iort_node_get_id()"
_MAP = "iort_node_map_id()"
_DOMAIN = "iort_set_device_domain()"


def _legal(case: OffsetReference) -> tuple[str, ...]:
    kinds = TARGETS.get(_kind(case))
    return tuple(kind.WORD for kind in kinds) if kinds else _ALL


def _kind(case: OffsetReference) -> type[IortNode]:
    return type(case.holder) if isinstance(case.holder, IortNode) else IortNode


def _is_of_its(case: OffsetReference) -> bool:
    """An ITS group is the end of every path: iort/its-group reports its mappings."""
    return isinstance(case.holder, ItsGroup)


def _is_not_judged(case: OffsetReference) -> bool:
    """Unknown types may refer to anything; the mapping of a wired counter is not used."""
    wired = isinstance(case.holder, Pmcg) and case.holder.overflow_gsiv
    return _kind(case) not in TARGETS or bool(wired) or type(case.target) is IortNode


def _circling(table: Iort, version: KernelVersion) -> frozenset[int]:
    """The mappings that iort/mapping-cycle reports."""
    return frozenset(each.start for cycle in cycles(table, version) for each in cycle.mappings)


def _of(*kinds: type[Struct], null: bool = False) -> Callable[[OffsetReference], bool]:
    """Whether a reference is of such a node; with ``null``, whether it is 0, too."""
    return lambda case: isinstance(case.holder, kinds) and (not null or not case.value)


def _is_own(case: OffsetReference) -> bool:
    """Whether the entry is for the node's own interrupts."""
    node = case.holder
    return isinstance(node, SmmuV3 | Pmcg) and case.where.entry == own_index(node, case.version)


def _walk(case: OffsetReference) -> Walked | None:
    """What becomes of the first ID, through the mappings of the node that is referred to."""
    table, mapping = table_of(case.where), case.where
    if not isinstance(table, Iort) or not isinstance(mapping, IdMapping):
        return None
    ends = (ItsGroup,) if isinstance(case.holder, SMMUS) else (ItsGroup, *SMMUS)
    start = table.by_offset[mapping.output]
    return map_id(table, start, mapping.output_base, ends, case.version)


def _arrives(case: OffsetReference) -> bool:
    walk = _walk(case)
    return walk is not None and walk.found is not None


def _where(case: OffsetReference) -> str:
    walk = _walk(case)
    found = f"{walk.found.name} with ID {walk.id:#x}" if walk and walk.found else "nothing"
    return (
        f"Linux continues through the mappings there, and comes to {found}; other systems need not"
    )


def _lost(case: OffsetReference) -> str:
    smmu = isinstance(case.holder, SMMUS)
    devices = "the devices behind it" if smmu else "its devices"
    lost = "MSIs" if smmu else "SMMU and no MSIs by this entry"
    return (
        "Linux continues through the mappings there, finds none for the ID, and gives "
        f"{devices} no {lost}"
    )


DANGLING: tuple[Effect[OffsetReference], ...] = (
    Effect(_NO_RESERVATION, _of(Rmr), source=_RMR),
    Effect(
        '"ACPI: IORT: [Firmware Bug]: [node …] Invalid MSI mapping": it has no MSIs of its own; '
        f"{_NULL}: Linux maps no ID of the devices behind it either",
        lambda case: (
            not case.value and not case.where.entry and _is_own(case) and _of(SmmuV3)(case)
        ),
        source="iort_set_device_domain(), iort_node_map_id()",
    ),
    Effect(
        '"ACPI: IORT: [Firmware Bug]: [node …] Invalid MSI mapping": it has no MSIs of its own',
        lambda case: not case.value and _is_own(case),
        source=_DOMAIN,
    ),
    Effect(
        f"{_NULL}: the device gets no stream ID from this entry on, and no MSIs by it",
        _of(NamedComponent, null=True),
        source=_GET,
    ),
    Effect(
        f"{_NULL}: Linux maps no ID of this node, whatever its other entries are",
        lambda case: not case.value and not case.where.entry,
        source=_MAP,
    ),
    Effect(
        "Linux looks for 0 in the first entry only: here it takes the table's header for a node, "
        "and reads mappings far outside the table; most likely it crashes at boot",
        lambda case: not case.value,
        source=_MAP,
    ),
    Effect(
        "Linux takes the bytes there for a node: a wrong SMMU or ITS, none, or a crash at boot",
        source=_MAP,
    ),
)
ILLEGAL: tuple[Effect[OffsetReference], ...] = (
    Effect(_NO_RESERVATION, _of(Rmr), source=_RMR),
    Effect(
        '"Setup irq failed, PMU @…": Linux gives it no MSI domain, and the driver gives up',
        _of(Pmcg),
        Severity.WARNING,
        _DOMAIN,
    ),
    Effect(
        "Linux gives it no MSI domain, without a message: its own interrupts are the wired ones, "
        "or there are none",
        _is_own,
        Severity.WARNING,
        _DOMAIN,
    ),
    Effect(
        "its wires get no ITS",
        lambda case: not _of(*_FOLLOWED)(case),
        Severity.WARNING,
        "iort_msi_xlate()",
    ),
    Effect(_where, _arrives, Severity.WARNING, _MAP),
    Effect(_lost, source=_MAP),
)

REFERENCES = ReferenceRows(
    dangling=DANGLING,
    illegal=ILLEGAL,
    legal=_legal,
    ignored=_is_of_its,
    not_judged=_is_not_judged,
    spared=_circling,
)
