"""A regulator of a PMIC has a name that the PMIC's driver does not look for.

What it finds: a supply that references a node below a PMIC, in ``regulators`` or directly, whose
name (without unit address; or its ``regulator-compatible``) is none that the driver of the PMIC
has, in Linux 5.10 to 7.2. Only where the driver has the names of other nodes beside it. Several
references to one node are one finding. It is *likely*: a newer driver may have more names.
Why it matters: the driver finds the constraints of its regulators by the names of these nodes. It
registers the regulator without the node, so that what references the node waits for it forever,
and the voltages in it do not count. Names differ between vendors' drivers and the kernel's own.
What to do: give the node the name of the binding (``dcdc1``, ``DCDC_REG1``, ``buck1`` …).
References: Linux, drivers/regulator/of_regulator.c, regulator_of_get_init_node(),
of_regulator_match(), of_find_regulator_by_node().
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.regulator_names import regulator_names
from dtlink.facts.resources import REGULATOR
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import also

_CONTAINER = "regulators"
_TREE = """
/ {
    i2c {
        #address-cells = <1>; #size-cells = <0>;
        pmic@36 {
            compatible = "x-powers,axp313a"; reg = <0x36>;
            regulators { dcdc1 { }; vcc: %s { regulator-name = "vcc"; }; };
        };
    };
    mmc@1000 { compatible = "vendor,mmc"; reg = <0x1000>; vmmc-supply = <&vcc>; };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Dts(_TREE % "dldo-1", finds=("/mmc@1000:vmmc-supply",)),
    good=Dts(_TREE % "dldo1"),
)
def unknown_regulator(board: TreeBoard) -> Iterator[Finding]:
    """Each node that is referenced as a regulator, and has a name of no regulator."""
    tree, compatible = board.tree, board.tree.holders("compatible")
    lost: dict[int, list[Reference]] = {}
    for row, references in board.graph.columns:
        for ref in references if row.resource is REGULATOR else ():
            is_part = ref.supplier not in compatible and ref.supplier not in tree.disabled
            if is_part and ref.supplier and ref.consumer not in tree.disabled:
                lost.setdefault(ref.supplier, []).append(ref)
    of_parents = {
        parent: _names(board, tree[parent]) for parent in {tree.parents[node] for node in lost}
    }
    for supplier, references in lost.items():
        node, known = tree[supplier], of_parents[tree.parents[supplier]]
        if known and _name(node) not in known:
            yield _finding([Link(tree, ref) for ref in references], node, known)


def _names(board: TreeBoard, parent: Node) -> Collection[str]:
    """The names that the driver of a PMIC looks for below a node; empty: not known."""
    pmic = board.device(parent)
    if parent != pmic and not (parent.name == _CONTAINER and parent.parent == pmic):
        return ()
    known = [regulator_names(name) for name in pmic.compatible]
    names = frozenset().union(*known)
    has_others = any(_name(child) in names for child in parent.children)
    return names if all(known) and has_others else ()


def _name(node: Node) -> str:
    """What the driver compares (regulator_of_get_init_node())."""
    return next(iter(node.strings("regulator-compatible")), node.name.partition("@")[0])


def _finding(links: list[Link], node: Node, known: Collection[str]) -> Finding:
    from difflib import get_close_matches

    first = links[0]
    near = get_close_matches(_name(node), sorted(known), 1)
    meant = f"Rename {node.path} to {near[0]}" if near else f"Give {node.path} another name"
    return unknown_regulator.finding(
        first,
        f"{first.entry} references {node.path}; the driver of the PMIC looks for no regulator "
        f"called {_name(node)}{also([link.node.path for link in links])}",
        effect="the regulator is registered without this node: the request of "
        f"{first.node.name}'s driver is deferred forever",
        fix=f"{meant}, as the PMIC's binding has it.",
        supplier=node,
        related=(node, *(link.node for link in links[1:])),
        likely=True,
    )
