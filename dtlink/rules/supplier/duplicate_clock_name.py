"""Two clock providers register clocks of one name.

What it finds: a name that the ``clock-output-names`` of two enabled clock providers have; and fixed
clocks and the like without that property whose node names, up to the unit address, are equal:
their drivers take the node's name. Not of drivers that are known to ignore the property.
Why it matters: names of clocks are global in Linux. The clock core refuses the second one
(-EEXIST): its driver does not probe, or goes on without that clock, and what references it is
deferred forever. Which of the two is the second depends on the order of probes.
What to do: give each clock its own name; ``clock@0`` and ``clock@1`` become ``clock-ref`` and
``clock-phy``, or get ``clock-output-names``.
References: Linux, drivers/clk/clk.c, __clk_core_init(); drivers/clk/clk-fixed-rate.c,
_of_fixed_clk_setup(); drivers/clk/clk-fixed-factor.c, _of_fixed_factor_clk_setup().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from dtlink.board.tree import TreeBoard
from dtlink.facts.patterns import fits
from dtlink.firmware.tree import Node
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import counted, joined

_NAMES = "clock-output-names"
#: Drivers that name their clock after the node (drivers/clk/, clk-pwm.c, clk-gpio.c and the above;
#: clk-axi-clkgen.c, clk-si514.c, clk-si544.c, clk-si570.c, clk-cs2000-cp.c, clk-fsl-flexspi.c).
_BY_NODE = (
    *("fixed-clock", "fixed-factor-clock", "gpio-gate-clock", "gpio-mux-clock", "pwm-clock"),
    *("adi,axi-clkgen-2.00.a", "adi,zynqmp-axi-clkgen-2.00.a", "cirrus,cs2000-cp"),
    *("silabs,si514", "silabs,si544*", "silabs,si57*", "silabs,si59*"),
    *("fsl,ls1028a-flexspi-clk", "fsl,lx2160a-flexspi-clk"),
)
#: Drivers that read no such property (sound/soc/codecs/lpass-rx-macro.c, lpass-tx-macro.c).
_IGNORED_BY = ("qcom,*-lpass-rx-macro", "qcom,*-lpass-tx-macro", "qcom,*-lpass-va-macro")
_TREE = """
/ {
    pmic@1b { compatible = "vendor,pmic"; reg = <0x1b>; #clock-cells = <1>; %s };
    rtc@51 { compatible = "vendor,rtc"; reg = <0x51>; #clock-cells = <0>; %s };
};
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    needs=("#clock-cells",),
    bad=Dts(
        _TREE % ('clock-output-names = "xin32k", "clkout2";', 'clock-output-names = "xin32k";'),
        finds=("/rtc@51:clock-output-names",),
    ),
    good=Dts(
        _TREE % ('clock-output-names = "xin32k", "clkout2";', 'clock-output-names = "rtc_clkout";')
    ),
)
def duplicate_clock_name(board: TreeBoard) -> Iterator[Finding]:
    """Each name of several providers, at the second of them."""
    for name, providers in _registered(board).items():
        if len(providers) > 1:
            yield _finding(name, [board.tree[node] for node in providers])


def _registered(board: TreeBoard) -> Mapping[str, Sequence[int]]:
    """The providers of each name, in the order of the tree."""
    tree = board.tree
    found: dict[str, dict[int, None]] = {}
    given, compatible = tree.holders(_NAMES), tree.holders("compatible")
    for node in tree.holders("#clock-cells"):
        if node in tree.disabled:
            continue
        by_node, ignored = _naming(tree.value(compatible[node]) if node in compatible else b"")
        if node not in given:
            if by_node:
                found.setdefault(tree.name(node).partition("@")[0], {})[node] = None
        elif not ignored:
            for name in filter(None, tree[node].strings(_NAMES)):
                found.setdefault(name, {})[node] = None
    return {name: tuple(providers) for name, providers in found.items()}


@lru_cache(maxsize=1024)
def _naming(compatible: bytes) -> tuple[bool, bool]:
    """Whether the driver names its clock after the node, and whether it ignores the property."""
    strings = compatible.removesuffix(b"\0").decode("latin-1").split("\0")
    return fits(strings[:1], _BY_NODE), fits(strings, _IGNORED_BY)


def _finding(name: str, providers: Sequence[Node]) -> Finding:
    first, second, *others = providers
    has_property = second.has(_NAMES)
    more = [counted(len(others), "other node")] if others else []
    return duplicate_clock_name.finding(
        second,
        f'{joined([first.path, second.path, *more])} register a clock of the name "{name}"',
        effect="the clock core refuses all but one (-EEXIST): what references the others is "
        "deferred forever",
        fix=f"Write another name into {_NAMES} of {second.path}."
        if has_property
        else f"Rename {second.path}, or add {_NAMES} to it.",
        property_name=_NAMES if has_property else None,
        related=[first, *others],
        likely=True,
    )
