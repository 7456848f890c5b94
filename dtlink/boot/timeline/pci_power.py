"""The nodes below PCI hosts whose power the host's driver has switched on before it probes.

Such a driver makes a platform device of each node that has supplies, or whose connector has, and is
deferred until the drivers of these have bound. They ask for the supplies, or for the power
sequencer of the connector.

Source: Linux 7.2, drivers/pci/pwrctrl/core.c, pci_pwrctrl_create_devices(),
pci_pwrctrl_is_required(), pci_pwrctrl_power_on_devices(); generic.c, slot_pwrctrl_probe();
drivers/power/sequencing/pwrseq-pcie-m2.c, pwrseq_pcie_m2_match().
"""

from __future__ import annotations

from dtlink.facts.binding import Walk
from dtlink.facts.resources import PCI_POWER, REGULATOR
from dtlink.links.streams import is_pci
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference

#: The binding of what no property declares: the device that switches on a PCI node's power.
POWER_CONTROL = "power control"
_SUPPLY = "-supply"


class PowerNeed(NamedTuple):
    """What a host waits for, for a node behind it."""

    supplier: int
    binding: str
    node: int
    kind: str


def hosts(tree: Tree) -> Iterator[int]:
    """The PCI host bridges of a tree, without what is behind them."""
    for node in tree.holders("device_type"):
        if is_pci(tree, node) and not is_pci(tree, tree.parents[node]):
            yield node


def power_needs(
    tree: Tree, host: int, references: Mapping[int, Sequence[Reference]]
) -> Iterator[PowerNeed]:
    """What is needed below a host, in the order of the kernel.

    The driver of each node's platform device, and what that asks for: regulators, or the connector
    at the other end of the graph. ``references`` are those of the tree by consumer.
    """
    for child in tree.children[host]:
        if child not in tree.disabled:
            yield from power_needs(tree, child, references)
            suppliers = _suppliers(tree, child, references.get(child, ()))
            if suppliers:
                yield PowerNeed(child, POWER_CONTROL, child, PCI_POWER)
            for each in suppliers:
                yield PowerNeed(each.supplier, each.binding.name, child, each.binding.kind)


def _suppliers(tree: Tree, node: int, links: Sequence[Reference]) -> Sequence[Reference]:
    """What the platform device of a node asks for; empty for one that gets no such device."""
    names = tree[node].compatible
    if not names or not names[0].startswith("pci"):
        return ()
    ends = [each for each in links if each.binding.walk is Walk.ENDPOINT]
    supplies = [each for each in links if each.binding.resource is REGULATOR]
    is_powered = bool(supplies) or any(_has_supply(tree, each.supplier) for each in ends)
    return (ends or supplies) if is_powered else ()


def _has_supply(tree: Tree, node: int) -> bool:
    return any(name.endswith(_SUPPLY) for name in tree[node].properties)
