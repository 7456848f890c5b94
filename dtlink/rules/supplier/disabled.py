"""A device that is used needs a supplier that is disabled.

What it finds: an enabled consumer of a supplier that is disabled, or that lies below a disabled
node. Told once for each disabled node. Nothing is said of links that are commonly left so: graph
endpoints, thermal and cooling links, what CPUs and clock controllers name as clocks they can do
without, and pointers that make nobody wait.
Why it matters: fw_devlink makes no link to a disabled supplier, so the consumer probes, and then
its driver asks in vain: the request fails, or is deferred for ever (-EPROBE_DEFER, even where the
driver takes it as optional). IOMMUs and DMA channels are another thing: drivers go on without them,
and some boards leave the IOMMU to the boot loader on purpose; that is only worth knowing.
What to do: set status = "okay" in the node that is disabled, or disable the consumer too.
References: Linux, drivers/of/property.c, of_link_to_phandle(); drivers/clk/clk.c,
of_clk_get_hw_from_clkspec(); drivers/regulator/of_regulator.c, of_regulator_dev_lookup();
drivers/phy/phy-core.c, _of_phy_get(); drivers/pmdomain/core.c, __genpd_dev_pm_attach();
drivers/iommu/of_iommu.c, of_iommu_xlate(); sound/soc/soc-core.c, snd_soc_add_pcm_runtime().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import Board
from dtlink.firmware.tree import Node
from dtlink.links.reference import Link, Reference
from dtlink.rules.model import Dts, Finding, Severity, rule

_FOR_EVER = "its driver's request for the {kind} ends in -EPROBE_DEFER, for ever"
_NO_CARD = "the sound card is never registered, for it waits for all its audio interfaces"

#: What becomes of a consumer, by binding: without one of these it can't work.
_MISSED = {
    "power-domains": "its probe is deferred to deferred_probe_timeout, and then fails (-ETIMEDOUT)",
    "sound-dai": _NO_CARD,
    "dais": _NO_CARD,
    "panel": "its driver finds no {kind}",
    "usb-phy": "its driver finds no {kind}",
    **dict.fromkeys(
        (
            "clocks",
            "hwlocks",
            "phys",
            "*-supply",
            "resets",
            "*-gpios",
            "*-gpio",
            "gpios",
            "gpio",
            "pwms",
            "io-channels",
            "io-backends",
            "interconnects",
            "mboxes",
            "nvmem-cells",
            "interrupts",
            "interrupts-extended",
            "extcon",
            "backlight",
            "leds",
            "mux-controls",
            "mmc-pwrseq",
            "ddc-i2c-bus",
            *(f"pinctrl-{state}" for state in range(9)),
        ),
        _FOR_EVER,
    ),
}

#: What becomes of it where the supplier's own status is what is wrong.
_OWN_STATUS = {
    "clocks": "its driver's request for the clock fails (-ENOENT)",
    "hwlocks": "its driver's request for the hardware lock fails (-ENOENT)",
    "phys": "its driver goes without the PHY, or gives up (-ENODEV)",
}

#: What becomes of it where drivers mostly do without.
_SPARED = {
    "iommus": "its DMA is not translated; some boards leave the IOMMU to the boot loader",
    "iommu-map": "DMA of devices behind it is not translated; some boards leave that to the "
    "boot loader",
    "dmas": "it gets no DMA channel; most drivers go on without",
    "memory-region": "its memory is not reserved, and its driver goes on without",
}

#: Suppliers that are parts of a provider, which serves them whatever their own status says.
_PARTS = frozenset((*(f"pinctrl-{state}" for state in range(9)), "nvmem-cells"))

_TOLD = _MISSED.keys() | _SPARED.keys()


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    needs=("status",),
    bad=Dts(
        """
        / {
            vmmc: regulator-vmmc {
                compatible = "regulator-fixed"; regulator-name = "vmmc"; status = "disabled";
            };
            mmc@1000 { compatible = "vendor,mmc"; reg = <0x1000>; vmmc-supply = <&vmmc>; };
        };
        """,
        finds=("/mmc@1000:vmmc-supply",),
    ),
    good=Dts(
        """
        / {
            vmmc: regulator-vmmc { compatible = "regulator-fixed"; regulator-name = "vmmc"; };
            mmc@1000 { compatible = "vendor,mmc"; reg = <0x1000>; vmmc-supply = <&vmmc>; };
        };
        """
    ),
)
def disabled(board: Board) -> Iterator[Finding]:
    """Every disabled node that something enabled needs."""
    off = board.tree.disabled
    roots: dict[tuple[int, bool], list[Reference]] = {}
    for ref in [ref for ref in board.graph.references if ref[1] in off] if off else ():
        if ref.binding.name in _TOLD and _matters(board, ref):
            root = _switched_off(board, ref.supplier)[-1]
            roots.setdefault((root, ref.binding.name in _SPARED), []).append(ref)
    for refs in roots.values():
        yield _finding(board, refs)


def _switched_off(board: Board, node: int) -> list[int]:
    """The nodes, from a node upwards, whose own status says that they are not used."""
    off: list[int] = []
    while node >= 0:
        if node in board.tree.unavailable:
            off.append(node)
        node = board.tree.parents[node]
    return off


def _matters(board: Board, ref: Reference) -> bool:
    """Whether there is a device that would miss the supplier."""
    tree = board.tree
    device = board.device_index(ref.consumer)
    if device not in tree.holders("compatible") or tree.path(device).startswith("/cpus/"):
        return False
    if ref.binding.name in _PARTS and board.device_index(ref.supplier) not in tree.disabled:
        return False
    # A clock controller names every clock that it could be fed by, whether or not the board does.
    is_clock_tree = (tree.cell("#clock-cells", ref.consumer) or 0) > 0
    return not (ref.binding.name == "clocks" and is_clock_tree)


def _finding(board: Board, refs: Sequence[Reference]) -> Finding:
    first, *others = (Link(board.tree, ref) for ref in refs)
    off = [board.tree[node] for node in _switched_off(board, first.supplier.index)]
    spared = first.binding.name in _SPARED
    more = sorted({other.node.path for other in others} - {first.node.path})
    return disabled.finding(
        first,
        f"{first.entry} needs the {first.binding.kind} of {first.supplier.path}, "
        f"{_state(first.supplier, off)}{_also(more)}",
        consequence=f"{first.node.name}: {_outcome(board, first)}",
        fix=" ".join(f'{board.ref(node)} {{ status = "okay"; }};' for node in off)
        + (
            f", or leave {first.property_name} out"
            if spared
            else f", or disable {board.device(first.consumer).path} too"
        ),
        supplier=first.supplier,
        related=(*off, *(other.node for other in others)),
        severity=Severity.INFO if spared else Severity.WARNING,
        likely=True,
    )


def _state(supplier: Node, off: Sequence[Node]) -> str:
    if off[0] == supplier:
        below = f", as is {off[-1].path} above it" if len(off) > 1 else ""
        return f"which is disabled{below}"
    return f"which lies below {off[0].path}, and that is disabled"


def _also(others: Sequence[str]) -> str:
    if not others:
        return ""
    return f"; so does {others[0]}" if len(others) == 1 else f"; so do {len(others)} more nodes"


def _outcome(board: Board, link: Link) -> str:
    name = link.binding.name
    told = _SPARED.get(name) or _MISSED[name]
    own = link.supplier.index in board.tree.unavailable
    served = own and not _switched_off(board, board.tree.parents[link.supplier.index])
    if name == "phys" and served and not link.supplier.has("compatible"):
        told = _OWN_STATUS[name]
    elif name != "phys" and own:
        told = _OWN_STATUS.get(name, told)
    return told.format(kind=link.binding.kind)
