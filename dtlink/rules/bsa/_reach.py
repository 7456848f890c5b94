"""Where the requester IDs of a root complex end: at which SMMU, and at which ITS group."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.iort import Iort, IortNode, ItsGroup, RootComplex
from dtlink.firmware.acpi.machine import Machine
from dtlink.links.acpi.iort_pieces import output, pieces
from dtlink.links.acpi.iort_walk import SMMUS, supplier
from dtlink.links.id_ranges import IdRange, within
from dtlink.records import NamedTuple
from dtlink.rules.iort._mappings import bus_ids, root_complexes


class Way(NamedTuple):
    """Requester IDs, and what becomes of them. A single mapping gives one ID for all."""

    ids: IdRange
    smmu: IortNode | None
    stream_id: int | None
    """Of the first ID, at the SMMU."""
    group: ItsGroup | None
    device_id: int | None
    """Of the first ID, at the ITS group."""
    single: bool


def ways(board: TablesBoard) -> Iterator[tuple[RootComplex, list[Way]]]:
    """The ways of the IDs on the buses that each root complex has, as its mappings give them.

    What an SMMU does not map further ends there. Not more ways than the table has bytes are
    followed, for each of n mappings may meet each of m: no table that is meant to be used has them.
    """
    table = board.machine.iort
    if table is None:
        return
    left = len(table.data)
    for node in root_complexes(table):
        found = list(islice(_ways(board.machine, table, node, board.version), left))
        left -= len(found)
        if not left:
            return
        yield node, found


def _ways(
    machine: Machine, table: Iort, node: RootComplex, version: KernelVersion
) -> Iterator[Way]:
    for ids in bus_ids(machine, node):
        for span, mapping in within(pieces(node), ids):
            target, first = supplier(table, mapping), output(mapping, span.first)
            if isinstance(target, ItsGroup):
                yield Way(span, None, None, target, first, mapping.single)
            elif isinstance(target, SMMUS):
                yield Way(span, target, first, None, None, mapping.single)
                last = first if mapping.single else first + span.size - 1
                yield from _onward(
                    table, target, span, IdRange(first, last), version, single=mapping.single
                )


def _onward(
    table: Iort,
    smmu: IortNode,
    ids: IdRange,
    streams: IdRange,
    version: KernelVersion,
    *,
    single: bool,
) -> Iterator[Way]:
    for span, mapping in within(pieces(smmu, version), streams):
        group = supplier(table, mapping)
        if isinstance(group, ItsGroup):
            ahead = span.first - streams.first
            start = ids.first + ahead
            part = ids if single else IdRange(start, start + span.size - 1)
            yield Way(part, smmu, span.first, group, output(mapping, span.first), single)
