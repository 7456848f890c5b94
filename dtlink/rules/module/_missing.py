"""Text about drivers that are loaded late or never, and about the devices that need them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from dtlink.board.missing_drivers import OWN_DRIVER, MissingDriver
from dtlink.board.tree import TreeBoard
from dtlink.boot.timeline.model import PARENT, AffectedDevice
from dtlink.facts.outcomes import Driver, Outcome
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted, listed

if TYPE_CHECKING:
    from dtlink.boot.roles import Role
    from dtlink.facts.profile import KernelProfile
    from dtlink.firmware.tree import Node

#: Outcomes of a device that does not work until the user acts.
FAILS = (Outcome.LOST, Outcome.NEVER)
#: Outcomes of a device that waits for a module of the root file system.
WAITS = (Outcome.LATE, Outcome.RECOVERS, *FAILS)

#: How many devices are reported by name.
_TOLD = 4


def role(board: TreeBoard, node: int) -> Role:
    """The role of a device."""
    return board.roles.of(node)


def is_sure(taken: AffectedDevice, outcomes: Iterable[Outcome]) -> bool:
    """Whether a device ends so even if its driver asks for nothing."""
    return taken.unasked in outcomes


def no_medium_left(board: TreeBoard, lost: Container[int]) -> bool:
    """Whether none of the media that may have the root filesystem can be used.

    A network device cannot without its PHYs.
    """
    phys = board.root.phys
    return all(
        node in lost or (node in phys and all(each in lost for each in phys[node]))
        for node in board.media
    )


def if_mounted_late(profile: KernelProfile) -> str:
    """What an effect assumes that depends on when the root filesystem is mounted."""
    return (
        "if the root filesystem is mounted later than deferred_probe_timeout "
        f"({profile.deferred_probe_timeout} s) after the last {timeout_start(profile)}"
    )


def timeout_start(profile: KernelProfile) -> str:
    """From the last of what the timeout counts."""
    return "driver registration" if profile.registration_restarts_timeout else "initcall"


def named(board: TreeBoard, nodes: Iterable[int]) -> str:
    """A few nodes by their paths, and how many more there are."""
    paths = [board.tree.path(node) for node in nodes]
    # "and 1 more" would not be shorter than the path.
    return listed(paths, _TOLD if len(paths) > _TOLD + 1 else _TOLD + 1)


def split(
    board: TreeBoard,
    hit: MissingDriver,
    devices: Sequence[AffectedDevice],
    outcomes: Iterable[Outcome],
) -> str:
    """The devices that end so, and how many more do if their drivers ask for what is missing.

    All are named alike if that goes for the first of them. Those at which the finding is are not.
    """
    others = [each for each in devices if each.node not in hit.suppliers]
    sure = [each for each in others if is_sure(each, outcomes)]
    is_even = not sure or role(board, sure[0].node) is not role(board, others[0].node)
    chosen = others if is_even else sure
    return numbered(board, chosen, len(others) - len(chosen))


def numbered(board: TreeBoard, devices: Sequence[AffectedDevice], perhaps: int = 0) -> str:
    """A few devices by their paths, with the number of them all if that is large."""
    names, number = named(board, [each.node for each in devices]), len(devices)
    if number > _TOLD + 1:
        more = f", perhaps {number + perhaps}" if perhaps else ""
        return f"{counted(number, 'device')}{more} ({names})"
    return f"{names} (and perhaps {perhaps} more)" if perhaps else names


def option(*drivers: Driver) -> str:
    """The options of drivers in parentheses, to follow their names; empty if none is known."""
    known = dict.fromkeys(f"CONFIG_{each.config}" for each in drivers if each.config)
    return f" ({', '.join(known)})" if known else ""


def needs(board: TreeBoard, hit: MissingDriver, taken: AffectedDevice) -> str:
    """What a device needs and lacks, in a few words."""
    tree = board.tree
    device, supplier = tree.path(taken.node), tree.path(taken.supplier)
    if taken.binding == OWN_DRIVER:
        return f"no other driver matches {device}"
    below = any(supplier == top or supplier.startswith(f"{top}/") for top in _paths(board, hit))
    chain = "" if below else f", and that needs {named(board, hit.suppliers)}"
    chain += f", which {made(board, hit)} provides" if hit.made else ""
    if taken.binding == PARENT:
        return f"{device} is created by the driver of {supplier}{chain}"
    return f"{device} needs {supplier} ({taken.binding}){chain}"


def lacking(board: TreeBoard, hit: MissingDriver) -> str:
    """What lacks the driver: nodes, or a device that their driver makes."""
    return made(board, hit) if hit.made else named(board, hit.suppliers)


def made(board: TreeBoard, hit: MissingDriver) -> str:
    """The device without a node that lacks its driver, and what makes it."""
    name = hit.made.partition(":")[2]
    return f"{name} (a device that the driver of {named(board, hit.suppliers)} creates)"


def _paths(board: TreeBoard, hit: MissingDriver) -> Iterator[str]:
    return (board.tree.path(node) for node in hit.suppliers)


def nodes(board: TreeBoard, hit: MissingDriver, devices: Iterable[AffectedDevice]) -> list[Node]:
    """The nodes that a finding is about besides its first."""
    return [board.tree[node] for node in (*hit.suppliers, *(each.node for each in devices))]
