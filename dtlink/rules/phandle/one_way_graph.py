"""A graph endpoint references another one, which does not reference it.

What it finds: a ``remote-endpoint`` that references an endpoint without one, a node that is no
endpoint, or an endpoint whose own ``remote-endpoint`` references a third.
Why it matters: drivers follow a graph from either end. From the other end this link is not found,
or another device is: a display pipeline, a camera or a sound card lacks the part, or waits for the
wrong one. Often an overlay or a board file connects an endpoint which is connected already.
What to do: let both endpoints reference each other; give a second connection its own endpoint.
References: Linux, drivers/of/property.c, of_graph_get_remote_endpoint();
Documentation/devicetree/bindings/graph.txt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node, Tree
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule

_TREE = """
/ {
    panel {
        compatible = "vendor,panel";
        port { panel_in: endpoint { remote-endpoint = <&%s>; }; };
    };
    display {
        compatible = "vendor,display";
        port { display_out: endpoint { remote-endpoint = <&panel_in>; }; };
    };
    bridge { compatible = "vendor,bridge"; port { bridge_out: endpoint { %s }; }; };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the devices were not connected before"),
    since="0.2",
    needs=("remote-endpoint",),
    bad=Dts(
        _TREE % ("display_out", "remote-endpoint = <&panel_in>;"),
        finds=("/bridge/port/endpoint:remote-endpoint",),
    ),
    good=Dts(_TREE % ("display_out", "")),
)
def one_way_graph(board: TreeBoard) -> Iterator[Finding]:
    """Each enabled endpoint whose other end is connected elsewhere, or not at all."""
    tree = board.tree
    if tree.is_overlay:  # the base tree has the other end
        return
    remotes = tree.holders("remote-endpoint")
    users = Counter(_target(tree, at) for at in remotes.values())
    for node, at in remotes.items():
        target = _target(tree, at)
        if target < 0 or node in tree.disabled or target in tree.mistakable:
            continue
        back = remotes.get(target)
        there = -1 if back is None else _target(tree, back)
        if there != node and not (back is not None and there < 0):
            fix = _fix(tree[node], tree[target], is_free=back is None and users[target] == 1)
            yield _finding(tree[node], tree[target], tree[there] if there >= 0 else None, fix)


def _target(tree: Tree, at: int) -> int:
    """The node that a remote-endpoint references; -1 if none has the phandle."""
    return tree.phandles.get(tree.first_cell(at) or 0, -1)


def _fix(node: Node, target: Node, *, is_free: bool) -> Fix:
    """Add the reference back, if the other endpoint is free and no third one references it."""
    from dtlink.firmware.edits import SetProperty, ref

    if not is_free or not target.name.startswith("endpoint"):
        return Fix("Let both endpoints reference each other, or delete this one.")
    text = f"Write remote-endpoint = <{ref(node)}>; in {ref(target)}."
    return Fix(text, (SetProperty(ref(target), "remote-endpoint", ((ref(node),),)),))


def _finding(node: Node, target: Node, there: Node | None, fix: Fix) -> Finding:
    elsewhere = f"references {there.path}" if there else "has no remote-endpoint"
    return one_way_graph.finding(
        node,
        f"remote-endpoint references {target.path}, which {elsewhere}",
        effect=f"a driver that follows the graph from {target.path} "
        f"{'finds the other device' if there else 'does not find this one'}",
        fix=fix,
        property_name="remote-endpoint",
        supplier=target,
        related=[there] if there else [],
    )
