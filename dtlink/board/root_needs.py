"""What is needed before a root filesystem can be mounted: the devices, and drivers without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dtlink.boot.drivers.options import by_option
from dtlink.facts.media import FLASH, KEYBOARDS, BusDriver, Medium
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.boot.roots.root import Root
    from dtlink.facts.outcomes import Driver
    from dtlink.facts.root import Support


class Way(NamedTuple):
    """A device from which the needs of a root are followed."""

    node: int
    media: tuple[Medium, ...] = ()
    """Empty for what is no controller: the console, a keyboard."""
    drivers: tuple[BusDriver, ...] = ()
    """Those on its bus."""


class RootNeeds(NamedTuple):
    """All that the root filesystems of one board need, as far as they are known."""

    ways: tuple[Way, ...]
    """Each of them may be the one."""
    others: tuple[Way, ...] = ()
    """Needed whichever it is: what takes a passphrase, a network that is set up."""
    support: tuple[Support, ...] = ()


def root_needs(board: TreeBoard) -> RootNeeds:
    """What the root of a board needs.

    A root that the settings name is the only one. What ``bootargs`` of ``/chosen`` say is mostly
    replaced by a boot loader: it adds to what every controller of a medium needs.
    """
    root, settings = board.root, board.settings
    is_given = root.is_told and (settings.cmdline is not None or bool(settings.root))
    media = dict(root.media) if is_given else {**root.storage, **root.media}
    ways = tuple(_ways(root, media))
    others = tuple(way for way in _others(board, root) if way.node not in media)
    on_flash = all(set(way.media) <= set(FLASH) for way in ways)
    support = root.spec.support(on_flash=on_flash) if ways else ()
    return RootNeeds(ways, others, tuple({each.driver: each for each in support}.values()))


def root_ways(board: TreeBoard) -> tuple[Way, ...]:
    """The controllers that can have the root, as far as the command line determines them."""
    return tuple(_ways(board.root, board.root.media))


def node_way(board: TreeBoard, node: int) -> Way:
    """The way to a node that the user named: with its bus, if it is a controller."""
    return next(_ways(board.root, {node: board.root.media_of(node)}))


def driver_of(board: TreeBoard, row: BusDriver) -> Driver:
    """What the kernel has for a driver that no device asks for."""
    return by_option(board.named_facts.build, row.config, row.module, row.drives)


def _ways(root: Root, media: Mapping[int, tuple[Medium, ...]]) -> Iterator[Way]:
    for node in sorted(media):
        yield Way(node, media[node], tuple(root.drivers(node, media[node])))


def _others(board: TreeBoard, root: Root) -> Iterator[Way]:
    spec = root.spec
    if spec.configures_network and not spec.is_network:
        yield from _ways(root, root.network)
    if spec.encrypted:
        for node in board.roles.prompts():
            yield Way(node, drivers=tuple(root.keyboard_drivers(node)))
        for host in root.usb_hosts:
            usb = tuple(root.drivers(host, ()))
            yield Way(host, drivers=(*usb, *KEYBOARDS))
