"""What each driver that comes late or never takes down, told once for each driver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dtlink.board.tree import Board
from dtlink.boot.roles import Role
from dtlink.boot.timeline import PARENT, Taken
from dtlink.facts.outcomes import Driver, Outcome, State, Wait, When

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node

#: The binding of a device that lacks its own driver.
OWN = "driver"
#: Outcomes of a device that does not work, until somebody does something about it.
FAILS = (Outcome.LOST, Outcome.NEVER)
#: Outcomes of a device that waits for a module of the root file system.
WAITS = (Outcome.LATE, Outcome.RECOVERS, *FAILS)

#: How many devices are told by name.
_TOLD = 4
_BADNESS = list(Outcome)
#: Firmware lies in flash chips, unless ``root=`` says otherwise.
_FLASH = frozenset((b"flash", b"nand", b"nand-controller"))
#: No root file system comes over these, though they are of the network.
_NO_MEDIA = frozenset((b"can", b"mdio"))


class Hit(NamedTuple):
    """A driver that comes late or never, and what that takes down."""

    driver: Driver
    comes: When
    suppliers: tuple[int, ...]
    """The nodes that lack it."""
    devices: tuple[Taken, ...]
    """Each device once, the worst role first."""


@lru_cache(maxsize=1)
def hits(board: Board) -> Sequence[Hit]:
    """Every driver that takes something down, with those that a device of importance lacks itself.

    Several nodes of one driver are one hit: the cure is the same.
    """
    groups: dict[tuple[Driver, When], dict[int, list[Taken]]] = {}
    for cause in board.timeline.causes():
        key = cause.driver._replace(by=""), cause.comes
        groups.setdefault(key, {})[cause.supplier] = list(cause.devices)
    for node, driver, comes in _own(board):
        end = Outcome.NEVER if comes is When.NEVER else Outcome.RECOVERS
        own = Taken(node, OWN, node, Wait.NONE, end, end)
        groups.setdefault((driver, comes), {}).setdefault(node, []).append(own)
    return [_hit(board, *key, found) for key, found in groups.items()]


def _own(board: Board) -> Iterator[tuple[int, Driver, When]]:
    """The media and the console that lack their own drivers."""
    media = media_of(board)
    for node in board.timeline.devices:
        if node in media or board.roles.of(node) is Role.CONSOLE:
            driver, comes = board.drivers.of(node), board.timeline.comes(node)
            if driver.state in (State.MODULE, State.NOT_BUILT) and comes in (When.ROOT, When.NEVER):
                yield node, driver._replace(by=""), comes


def _hit(board: Board, driver: Driver, comes: When, found: dict[int, list[Taken]]) -> Hit:
    worst: dict[int, Taken] = {}
    for taken in (each for devices in found.values() for each in devices):
        before = worst.get(taken.node)
        if before is None or _badness(taken) > _badness(before):
            worst[taken.node] = taken
    ranked = sorted(worst.values(), key=lambda each: (role(board, each.node), each.node))
    return Hit(driver, comes, tuple(found), tuple(ranked))


def _badness(taken: Taken) -> tuple[int, int]:
    return _BADNESS.index(taken.outcome), _BADNESS.index(taken.unasked)


def role(board: Board, node: int) -> Role:
    """The role of a device; what can't be the root file system's medium is another's."""
    found = board.roles.of(node)
    return Role.STORAGE if found is Role.ROOT and node not in media_of(board) else found


@lru_cache(maxsize=1)
def media_of(board: Board) -> frozenset[int]:
    """The controllers of the media that can have the root file system.

    Not those of a slot with an SDIO function.
    """
    names, roles = board.tree.layout.names, board.roles
    out = _NO_MEDIA if roles.is_told else _NO_MEDIA | _FLASH
    return frozenset(
        node
        for node in board.timeline.devices
        if roles.of(node) is Role.ROOT
        and names[node].partition(b"@")[0] not in out
        and not _is_sdio(board, node)
    )


def _is_sdio(board: Board, node: int) -> bool:
    """Whether a host's slot has an SDIO function, or takes neither SD cards nor eMMC."""
    tree = board.tree
    if tree[node].has("no-sd") and tree[node].has("no-mmc"):
        return True
    own = tree.holders("compatible")
    cards = [child for child in tree.children[node] if child in own]
    return any(
        "mmc-card" not in tree[child].compatible for child in cards if tree[child].has("reg")
    )


def is_sure(taken: Taken, outcomes: Iterable[Outcome]) -> bool:
    """Whether a device ends so even if its driver asks for nothing."""
    return taken.unasked in outcomes


def named(board: Board, nodes: Iterable[int]) -> str:
    """A few nodes by their paths, and how many more there are."""
    paths = [board.tree.path(node) for node in nodes]
    more = len(paths) - _TOLD
    text = ", ".join(paths[: _TOLD if more > 1 else _TOLD + 1])
    return f"{text} and {more} more" if more > 1 else text


def split(board: Board, hit: Hit, devices: Sequence[Taken], outcomes: Iterable[Outcome]) -> str:
    """The devices that end so, and how many more do if their drivers ask for what is missing.

    All are named alike if that goes for the first of them. Those at which the finding is are not.
    """
    others = [each for each in devices if each.node not in hit.suppliers]
    sure = [each for each in others if is_sure(each, outcomes)]
    is_even = not sure or role(board, sure[0].node) is not role(board, others[0].node)
    chosen = others if is_even else sure
    rest = len(others) - len(chosen)
    perhaps = f" (and perhaps {rest} more)" if rest else ""
    return named(board, [each.node for each in chosen]) + perhaps


def option(driver: Driver) -> str:
    """The option of a driver in parentheses, to follow its name; empty if it is not known."""
    return f" (CONFIG_{driver.config})" if driver.config else ""


def needs(board: Board, hit: Hit, taken: Taken) -> str:
    """What a device needs that is not there, in a few words."""
    tree = board.tree
    device, supplier = tree.path(taken.node), tree.path(taken.supplier)
    if taken.binding == OWN:
        return f"nothing else drives {device}"
    below = any(supplier == top or supplier.startswith(f"{top}/") for top in _paths(board, hit))
    chain = "" if below else f", and that needs {named(board, hit.suppliers)}"
    if taken.binding == PARENT:
        return f"{device} is made by the driver of {supplier}{chain}"
    return f"{device} needs {supplier} ({taken.binding}){chain}"


def _paths(board: Board, hit: Hit) -> Iterator[str]:
    return (board.tree.path(node) for node in hit.suppliers)


def nodes(board: Board, hit: Hit, devices: Iterable[Taken]) -> list[Node]:
    """The nodes that a finding is about besides its first."""
    return [board.tree[node] for node in (*hit.suppliers, *(each.node for each in devices))]
