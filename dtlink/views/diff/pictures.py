"""What of firmware is compared: its links, its cycles, and who waits, as JSON data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dtlink.board.tree import Board
from dtlink.facts.binding import Walk
from dtlink.facts.outcomes import Outcome
from dtlink.report import json
from dtlink.views import parts
from dtlink.views.diff.compare import Picture

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.tables import TablesBoard
    from dtlink.boot.devlink.model import WaitingDevice
    from dtlink.firmware.tree import Tree
    from dtlink.links.graph import Graph
    from dtlink.links.reference import Link
    from dtlink.rules.model import Finding
    from dtlink.views.parts import Entry

#: How a device ends that has to do without a supplier; the worst is last.
_HURT = (Outcome.RECOVERS, Outcome.DEGRADED, Outcome.LOST, Outcome.NEVER)


def with_findings(
    picture: Picture, findings: Sequence[Finding], ignored: Sequence[Finding]
) -> Picture:
    """A picture with what a linter says; of what is ignored nothing is told."""
    return picture._replace(
        findings=[dict(each) for each in json.findings([*findings, *ignored])],
        ignored=frozenset(each.fingerprint for each in ignored),
    )


def picture(board: AnyBoard) -> Picture:
    """What there is of an input."""
    return of_tree(board) if isinstance(board, Board) else of_tables(board)


def of_tree(board: Board) -> Picture:
    """What there is of a devicetree. With facts of a kernel, waits are also those that it makes."""
    tree, order = board.tree, board.order
    return Picture(
        waits=list(_waits(board)),
        cycles=parts.cycles(board),
        cycle_lines=[
            {"consumer": each.consumer, "supplier": each.supplier}
            for each in order.prediction.cycles
        ],
        links=_links(tree, board.full_graph),
        nodes={tree.path(node): node not in tree.disabled for node in range(len(tree))},
        has_kernel=board.facts is not None,
    )


def of_tables(board: TablesBoard) -> Picture:
    """The same of ACPI tables: without a kernel, nobody can say who waits."""
    from dtlink.views import tables

    return Picture(
        waits=None if board.facts is None else list(_table_waits(board)),
        cycles=tables.cycles(board),
        links=tables.links(board.graph),
        has_kernel=board.facts is not None,
    )


def _links(tree: Tree, graph: Graph) -> list[Entry]:
    """Every link. Those of ID maps have the IDs that they are for: a change of these is one."""
    found = []
    for link in graph.links:
        entry = parts.link(graph, link)
        if link.binding.walk is Walk.ID_MAP:
            entry["inputs"] = _ids(tree, link)
        found.append(entry)
    return found


def _ids(tree: Tree, link: Link) -> list[int]:
    """The first and the last input ID of a row: input base, phandle, output, length."""
    reference = link.reference
    first = tree.words[reference.at + 3 + reference.cell - 1]
    return [first, first + max(link.args[-1] - 1, 0)]


def waits(
    waiting: Iterable[WaitingDevice], held_up: Iterable[tuple[str, Sequence[str]]]
) -> Iterator[Entry]:
    """Who waits for ever: for a node that is no device, or for a device that waits itself."""
    for who in waiting:
        for supplier in who.suppliers:
            yield _wait(who.device, supplier, "no device")
    for device, suppliers in held_up:
        for supplier in suppliers:
            yield _wait(device, supplier, "supplier waits")


def _wait(device: str, supplier: str, why: str) -> Entry:
    return {
        "device": device,
        "supplier": supplier,
        "why": why,
        "binding": None,
        "outcome": None,
        "sure": True,
    }


def _waits(board: Board) -> Iterator[Entry]:
    if not board.profile.orders_probing:
        return
    found = list(waits(board.prediction.waiting, board.order.held_up.items()))
    yield from found
    if board.facts is not None:
        told = {(each["device"], each["supplier"]) for each in found}
        yield from (
            each for each in _in_time(board) if (each["device"], each["supplier"]) not in told
        )


def _in_time(board: Board) -> Iterator[Entry]:
    """What the drivers of one kernel add, the worst for each binding."""
    path = board.tree.path
    worst: dict[tuple[int, int, str], Entry] = {}
    for each in board.timeline.waits:
        if each.outcome not in _HURT:
            continue
        entry = {
            "device": path(each.consumer),
            "supplier": path(each.supplier),
            "why": "driver",
            "binding": each.binding,
            "outcome": each.outcome.value,
            "sure": each.unasked in _HURT,
        }
        key = each.consumer, each.supplier, each.binding
        before = worst.get(key)
        if before is None or _badness(entry) > _badness(before):
            worst[key] = entry
    yield from worst.values()


def _badness(wait: Entry) -> tuple[int, bool]:
    return _HURT.index(Outcome(wait["outcome"])), wait["sure"]


def _table_waits(board: TablesBoard) -> Iterator[Entry]:
    for each in board.timeline.waits if board.timeline else ():
        if each.outcome in _HURT:
            yield {
                "device": each.consumer.path,
                "supplier": each.supplier.path,
                "why": "driver",
                "binding": each.binding,
                "outcome": each.outcome.value,
                "sure": True,
            }
