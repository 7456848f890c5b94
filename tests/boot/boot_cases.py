"""What the booted kernels did with each consumer, and what the timeline says of it beforehand.

Everything about a case is read from what it reported: the command line, which modules were loaded
and when. Modules of the first load stand for the initramfs, those of a later one for the root file
system.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from dtlink.boot.devlink.effects import LinkEffects
from dtlink.boot.devlink.predict import simulate
from dtlink.boot.drivers.tree import TreeDrivers
from dtlink.boot.timeline.acpi import AcpiTimeline
from dtlink.boot.timeline.devices import Devices
from dtlink.boot.timeline.requirements import requirements
from dtlink.boot.timeline.timeline import Timeline
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.outcomes import Driver, Drivers, Outcome, State, Wait
from dtlink.facts.profile import KernelProfile
from dtlink.firmware import dts, fdt
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.tree import Tree
from dtlink.kernel.holdings.model import Holdings
from dtlink.kernel.holdings.read import read_holdings
from dtlink.kernel.initramfs import Initramfs
from dtlink.links.extract import Extraction
from tests.support.boards import SHARED
from tests.support.boots import boot

#: Of these the driver never asks for what the node declares, as the experiment was set up.
UNASKED = {"/c-reg-unasked", "/c-nodrv-clk-unasked", "/c-phy", "/c-nocompat-clk"}
#: What this kernel has no driver for: made up, or its option is not set.
NOT_BUILT = {"acme,clk", "acme,pd", "acme,consumer", "renesas,ipmmu-r8a774a1"}
#: In these two the log ends before the timeout; this is what was seen on the screen.
HANGS = "untranslated, and the first read hangs"
#: A driver that is built in and that this initcall would register.
INITCALLS = {"arm_smmu_driver_init": "arm,smmu-v3"}


class Row(NamedTuple):
    """One consumer of one case; ``-``: nothing is observed, or predicted, of that."""

    case: str
    consumer: str
    supplier: str
    predicted_wait: str
    observed_wait: str
    predicted: str
    observed: str
    if_in_time: str
    """The prediction if the root filesystem is mounted in time, where that is not known."""

    @property
    def is_open(self) -> bool:
        return self.predicted != self.if_in_time

    @property
    def agrees(self) -> bool:
        return self.observed in (self.predicted, self.if_in_time) and (
            "-" in (self.predicted_wait, self.observed_wait)
            or self.predicted_wait == self.observed_wait
        )


class Case:
    """One boot. ``timed``: how long the root file system took is known."""

    def __init__(self, name: str, *, timed: bool = True) -> None:
        told = boot(name)
        assert told is not None, name
        self.name = name
        self.told: dict[str, Any] = told
        self.line = CommandLine.parse(told["cmdline"].partition("dl.plan=")[0])
        self.profile = KernelProfile.of("6.12", self.line)
        self.initramfs, self.root, after = self._loads()
        self.root_after = after if timed else None
        self.lines = [
            (float(found[1]), found[2])
            for line in told["dmesg_lines"]
            if (found := re.match(r"\[ *([\d.]+)\] (.*)", line))
        ]

    def _loads(self) -> tuple[frozenset[str], frozenset[str], float | None]:
        """The modules of the first load, those of later ones, and the time between."""
        loads = [
            (float(time), what.removeprefix("modprobe ").replace("-", "_"))
            for time, _, what in (step.partition("\t") for step in self.told["steps"])
            if what.startswith("modprobe ") and "rc=" not in what
        ]
        gaps = [n for n in range(1, len(loads)) if loads[n][0] - loads[n - 1][0] > 1]
        first = gaps[0] if gaps else len(loads)
        after = loads[first][0] - loads[first - 1][0] if gaps else None
        names = [name for _, name in loads]
        return frozenset(names[:first]), frozenset(names[first:]), after

    @property
    def init(self) -> float:
        """When the first program ran."""
        return float(self.told["steps"][0].partition("\t")[0])

    @property
    def is_acpi(self) -> bool:
        return "-acpi-" in self.name

    @property
    def image(self) -> Initramfs:
        return initramfs(self.initramfs)

    def said(self, device: str, text: str) -> float | None:
        """When the log first said something of a device."""
        return next(
            (at for at, line in self.lines if f" {device}: " in line and text in line), None
        )

    def last(self, device: str, text: str) -> float | None:
        return next(
            (at for at, line in self.lines[::-1] if f" {device}: " in line and text in line), None
        )

    @property
    def expiry(self) -> float | None:
        """When the timeout struck, by the first line that it makes the kernel print."""
        texts = ("deferred probe pending", "deferred probe timeout, ignoring")
        found = (at for at, line in self.lines if any(text in line for text in texts))
        return next(found, None) if self.profile.deferred_probe_timeout > 0 else None

    def outcome(self, device: str, *, bound: bool) -> str:
        """How a consumer ended."""
        if self.name.startswith("a-dt-nobypass"):
            return HANGS
        if self.said(device, "failed with error -110") is not None:
            return Outcome.LOST.name
        if not bound:
            return Outcome.NEVER.name
        if self.said(device, "ignoring dependency") is not None:
            return Outcome.DEGRADED.name
        return self._delay(device).name

    def _delay(self, device: str) -> Outcome:
        """How long a consumer waited that has bound with all it asked for."""
        at, last = self.last(device, "probing driver") or 0.0, self.expiry
        if self.said(device, "Added to deferred list") is None or at < self.init:
            return Outcome.OK  # within the initcalls, as anything that waits its turn
        if self.profile.deferred_probe_timeout <= 0:
            # No limit: what comes with the root file system is no mere delay any more.
            return Outcome.RECOVERS if at > self.init + 3 else Outcome.LATE
        return Outcome.RECOVERS if last and at > last + 1 else Outcome.LATE

    def wait(self, device: str, binding: str) -> str:
        """What held a consumer back when it was first looked at."""
        dump = self.told["dumps"][0] if self.told["dumps"] else self.told
        reasons = {each["device"]: each["reason"] for each in dump["deferred"]}
        if device not in reasons:
            deferred = self.said(device, "Added to deferred list") is not None
            return "-" if deferred else Wait.NONE.name
        reason = reasons[device]
        if "wait for supplier" in reason:
            return Wait.FWNODE_LINK.name
        if reason.endswith("not ready") and "supplier " in reason:
            return Wait.DEVICE_LINK.name
        if reason or self.said(device, "requests probe deferral") is not None:
            return Wait.DRIVER.name
        # An empty reason: the kernel asked, and does not say what for. What it asks a power domain
        # or a pin controller without fw_devlink has no word but that of the driver's own request.
        if binding.startswith("iommu"):
            return Wait.IOMMU_DT.name
        return Wait.IOMMU_ACPI.name if self.is_acpi else Wait.DRIVER.name


class KnownDrivers:
    """What dtlink finds, and what is known of the experiment beside."""

    def __init__(self, tree: Tree, case: Case) -> None:
        self._tree = tree
        self._found = TreeDrivers(tree, kernel())
        self._absent = NOT_BUILT | {
            INITCALLS[each] for each in case.line.initcall_blacklist if each in INITCALLS
        }

    def of(self, node: int) -> Driver:
        if self._absent.isdisjoint(self._tree[node].compatible):
            return self._found.of(node)
        return Driver(State.NOT_BUILT)


def initramfs(modules: frozenset[str]) -> Initramfs:
    """An initramfs of some modules."""
    return Initramfs(
        modules=modules,
        order=(),
        form="image",
        complete=True,
        versions=(),
        udev=True,
        by_version={},
    )


@lru_cache(maxsize=1)
def kernel() -> Holdings:
    return read_holdings(str(SHARED / "kernel" / "debian-6.12-arm64"))


def timeline_of(
    tree: Tree, profile: KernelProfile, drivers: Drivers, **options: object
) -> Timeline:
    """The timeline of a tree in a kernel whose drivers are known otherwise than by its build."""
    extraction = Extraction(tree, profile.version)
    booted = simulate(extraction, profile, "full")
    devices = Devices(tree, booted, drivers)
    needed = requirements(extraction.common.references, LinkEffects(booted), devices)
    return Timeline(devices, needed, profile, **options)  # type: ignore[arg-type]


def timeline(case: Case, tree: Tree) -> Timeline:
    return timeline_of(
        tree,
        case.profile,
        KnownDrivers(tree, case),
        initramfs=case.image,
        root=case.root,
        root_after=case.root_after,
    )


def rows_of_nodes(case: Case) -> list[Row]:
    """The consumers of the tree that the ``f`` cases were booted with."""
    tree = dts.read_file(str(SHARED / "boots" / "f.dts"))
    made = timeline(case, tree)
    bound = {each["of"] for each in case.told["devices"] if each.get("of") and each.get("driver")}
    names = {
        each["of"]: each["sys"].rpartition("/")[2]
        for each in case.told["devices"]
        if "of" in each and each["sys"].count("/") == 1
    }
    found = []
    for node in made.devices:
        path = tree.path(node)
        if not path.startswith("/c-"):
            continue
        waits = made.waits_of(node)
        assert len(waits) < 2, path
        name, wait = names[path], waits[0] if waits else None
        end = if_in_time = made.outcome(node)
        if wait is not None:
            end = wait.unasked if path in UNASKED else wait.outcome
            if_in_time = wait.if_in_time if end is wait.outcome else end
        supplier = "-" if wait is None else tree.path(wait.supplier)
        grade = "-" if wait is None or path == "/c-nodriver" else wait.wait.name
        if path in UNASKED and end is Outcome.OK:
            grade = Wait.NONE.name  # the grade is that of the request, which is not made
        seen = case.wait(name, "" if wait is None else wait.binding)
        observed = case.outcome(name, bound=path in bound)
        ends = end.name, observed, if_in_time.name
        found.append(Row(case.name, path, supplier, grade, seen, *ends))
    return found


def functions(case: Case) -> dict[str, tuple[str, Driver]]:
    """The disks: PCI functions, with their names and drivers."""
    first = 1 if "smmu" in case.name else 2  # behind the virtio-iommu, which is 01.0
    return {
        f"0000:00:0{first}.0": ("virtio-blk", Driver(State.BUILT_IN)),
        f"0000:00:0{first + 1}.0": ("nvme", Driver(State.MODULE, ("nvme",))),
    }


def rows_of_functions(case: Case) -> list[Row]:
    """The two disks behind the IOMMU of the machine's own tree, or VIOT or IORT."""
    folder = SHARED / "tables" / "qemu" / ("virt-smmuv3" if "smmu" in case.name else "virt-viot")
    bound = {each["sys"].rpartition("/")[2] for each in case.told["devices"] if each.get("driver")}
    found = []
    for function, (name, driver) in functions(case).items():
        if case.is_acpi:
            blobs = {path.stem: path.read_bytes() for path in folder.glob("*.bin")}
            tables = AcpiTimeline(
                Machine.of(blobs),
                case.profile,
                kernel().config,
                initramfs=case.image,
                root=case.root,
                root_after=case.root_after,
                blacklist=case.line.initcall_blacklist,
            )
            iommus = [each for each in tables.behind(driver) if each.supplier.WORD != "its-group"]
            ends = {(each.supplier.name, each.wait, each.outcome, each.outcome) for each in iommus}
        else:
            tree = fdt.read((folder / "machine.dtb").read_bytes())
            host = tree.by_path["/pcie@10000000"].index
            waits = timeline(case, tree).functions(host, driver)
            ends = {
                (tree.path(each.supplier), each.wait, each.outcome, each.if_in_time)
                for each in waits
            }
        assert len(ends) == 1, ends
        supplier, wait, end, if_in_time = ends.pop()
        binding = "" if case.is_acpi else "iommu-map"
        seen = case.wait(function, binding)
        observed = case.outcome(function, bound=function in bound)
        consumer, last = f"{name} {function}", (end.name, observed, if_in_time.name)
        found.append(Row(case.name, consumer, supplier, wait.name, seen, *last))
    return found


def rows(name: str, *, timed: bool = True) -> list[Row]:
    """Every consumer of a case."""
    case = Case(name, timed=timed)
    return rows_of_nodes(case) if name.startswith("f-") else rows_of_functions(case)
