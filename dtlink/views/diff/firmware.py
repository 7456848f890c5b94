"""What of firmware is compared: its links, its cycles, and which devices wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Walk
from dtlink.facts.outcomes import Outcome
from dtlink.report import json
from dtlink.typed import TYPE_CHECKING
from dtlink.views.cycles import cycle_rows
from dtlink.views.data import ABSENT
from dtlink.views.diff.rows import FindingRow, WaitRow
from dtlink.views.diff.snapshot import Snapshot
from dtlink.views.links import LinkRow, table_link, table_properties, tree_link

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.tables import TablesBoard
    from dtlink.boot.devlink.model import WaitingDevice
    from dtlink.links.reference import Link
    from dtlink.rules.model import Finding

#: The outcomes of a device that has to do without a supplier; the worst is last.
_HURT = (Outcome.RECOVERS, Outcome.DEGRADED, Outcome.LOST, Outcome.NEVER)


def with_findings(
    snapshot: Snapshot, findings: Sequence[Finding], ignored: Sequence[Finding]
) -> Snapshot:
    """A snapshot with the findings of a linter; what is ignored is not compared."""
    return snapshot._replace(
        findings=[FindingRow.of(each) for each in json.findings([*findings, *ignored])],
        ignored=frozenset(each.fingerprint for each in ignored),
    )


def snapshot_of(board: AnyBoard) -> Snapshot:
    """What is compared of an input, without findings."""
    return _of_tree(board) if isinstance(board, TreeBoard) else _of_tables(board)


def _of_tree(board: TreeBoard) -> Snapshot:
    """With facts of a kernel, waits are also those that come of them."""
    tree = board.tree
    cycles = tuple(cycle_rows(board, all_nodes=True))  # before the order by paths is needed
    return Snapshot(
        waits=list(_waits(board)),
        cycles=cycles,
        cycle_lines=list(dict.fromkeys(board.order.prediction.cycles)),
        links=[_link(board, link) for link in board.full_graph.links],
        nodes={tree.path(node): node not in tree.disabled for node in range(len(tree))},
        has_kernel=board.facts is not None,
        is_overlay=tree.is_overlay,
    )


def _of_tables(board: TablesBoard) -> Snapshot:
    """Without a kernel, which devices wait is not known."""
    return Snapshot(
        waits=None if board.facts is None else list(_table_waits(board)),
        cycles=tuple(cycle_rows(board, all_nodes=True)),
        links=[table_link(link) for link in board.graph.links],
        has_kernel=board.facts is not None,
        properties=table_properties(board),
    )


def _link(board: TreeBoard, link: Link) -> LinkRow:
    """A link; one of an ID map has its input IDs: a change of these is one."""
    inputs = _ids(board, link) if link.binding.walk is Walk.ID_MAP else ABSENT
    return tree_link(board.full_graph, link, inputs)


def _ids(board: TreeBoard, link: Link) -> tuple[int, int]:
    """The first and the last input ID of an entry: input base, phandle, output, length."""
    reference = link.reference
    first = board.tree.cells_at(reference.at)[reference.cell - 1]
    return first, first + max(link.args[-1] - 1, 0)


def waits(
    waiting: Iterable[WaitingDevice], held_up: Iterable[tuple[str, Sequence[str]]]
) -> Iterator[WaitRow]:
    """The devices that wait forever: for what is not a device, or for a device that waits."""
    for device in waiting:
        for supplier in device.suppliers:
            yield WaitRow(device=device.device, supplier=supplier, why="no device")
    for held, suppliers in held_up:
        for supplier in suppliers:
            yield WaitRow(device=held, supplier=supplier, why="supplier waits")


def _waits(board: TreeBoard) -> Iterator[WaitRow]:
    if not board.profile.orders_probing:
        return
    found = list(waits(board.prediction.waiting, board.order.held_up.items()))
    yield from found
    if board.facts is not None:
        told = {(each.device, each.supplier) for each in found}
        yield from (each for each in _in_time(board) if (each.device, each.supplier) not in told)


def _in_time(board: TreeBoard) -> Iterator[WaitRow]:
    """What the drivers of one kernel add, the worst for each binding."""
    path = board.tree.path
    worst: dict[tuple[int, int, str], WaitRow] = {}
    for each in board.timeline.waits:
        if each.outcome not in _HURT:
            continue
        row = WaitRow(
            device=path(each.consumer),
            supplier=path(each.supplier),
            why="driver",
            binding=each.binding,
            outcome=each.outcome.value,
            sure=each.unasked in _HURT,
            if_in_time=each.if_in_time.value if each.is_open else ABSENT,
        )
        key = each.consumer, each.supplier, each.binding
        before = worst.get(key)
        if before is None or _badness(row) > _badness(before):
            worst[key] = row
    yield from worst.values()


def _badness(row: WaitRow) -> tuple[int, bool]:
    return _HURT.index(Outcome(row.outcome)), row.sure


def _table_waits(board: TablesBoard) -> Iterator[WaitRow]:
    for each in board.timeline.waits if board.timeline else ():
        if each.outcome in _HURT:
            yield WaitRow(
                device=each.consumer.path,
                supplier=each.supplier.path,
                why="driver",
                binding=each.binding,
                outcome=each.outcome.value,
            )
