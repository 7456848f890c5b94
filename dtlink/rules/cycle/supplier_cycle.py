"""Devices wait for each other.

What it finds: strongly connected sets of devices, over the links that fw_devlink follows and over
parents; one finding for each set, which shows a short cycle. Not counted are graph endpoints (each
references the other), links within one device, and suppliers that the kernel starts before devices.
Why it matters: the kernel detects such a cycle and relaxes all links between these devices: probe
order is not enforced, drivers must handle -EPROBE_DEFER, and a driver that does not fails. Where
one of the links is iommus, the kernel does not see the cycle: the master waits for the IOMMU until
the deferred-probe timeout, and then runs without translation. It is not so where one of the other
links is in a cycle that the kernel does see: that link is relaxed, and the IOMMU comes in time.
What to do: list a supplier that a device can probe without in its post-init-providers. The fix
proposes the fewest links without which there is no cycle among the devices; whether their drivers
can do without them is for you to judge. "Fixed dependency cycle(s)" is still printed for the links
that are not counted, which delay no probe.
References: Linux, drivers/base/core.c, __fw_devlink_relax_cycles() (all cycles from 6.3 on);
drivers/iommu/of_iommu.c, of_iommu_xlate(); dt-schema, post-init-providers.yaml (read from 6.9 on).
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.cycle_breaks import DeviceStep, unseen_chain
from dtlink.board.device_cycles import DeviceCycle
from dtlink.board.tree import TreeBoard
from dtlink.facts.bindings import followed_since
from dtlink.links.reference import Link
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.wording import counted, listed, noun

#: How many steps of a long chain are shown, and how many devices are listed.
_SHOWN = 8
_MOST_RELATED = 32
_PROPERTY = "post-init-providers"


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    fix=Safety(False, "which of the links is needed for the probe is known to the drivers only"),
    asks="reported_cycles",
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
def supplier_cycle(board: TreeBoard) -> Iterator[Finding]:
    """One finding a component."""
    is_quiet = supplier_cycle.id in board.without_notes
    for cycle in board.reported_cycles:
        unseen = unseen_chain(cycle.steps)
        masters = [step for step in unseen if step.is_to_iommu]
        if is_quiet and not masters:
            continue
        chain = _to_give_up_first(cycle, unseen)
        first = chain[0]
        nodes = board.tree
        yield supplier_cycle.finding(
            Link(nodes, first.references[0]) if first.references else nodes[first.consumer],
            _message(board, cycle, chain),
            supplier=nodes[first.supplier],
            related=[nodes[node] for node in cycle.devices[:_MOST_RELATED]],
            severity=Severity.WARNING if masters else Severity.INFO,
            effect=_unseen(board, masters[0])
            if masters
            else 'the kernel prints "Fixed dependency cycle(s)" and relaxes '
            f"{_relaxed(board, cycle)}: probe order is not enforced, drivers must handle "
            "-EPROBE_DEFER",
            fix=_fix(board, cycle),
        )


def _to_give_up_first(cycle: DeviceCycle, unseen: tuple[DeviceStep, ...]) -> tuple[DeviceStep, ...]:
    """The cycle to show, from a step to give up on."""
    if {step[:2] for step in unseen} <= {step[:2] for step in cycle.chain}:
        return cycle.chain
    at = next((at for at, step in enumerate(unseen) if step in cycle.breaks), 0)
    return unseen[at:] + unseen[:at]


def _message(board: TreeBoard, cycle: DeviceCycle, chain: tuple[DeviceStep, ...]) -> str:
    """The chain as one sentence."""
    parts = []
    for step in (*chain[: _SHOWN - 1], *chain[_SHOWN - 1 :][-1:]):
        supplier = board.tree[step.supplier].name
        names = dict.fromkeys(board.tree.property_name(ref.at) for ref in step.references)
        words = f"needs {supplier} ({', '.join(names)})" if names else f"is a child of {supplier}"
        parts.append(words)
    others = len(cycle.devices) - len(parts)
    if len(parts) < len(chain):
        parts.insert(-1, "needs …")
    verb = noun(others, "is", "are")
    more = f"; {counted(others, 'more device')} {verb} in the cycle" if others else ""
    return f"{board.tree[chain[0].consumer].name} " + ", which ".join(parts) + more


def _unseen(board: TreeBoard, step: DeviceStep) -> str:
    master, iommu = board.tree[step.consumer].name, board.tree[step.supplier].name
    return (
        f"{iommu} probes only after {master}, and the kernel does not see the cycle, because "
        f'iommus orders no probe: {master} waits for the timeout ("deferred probe timeout, '
        'ignoring dependency"), then runs without translation'
    )


def _relaxed(board: TreeBoard, cycle: DeviceCycle) -> str:
    """The links that the kernel relaxes: all between the devices, as predicted."""
    links = [
        f"{board.tree[step.consumer].name} → {board.tree[step.supplier].name}"
        for step in cycle.steps
        if step.references
    ]
    return listed(links, _SHOWN)


def _fix(board: TreeBoard, cycle: DeviceCycle) -> Fix:
    """The links to give up, by consumer, beside those that are given up already."""
    from dtlink.firmware.edit_text import dts
    from dtlink.firmware.edit_values import phandle_list
    from dtlink.firmware.edits import NodeRef, SetProperty, ref

    wanted: dict[int, list[NodeRef]] = {}
    for step in cycle.breaks:
        new = (ref(board.tree[each.supplier]) for each in step.references)
        wanted.setdefault(step.consumer, []).extend(new)
    edits = []
    for index, suppliers in wanted.items():
        node = board.tree[index]
        value = dict.fromkeys((*phandle_list(node, _PROPERTY), *((each,) for each in suppliers)))
        edits.append(SetProperty(ref(node), _PROPERTY, tuple(value)))
    if not edits:
        return Fix("Change a driver: none of these links can be given up.")
    lines = " ".join(dts(edits).splitlines())
    since = followed_since(_PROPERTY)  # older kernels ignore it
    text = f"If the driver can probe without it, add (Linux ≥ {since}): {lines}"
    return Fix(text, tuple(edits) if board.version >= since else ())
