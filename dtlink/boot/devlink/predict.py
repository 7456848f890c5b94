"""Run a kernel's device links over a devicetree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dtlink.boot.devlink import model
from dtlink.boot.devlink.availability import Availability
from dtlink.boot.devlink.booking import Bookkeeper
from dtlink.boot.devlink.drivers import BareDrivers, FullDrivers
from dtlink.boot.devlink.parsing import Drop, Parser, followed
from dtlink.boot.devlink.population import Population, served_early
from dtlink.boot.devlink.probing import DriverCore
from dtlink.boot.devlink.state import CoreDeviceLink, CoreFwnodeLink, CoreState

if TYPE_CHECKING:
    from dtlink.facts.profile import KernelProfile
    from dtlink.links.extract import Extraction
    from dtlink.links.reference import Reference

View = Literal["bare", "full"]


def predict(
    extraction: Extraction, profile: KernelProfile, view: View = "bare"
) -> model.Prediction:
    """What fw_devlink does with a tree, whose references are those that the kernel's version reads.

    The view ``bare`` is a kernel without drivers, but for the buses that every kernel has: it is
    what such kernels do, 6.1 and 6.12, link for link. The view ``full`` is the state when all
    drivers there could be have bound: each device binds as soon as nothing holds it back, what
    is below a bound device becomes a device too, and nothing waits for what is served early.
    The order in which drivers bind on a board is not known, so links that delay no probe may
    differ. Kernels before 6.1 are approximated by the rules of 6.1 and the suppliers of their time.
    """
    full, version = view == "full", profile.version
    availability = Availability.of(extraction.tree, version)
    early = served_early(availability) if full else {}
    gone = [node for node, device in early.items() if not device]
    population = Population(availability, gone)
    at_boot = list(population.at_boot())
    # A node in /reserved-memory may become a device although its parent is disabled.
    hidden = any(spawn.node in availability.disabled for spawn in at_boot)
    found = extraction.common_of_all if hidden else extraction.common
    state = CoreState(availability, profile, followed(found.references, profile))
    state.initialized.update(early)
    drivers = FullDrivers(state, population) if full else BareDrivers(population, version)
    parser, books = Parser(state), Bookkeeper(state)
    DriverCore(state, parser, books, drivers).boot(at_boot)
    return _Report(state, parser, books).prediction(view)


class _Report:
    """Turns node numbers into paths."""

    def __init__(self, state: CoreState, parser: Parser, books: Bookkeeper) -> None:
        self._state = state
        self._tree = state.tree
        self._parser = parser
        self._books = books

    def prediction(self, view: View) -> model.Prediction:
        state, path = self._state, self._tree.path
        return model.Prediction(
            kernel_version=str(state.profile.version),
            view=view,
            devices=[model.Device(path(d.node), d.bus, d.driver) for d in state.devices],
            parsed_nodes=[path(node) for node in self._parser.parsed],
            fwnode_links=[self._fwnode_link(link) for link in state.made],
            device_links=[
                self._device_link(link) for d in state.devices for link in d.suppliers.values()
            ],
            cycles=[
                model.CycleReport(path(link.consumer), path(link.supplier))
                for link in self._books.reports
            ],
            waiting=self._waiting(),
            not_linked=[self._not_linked(*dropped) for dropped in self._parser.dropped],
            refused=[self._pair(*pair) for pair in state.refused],
            relaxed=[self._pair(*pair) for pair in state.relaxed],
        )

    def _fwnode_link(self, link: CoreFwnodeLink) -> model.FwnodeLink:
        return model.FwnodeLink(
            self._tree.path(link.consumer),
            self._tree.path(link.supplier),
            link.cycle,
            link.ignore,
            tuple(self._origin(reference) for reference in link.references),
            link.moved,
            link.remaining,
        )

    def _device_link(self, link: CoreDeviceLink) -> model.DeviceLink:
        return model.DeviceLink(
            self._tree.path(link.consumer.node),
            self._tree.path(link.supplier.node),
            link.sync_state_only,
            link.runtime_pm,
            link.state.value,
        )

    def _waiting(self) -> list[model.WaitingDevice]:
        state, found = self._state, []
        for device in state.devices:
            if device.driver is None and state.profile.orders_probing:
                missing = [x.supplier for x in state.links_of(device.node) if x.blocks]
                if missing:
                    paths = tuple(map(self._tree.path, missing))
                    found.append(model.WaitingDevice(self._tree.path(device.node), paths))
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
