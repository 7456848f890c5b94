"""An initramfs loads a module before the one that its device waits for.

What it finds: modules in the explicit order of an initramfs (modules.load, conf/modules) whose
devices need devices of modules that follow in the list; one finding for each board.
Why it matters: such a device is deferred when its module is loaded, and probed again when its
supplier has bound. It is late, not lost, and each retry costs a whole probe.
What to do: list suppliers first; dtlink modules prints an order.
References: Linux, drivers/base/dd.c, driver_deferred_probe_add(), driver_bound().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.outcomes import State
from dtlink.records import NamedTuple
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import listed

_SHOWN = 3
_TREE = """
/ {
    icc: interconnect@1000 { compatible = "vendor,icc"; #interconnect-cells = <0>; };
    mmc@2000 { compatible = "vendor,mmc"; interconnects = <&icc &icc>; };
};
"""
_KERNEL = """
module ICC_VENDOR drivers/interconnect/icc.c vendor,icc initramfs
module MMC_VENDOR drivers/mmc/host/mmc.c vendor,mmc initramfs
load %s
"""


class _Pair(NamedTuple):
    """Two modules in the wrong order, and the devices that show it."""

    consumer: int
    supplier: int
    first: str
    second: str


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Dts(_TREE, finds=("/mmc@2000",), kernel=_KERNEL % "mmc icc"),
    good=Dts(_TREE, kernel=_KERNEL % "icc mmc"),
)
def load_order(board: TreeBoard) -> Iterator[Finding]:
    """One finding, which shows the first pairs."""
    order = board.facts.initramfs.order if board.facts and board.facts.initramfs else ()
    pairs = list(_pairs(board, order)) if len(order) > 1 else []
    if not pairs:
        return
    told = {(pair.first, pair.second): pair for pair in reversed(pairs)}
    named = [f"{first} before {second}" for first, second in reversed(told)]
    consumer = board.tree[pairs[0].consumer]
    yield load_order.finding(
        consumer,
        f"the initramfs loads {listed(named, _SHOWN)}, but {consumer.name} waits for "
        f"{board.tree[pairs[0].supplier].name}",
        effect="the probe of each such device is deferred and repeated once its supplier has "
        "bound: it probes later than it could",
        fix=f"List {pairs[0].second} before {pairs[0].first}.",
        supplier=board.tree[pairs[0].supplier],
        related=[board.tree[pair.consumer] for pair in pairs[1:]],
    )


def _pairs(board: TreeBoard, order: tuple[str, ...]) -> Iterator[_Pair]:
    """The device links that the order goes against."""
    place = {name: number for number, name in enumerate(order)}
    for consumer in dict.fromkeys(board.simulation.nodes):
        first = _place(board, consumer, place)
        for supplier in board.effects.needs(consumer) if first is not None else ():
            second = _place(board, supplier, place)
            if first is not None and second is not None and first < second:
                yield _Pair(consumer, supplier, order[first], order[second])


def _place(board: TreeBoard, node: int, place: dict[str, int]) -> int | None:
    """Where the order has the module of a device: the first of several that do."""
    driver = board.drivers.of(node)
    modules = driver.modules if driver.state is State.MODULE else ()
    return min((place[name] for name in modules if name in place), default=None)
