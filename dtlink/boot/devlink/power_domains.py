"""Power domains that are registered for nodes without a device."""

from __future__ import annotations

from dtlink.boot.devlink.population import Spawn
from dtlink.facts.behaviours import POWER_DOMAINS_ARE_DEVICES
from dtlink.facts.power_domains import DOMAIN_PROVIDERS, DomainNodes, DomainProvider
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dtlink.boot.devlink.availability import Availability
    from dtlink.firmware.tree import Tree

#: The bus, and the driver, of power domains that are devices.
BUS = "genpd_provider"


class PowerDomains(NamedTuple):
    """The nodes without a device whose power domains a kernel registers."""

    early: Sequence[int]
    """Registered before there are devices; no driver binds these nodes."""
    of_driver: Mapping[int, Sequence[int]]
    """Registered by the driver of a node, by that node."""
    are_devices: bool
    """Whether the kernel makes devices of them."""

    @classmethod
    def of(cls, availability: Availability) -> PowerDomains:
        """The nodes of a tree, by :data:`~dtlink.facts.power_domains.DOMAIN_PROVIDERS`."""
        tree = availability.tree
        early: list[int] = []
        of_driver: dict[int, list[int]] = {}
        compatibles = tree.holders("compatible")
        for node in sorted(_upwards(tree, tree.holders("#power-domain-cells"))):
            row = _row(tree.value(compatibles[node])) if node in compatibles else None
            if row is None or node in availability.disabled:
                continue
            found = list(_providers(tree, node, row.nodes))
            if row.early:
                early += found
            else:
                of_driver[node] = found
        return cls(early, of_driver, POWER_DOMAINS_ARE_DEVICES.on(availability.version))

    def first(self) -> Iterator[Spawn]:
        """The devices that there are before all others."""
        return (Spawn(node, -1, BUS) for node in self.early if self.are_devices)

    def below(self, node: int) -> Iterator[Spawn]:
        """The devices that the driver of a node makes."""
        found = self.of_driver.get(node, ()) if self.are_devices else ()
        return (Spawn(each, -1, BUS) for each in found)


def _upwards(tree: Tree, nodes: Iterable[int]) -> set[int]:
    """Some nodes, and all above them."""
    found: set[int] = set()
    for start in nodes:
        node = start
        while node >= 0 and node not in found:
            found.add(node)
            node = tree.parents[node]
    return found


def _row(compatible: bytes) -> DomainProvider | None:
    names = compatible.split(b"\0")
    return next((_ROWS[name] for name in names if name in _ROWS), None)


_ROWS = {name: row for row in DOMAIN_PROVIDERS for name in row.compatible}


def _providers(tree: Tree, node: int, nodes: DomainNodes) -> Iterator[int]:
    cells = tree.holders("#power-domain-cells")
    if nodes is DomainNodes.OWN:
        yield from (node,) if node in cells else ()
    elif nodes is DomainNodes.CHILDREN:
        yield from (child for child in tree.children[node] if child in cells)
    else:
        for child in tree.children[node]:
            if tree.layout.names[child] == b"pm-domains":
                yield from _below(tree, child)


def _below(tree: Tree, node: int) -> Iterator[int]:
    for child in tree.children[node]:
        yield child
        yield from _below(tree, child)
