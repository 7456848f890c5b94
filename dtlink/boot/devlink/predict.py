"""Run a kernel's device links over a devicetree."""

from __future__ import annotations

from dtlink.boot.devlink.availability import Availability
from dtlink.boot.devlink.booking import Bookkeeper
from dtlink.boot.devlink.drivers import BareDrivers, FullDrivers
from dtlink.boot.devlink.linker import FwnodeLinker
from dtlink.boot.devlink.parsing import Parser, followed
from dtlink.boot.devlink.population import Population, served_early
from dtlink.boot.devlink.power_domains import PowerDomains
from dtlink.boot.devlink.probing import DriverCore
from dtlink.boot.devlink.simulation import Simulation
from dtlink.boot.devlink.state import CoreState
from dtlink.facts.behaviours import FWNODE_LINKS, RELAXES_NODES
from dtlink.typed import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dtlink.facts.profile import KernelProfile
    from dtlink.links.extract import Extraction

View = Literal["bare", "full"]


def simulate(extraction: Extraction, profile: KernelProfile, view: View = "bare") -> Simulation:
    """What fw_devlink does with a tree, whose references are those that the kernel's version reads.

    The view ``bare`` is a kernel without drivers, but for the buses that every kernel has: it is
    what such kernels do, link for link (:data:`dtlink.facts.kernels.KNOWN_KERNELS` says how each
    version was checked). The view ``full`` is the state when all
    drivers there could be have bound: each device binds as soon as nothing holds it back, what
    is below a bound device becomes a device too, and nothing waits for what is served early.
    The order in which drivers bind on a board is not known, so links that delay no probe may
    differ.
    """
    full, version = view == "full", profile.version
    availability = Availability.of(extraction.tree, version)
    early = served_early(availability) if full else {}
    gone = [node for node, device in early.items() if not device]
    population = Population(availability, gone)
    first, rest = list(population.first()), list(population.at_root())
    at_boot = frozenset(spawn.node for spawn in (*first, *rest))
    domains = PowerDomains.of(availability) if full and FWNODE_LINKS.on(version) else None
    if domains is not None:
        first = [*domains.first(), *first]
    # A node in /reserved-memory may become a device although its parent is disabled.
    hidden = any(spawn.node in availability.disabled for spawn in first)
    found = extraction.common_of_all if hidden else extraction.common
    state = CoreState(availability, profile, followed(extraction.tree, found.references, profile))
    state.early, state.at_boot = early, at_boot
    state.initialized.update(early, domains.early if domains else ())
    state.gone.update(gone)
    drivers = FullDrivers(state, population, domains) if full else BareDrivers(population, version)
    if not FWNODE_LINKS.on(version):
        from dtlink.boot.devlink.direct import DirectLinker

        direct = DirectLinker(state)
        DriverCore(state, direct, drivers).boot(first, rest)
        return Simulation(state, lambda to: to.direct(direct, view), direct.tried.values())
    parser = Parser(state)
    books, linker = _linked(state, parser)
    DriverCore(state, linker, drivers).boot(first, rest)
    return Simulation(state, lambda to: to.linked(parser, books, view))


def _linked(state: CoreState, parser: Parser) -> tuple[Bookkeeper, FwnodeLinker]:
    """What makes the links of a kernel that links nodes."""
    if RELAXES_NODES.on(state.profile.version):
        books = Bookkeeper(state)
        return books, FwnodeLinker(state, parser, books)
    from dtlink.boot.devlink.device_cycles import DeviceCycleBookkeeper, DeviceCycleLinker

    books = DeviceCycleBookkeeper(state)
    return books, DeviceCycleLinker(state, parser, books)
