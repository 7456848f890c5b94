"""Suppliers that can't come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dtlink.boot.drivers.requests import Requested
from dtlink.facts.early import is_served_early
from dtlink.facts.index_limits import index_limit
from dtlink.facts.patterns import fits
from dtlink.facts.resources import GPIO
from dtlink.facts.supply_names import SINGLE_GPIOS, stem
from dtlink.links.reference import Reference
from tests.support.faults.bed import Bed
from tests.support.faults.model import ERROR, INFO, WARNING, Planted, fault, faults_of

#: Without these a device can't work; drivers do without the others.
_NEEDED = ("clocks", "phys", "resets", "power-domains", "*-supply", "*-gpios", "pwms", "mboxes")
_SPARED = ("iommus", "dmas")


@fault("supplier/disabled", WARNING)
def supplier_disabled(bed: Bed) -> Planted | None:
    return _disable(bed, [(ref, ref.supplier) for ref in _missed(bed, _NEEDED)])


@fault("supplier/disabled", INFO, boards=12)
def dma_controller_or_iommu_disabled(bed: Bed) -> Planted | None:
    return _disable(bed, [(ref, ref.supplier) for ref in _missed(bed, _SPARED)])


@fault("supplier/disabled", WARNING)
def parent_of_the_supplier_disabled(bed: Bed) -> Planted | None:
    parents = bed.tree.parents
    above = [(ref, parents[ref.supplier]) for ref in _missed(bed, _NEEDED)]
    return _disable(bed, [(ref, node) for ref, node in above if node > 0])


def _missed(bed: Bed, names: tuple[str, ...]) -> list[Reference]:
    """References of devices to what they would miss.

    Silence is right for CPUs, for the inputs of clock controllers, which name every clock that
    could feed them, and where the source of the driver says that it goes without. Where it does not
    say so of a clock, the driver may: the request for a disabled one fails at once.
    """
    return [
        ref
        for ref in bed.references(*names)
        if _is_device(bed, ref)
        and "/ethernet-port@" not in bed.path(ref.consumer)  # of one of several ports it is a note
        and not bed.path(ref.consumer).startswith("/cpus/")
        and not (ref.binding.name == "clocks" and bed.tree.cell("#clock-cells", ref.consumer))
        and _requested(bed, ref) in _asked(ref)
    ]


def _asked(ref: Reference) -> tuple[Requested, ...]:
    if ref.binding.name == "clocks":
        return (Requested.REQUIRED,)
    return (Requested.UNKNOWN, Requested.REQUIRED)


def _requested(bed: Bed, ref: Reference) -> Requested:
    reader, device = bed.board.requests, bed.board.device_index(ref.consumer)
    return reader.of(ref, device) if ref.consumer == device else reader.of_part(ref, device)[1]


def _is_device(bed: Bed, ref: Reference) -> bool:
    """Whether the consumer is, or is a part of, another device than the supplier."""
    device = bed.board.device_index(ref.consumer)
    return bed.has(device, "compatible") and device != bed.board.device_index(ref.supplier)


def _disable(bed: Bed, choices: Iterable[tuple[Reference, int]]) -> Planted | None:
    """Disable a node in which the consumer does not lie itself."""
    off = bed.tree.disabled
    found = bed.pick(
        (ref, node)
        for ref, node in choices
        if ref.supplier not in off and not bed.is_below(ref.consumer, node)
    )
    if found is None:
        return None
    ref, node = found
    bed.set(node, status="disabled")
    return Planted(bed.path(ref.node), together=bed.paths((ref.node, node)))


@fault("supplier/no-device", ERROR, boards=12)
def regulator_without_compatible(bed: Bed) -> Planted | None:
    return _without_compatible(bed, ("*-supply",))


@fault("supplier/no-device", WARNING, boards=7)
def clock_without_compatible(bed: Bed) -> Planted | None:
    """Code of one machine could start it by its path: the rule is not sure."""
    return _without_compatible(bed, ("clocks",))


def _without_compatible(bed: Bed, names: tuple[str, ...]) -> Planted | None:
    """Only where nothing above the supplier could serve it."""
    ref = bed.pick(ref for ref in _standing_alone(bed) if ref.binding.name in names)
    if ref is None:
        return None
    bed.drop(ref.supplier, "compatible")
    return Planted(bed.path(ref.node), together=bed.paths((ref.node, ref.supplier)))


@fault("supplier/unpopulated", WARNING, boards=12)
def supplier_moved_into_a_container(bed: Bed) -> Planted | None:
    """As the 2010s wrote it: regulators { }. What the kernel starts early comes all the same."""
    ref = bed.pick(
        ref
        for ref in _standing_alone(bed)
        if not is_served_early(bed.tree[ref.supplier].compatible)
    )
    if ref is None:
        return None
    container = bed.add("seeded-container")
    moved = bed.nodes[ref.supplier]
    bed.remove(ref.supplier)
    bed.nodes[container].children.append(moved)
    inside = f"{bed.path(container)}/{moved.name}"
    return Planted(bed.path(ref.node), together=frozenset((inside, bed.path(container))))


@fault("supplier/never-probes", WARNING)
def panel_without_compatible(bed: Bed) -> Planted | None:
    """A device that is known by its end of a graph only."""
    device = bed.pick(_waiting(bed))
    if device is None:
        return None
    ends = [
        bed.add("endpoint", bed.add("seeded-port", node))
        for node in (device, bed.add("seeded-panel"))
    ]
    for end, other in (ends, ends[::-1]):
        bed.set(end, remote_endpoint=bed.phandle(other))
    return Planted(bed.path(ends[0]), "remote-endpoint", 0)


@fault("supplier/never-probes", WARNING)
def amba_device_without_registers(bed: Bed) -> Planted | None:
    device = bed.pick(_waiting(bed))
    if device is None:
        return None
    gpio = bed.add("seeded-gpio", compatible=b"arm,pl061\0arm,primecell\0", _gpio_cells=2)
    bed.put(gpio, "gpio-controller", b"")
    bed.set(device, seeded_gpios=(bed.phandle(gpio), 0, 0))
    return Planted(bed.path(device), "seeded-gpios", 0)


@fault("supplier/not-a-provider", WARNING, boards=12)
def supply_from_a_clock(bed: Bed) -> Planted | None:
    ref = bed.pick(
        ref
        for ref in bed.references("*-supply")
        if _is_device(bed, ref)
        and _requested(bed, ref) in (Requested.UNKNOWN, Requested.REQUIRED)
        and not bed.path(ref.consumer).startswith("/cpus/")
    )
    if ref is None:
        return None
    clock = bed.add("seeded-clock", compatible="fixed-clock", _clock_cells=0, clock_frequency=1)
    bed.put(ref.node, bed.property_name(ref), (bed.phandle(clock),))
    return Planted(bed.path(ref.node), bed.property_name(ref))


@fault("supplier/not-a-provider", WARNING)
def msi_parent_that_is_an_iommu(bed: Bed) -> Planted | None:
    device = bed.pick(bed.devices())
    if device is None:
        return None
    iommu = bed.add("seeded-iommu", compatible="arm,smmu-v3", _iommu_cells=1)
    bed.set(device, msi_parent=bed.phandle(iommu))
    return Planted(bed.path(device), "msi-parent")


@fault("supplier/misspelt-name", WARNING, boards=12)
def supply_of_a_fixed_regulator_misspelt(bed: Bed) -> Planted | None:
    supplier = bed.add("seeded-regulator", compatible="regulator-fixed", regulator_name="seeded")
    user = bed.add("seeded-regulator-2", compatible="regulator-fixed", regulator_name="seeded-2")
    bed.put(user, "vim-supply", (bed.phandle(supplier),))
    return Planted(bed.path(user), "vim-supply")


@fault("supplier/misspelt-name", WARNING, boards=12)
def clocks_in_the_singular(bed: Bed) -> Planted | None:
    ref = bed.pick(ref for ref in bed.references("clocks") if _is_device(bed, ref))
    if ref is None:
        return None
    bed.rename(ref.node, "clocks", "clock")
    return Planted(bed.path(ref.node), "clock")


@fault("supplier/misspelt-name", WARNING, boards=12)
def gpio_of_a_fixed_regulator_misspelt(bed: Bed) -> Planted | None:
    gpio = bed.add("seeded-gpio", compatible="seeded,gpio", _gpio_cells=2)
    bed.put(gpio, "gpio-controller", b"")
    user = bed.add("seeded-regulator", compatible="regulator-fixed", regulator_name="seeded")
    bed.set(user, gpoi=(bed.phandle(gpio), 1, 0))
    return Planted(bed.path(user), "gpoi")


@fault("supplier/misspelt-name", WARNING, boards=12)
def suffix_misspelt(bed: Bed) -> Planted | None:
    # What a driver may do without is not missed by it.
    ref = bed.pick(_missed(bed, ("*-supply",)))
    if ref is None:
        return None
    name = bed.property_name(ref)
    bed.rename(ref.node, name, name.removesuffix("supply") + "suply")
    return Planted(bed.path(ref.node), name.removesuffix("supply") + "suply")


@fault("supplier/misspelt-name", WARNING, boards=12)
def names_in_the_singular(bed: Bed) -> Planted | None:
    ref = bed.pick(
        ref
        for ref in bed.references("clocks", "resets", "dmas")
        if _is_device(bed, ref) and bed.has(ref.node, f"{ref.binding.name[:-1]}-names")
    )
    if ref is None:
        return None
    name = f"{ref.binding.name[:-1]}-name"
    bed.rename(ref.node, f"{name}s", name)
    return Planted(bed.path(ref.node), name, together=bed.paths((ref.node,)))


@fault("supplier/duplicate-clock-name", WARNING)
def clocks_of_one_name(bed: Bed) -> Planted | None:
    bed.add("seeded-clock", compatible="seeded,clock", _clock_cells=0, clock_output_names="seeded")
    second = bed.add(
        "seeded-clock-2", compatible="seeded,clock", _clock_cells=0, clock_output_names="seeded"
    )
    return Planted(bed.path(second), "clock-output-names")


@fault("supplier/unknown-regulator", WARNING)
def regulator_that_the_driver_does_not_know(bed: Bed) -> Planted | None:
    pmic = bed.add("seeded-pmic", compatible="x-powers,axp313a")
    below = bed.add("regulators", pmic)
    bed.add("dcdc1", below)
    regulator = bed.add("dldo-1", below, regulator_name="seeded")
    user = bed.add("seeded-user", compatible="seeded,user")
    bed.put(user, "vcc-supply", (bed.phandle(regulator),))
    return Planted(bed.path(user), "vcc-supply")


@fault("supplier/index-range", WARNING, boards=10)
def index_that_the_provider_lacks(bed: Bed) -> Planted | None:
    ref = bed.pick(
        ref
        for ref in bed.references("clocks", "resets", "power-domains")
        if ref.args == 1
        and any(
            index_limit(name, ref.binding.kind) is not None
            for name in bed.tree[ref.supplier].compatible
        )
    )
    if ref is None:
        return None
    name = bed.property_name(ref)
    cells = bed.get(ref.node, name)
    cells[ref.cell + 1] = 0x7000
    bed.put(ref.node, name, tuple(cells))
    return bed.here(ref)


@fault("phandle/second-supply", WARNING, boards=12)
def supply_of_two(bed: Bed) -> Planted | None:
    ref = bed.pick(ref for ref in bed.references("*-supply") if _is_device(bed, ref))
    if ref is None:
        return None
    name = bed.property_name(ref)
    bed.put(ref.node, name, 2 * (*bed.get(ref.node, name),))
    return Planted(bed.path(ref.node), name, 1)


@fault("phandle/second-supply", WARNING, boards=4)
def gpio_of_two(bed: Bed) -> Planted | None:
    reader = bed.board.requests
    ref = bed.pick(
        ref
        for ref in bed.references("*-gpios")
        if (name := bed.property_name(ref)) in SINGLE_GPIOS
        if not fits(bed.tree[ref.node].compatible, SINGLE_GPIOS[name])
        if _is_device(bed, ref) and reader.is_known(ref.node)
        if stem(name) in reader.names_of(ref.node, GPIO.kind)
    )
    if ref is None:
        return None
    name = bed.property_name(ref)
    bed.put(ref.node, name, 2 * (*bed.get(ref.node, name),))
    return Planted(bed.path(ref.node), name, 1)


def _waiting(bed: Bed) -> Iterator[int]:
    """Plain devices that the kernel does not start before it looks at their suppliers."""
    for node in bed.devices():
        above = (*(each.index for each in bed.tree[node].ancestors),)[-2:]
        if bed.has(above[0], "compatible") and not is_served_early(bed.tree[node].compatible):
            yield node


def _standing_alone(bed: Bed) -> list[Reference]:
    """References that fw_devlink follows, of devices, to leaf devices in the root."""
    tree, outside = bed.tree, bed.board.passed_over
    return [
        ref
        for ref in bed.kernel_entries()
        if tree.parents[ref.supplier] == 0
        and bed.has(ref.supplier, "compatible")
        and not tree.children[ref.supplier]
        and _is_device(bed, ref)
        and bed.board.device_index(ref.consumer) not in outside
    ]


FAULTS = faults_of(globals())
