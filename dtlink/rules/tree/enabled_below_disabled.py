"""A node is enabled, but its parent is disabled.

What it finds: devices with ``status = "okay"`` below a node that is disabled, one finding for each
such node. What has no ``status`` of its own is not reported, nor are the functions of STM32 timers
and converters: boards of ST prepare them on purpose, so that to enable the timer is enough.
Why it matters: no device is created below a disabled node. Board files that enable a device and not
its bus are common after a copy from another board.
What to do: enable the parent, too, or delete the ``status`` of the child.
References: Linux, drivers/of/platform.c, of_platform_bus_create(); arch/arm/boot/dts/st/;
Devicetree Specification 2.3.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.patterns import fits
from dtlink.firmware.tree import Node
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import beside, noun

#: Blocks with functions that boards prepare (arch/arm/boot/dts/st/stm32mp15xx-dkx.dtsi).
_PREPARED = ("st,stm32*-timers", "st,stm32*-lptimer", "st,stm32*-adc-core", "st,stm32*-dac-core")
_TREE = """
/ {
    i2c@1000 {
        compatible = "vendor,i2c"; reg = <0x1000>; status = "%s";
        touchscreen@38 { compatible = "vendor,touch"; reg = <0x38>; status = "okay"; };
    };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    since="0.2",
    needs=("status",),
    asks="enabled_below_disabled",
    bad=Dts(_TREE % "disabled", finds=("/i2c@1000/touchscreen@38:status",)),
    good=Dts(_TREE % "okay"),
)
def enabled_below_disabled(board: TreeBoard) -> Iterator[Finding]:
    """Each disabled node with devices below it that are enabled."""
    tree = board.tree
    groups: dict[int, list[Node]] = {}
    for node in sorted(board.enabled_below_disabled):
        above = tree.parents[node]
        while above not in tree.unavailable:
            above = tree.parents[above]
        groups.setdefault(above, []).append(tree[node])
    for parent, children in groups.items():
        if not fits(tree[parent].compatible, _PREPARED):
            yield _finding(board, tree[parent], children)


def _finding(board: TreeBoard, parent: Node, children: Sequence[Node]) -> Finding:
    first, *others = children
    count = len(children)
    return enabled_below_disabled.finding(
        first,
        f"{beside(first.path, len(others), 'node')} {noun(count, 'is', 'are')} enabled, but "
        f"{parent.path} is disabled",
        effect=f"no device is created for {noun(count, 'it', 'them')}",
        fix=f'Write {board.ref(parent)} {{ status = "okay"; }};, or delete status from '
        f"{noun(count, 'the child', 'the children')}.",
        property_name="status",
        related=[parent, *others],
    )
