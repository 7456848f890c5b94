"""Unbinding a supplier's driver also unbinds the root filesystem's controller.

What it finds: drivers built as modules that supply, directly or through others, a controller that
can have the root filesystem; one finding for each board.
Why it matters: before a driver releases a device, the kernel unbinds all that depend on it by a
device link. Writing to its unbind file, or rmmod where nothing holds the module, then removes the
root filesystem's device. (An IOMMU's module is held by each device that is attached to it.)
What to do: keep these modules loaded; or build them in.
References: Linux, drivers/base/core.c, device_links_unbind_consumers(); drivers/base/dd.c,
__device_release_driver(); drivers/iommu/iommu.c, iommu_init_device().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.boot.roles import Role
from dtlink.facts.outcomes import State
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import listed

_SHOWN = 6
_BINDS = (State.BUILT_IN, State.MODULE)
_TREE = """
/ {
    icc: interconnect@1000 { compatible = "vendor,icc"; #interconnect-cells = <0>; };
    mmc@2000 { compatible = "vendor,mmc"; interconnects = <&icc &icc>; };
};
"""
_KERNEL = """
%s ICC_VENDOR drivers/interconnect/icc.c vendor,icc
built-in MMC_VENDOR drivers/mmc/host/vendor-mmc.c vendor,mmc
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Dts(_TREE, finds=("/mmc@2000",), kernel=_KERNEL % "module"),
    good=Dts(_TREE, kernel=_KERNEL % "built-in"),
)
def unload(board: TreeBoard) -> Iterator[Finding]:
    """One finding for each board, at the first of its controllers."""
    if board.facts is None:
        return
    found = {
        node: modules
        for node in board.timeline.devices
        if board.roles.of(node) is Role.ROOT
        if board.drivers.of(node).state in _BINDS and (modules := _modules(board, node))
    }
    if found:
        yield _finding(board, found)


def _modules(board: TreeBoard, node: int) -> dict[str, int]:
    """The modules that serve a device, each with a node that it drives; nearest first."""
    nodes = board.tree.by_path
    needs = (nodes[path].index for path in _closure(board, board.tree.path(node)))
    return {
        name: supplier
        for supplier in needs
        if board.drivers.of(supplier).state is State.MODULE
        for name in board.drivers.of(supplier).modules[:1]
    }


def _closure(board: TreeBoard, path: str) -> Iterator[str]:
    """All that a device needs, nearest first, without itself."""
    arcs = board.order.arcs()
    todo, seen = [path], {path}
    for each in todo:
        new = [other for other in arcs.get(each, ()) if other not in seen]
        seen.update(new)
        todo += new
        yield from new


def _finding(board: TreeBoard, found: dict[int, dict[str, int]]) -> Finding:
    modules = {name: node for each in found.values() for name, node in each.items()}
    devices = [board.tree[node] for node in found]
    names = ", ".join(device.name for device in devices)
    return unload.finding(
        devices[0],
        f"unbinding a device of {listed(modules, _SHOWN)} unbinds {names} first",
        effect="the controller is removed; if it has the root filesystem, no program can be "
        "started any more",
        fix="Keep these modules loaded in a running system.",
        related=[*devices[1:], *(board.tree[node] for node in modules.values())],
    )
