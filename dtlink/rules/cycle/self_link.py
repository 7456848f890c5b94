"""A device references itself as its supplier.

What it finds: power-domains, iommus, resets and *-supply that reference the node which has them.
Usual self-references are not reported: interrupts, hogs, assigned-clocks, and clocks that a clock
controller feeds back.
Why it matters: a device supplies a resource only after its driver has probed; where the kernel or
the driver needs it before, the device waits for itself.
What to do: reference the device that is meant, or remove the property.
References: Linux, drivers/base/core.c, device_links_check_suppliers() (it passes over such a link);
drivers/pmdomain/core.c, __genpd_dev_pm_attach(); drivers/iommu/of_iommu.c, of_iommu_xlate();
drivers/regulator/core.c, regulator_resolve_supply().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.links.reference import Link
from dtlink.rules.model import Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    asks="self_references",
    bad=Dts(
        """
        / {
            domains: power-controller@1000 {
                compatible = "vendor,pd";
                #power-domain-cells = <0>;
                power-domains = <&domains>;
            };
        };
        """,
        finds=("/power-controller@1000:power-domains",),
    ),
    good=Dts(
        """
        / {
            domains: power-controller@1000 { compatible = "vendor,pd"; #power-domain-cells = <0>; };
            gpu@2000 { compatible = "vendor,gpu"; power-domains = <&domains>; };
        };
        """
    ),
)
def self_link(board: TreeBoard) -> Iterator[Finding]:
    """Every such reference; one a property."""
    seen = set()
    for ref in board.self_references:
        effect = ref.binding.resource.if_itself
        if effect is None or ref.at in seen:
            continue
        if ref.consumer in board.tree.holders("compatible"):
            seen.add(ref.at)
            link = Link(board.tree, ref)
            yield self_link.finding(
                link,
                f"{link.entry} of {link.node.name} references {link.node.name} itself",
                likely=ref.binding.resource.itself_at_times,
                effect=effect,
                fix=f"Reference the {ref.binding.kind} that is meant, or remove {link.entry}.",
            )
