"""Consumers that wait for a supplier of which no device is ever made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.links.reference import Link, Reference
from dtlink.rules.board import Board


def stranded(board: Board) -> Iterator[Sequence[Link]]:
    """The links to each supplier that the kernel makes no device for, in blob order.

    Only links that fw_devlink follows, of consumers that can become devices themselves.
    """
    groups: dict[int, list[Reference]] = {}
    for ref in board.stranded:
        if board.graph.orders(ref) and _waits(board, ref):
            groups.setdefault(ref.supplier, []).append(ref)
    for refs in groups.values():
        yield [Link(board.tree, ref) for ref in refs]


def _waits(board: Board, ref: Reference) -> bool:
    device = board.device_index(ref.consumer)
    can_come = device in board.tree.holders("compatible") and device not in board.passed_over
    return can_come and not board.graph.not_followed(ref)


def consequence(board: Board, link: Link) -> str:
    """What the board shows of the consumer of a supplier that never becomes a device.

    The device itself waits by fw_devlink (drivers/base/core.c, device_links_check_suppliers()); a
    node that is a part of a device does not, but the driver of the device asks in vain.
    """
    device, supplier = board.device(link.consumer), link.supplier.path
    if device == link.consumer:
        return f'{device.name} never probes: "wait for supplier {supplier}"'
    return f"the driver of {device.path} asks for the {link.binding.kind} in vain"


def also(links: Sequence[Link]) -> str:
    """The consumers besides the first, in one phrase."""
    others = {link.node.path for link in links[1:]} - {links[0].node.path}
    return (
        f"; {len(others)} more consumers"
        if len(others) > 1
        else "".join(f"; so does {path}" for path in others)
    )
