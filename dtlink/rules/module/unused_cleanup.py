"""Resources of the firmware's framebuffer are turned off as unused.

What it finds: a simple-framebuffer with clocks, power domains or supplies, for which this kernel
has no built-in driver, where the command line does not keep unused resources.
Why it matters: after its initcalls the kernel turns off clocks and power domains that no driver
uses, and regulators half a minute later. The firmware's picture disappears until the display's own
driver probes, and the screen of a failed boot cannot be read.
What to do: build the driver in (CONFIG_DRM_SIMPLEDRM=y or CONFIG_FB_SIMPLE=y), or boot with
clk_ignore_unused and pd_ignore_unused.
References: Linux, drivers/clk/clk.c, clk_disable_unused(); drivers/pmdomain/core.c,
genpd_power_off_unused(); drivers/regulator/core.c, regulator_init_complete_work_function();
drivers/gpu/drm/tiny/simpledrm.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.bindings import binding_of
from dtlink.facts.outcomes import State
from dtlink.firmware.tree import Node
from dtlink.rules.model import Dts, Finding, Severity, rule

_TREE = """
/ {
    cc: clock-controller@1000 { compatible = "vendor,cc"; #clock-cells = <0>; };
    chosen {
        framebuffer@9d400000 {
            compatible = "simple-framebuffer";
            reg = <0x9d400000 0x2400000>;
            clocks = <&cc>;
        };
    };
};
"""
_KERNEL = """
built-in CC_VENDOR drivers/clk/cc.c vendor,cc
%s DRM_SIMPLEDRM drivers/gpu/drm/tiny/simpledrm.c simple-framebuffer
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Dts(_TREE, finds=("/chosen/framebuffer@9d400000",), kernel=_KERNEL % "module"),
    good=Dts(_TREE, kernel=_KERNEL % "built-in"),
    needs=("clocks", "power-domains"),
)
def unused_cleanup(board: TreeBoard) -> Iterator[Finding]:
    """One finding for each framebuffer."""
    if board.facts is None:
        return
    line = board.command_line.ignore_unused
    for node in board.tree.holders("compatible"):
        frame = board.tree[node]
        if "simple-framebuffer" not in frame.compatible or node in board.tree.disabled:
            continue
        needs = [name for name in frame.properties if _kept_by(name)]
        lost = [name for name in needs if _kept_by(name) not in line]
        if lost and board.drivers.of(node).state in (State.MODULE, State.NOT_BUILT):
            yield _finding(frame, lost)


def _kept_by(name: str) -> str:
    """The parameter that keeps what a property names; empty for other properties."""
    binding = binding_of(name)
    return binding.resource.kept_by if binding is not None else ""


def _finding(frame: Node, lost: list[str]) -> Finding:
    return unused_cleanup.finding(
        frame,
        f"no built-in driver keeps {', '.join(lost)} of {frame.name} on",
        effect="those that no other driver uses are turned off after the initcalls: the picture "
        "disappears until the display's driver probes",
        fix="Set CONFIG_DRM_SIMPLEDRM=y or CONFIG_FB_SIMPLE=y, or add "
        f"{' '.join(dict.fromkeys(_kept_by(name) for name in lost))} to the kernel command line.",
        likely=True,
    )
