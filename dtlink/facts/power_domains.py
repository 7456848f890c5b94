"""Providers of power domains whose nodes have no device of their own when they register.

Their domains are registered by the code of an initcall before there are platform devices, or by the
driver of the parent node. Since 6.17 such a domain becomes a device itself (see
:data:`~dtlink.facts.behaviours.POWER_DOMAINS_ARE_DEVICES`).
"""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.records import NamedTuple


class DomainNodes(Enum):
    """Which nodes are providers, from the node that ``compatible`` names on."""

    OWN = "the node itself"
    CHILDREN = "its children with #power-domain-cells"
    TREE = "all below its child pm-domains"


class DomainProvider(NamedTuple):
    """Code that registers power domains for nodes without a device."""

    compatible: tuple[bytes, ...]
    nodes: DomainNodes
    early: bool
    """Before there are devices, and no driver ever binds the node; else by the driver."""
    source: str


def _renesas(suffix: str, chips: str) -> tuple[bytes, ...]:
    return tuple(f"renesas,{chip}-{suffix}".encode() for chip in chips.split())


#: Every such code of Linux 7.2; Tegra's PMC opts out (GENPD_FLAG_NO_SYNC_STATE).
DOMAIN_PROVIDERS = (
    DomainProvider(
        _renesas(
            "sysc",
            "r8a7742 r8a7743 r8a7744 r8a7745 r8a77470 r8a774a1 r8a774b1 r8a774c0 r8a774e1 r8a7779 "
            "r8a7790 r8a7791 r8a7792 r8a7793 r8a7794 r8a7795 r8a7796 r8a77961 r8a77965 r8a77970 "
            "r8a77980 r8a77990 r8a77995",
        ),
        DomainNodes.OWN,
        early=True,
        source="drivers/pmdomain/renesas/rcar-sysc.c, rcar_sysc_pd_init_provider()",
    ),
    DomainProvider(
        _renesas("sysc", "r8a779a0 r8a779f0 r8a779g0 r8a779h0"),
        DomainNodes.OWN,
        early=True,
        source="drivers/pmdomain/renesas/rcar-gen4-sysc.c, rcar_gen4_sysc_pd_init()",
    ),
    DomainProvider(
        (b"renesas,sysc-rmobile",),
        DomainNodes.TREE,
        early=True,
        source="drivers/pmdomain/renesas/rmobile-sysc.c, rmobile_add_pm_domains()",
    ),
    DomainProvider(
        _renesas("cpg-clocks", "r8a7778 r8a7779 rz"),
        DomainNodes.OWN,
        early=True,
        source="drivers/clk/renesas/clk-mstp.c, cpg_mstp_pd_init_provider()",
    ),
    DomainProvider(
        (b"stericsson,ux500-pm-domains",),
        DomainNodes.OWN,
        early=True,
        source="drivers/pmdomain/st/ste-ux500-pm-domain.c, ux500_pm_domains_init()",
    ),
    DomainProvider(
        (b"arm,psci-1.0",),
        DomainNodes.CHILDREN,
        early=False,
        source="drivers/cpuidle/cpuidle-psci-domain.c, psci_pd_init()",
    ),
)

#: Files of drivers that turn off unused power domains without waiting for all consumers (Linux 7.2,
#: GENPD_FLAG_NO_STAY_ON, and GENPD_FLAG_NO_SYNC_STATE).
OFF_AT_BOOT = frozenset(
    (
        "drivers/pmdomain/renesas/rcar-gen4-sysc.c",
        "drivers/pmdomain/renesas/rcar-sysc.c",
        "drivers/pmdomain/renesas/rmobile-sysc.c",
        "drivers/pmdomain/rockchip/pm-domains.c",
        "drivers/pmdomain/tegra/powergate-bpmp.c",
        "drivers/soc/tegra/pmc.c",
    )
)
