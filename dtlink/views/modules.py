"""Which modules some devices need before they can probe, as JSON data and as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dtlink.board.needs import disk_modules
from dtlink.boot.timeline import PARENT
from dtlink.facts.outcomes import State

if TYPE_CHECKING:
    from dtlink.board.needs import NeededNode, Needs
    from dtlink.board.tree import Board
    from dtlink.firmware.tree import Tree
    from dtlink.kernel.facts import Facts

Entry = dict[str, Any]

_DISK = "disk"
_DEPENDENCY = "module"


def modules(board: Board, nodes: Sequence[int], *, missing: bool = False) -> Entry:
    """The modules that nodes need, in load order, and the devices on the way that have no driver.

    Of several modules that may drive a device, all are told: modprobe loads them all. ``missing``:
    only those that the initramfs is known to lack.
    """
    tree, facts, needs = board.tree, board.named_facts, board.needs
    steps = needs.follow(nodes)
    found: dict[str, Entry] = {}
    for step in steps:
        driver = needs.devices.driver(step.node)
        for name in driver.modules:
            _add(found, facts, name, _reason(tree, step, driver.config))
        for name in disk_modules(tree, step.node) if step.node in nodes else ():
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


def _reason(tree: Tree, step: NeededNode, config: str) -> Entry:
    return {
        "node": tree.path(step.node),
        "binding": step.binding or None,
        "consumer": tree.path(step.consumer) if step.consumer >= 0 else None,
        "config": config or None,
    }


def _gaps(tree: Tree, needs: Needs, steps: Iterable[NeededNode]) -> Iterator[Entry]:
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
