"""Which modules some devices need before they can probe, as JSON data and as lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dtlink.boot.devlink.predict import predict
from dtlink.boot.drivers import TreeDrivers
from dtlink.boot.timeline import PARENT
from dtlink.boot.timeline.arcs import Arcs, Hold
from dtlink.boot.timeline.devices import Devices
from dtlink.facts.outcomes import State
from dtlink.facts.resource import Asker
from dtlink.links.extract import extract

if TYPE_CHECKING:
    from dtlink.facts.profile import KernelProfile
    from dtlink.firmware.tree import Tree
    from dtlink.kernel.facts import Facts

Entry = dict[str, Any]

#: What controllers ask for themselves, and fw_devlink does not link (drivers/mmc/core/pwrseq.c).
_UNLINKED = ("mmc-pwrseq",)
#: What makes a disk of what a controller finds: by the controller's name, the modules.
_DISKS = (
    (re.compile("mmc|sdhci|sdmmc|emmc"), ("mmc_block",)),
    (re.compile("sata|ahci|ufs|ufshc"), ("sd_mod",)),
)
_DISK = "disk"
_DEPENDENCY = "module"


class _Step(NamedTuple):
    """A node that is needed, and who needs it by what."""

    node: int
    consumer: int
    binding: str


class _Needs:
    """Follows what devices need, suppliers before consumers."""

    def __init__(self, tree: Tree, facts: Facts, profile: KernelProfile) -> None:
        prediction = predict(tree, profile, "full")
        drivers = TreeDrivers(tree, facts.build, facts.source_index)
        self.devices = Devices(tree, prediction, drivers)
        self._tree = tree
        self._suppliers: dict[int, list[tuple[int, str]]] = {}
        for arc in Arcs(tree, profile, prediction).read(self.devices):
            # What closes a cycle does not hold the consumer, whose driver may still ask for it.
            if arc.hold is not Hold.RELAXED or arc.request.asker is not Asker.UNKNOWN:
                self._suppliers.setdefault(arc.consumer, []).append((arc.supplier, arc.binding))
        for reference in extract(tree, profile.version, vendor=False).references:
            if reference.binding.name in _UNLINKED and reference.supplier not in tree.disabled:
                one = reference.supplier, reference.binding.name
                self._suppliers.setdefault(reference.consumer, []).append(one)

    def follow(self, nodes: Iterable[int]) -> list[_Step]:
        """What nodes need, and they themselves, each once, in the order of need."""
        order: list[_Step] = []
        entered: set[int] = set()
        for start in nodes:
            steps = [(_Step(start, -1, ""), False)]
            while steps:
                step, done = steps.pop()
                if done:
                    order.append(step)
                elif step.node not in entered:
                    entered.add(step.node)
                    steps.append((step, True))
                    steps += [(each, False) for each in reversed(list(self._of(step.node)))]
        return order

    def _of(self, node: int) -> Iterator[_Step]:
        """The devices above a node, and what it names."""
        devices = self.devices
        above = devices.at(self._tree.parents[node])
        if above >= 0:
            yield _Step(above, node, PARENT)
        for supplier, binding in self._suppliers.get(node, ()):
            server = devices.server(supplier)
            if server.device >= 0 and (server.partly or not server.early):
                yield _Step(server.device, node, binding)
                if devices.driver(supplier).modules and supplier != server.device:
                    yield _Step(supplier, node, binding)


def modules(
    tree: Tree, facts: Facts, profile: KernelProfile, nodes: Sequence[int], *, missing: bool = False
) -> Entry:
    """The modules that nodes need, in load order, and the devices on the way that have no driver.

    Of several modules that may drive a device, all are told: modprobe loads them all. ``missing``:
    only those that the initramfs is known to lack.
    """
    needs = _Needs(tree, facts, profile)
    steps = needs.follow(nodes)
    found: dict[str, Entry] = {}
    for step in steps:
        driver = needs.devices.driver(step.node)
        for name in driver.modules:
            _add(found, facts, name, _reason(tree, step, driver.config))
        for name in _disks(tree, step.node) if step.node in nodes else ():
            _add(found, facts, name, _reason(tree, step._replace(binding=_DISK), ""))
    return {
        "kernel": facts.build.release or None,
        "nodes": [tree.path(node) for node in nodes],
        "modules": [e for e in found.values() if not missing or e["in_initramfs"] is False],
        "without_driver": list(_gaps(tree, needs, steps)),
    }


def _add(found: dict[str, Entry], facts: Facts, name: str, reason: Entry) -> None:
    """A module, behind what it depends on."""
    for each in facts.build.closure([name]):
        why = reason if each == name else {**_NOTHING, "binding": _DEPENDENCY, "consumer": name}
        found.setdefault(each, {"name": each, **why, "in_initramfs": facts.holds(each)})


_NOTHING: Entry = {"node": None, "binding": None, "consumer": None, "config": None}


def _reason(tree: Tree, step: _Step, config: str) -> Entry:
    return {
        "node": tree.path(step.node),
        "binding": step.binding or None,
        "consumer": tree.path(step.consumer) if step.consumer >= 0 else None,
        "config": config or None,
    }


def _disks(tree: Tree, node: int) -> Sequence[str]:
    name = tree.layout.names[node].partition(b"@")[0].decode("latin-1")
    return next((names for word, names in _DISKS if word.match(name)), ())


def _gaps(tree: Tree, needs: _Needs, steps: Iterable[_Step]) -> Iterator[Entry]:
    for step in steps:
        driver = needs.devices.driver(step.node)
        if driver.state in (State.NOT_BUILT, State.UNKNOWN):
            reason = _reason(tree, step, driver.config)
            yield {**reason, "state": driver.state.value}


def text(part: Entry, form: str) -> str:
    """The modules in one of :data:`FORMS`, ending in a newline; empty if there are none."""
    return "".join(f"{row}\n" for row in FORMS[form](part))


def _list(part: Entry) -> Iterator[str]:
    for each in part["without_driver"]:
        option = f": CONFIG_{each['config']} is not set" if each["config"] else ""
        yield f"# no module for {each['node']} ({each['state']}{option})"
    chosen = part["modules"]
    width = max((len(each["name"]) for each in chosen), default=0)
    for each in chosen:
        yield f"{each['name']:{width}}  # {_why(each)}"


def _why(entry: Entry) -> str:
    """Who needs a module, in a few words."""
    if entry["binding"] == _DEPENDENCY:
        return f"{entry['consumer']} depends on it"
    if entry["binding"] == _DISK:
        return f"makes a disk of what {entry['node']} finds"
    if entry["consumer"] is None:
        return f"{entry['node']}"
    if entry["binding"] == PARENT:
        return f"{entry['node']}, above {entry['consumer']}"
    return f"{entry['node']}, for {entry['consumer']} ({entry['binding']})"


def _plain(part: Entry) -> Iterator[str]:
    yield from (each["name"] for each in part["modules"])


def _dracut(part: Entry) -> Iterator[str]:
    if part["modules"]:
        yield f'add_drivers+=" {" ".join(_plain(part))} "'


def _mkinitcpio(part: Entry) -> Iterator[str]:
    if part["modules"]:
        yield f"MODULES=({' '.join(_plain(part))})"


def _nixos(part: Entry) -> Iterator[str]:
    quoted = " ".join(f'"{name}"' for name in _plain(part))
    if quoted:
        yield f"boot.initrd.availableKernelModules = [ {quoted} ];"


#: How modules are told, by the name of the format: its lines. Those of initramfs-tools are for
#: /etc/initramfs-tools/modules (initramfs-tools(7)), dracut's for /etc/dracut.conf.d/*.conf
#: (dracut.conf(5)), the next for mkinitcpio.conf(5) and for a NixOS configuration.
FORMS: dict[str, Callable[[Entry], Iterator[str]]] = {
    "list": _list,
    "initramfs-tools": _list,
    "dracut": _dracut,
    "mkinitcpio": _mkinitcpio,
    "nixos": _nixos,
    "modules.load": _plain,
}
