"""A node has only a compatible string that no driver matches any more.

What it finds: reg-fixed-voltage without regulator-fixed beside it.
Why it matters: no driver ever binds to the node, so its consumers wait forever. The GPIO library
still has a polarity quirk for the old string, so it looks supported.
What to do: write the current compatible string.
References: Linux drivers/regulator/fixed.c, fixed_of_match[] (regulator-fixed and its kin);
drivers/gpio/gpiolib-of.c, of_gpio_set_polarity_by_property(); binding fixed-regulator.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.devices import DEAD_COMPATIBLES
from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(True, "no driver matches the old string"),
    covers=Covers.RELATED,
    needs=("regulator-name",),
    asks="dead_compatibles",
    bad=Dts(
        """
        / {
            vcc: regulator { compatible = "reg-fixed-voltage"; regulator-name = "vcc"; };
            serial { compatible = "ns16550a"; vcc-supply = <&vcc>; };
        };
        """,
        finds=("/regulator:compatible",),
    ),
    good=Dts(
        """
        / {
            vcc: regulator { compatible = "regulator-fixed"; regulator-name = "vcc"; };
            serial { compatible = "ns16550a"; vcc-supply = <&vcc>; };
        };
        """
    ),
)
def dead_compatible(board: TreeBoard) -> Iterator[Finding]:
    """Every enabled node that has one of the old strings alone."""
    named = board.tree.holders("regulator-name")
    for value in board.dead_compatibles:
        for index in board.tree.by_compatible[value]:
            if index in named and index not in board.tree.disabled:
                node = board.tree[index]
                old = node.compatible[0]
                yield dead_compatible.finding(
                    node,
                    f'{node.name} has only compatible "{old}", which no driver matches',
                    property_name="compatible",
                    effect=f"{node.name} never probes; its consumers stay deferred",
                    fix=_replaced(node, DEAD_COMPATIBLES[value]),
                )


def _replaced(node: Node, compatible: str) -> Fix:
    from dtlink.firmware.edits import SetProperty, ref

    edit = SetProperty(ref(node), "compatible", (compatible,))
    return Fix(f'Set compatible = "{compatible}"; in {node.path}.', (edit,))
