"""A ``…-supply`` has more than one phandle.

What it finds: a ``…-supply`` property with a second entry. Its binding has one: each input of a
device has a property of its own.
Why it matters: the regulator core reads the first phandle only. Nothing switches the second
regulator on, and fw_devlink makes the device wait for it nevertheless.
What to do: write a property for each input, as the device's binding names them.
References: Linux, drivers/regulator/of_regulator.c, of_get_regulator(); drivers/of/property.c,
parse_suffix_prop_cells().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Dts, Finding, Severity, rule

#: The cells properties that regulators with child nodes have.
_OF_BUSES = ("#address-cells", "#size-cells")
_TREE = """
/ {
    core: regulator-core { compatible = "regulator-fixed"; regulator-name = "core"; };
    io: regulator-io { compatible = "regulator-fixed"; regulator-name = "io"; };
    codec@1a { compatible = "vendor,codec"; reg = <0x1a>; %s };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Dts(_TREE % "vdd-supply = <&core>, <&io>;", finds=("/codec@1a:vdd-supply",)),
    good=Dts(_TREE % "vdd-supply = <&core>; vddio-supply = <&io>;"),
)
def second_supply(board: TreeBoard) -> Iterator[Finding]:
    """The second entry of each supply."""
    for ref in board.graph.references:
        if ref.entry == 1 and ref.binding.name == "*-supply" and not _is_argument(board, ref):
            yield _finding(Link(board.tree, ref))


def _is_argument(board: TreeBoard, ref: Reference) -> bool:
    """Whether the cell is an argument of what is not a regulator (supplier/not-a-provider)."""
    first = board.tree.phandles.get(board.tree.first_cell(ref.at) or 0, 0)
    if any(name.startswith("regulator-") for name in board.tree[first].properties):
        return False
    cells = (name for name in board.tree[first].properties if name[0] == "#")
    return any(name.endswith("-cells") and name not in _OF_BUSES for name in cells)


def _finding(link: Link) -> Finding:
    name, supplier = link.property_name, link.supplier
    return second_supply.finding(
        link,
        f"{name} has a second phandle ({supplier.path}); the kernel reads the first one only",
        effect=f"{supplier.name} is not switched on for {link.node.name}, which waits for it "
        "nevertheless",
        fix=f"Keep one phandle in {name}; write a …-supply property for each other input.",
        supplier=supplier,
    )
