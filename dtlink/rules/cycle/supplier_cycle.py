"""Devices wait for each other.

What it finds: strongly connected sets of devices, over the links that fw_devlink knows and over the
parents; one finding each, told by a short cycle. Left out are graph endpoints (each names the
other), links within one device, and what the kernel starts before there are devices.
Why it matters: the kernel finds such a cycle and orders no probe by any link between these devices
any more: drivers have to defer until they find what they need, and a driver that takes it for
granted fails. Where one of the links is iommus, the kernel does not see the cycle: the master waits
for the IOMMU until the deferred-probe timeout, and then runs without translation.
What to do: name the supplier that a device can probe without in its post-init-providers. Proposed
are the fewest links whose loss leaves no cycle among the devices; that drivers can do without them
is for you to judge. "Fixed dependency cycle(s)" is still printed for what is left out above, which
makes no device wait.
References: Linux, drivers/base/core.c, __fw_devlink_relax_cycles() (all cycles from 6.3 on);
drivers/iommu/of_iommu.c, of_iommu_xlate(); dt-schema, post-init-providers.yaml (read from 6.11 on).
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.cycle_breaks import Step
from dtlink.board.device_cycles import DeviceCycle
from dtlink.board.tree import Board
from dtlink.links.reference import Link
from dtlink.rules.model import Dts, Finding, Severity, rule

#: How many steps of a long chain are told, and how many devices are listed.
_TOLD = 8
_MOST_RELATED = 32


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Dts(
        """
        / {
            dispcc: clock-controller@1000 {
                compatible = "vendor,dispcc";
                #clock-cells = <1>;
                clocks = <&dsi_phy 0>;
            };
            dsi_phy: phy@2000 {
                compatible = "vendor,dsi-phy";
                #clock-cells = <1>;
                #phy-cells = <0>;
                power-domains = <&gdsc>;
                clocks = <&dispcc 3>;
            };
            gdsc: power-controller@3000 { compatible = "vendor,pd"; #power-domain-cells = <0>; };
        };
        """,
        finds=("/clock-controller@1000:clocks",),
    ),
    good=Dts(
        """
        / {
            dispcc: clock-controller@1000 {
                compatible = "vendor,dispcc";
                #clock-cells = <1>;
                clocks = <&dsi_phy 0>;
                post-init-providers = <&dsi_phy>;
            };
            dsi_phy: phy@2000 {
                compatible = "vendor,dsi-phy";
                #clock-cells = <1>;
                #phy-cells = <0>;
                clocks = <&dispcc 3>;
            };
        };
        """
    ),
)
def supplier_cycle(board: Board) -> Iterator[Finding]:
    """One finding a component."""
    for cycle in board.cycles:
        masters = [step for step in cycle.chain if step.is_to_iommu]
        first = cycle.chain[0]
        nodes = board.tree
        yield supplier_cycle.finding(
            Link(nodes, first.references[0]) if first.references else nodes[first.consumer],
            _message(board, cycle),
            supplier=nodes[first.supplier],
            related=[nodes[node] for node in cycle.devices[:_MOST_RELATED]],
            severity=Severity.WARNING if masters else Severity.INFO,
            consequence=_unseen(board, masters[0])
            if masters
            else 'the kernel prints "Fixed dependency cycle(s)" and orders nothing by '
            f"{_relaxed(board, cycle)}: their drivers must defer until they find what they need",
            fix=_fix(board, cycle),
        )


def _message(board: Board, cycle: DeviceCycle) -> str:
    """The chain as one sentence."""
    parts = []
    for step in (*cycle.chain[: _TOLD - 1], *cycle.chain[_TOLD - 1 :][-1:]):
        supplier = board.tree[step.supplier].name
        names = dict.fromkeys(board.tree.property_name(ref.at) for ref in step.references)
        told = f"needs {supplier} ({', '.join(names)})" if names else f"lies in {supplier}"
        parts.append(told)
    others = len(cycle.devices) - len(parts)
    if len(parts) < len(cycle.chain):
        parts.insert(-1, "needs …")
    more = (
        f"; {others} more device{'s are' if others > 1 else ' is'} in the cycle" if others else ""
    )
    return f"{board.tree[cycle.chain[0].consumer].name} " + ", which ".join(parts) + more


def _unseen(board: Board, step: Step) -> str:
    master, iommu = board.tree[step.consumer].name, board.tree[step.supplier].name
    return (
        f"{iommu} comes only after {master}, and the kernel sees no cycle, because it orders "
        f'nothing by iommus: {master} waits until the timeout ("deferred probe timeout, ignoring '
        'dependency"), then runs without translation'
    )


def _relaxed(board: Board, cycle: DeviceCycle) -> str:
    """The links that the kernel relaxes: all between the devices, as the prediction has it."""
    links = [
        f"{board.tree[step.consumer].name} → {board.tree[step.supplier].name}"
        for step in cycle.steps
        if step.references
    ]
    more = f" and {len(links) - _TOLD} more" if len(links) > _TOLD else ""
    return ", ".join(links[:_TOLD]) + more


def _fix(board: Board, cycle: DeviceCycle) -> str:
    """The links to give up, by consumer."""
    wanted: dict[int, dict[str, None]] = {}
    for step in cycle.breaks:
        suppliers = wanted.setdefault(step.consumer, {})
        for ref in step.references:
            suppliers[f"<{board.ref(board.tree[ref.supplier])}>"] = None
    lines = [
        f"{board.ref(board.tree[node])} {{ post-init-providers = {', '.join(suppliers)}; }};"
        for node, suppliers in wanted.items()
    ]
    if not lines:
        return "none of these links can be given up: one of the devices must do without the next"
    return "if the driver can probe without (Linux 6.11 and newer read it): " + " ".join(lines)
