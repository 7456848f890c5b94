"""From the state of one machine to a prediction: numbers of nodes become paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dtlink.boot.devlink import model
from dtlink.boot.devlink.effects import TryResult
from dtlink.boot.devlink.parsing import Drop
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.booking import Bookkeeper
    from dtlink.boot.devlink.direct import DirectLinker, Tried
    from dtlink.boot.devlink.parsing import Parser
    from dtlink.boot.devlink.predict import View
    from dtlink.boot.devlink.state import CoreDevice, CoreDeviceLink, CoreFwnodeLink, CoreState
    from dtlink.links.reference import Reference

#: What of references that were tried makes no link, whatever other devices do.
_DROPPED = (TryResult.NO_DEVICE, TryResult.DESCENDANT)


class PredictionReport:
    """Turns node numbers into paths."""

    def __init__(self, state: CoreState, device_links: Sequence[CoreDeviceLink]) -> None:
        """``device_links``: those there are in the end, of which the devices know no more."""
        self._state = state
        self._device_links = device_links
        self._tree = state.tree

    def linked(self, parser: Parser, books: Bookkeeper, view: View) -> model.Prediction:
        """The prediction for a kernel that links nodes."""
        state, path = self._state, self._tree.path
        return self._prediction(
            view,
            parsed_nodes=[path(node) for node in parser.parsed],
            fwnode_links=[self._fwnode_link(link) for link in state.made],
            cycles=self._cycles(books.reports),
            waiting=self._waiting(self._lacking),
            not_linked=[self._not_linked(*dropped) for dropped in parser.dropped],
        )

    def direct(self, linker: DirectLinker, view: View) -> model.Prediction:
        """The prediction for a kernel that links devices only."""
        own = [each for each in linker.tried.values() if self._is_closest(each)]
        loops = [each for each in linker.tried.values() if each.result is TryResult.LOOP]
        self._state.refused += [(each.device, each.supplier) for each in loops]
        return self._prediction(
            view,
            parsed_nodes=[self._tree.path(node) for node in linker.read],
            fwnode_links=[],
            cycles=[],
            waiting=self._waiting(linker.lacks),
            not_linked=[
                self._not_linked(each.reference, Drop.NO_DEVICE, each.reference.supplier)
                for each in own
                if each.result in _DROPPED and each.supplier not in self._state.gone
            ],
            tried=[self._tried(each) for each in linker.tried.values()],
        )

    def _prediction(
        self,
        view: View,
        *,
        parsed_nodes: list[str],
        fwnode_links: list[model.FwnodeLink],
        cycles: list[model.CycleReport],
        waiting: list[model.WaitingDevice],
        not_linked: list[model.NotLinked],
        tried: Sequence[model.TriedReference] = (),
    ) -> model.Prediction:
        state, path = self._state, self._tree.path
        return model.Prediction(
            kernel_version=str(state.profile.version),
            view=view,
            devices=[model.Device(path(d.node), d.bus, d.driver) for d in state.devices],
            parsed_nodes=parsed_nodes,
            fwnode_links=fwnode_links,
            device_links=list(map(self._device_link, self._device_links)),
            cycles=cycles,
            waiting=waiting,
            not_linked=not_linked,
            refused=[self._pair(*pair) for pair in state.refused],
            relaxed=[self._pair(*pair) for pair in state.relaxed],
            tried=tried,
            nodes=[device.node for device in state.devices],
            at_boot=state.at_boot,
            early=state.early,
        )

    def _is_closest(self, tried: Tried) -> bool:
        """Whether a reference was tried for its own device, not for one further up."""
        node = tried.reference.node
        above = self._state.device.get(node) or self._state.device_above(node)
        return above is not None and above.node == tried.device

    def _lacking(self, device: CoreDevice) -> list[int]:
        """The suppliers of a device that are no devices, the newest link first."""
        return [link.supplier for link in self._state.links_of(device.node) if link.blocks]

    def _tried(self, each: Tried) -> model.TriedReference:
        path = self._tree.path
        return model.TriedReference(
            path(each.device),
            path(each.reference.supplier),
            path(each.supplier) if each.supplier >= 0 else "",
            self._origin(each.reference),
            each.result,
        )

    def _fwnode_link(self, link: CoreFwnodeLink) -> model.FwnodeLink:
        return model.FwnodeLink(
            self._tree.path(link.consumer),
            self._tree.path(link.supplier),
            link.cycle,
            link.ignore,
            tuple(map(self._origin, link.references)),
            link.moved,
            link.remaining,
        )

    def _cycles(self, reports: Sequence[tuple[int, int]]) -> list[model.CycleReport]:
        """The reports of cycles: of one link there may be many."""
        path = self._tree.path
        each = {pair: model.CycleReport(path(pair[0]), path(pair[1])) for pair in set(reports)}
        return [each[pair] for pair in reports]

    def _device_link(self, link: CoreDeviceLink) -> model.DeviceLink:
        return model.DeviceLink(
            self._tree.path(link.consumer.node),
            self._tree.path(link.supplier.node),
            link.sync_state_only,
            link.runtime_pm,
            link.state.value,
        )

    def _waiting(self, lacks: Callable[[CoreDevice], Sequence[int]]) -> list[model.WaitingDevice]:
        state, path, found = self._state, self._tree.path, []
        for device in state.devices if state.profile.orders_probing else ():
            missing = () if device.driver else lacks(device)
            if missing:
                found.append(model.WaitingDevice(path(device.node), tuple(map(path, missing))))
        return found

    def _not_linked(self, reference: Reference, why: Drop, node: int) -> model.NotLinked:
        path = self._tree.path
        return model.NotLinked(
            path(reference.consumer),
            path(reference.supplier),
            self._origin(reference),
            why.value,
            path(node),
        )

    def _origin(self, reference: Reference) -> model.PropertyEntry:
        node, name = self._tree.path(reference.node), self._tree.property_name(reference.at)
        return model.PropertyEntry(node, name, reference.entry)

    def _pair(self, consumer: int, supplier: int) -> model.LinkedPair:
        return model.LinkedPair(self._tree.path(consumer), self._tree.path(supplier))
