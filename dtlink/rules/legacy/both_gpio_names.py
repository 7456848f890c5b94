"""A node has the same GPIO under its old and its new name.

What it finds: ``reset-gpio`` beside ``reset-gpios``, with different GPIOs (equal ones are a note);
not where the driver itself reads the old name.
Why it matters: the GPIO library looks up ``reset-gpios`` first, and ``reset-gpio`` only if that has
no such entry. The old property is dead: often an overlay or a board file sets it, while a file that
it includes sets the new one, and the driver switches another pin than was meant. fw_devlink waits
for both.
What to do: delete one of the two, and write the GPIO that is wired into ``reset-gpios``.
References: Linux, drivers/gpio/gpiolib-of.c, of_find_gpio() (for_each_gpio_property_name());
drivers/of/property.c, parse_gpio() and parse_gpios().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.patterns import fits
from dtlink.rules.legacy._gpios import READ_BY_DRIVERS
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node

_TREE = """
/ {
    gpio: gpio { compatible = "arm,pl061"; gpio-controller; #gpio-cells = <2>; };
    radio@0 { compatible = "vendor,radio"; reg = <0>; %s };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the GPIO that is wired may be the one under the old name"),
    since="0.2",
    asks="double_gpios",
    bad=Dts(
        _TREE % "reset-gpios = <&gpio 5 0>; reset-gpio = <&gpio 6 0>;",
        finds=("/radio@0:reset-gpio",),
    ),
    good=Dts(_TREE % "reset-gpios = <&gpio 6 0>;"),
)
def both_gpio_names(board: TreeBoard) -> Iterator[Finding]:
    """Each GPIO of a node that is there under both names."""
    tree = board.tree
    for name, new in board.double_gpios:
        for index in sorted(tree.holders(name).keys() & tree.holders(new).keys() - tree.disabled):
            if not fits(tree[index].compatible, READ_BY_DRIVERS):
                yield _finding(board, tree[index], name, new)


def _finding(board: TreeBoard, node: Node, old: str, new: str) -> Finding:
    differ = node.cells(old) != node.cells(new)
    reads = f"the GPIO library reads {new} ({_gpios(board, node, new)})"
    return both_gpio_names.finding(
        node,
        f"{node.name} has {old} and {new}, which "
        + ("name different GPIOs" if differ else "name the same GPIO"),
        effect=f"{reads}; {old} ({_gpios(board, node, old)}) is never used"
        if differ
        else f"none: {reads}, and {old} is never used",
        fix=_fix(node, old, new, differ=differ),
        property_name=old,
        severity=Severity.WARNING if differ else Severity.INFO,
    )


def _fix(node: Node, old: str, new: str, *, differ: bool) -> Fix:
    from dtlink.firmware.edits import DeleteProperty, ref

    delete = (DeleteProperty(ref(node), old),)
    if differ:
        return Fix(f"Delete {old}; write the GPIO that is wired into {new}.", delete)
    return Fix(f"Delete {old}.", delete, Safety(True, f"{new} has the same GPIO"))


def _gpios(board: TreeBoard, node: Node, name: str) -> str:
    """The GPIOs as DTS has them."""
    links = [
        link
        for link in board.links("*-gpio", "*-gpios", "gpio", "gpios")
        if link.node == node and link.property_name == name
    ]
    entries = (" ".join((board.ref(each.supplier), *map(str, each.args))) for each in links)
    return ", ".join(f"<{entry}>" for entry in entries) or "unresolved"
