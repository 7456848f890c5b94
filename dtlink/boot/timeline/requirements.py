"""What devices need: the references of a tree, each with what fw_devlink makes of it."""

from __future__ import annotations

from dtlink.boot.devlink.effects import LinkEffect
from dtlink.boot.drivers.asked import strongest
from dtlink.boot.timeline.core_requests import ASSIGNED_CLOCKS, CoreRequests
from dtlink.boot.timeline.mdio import is_phy
from dtlink.boot.timeline.on_behalf import OnBehalf
from dtlink.boot.timeline.requirement import Hold, Requirement
from dtlink.facts.binding import Walk
from dtlink.facts.resource import UNKNOWN_REQUEST, Asker, Requested
from dtlink.facts.resources import PHY_INTERRUPT
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtlink.boot.devlink.effects import LinkEffects
    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.request_reader import RequestReader
    from dtlink.facts.binding import SupplierBinding
    from dtlink.facts.resource import Request
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference


#: The binding of the link that ``fw_devlink.strict=1`` makes of an ``iommu-map``: to the host.
HOST = "iommu-map, for the host itself"


def requirements(
    references: Sequence[Reference],
    effects: LinkEffects,
    devices: Devices,
    reader: RequestReader | None = None,
    own: Sequence[Reference] = (),
) -> Sequence[Requirement]:
    """Every requirement, once, in the order of the tree's properties.

    ``reader`` says what drivers ask for; without it that is not known. Of the vendors' ``own``
    properties, which the kernel does not link, those count that a driver is known to wait for.
    """
    return _Requirements(effects, devices, reader).read(references, own)


class _Row(NamedTuple):
    """What counts of a binding."""

    name: str
    kind: str
    request: Request
    if_several: Asker | None
    counts: bool
    """Whether devices need what it names."""
    is_interrupt: bool
    is_endpoint: bool
    is_iommu_map: bool
    is_cores: bool
    """Whether the node decides what the kernel's core asks for."""

    @classmethod
    def of(cls, binding: SupplierBinding) -> _Row:
        resource, walk, name = binding.resource, binding.walk, binding.name
        return cls(
            *(name, resource.kind, resource.request, resource.if_several),
            counts=binding.orders_probe and binding.probes_first and walk is not Walk.MASTERS,
            is_interrupt=name.startswith("interrupts"),
            is_endpoint=walk is Walk.ENDPOINT,
            is_iommu_map=resource.is_iommu and walk is Walk.ID_MAP,
            is_cores=resource.if_pci_host is not None or name in ASSIGNED_CLOCKS,
        )


class _Requirements:
    """Reads the requirements of one tree for one kernel."""

    def __init__(
        self, effects: LinkEffects, devices: Devices, reader: RequestReader | None
    ) -> None:
        self._tree = devices.tree
        self._devices = devices
        self._above = devices.above
        self._effects = effects
        self._reader = reader
        self._console = _console(devices.tree)
        self._orders = effects.orders_probing
        self._rows: dict[int, _Row] = {}
        """By the identities of bindings: to hash one costs more."""

    def read(self, references: Sequence[Reference], own: Sequence[Reference]) -> list[Requirement]:
        found: dict[tuple[int, int, str], Requirement] = {}
        for each in (*self._all(references), *self._asked(own)):
            key = each.consumer, each.supplier, each.binding
            found[key] = _both(found[key], each) if key in found else each
        return [each for each in found.values() if not each.is_idle]

    def _all(self, references: Sequence[Reference]) -> Iterator[Requirement]:
        several = _with_several(references)
        self._core = CoreRequests(self._tree, references)
        others = None if self._reader is None else OnBehalf(self._devices, self._reader)
        for reference in references:
            if row := self._row(reference):
                yield from self._of(reference, row, several)
                if others is not None:
                    yield from others.of(reference)
        if others is not None:
            yield from others.of_pci_hosts(references)

    def _asked(self, own: Sequence[Reference]) -> Iterator[Requirement]:
        for reference in own:
            if row := self._row(reference):
                found = self._of(reference, row, frozenset())
                yield from (each for each in found if each.requested.is_waited_for)

    def _row(self, reference: Reference) -> _Row | None:
        """What counts of a reference's binding; ``None``: no device needs what it names."""
        row = self._rows.get(id(reference.binding))
        if row is None:
            row = self._rows[id(reference.binding)] = _Row.of(reference.binding)
        return row if row.counts and reference.supplier not in self._tree.disabled else None

    def _of(
        self, reference: Reference, row: _Row, several: frozenset[int]
    ) -> Iterable[Requirement]:
        above = self._above
        consumer = above[reference.consumer]
        if consumer < 0 or above[reference.supplier] == consumer:
            return ()
        hold = self._hold(reference, consumer)
        if row.is_interrupt and is_phy(self._tree, reference.consumer):
            # The MDIO bus asks, before there is a device for the PHY.
            request, requested, hold = PHY_INTERRUPT, Requested.UNKNOWN, Hold.NONE
        elif reference.consumer != consumer and not row.is_endpoint:
            request, requested = self._of_part(reference, consumer)
        else:
            request, requested = self._request(reference, row, consumer, several)
        if row.is_iommu_map:
            return self._of_map(reference, consumer, request, hold)
        ends = consumer, reference.supplier, row.name, reference.node
        return (Requirement(*ends, request, hold, False, requested, row.kind),)

    def _request(
        self, reference: Reference, row: _Row, consumer: int, several: frozenset[int]
    ) -> tuple[Request, Requested]:
        """What becomes of a request of a device for what its node references; if it is made."""
        request = row.request
        if row.if_several is not None and reference.consumer in several:
            request = request._replace(asker=row.if_several)
        if row.is_cores:
            request = self._core.of(reference, request)
        if request.asker is Asker.DRIVER and self._reader is not None:
            return request, self._reader.of(reference, consumer)
        return request, Requested.UNKNOWN

    def _of_part(self, reference: Reference, consumer: int) -> tuple[Request, Requested]:
        """The same for what a part of a device references."""
        if self._reader is None:
            return UNKNOWN_REQUEST, Requested.UNKNOWN
        return self._reader.of_part(reference, consumer)

    def _of_map(
        self, reference: Reference, consumer: int, request: Request, hold: Hold
    ) -> Iterator[Requirement]:
        """A link holds the host; the request is that of the functions behind it."""
        name, node, supplier = reference.binding.name, reference.node, reference.supplier
        yield Requirement(consumer, supplier, name, node, request, Hold.NONE, function=True)
        for function in self._functions(reference):
            yield Requirement(function, supplier, name, node, request, Hold.NONE)
        if hold is not Hold.NONE:
            yield Requirement(consumer, supplier, HOST, node, UNKNOWN_REQUEST, hold)

    def _functions(self, reference: Reference) -> Iterator[int]:
        """The functions with a node, on the host's first bus, that a row of its map names."""
        tree, host = self._tree, reference.consumer
        cells = tree.cells_at(reference.at)[reference.cell - 1 : reference.cell + 3]
        mask = tree.cell("iommu-map-mask", host)
        for child in tree.children[host]:
            place = tree.cell("reg", child)
            if child in self._devices and place is not None and len(cells) == 4:
                requester = place >> 8 & (0xFFFF if mask is None else mask)
                if 0 <= requester - cells[0] < cells[3]:
                    yield child

    def _hold(self, reference: Reference, consumer: int) -> Hold:
        if reference.consumer != consumer or not self._orders:
            return Hold.NONE
        effect = self._effects.between(consumer, reference.supplier)
        if effect is None:
            return Hold.NONE
        if effect is LinkEffect.ORDERS or effect is LinkEffect.WAITS:
            return Hold.SOFT if consumer == self._console else Hold.LINK
        return Hold.RELAXED


def _with_several(references: Sequence[Reference]) -> frozenset[int]:
    """The nodes with more than one entry of a resource for which that makes a difference."""
    return frozenset(
        reference.consumer
        for reference in references
        if reference.entry > 0 and reference.binding.resource.if_several is not None
    )


_FIRMEST = (Hold.LINK, Hold.SOFT, Hold.RELAXED, Hold.NONE)


def _both(one: Requirement, other: Requirement) -> Requirement:
    """Two references of a consumer to one supplier, as one requirement: the stronger request."""
    if one.requested is other.requested and one.hold is other.hold:
        return one
    stronger = strongest((one.requested, other.requested))
    hold = next(each for each in _FIRMEST if each in (one.hold, other.hold))
    return (one if one.requested is stronger else other)._replace(hold=hold)


def _console(tree: Tree) -> int:
    """The node of the console, which fw_devlink lets try (drivers/of/base.c, of_alias_scan())."""
    chosen, aliases = tree.root.child("chosen"), tree.root.child("aliases")
    names = chosen.strings("stdout-path") or chosen.strings("linux,stdout-path") if chosen else ()
    name = names[0].partition(":")[0] if names else ""
    if name and not name.startswith("/") and aliases:
        name = next(iter(aliases.strings(name)), "")
    node = tree.at_path(name.rstrip("/")) if name else None
    return -1 if node is None else node.index
