"""A property that names a supplier is probably misspelt: no driver reads it.

What it finds: a ``…-supply`` or ``…-gpios`` whose name no binding of the kernel has, and which
differs by a letter, or by two exchanged ones, from one that the driver of the node asks for and
that the node lacks (``vmcc-supply``); on generic regulators any supply or GPIO but the one that
their driver reads (``vin-supply``, ``pwm-supply``, ``gpio``); properties like ``clock``, ``gpoi``,
``interrupt`` or ``dma-name`` which differ so from one that all nodes may have; and misspelt
suffixes (``vdd-suply``).
Why it matters: the driver finds no such supplier. Where it is optional it goes on without a
message: the regulator is never switched on for the device, or switched off as unused. fw_devlink
waits for a name with the right suffix nevertheless.
What to do: correct the name, as the binding of the device has it.
References: Linux, drivers/regulator/fixed.c, of_get_fixed_voltage_config();
drivers/regulator/core.c, regulator_resolve_supply(); Documentation/devicetree/bindings.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.bindings import binding_of
from dtlink.firmware.tree import Node
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.rules.supplier._spelling import Misspelt, misspelt

_TREE = """
/ {
    gpio: gpio@1000 {
        compatible = "vendor,gpio"; reg = <0x1000>; gpio-controller; #gpio-cells = <2>;
    };
    main: regulator-main { compatible = "regulator-fixed"; regulator-name = "main"; };
    lan: regulator-lan {
        compatible = "regulator-fixed"; regulator-name = "lan"; %s = <&main>; %s = <&gpio 3 0>;
    };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the driver did not use what the property references"),
    since="0.2",
    bad=Dts(
        _TREE % ("vim-supply", "gpoi"), finds=("/regulator-lan:vim-supply", "/regulator-lan:gpoi")
    ),
    good=Dts(_TREE % ("vin-supply", "gpio")),
)
def misspelt_name(board: TreeBoard) -> Iterator[Finding]:
    """Each property that no driver reads, with what was meant."""
    for found in misspelt(board):
        node = board.tree[found.node]
        yield misspelt_name.finding(
            node,
            f"{found.name} of {node.path}: {found.why}; did you mean {found.meant}?",
            effect=_effect(found.name, node),
            fix=_fix(node, found),
            property_name=found.name,
            likely=True,
        )


def _fix(node: Node, found: Misspelt) -> Fix:
    """Rename the property, where there is one name that may have been meant."""
    from dtlink.firmware.edit_values import renamed_list, renamed_names

    text = f"Write {found.meant} instead of {found.name}."
    if not found.is_only or node.has(found.meant):
        return Fix(text)
    row = binding_of(found.meant)
    if "-name" in found.name:
        edits = renamed_names(node, found.name, found.meant)
    else:
        edits = renamed_list(node, found.name, found.meant, row.cells if row else None)
    return Fix(text, tuple(edits))


def _effect(name: str, node: Node) -> str:
    if "-name" in name:
        return f"the entries of the list have no names: what asks {node.name} for one by name fails"
    waits = ", but waits for it" if name.endswith(("-supply", "-gpios", "-gpio")) else ""
    return f"{node.name} does not use what {name} references{waits}"
