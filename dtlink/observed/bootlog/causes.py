"""From a device that does not run to the root cause, one supplier after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dtlink.facts.resource import Patience
from dtlink.facts.resources import IOMMU, POWER_DOMAIN
from dtlink.observed.bootlog.device import DeferSource, LoggedDevice, ProbeStage
from dtlink.observed.bootlog.model import CauseKind, CauseOrigin
from dtlink.observed.bootlog.reach import Reach
from dtlink.observed.bootlog.supplier_states import SupplierStates, by_device_name, error
from dtlink.observed.bootlog.wording import called, meant
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.resource import Resource
    from dtlink.observed.bootlog.history import History
    from dtlink.observed.bootlog.kernel_side import KernelSide
    from dtlink.observed.bootlog.suppliers import Need, Suppliers
    from dtlink.observed.naming import NodeNames

#: Upper bound on the devices of one chain: more than any board has.
_LONGEST = 64
#: drivers/amba/bus.c, amba_match(): an identity that cannot be read defers the probe forever.
_NO_IDENTITY = (
    "all that it needs is there, and yet the AMBA bus reads no valid identity at its address: is "
    "the device there, and powered?"
)

#: drivers/of/platform.c, of_platform_notify(); drivers/clk/clk-fixed-rate.c, of_fixed_clk_setup().
_AT_BOOT = (
    "the driver asks for it, and the kernel starts it at boot, before there are devices: it is not "
    "there if an overlay added it later below a node that is no bus, or if its own start failed"
)
#: What to do about it, and about a supplier that is disabled.
_ROOT = "see what the log has of {who}; add the clock to the root if an overlay brings it"
_ENABLE = 'set status = "okay" in {who}'


def _is_power_domain(resource: Resource) -> bool:
    return resource is POWER_DOMAIN


def _is_given_up(resource: Resource) -> bool:
    """Whether the kernel stops waiting for it at the deferred-probe timeout."""
    return resource.request.patience is Patience.TIMEOUT


#: What a device waits for, by what the log shows of the wait.
_WANTED: Mapping[DeferSource, Callable[[Resource], bool]] = {
    DeferSource.BEFORE_PROBE: lambda resource: resource.request.asker.is_before_probe,
    DeferSource.IDENTITY: lambda resource: resource.identifies_amba,
}


#: A PCI function that was deferred so may wait for its IOMMU.
_MAYBE_IOMMU = (DeferSource.BEFORE_PROBE, DeferSource.UNSAID)


class CauseChain(NamedTuple):
    """A root cause, and the devices on the way to it."""

    origin: CauseOrigin
    via: tuple[str, ...] = ()


class CauseTracer:
    """Follows waits through the log and the tree."""

    def __init__(
        self,
        history: History,
        *,
        complete: bool,
        names: NodeNames | None = None,
        suppliers: Suppliers | None = None,
        kernel: KernelSide | None = None,
        acpi: str = "",
    ) -> None:
        """``complete``: the log reports every binding; ``acpi``: the tables that name IOMMUs."""
        self._kernel = kernel
        self._history = history
        self._complete = complete and history.tells_binding
        self._names = names
        self._suppliers = suppliers
        self._acpi = acpi
        self._by_node: dict[str, LoggedDevice] = {}
        for device in history.devices.values():
            node = self.node(device.name)
            if node is not None and _counts_more(device, self._by_node.get(node)):
                self._by_node[node] = device
        tree = suppliers.tree if suppliers else None
        self._states = SupplierStates(history, self._by_node, tree, complete=self._complete)
        self.reach = Reach(suppliers, self._by_node)
        self.chains: dict[str, Sequence[CauseChain]] = {}
        """Of which one is true, by the name of each device whose cause is unclear."""
        self._known: dict[str, CauseChain] = {}
        """What was found for each device, by its name."""

    def node(self, name: str) -> str | None:
        """The node of a device."""
        return self._names.node(name) if self._names and name else None

    def trace(self, device: LoggedDevice) -> CauseChain:
        """The cause of a device that waits, or that failed for lack of a supplier."""
        return self._device(device, self.node(device.name), ())

    def trace_name(self, name: str) -> CauseChain:
        """The same for a name that the log may not mention elsewhere."""
        node = self.node(name)
        return self._supplier(node, (), None) if node else self._named_device(name, (), None)

    def _device(self, device: LoggedDevice, node: str | None, seen: tuple[str, ...]) -> CauseChain:
        key = node or device.name
        if key in seen:
            ring = (*seen[seen.index(key) :], key)
            return CauseChain(
                CauseOrigin(CauseKind.LOOP, key, f"each waits for the next: {' → '.join(ring)}")
            )
        if device.name not in self._known:
            if len(seen) >= _LONGEST:
                return CauseChain(
                    CauseOrigin(CauseKind.UNCLEAR, key, "the chain of waits is too long to follow")
                )
            self._known[device.name] = self._behind(device, node, (*seen, key))
        return self._known[device.name]

    def _behind(self, device: LoggedDevice, node: str | None, seen: tuple[str, ...]) -> CauseChain:
        """The same, for a device that was not met before; ``seen`` ends with it."""
        if device.ignored:
            return self._given_up(device, node, seen)
        if device.stage is ProbeStage.FAILED:
            return CauseChain(self._failed(device, seen[-1]))
        wait = device.wait
        if wait.grade is DeferSource.NODE:
            return self._named_node(wait.name, seen, device)
        if wait.grade is DeferSource.DEVICE:
            return self._named_device(wait.name, seen, device)
        return self._choose(device, node, seen)

    def _failed(self, device: LoggedDevice, subject: str) -> CauseOrigin:
        said = f', after "{device.said}"' if device.said else ""
        detail = f"its driver {device.driver} failed: {error(device.error)}{said}"
        node = self._suppliers.tree.by_path.get(subject) if self._suppliers else None
        more = by_device_name(device, node)
        return CauseOrigin(CauseKind.FAILED, subject, f"{detail}; {more}" if more else detail)

    def _given_up(
        self, device: LoggedDevice, node: str | None, seen: tuple[str, ...]
    ) -> CauseChain:
        """The kernel stopped waiting for an IOMMU, or for a power domain."""
        lost = device.stage is ProbeStage.FAILED
        wanted = _is_given_up if not lost else _is_power_domain
        needs = self._function(device.name) or (self._needs(node, wanted) if node else [])
        if not needs and _is_pci(device):
            if self._acpi:
                detail = "its driver was not there when the deferred probe timeout expired"
                subject = f"the IOMMU that the {self._acpi} names"
                return CauseChain(CauseOrigin(CauseKind.IOMMU, subject, detail))
            detail = "the kernel gave up its IOMMU; pass the tree to see which"
            segment = device.name.partition(":")[0]
            return CauseChain(
                CauseOrigin(CauseKind.IOMMU, f"the IOMMU of PCI segment {segment}", detail)
            )
        if not lost and (iommus := [need for need in needs if need.resource.is_iommu]):
            needs = iommus
        return self._one_of(needs, device, node, seen)

    def given_up(self, device: LoggedDevice) -> frozenset[str]:
        """The kinds of supplier that the kernel may have given up; none known: empty."""
        node = self.node(device.name)
        needs = self._function(device.name)
        needs = needs or (self._needs(node, _is_given_up) if node else [])
        return frozenset(need.kind for need in needs)

    def _choose(self, device: LoggedDevice, node: str | None, seen: tuple[str, ...]) -> CauseChain:
        """The root cause where the log does not name the supplier: what the tree says of it."""
        if device.wait.grade in _MAYBE_IOMMU and (found := self._pci_iommu(device, node, seen)):
            return found
        node = node or self.node(device.behalf)
        if node is None and (found := self._of_makers(device, seen)):
            return found
        if node is None or self._suppliers is None:
            return self._as_before(device, seen) or CauseChain(self._unclear(device, node, ()))
        if (origin := self._by_bus_or_words(device, node)) is not None:
            return CauseChain(origin)
        found = self._one_of(self._candidates(device, node), device, node, seen)
        if found.origin.is_absent or device.pending or not self._is_absent(node):
            return found
        # What it was put off for may have come since; what the kernel lacks has not.
        absent = self._absent(node)
        return absent._replace(origin=absent.origin._replace(sure=False))

    def _by_bus_or_words(self, device: LoggedDevice, node: str) -> CauseOrigin | None:
        """What is known of a wait without a look at the states of suppliers."""
        if device.wait.grade is DeferSource.UNSAID and device.bus == "amba":
            return self._unclear_amba(node)
        return self._passed_over(device, node) if device.wait.grade is DeferSource.DRIVER else None

    def _passed_over(self, device: LoggedDevice, node: str) -> CauseOrigin | None:
        """What a driver's words are about, if the tree has it as disabled, or as there at boot."""
        assert self._suppliers is not None  # noqa: S101 - the tree has the node
        words, needs = device.wait.words.lower(), self._needs(node, None)
        others = self._suppliers.passed_over(node)
        if called(needs, words):
            return None
        found = called(others, words) or ([] if meant(needs, words) else meant(others, words))
        if len({need.supplier for need in found}) != 1:
            return None
        path = found[0].supplier
        if not self._suppliers.tree.by_path[path].enabled:
            detail = "the driver asks for it, and it is disabled in this tree"
            return CauseOrigin(
                CauseKind.SWITCHED_OFF, path, detail, rule="supplier/disabled", cure=_ENABLE
            )
        return CauseOrigin(CauseKind.NOT_SERVED, path, _AT_BOOT, sure=False, cure=_ROOT)

    def _of_makers(self, device: LoggedDevice, seen: tuple[str, ...]) -> CauseChain | None:
        """The cause of a device that the driver of one of several nodes makes, if all have it."""
        makers = self._names.makers(device.name) if self._names else ()
        chains = [self._choose(device, node, seen) for node in makers]
        if not chains or len({chain.origin.key for chain in chains}) > 1:
            return None
        return chains[0] if chains[0].origin.root.is_known else None

    def _pci_iommu(
        self, device: LoggedDevice, node: str | None, seen: tuple[str, ...]
    ) -> CauseChain | None:
        """A PCI function waits for its IOMMU before its driver is called."""
        if self._acpi and _is_pci(device):
            sure = device.wait.grade is DeferSource.BEFORE_PROBE
            return CauseChain(self._acpi_iommu(sure=sure))
        needs = self._function(device.name)
        return self._one_of(needs, device, node, seen) if needs else None

    def _candidates(self, device: LoggedDevice, node: str) -> Sequence[Need]:
        """The suppliers that a device may wait for, by what deferred its probe."""
        needs = self._needs(node, _WANTED.get(device.wait.grade))
        if device.wait.grade is DeferSource.LINKS and self._suppliers is not None:
            return [need for need in needs if self._suppliers.waits_for(node, need)] or needs
        if device.wait.grade is DeferSource.DRIVER:
            asked = [need for need in needs if not need.requested.holds_nothing] or needs
            named = meant(asked, device.wait.words.lower())
            return named or [need for need in asked if not need.both_ways] or asked
        return needs

    def _unclear_amba(self, node: str) -> CauseOrigin:
        suppliers = tuple(dict.fromkeys(need.supplier for need in self._needs(node, None)))
        detail = "the log does not say what it waits for: a supplier, or an identity that the AMBA "
        detail += "bus cannot read"
        return CauseOrigin(CauseKind.UNCLEAR, node, detail, candidates=suppliers)

    def _acpi_iommu(self, *, sure: bool) -> CauseOrigin:
        """What a PCI function of an ACPI machine waits for before its driver is called."""
        return CauseOrigin(
            CauseKind.IOMMU,
            f"the IOMMU that the {self._acpi} names",
            "on ACPI a device waits for its IOMMU without any limit, and the log names none",
            sure,
        )

    def _needs(self, node: str, wanted: Callable[[Resource], bool] | None) -> list[Need]:
        """The suppliers of a device that are not known to serve, of some resources only."""
        if self._suppliers is None:
            return []
        needs = self._suppliers.needs(node)
        if wanted is not None:
            needs = [need for need in needs if wanted(need.resource)]
        return needs

    def _function(self, name: str) -> list[Need]:
        """The IOMMU of a PCI function."""
        from dtlink.observed.bootlog.suppliers import Need

        if self._names is None or self._suppliers is None:
            return []
        function = self._names.function(name)
        iommu = self._suppliers.iommu(function) if function else None
        if iommu is None:
            return []
        return [Need(iommu, iommu, "iommu-map", IOMMU, "iommu-map", both_ways=False)]

    def _one_of(
        self, needs: Sequence[Need], device: LoggedDevice, node: str | None, seen: tuple[str, ...]
    ) -> CauseChain:
        """The root cause that all the suppliers have in common; unclear if there are several."""
        missing = [need for need in needs if not self._states.serves(need.owner, device)]
        if not missing and device.wait.grade is DeferSource.IDENTITY:
            return CauseChain(CauseOrigin(CauseKind.NO_IDENTITY, node or device.name, _NO_IDENTITY))
        missing = missing or list(needs)
        absent = [need for need in missing if self._is_absent(need.owner)]
        missing = absent or missing
        quiet = [need for need in missing if not self._states.spoke(need.owner)] or missing
        trails: dict[object, CauseChain] = {}
        for need in quiet:
            trail = self._supplier(need.supplier, seen, device)
            trails.setdefault(trail.origin.key, trail)
        if len(trails) == 1:
            (trail,) = trails.values()
            named = device.ignored or self._complete or len(needs) == 1 or _is_held(absent, needs)
            return trail if named else trail._replace(origin=trail.origin._replace(sure=False))
        self.chains[device.name] = list(trails.values())
        return CauseChain(
            self._unclear(device, node, tuple(dict.fromkeys(n.supplier for n in quiet)))
        )

    def _as_before(self, device: LoggedDevice, seen: tuple[str, ...]) -> CauseChain | None:
        """What fw_devlink made a device wait for, by name, before it let go of it."""
        held = device.held
        if held is None:
            return None
        follow = self._named_node if held.grade is DeferSource.NODE else self._named_device
        trail = follow(held.name, seen, device)
        if trail.origin.root is CauseKind.NOT_SERVED:
            return None
        return trail._replace(origin=trail.origin._replace(sure=False))

    def _unclear(
        self, device: LoggedDevice, node: str | None, candidates: tuple[str, ...]
    ) -> CauseOrigin:
        if candidates:
            detail = "the log does not say which of its suppliers it waits for"
        elif node is None:
            detail = "the log does not say what it waits for"
        else:
            detail = "the log does not say what it waits for, nor does the tree"
        return CauseOrigin(CauseKind.UNCLEAR, node or device.name, detail, candidates=candidates)

    def _is_absent(self, owner: str | None) -> bool:
        """Whether the kernel cannot have had a supplier; what the log shows of it counts more."""
        if owner is None or self._kernel is None or self._states.bound(owner, None):
            return False
        device = self._by_node.get(owner)
        heard = device and (device.spoke or device.stage is ProbeStage.BOUND)
        return not heard and self._kernel.is_absent(owner)

    def _absent(self, owner: str) -> CauseChain:
        """The driver for which a supplier is absent in the kernel."""
        assert self._kernel is not None  # noqa: S101 - it says that it is absent
        roots = self._kernel.roots(owner)
        root = owner if owner in roots or not roots else roots[0]
        detail = self._kernel.detail(root)
        group = self._states.compatible(root)
        sure = self._kernel.is_that_of_the_log
        origin = CauseOrigin(CauseKind.NO_DRIVER, root, detail, sure, is_absent=True, group=group)
        return CauseChain(origin, () if root == owner else (owner,))

    def _named_node(
        self, name: str, seen: tuple[str, ...], waiting: LoggedDevice | None
    ) -> CauseChain:
        """A node that the log names."""
        if self._names is None:
            detail = "the log names it as the supplier that is missing"
            return CauseChain(CauseOrigin(CauseKind.NAMED, name, detail))
        path = self._names.named(name)
        if path is None:
            detail = "the tree has no such node: it is not the one that the board booted with"
            return CauseChain(CauseOrigin(CauseKind.NOT_IN_TREE, name, detail))
        return self._supplier(path, seen, waiting)

    def _named_device(
        self, name: str, seen: tuple[str, ...], waiting: LoggedDevice | None
    ) -> CauseChain:
        """A device that the log names."""
        node = self.node(name)
        if node is not None:
            return self._supplier(node, seen, waiting)
        device = self._history.devices.get(name)
        if device is None or device.stage in (
            ProbeStage.UNHEARD,
            ProbeStage.BOUND,
            ProbeStage.DECLINED,
        ):
            return CauseChain(self._states.origin(name, device, waiting))
        return _further(self._device(device, None, seen), name)

    def _supplier(
        self, path: str, seen: tuple[str, ...], waiting: LoggedDevice | None
    ) -> CauseChain:
        """A supplier that does not serve: it, what it is a part of, or the bus it is on."""
        assert self._suppliers is not None  # noqa: S101 - a path comes from a tree
        if not self._suppliers.tree.by_path[path].enabled:
            detail = "it is switched off in this tree, so no kernel would wait for it: not the one "
            detail += "that the board booted with"
            return CauseChain(CauseOrigin(CauseKind.SWITCHED_OFF, path, detail))
        owner = self._suppliers.owner(path)
        if owner is None:
            detail = "neither it nor a parent has a compatible: no driver ever provides it"
            return CauseChain(
                CauseOrigin(CauseKind.NO_DEVICE, path, detail, rule="supplier/no-device")
            )
        device = self._by_node.get(owner)
        if device and (device.stage in (ProbeStage.PUT_OFF, ProbeStage.FAILED)):
            return _further(self._device(device, owner, seen), device.name)
        if self._is_absent(owner):
            return self._absent(owner)
        bus = None if self._states.bound(owner, device) else self._suppliers.bus(owner)
        if bus is not None and self._states.is_down(bus) and bus not in seen:
            return _further(self._supplier(bus, (*seen, owner), waiting), owner)
        return CauseChain(self._states.origin(owner, device, waiting))


def _counts_more(device: LoggedDevice, other: LoggedDevice | None) -> bool:
    """Whether a device of a node says more of it than another: what waits, of several."""
    down = (ProbeStage.PUT_OFF, ProbeStage.FAILED)
    return other is None or (device.stage in down and other.stage not in down)


def _is_held(absent: Sequence[Need], needs: Sequence[Need]) -> bool:
    """Whether what is absent holds a device up, whichever of its needs the log is about."""
    return bool(absent) and (
        len(absent) == len(needs) or any(need.requested.is_waited_for for need in absent)
    )


def _is_pci(device: LoggedDevice) -> bool:
    return device.name.count(":") == 2


def _further(trail: CauseChain, through: str) -> CauseChain:
    return trail._replace(via=(through, *trail.via))
