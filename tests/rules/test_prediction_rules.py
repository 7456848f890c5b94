"""The rules that rest on the prediction of fw_devlink: cycles, waits, IOMMUs, kernel versions."""

from __future__ import annotations

import pickle
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest

from dtlink import engine
from dtlink.board.cycle_breaks import arcs_of
from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.boot.devlink.model import Prediction
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.profile import KernelProfile, Mode
from dtlink.firmware import dts, fdt
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.firmware.tree import Tree
from dtlink.links.components import strong_components
from dtlink.rules.catalogue import find
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.rules.supplier._waiting import waiting
from tests.support.boards import EVERY, FIXTURES, SHARED, corpus, need_corpus, predicted
from tests.support.post_init import with_post_init_providers

KERNEL = KernelProfile.of("6.12")


def board(source: str, version=(6, 12), cmdline: str | None = None, **more) -> TreeBoard:
    line = None if cmdline is None else CommandLine.parse(cmdline)
    return TreeBoard(dts.read_text(f"/ {{ {source} }};"), Settings(version, cmdline=line, **more))


def check(name: str, on: TreeBoard) -> list[Finding]:
    rule = find(name)
    assert rule is not None
    return list(rule.check(on))


class TestProfile:
    def test_bootargs_are_read(self):
        told = board('chosen { bootargs = "quiet fw_devlink=permissive"; };')
        assert told.profile.fw_devlink is Mode.PERMISSIVE

    def test_bootargs_of_another_node_are_not(self):
        told = board('other { bootargs = "fw_devlink=off"; };')
        assert told.profile == KERNEL

    def test_a_given_command_line_counts_instead(self):
        told = board('chosen { bootargs = "fw_devlink=off"; };', cmdline="fw_devlink.strict=1")
        assert (told.profile.fw_devlink, told.profile.strict) == (Mode.RPM, True)

    def test_what_the_kernel_would_refuse_has_no_effect(self):
        told = board('chosen { bootargs = "fw_devlink=never fw_devlink.strict=1"; };')
        assert (told.profile.fw_devlink, told.profile.strict) == (Mode.RPM, True)

    def test_the_other_kernel_has_the_same_command_line(self):
        told = board("", cmdline="fw_devlink=on", against=(5, 10))
        assert told.against == KernelProfile.of("5.10", "fw_devlink=on")

    def test_a_task_goes_to_another_process(self):
        line = CommandLine.parse("fw_devlink.strict=1")
        task = partial(engine.lint, settings=Settings(cmdline=line, against=(5, 15)))
        tree = dts.read_text("/ { };")
        assert pickle.loads(pickle.dumps(task))(tree)["faults"] == []  # noqa: S301


# Cycles


def without_graph(tree: Tree) -> Tree:
    """The tree without graph endpoints, which name each other and are cycles of their own."""
    nodes = [
        SourceNode(n.name, {k: v for k, v in n.properties.items() if k != "remote-endpoint"})
        for n in tree
    ]
    for index, parent in enumerate(tree.parents[1:], 1):
        nodes[parent].children.append(nodes[index])
    return fdt.read(write(nodes[0]))


def reported(on: TreeBoard, prediction: Prediction, parts: list[set[int]]) -> list[str]:
    """The cycles in the log between different devices of one component."""
    index = {path: node.index for path, node in on.tree.by_path.items()}
    ends = [(index[x.consumer], on.device_index(index[x.supplier])) for x in prediction.cycles]
    return [
        f"{on.tree.path(one)} - {on.tree.path(other)}"
        for one, other in ends
        if one != other and any({one, other} <= part for part in parts)
    ]


def links(prediction: Prediction) -> set[tuple[str, str]]:
    """What orders probing or could: what was handed to a device that bound is told there."""
    made = prediction.fwnode_links
    return {(x.consumer, x.supplier) for x in made if not x.ignore and not x.moved}


def prove(path: Path) -> None:
    """With the proposal in place the kernel finds no cycle in the components; no more is lost."""
    on = TreeBoard(fdt.read(path.read_bytes()))
    cycles = list(on.cycles)
    assert cycles
    steps = [step for cycle in cycles for step in cycle.breaks]
    pairs = {(ref.consumer, ref.supplier) for step in steps for ref in step.references}
    after = with_post_init_providers(on.tree, pairs)
    parts = [set(cycle.devices) for cycle in cycles]
    plain, changed = without_graph(on.tree), without_graph(after)
    assert reported(on, predicted(plain, KERNEL, "full"), parts)
    for view in ("full", "bare"):
        assert reported(on, predicted(changed, KERNEL, view), parts) == []
        before, then = predicted(on.tree, KERNEL, view), predicted(after, KERNEL, view)
        assert links(then) == links(before) - {(on.tree.path(a), on.tree.path(b)) for a, b in pairs}
        if view == "full":
            assert then.waiting == before.waiting


#: Boards of ten makes, with one to four components.
PROVEN = (
    "arm64/allwinner/sun50i-h618-transpeed-8k618-t.dtb",
    "arm64/freescale/imx8mp-evk.dtb",
    "arm64/qcom/msm8996-sony-xperia-tone-keyaki.dtb",
    "arm64/qcom/sdm845-mtp.dtb",
    "arm64/qcom/sm8250-xiaomi-pipa.dtb",
    "arm64/qcom/sm8550-qrd.dtb",
    "arm64/rockchip/rk3399-rockpro64.dtb",
    "arm64/ti/k3-am6548-iot2050-advanced-m2.dtb",
    "armhf/am335x-bonegreen.dtb",
    "armhf/omap4-panda-a4.dtb",
)


@pytest.mark.parametrize("name", PROVEN)
def test_the_proposal_is_proved_by_predicting_again(name):
    need_corpus()
    prove(SHARED / "corpus" / name)


def test_the_proposal_for_the_phone():
    prove(FIXTURES / "phone-soc.dtb")


@pytest.mark.corpus
def test_every_proposal_holds():
    for path in need_corpus():
        if TreeBoard(fdt.read(path.read_bytes())).cycles:
            prove(path)


def test_what_the_kernel_relaxes_is_what_is_told():
    """All links between the devices of a component, without the prediction's cost."""
    for path in corpus()[:: EVERY * 2]:
        on = TreeBoard(fdt.read(path.read_bytes()))
        cycles = list(on.cycles)
        steps = [step for cycle in cycles for step in cycle.steps]
        if any("iommus" in step.bindings for step in steps):
            continue
        relaxed = {(x.consumer, x.supplier) for x in on.prediction.fwnode_links if x.cycle}
        told = {
            (on.tree.path(ref.consumer), on.tree.path(ref.supplier))
            for step in steps
            for ref in step.references
        }
        assert told <= relaxed, path.name


def test_no_smaller_set_would_do():
    for path in (*corpus()[:: EVERY * 2], FIXTURES / "phone-soc.dtb"):
        for cycle in TreeBoard(fdt.read(path.read_bytes())).cycles:
            smaller = combinations(cycle.steps, len(cycle.breaks) - 1)
            left = ([s for s in cycle.steps if s not in gone] for gone in smaller)
            assert all(strong_components(arcs_of(steps)) for steps in left)


CLOCK = '{name}: {name} {{ compatible = "{name}"; #clock-cells = <0>; {entries} }};'


def clocks(**needs: str) -> str:
    entries = {
        name: f"clocks = {', '.join(f'<&{n}>' for n in wanted.split())};" if wanted else ""
        for name, wanted in needs.items()
    }
    return "".join(CLOCK.format(name=name, entries=text) for name, text in entries.items())


def breaks(source: str) -> list[list[tuple[str, str]]]:
    on = board(source)
    path = on.tree.path
    return [
        sorted((path(s.consumer), path(s.supplier)) for s in cycle.breaks) for cycle in on.cycles
    ]


def test_one_link_that_all_cycles_share_is_found():
    """A greedy choice would give up a link of each cycle."""
    assert breaks(clocks(a="b", b="c d", c="a", d="a")) == [[("/a", "/b")]]


def test_domains_and_pins_are_given_up_last():
    source = """
        pd: pd { compatible = "pd"; #power-domain-cells = <0>; resets = <&rst 0>, <&rst 1>; };
        rst: rst { compatible = "rst"; #reset-cells = <1>; power-domains = <&pd>; };
    """
    assert breaks(source) == [[("/pd", "/rst")]]
    only = source.replace("resets = <&rst 0>, <&rst 1>;", "power-domains = <&rst>;")
    assert len(breaks(only.replace("#reset-cells = <1>;", "#power-domain-cells = <0>;"))[0]) == 1


def test_larger_sets_are_put_together_greedily():
    hub = " ".join(f"c{n}" for n in range(5))
    [found] = breaks(clocks(hub=hub, **dict.fromkeys(hub.split(), "hub")))
    assert len(found) == 5


def test_a_cycle_of_parents_and_iommus_has_no_proposal():
    source = """
        mmu: iommu { compatible = "vendor,mmu"; #iommu-cells = <0>;
            master { compatible = "vendor,master"; #phy-cells = <0>; };
        };
        x: x { compatible = "x"; iommus = <&y>; #iommu-cells = <0>; };
        y: y { compatible = "y"; iommus = <&x>; #iommu-cells = <0>; };
    """
    [finding] = check("cycle/supplier-cycle", board(source))
    assert finding.fix.text == "Change a driver: none of these links can be given up."


def test_post_init_providers_are_added_to_what_is_there():
    on = board("""
        a { compatible = "a"; clocks = <&b>; post-init-providers = <&c>; };
        b: b { compatible = "b"; #clock-cells = <0>; };
        c: c { compatible = "c"; d { }; };
    """)
    index = {path: node.index for path, node in on.tree.by_path.items()}
    pairs = [(index["/a"], index[path]) for path in ("/b", "/c", "/c/d", "/b")]
    after = with_post_init_providers(on.tree, pairs)
    assert [node.path for node in after] == [node.path for node in on.tree]
    named = [after.phandles[cell] for cell in after[index["/a"]].cells("post-init-providers")]
    assert named == [index[path] for path in ("/c", "/b", "/c/d")]
    assert with_post_init_providers(after, pairs).blob == after.blob


# Waits

PANEL = """
    lcdc: lcdc { compatible = "vendor,lcdc"; #clock-cells = <0>;
        port { out: endpoint { remote-endpoint = <&in>; }; }; };
    panel { port { in: endpoint { remote-endpoint = <&out>; }; }; };
    hdmi: hdmi { compatible = "vendor,hdmi"; #phy-cells = <0>; clocks = <&lcdc>; };
    tv { compatible = "vendor,tv"; phys = <&hdmi>; };
"""


def test_a_device_without_compatible_at_the_far_end_of_a_graph():
    [finding] = check("supplier/never-probes", board(PANEL))
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert (finding.subject.path, finding.supplier) == ("/lcdc/port/endpoint", "/panel")
    assert finding.effect == (
        'lcdc never probes: "wait for supplier /panel"; hdmi waits for lcdc; tv waits for hdmi'
    )
    assert finding.related == ("/lcdc", "/hdmi", "/tv", "/panel")


@pytest.mark.parametrize("cmdline", ["fw_devlink=off", "fw_devlink=permissive"])
def test_nobody_waits_if_the_command_line_says_so(cmdline):
    assert check("supplier/never-probes", board(PANEL, cmdline=cmdline)) == []


def test_an_amba_device_without_registers():
    source = """
        gpio: gpio { compatible = "arm,pl061", "arm,primecell"; #gpio-cells = <2>; };
        dev { compatible = "vendor,dev"; reset-gpios = <&gpio 0 0>; };
    """
    assert [f.subject.path for f in check("supplier/never-probes", board(source))] == ["/dev"]
    placed = source.replace("#gpio-cells", "reg = <0x1000 0x1000>; #gpio-cells")
    cells = "#address-cells = <1>; #size-cells = <1>;"
    assert check("supplier/never-probes", board(cells + placed)) == []


def test_what_a_plainer_rule_tells_is_told_there_with_all_who_wait():
    source = """
        vcc: vcc { };
        phy: phy { compatible = "vendor,phy"; #phy-cells = <0>; vcc-supply = <&vcc>; };
        usb { compatible = "vendor,usb"; phys = <&phy>; };
    """
    assert check("supplier/never-probes", board(source)) == []
    [finding] = check("supplier/no-device", board(source))
    assert finding.effect == ('phy never probes: "wait for supplier /vcc"; usb waits for phy')
    assert finding.related == ("/phy", "/usb", "/vcc")[1:]
    [finding] = check("supplier/no-device", board(source, cmdline="fw_devlink=off"))
    assert finding.effect == "the driver of /phy never gets the regulator"


def lost(path: Path, version: tuple[int, int]) -> set[str]:
    """Suppliers that devices wait for forever, by the prediction, and that no rule reports."""
    on = TreeBoard(fdt.read(path.read_bytes()), Settings(KernelVersion(*version)))
    rules = ("supplier/never-probes", "supplier/no-device", "supplier/unpopulated")
    found = [finding for name in rules for finding in check(name, on)]
    reported = {path for f in found for path in (f.supplier, *f.related)}
    if not on.profile.links_nodes and found:
        reported.add("/")  # it is what the kernel links to for a node that has no device
    # Links that fw_devlink makes of arguments, since a list is out of step, are that fault's.
    misread = {finding.subject.path for finding in check("phandle/missing-cells", on)}
    return {
        supplier
        for supplier, devices in waiting(on).items()
        if supplier not in reported and not misread.issuperset(devices)
    }


def test_a_short_look_loses_no_wait():
    """The rules predict on few boards; predicting on all would tell nothing more."""
    waits = (path for path in corpus() if "sun8i-a33" in path.name or "ipq8074-hk01" in path.name)
    for path in (*corpus()[::EVERY], *waits):
        assert lost(path, (6, 12)) == set(), path.name


@pytest.mark.corpus
@pytest.mark.parametrize("version", [(5, 15), (6, 1), (6, 12), (6, 18)])
def test_a_short_look_loses_no_wait_on_any_board(version):
    assert {path.name: found for path in need_corpus() if (found := lost(path, version))} == {}


# IOMMUs

MASTERS = """
    one: iommu@1 { compatible = "vendor,mmu"; reg = <1>; #iommu-cells = <1>; };
    two: iommu@2 { compatible = "vendor,mmu"; reg = <2>; #iommu-cells = <1>; };
    off: iommu@3 { compatible = "vendor,mmu"; reg = <3>; #iommu-cells = <1>; status = "disabled"; };
    a { compatible = "vendor,a"; iommus = <&one 1>; };
    b { compatible = "vendor,b"; iommus = <&one 2>, <&two 1>; };
    c { compatible = "vendor,c"; iommus = <&off 1>; };
"""


def test_all_iommus_are_told_once():
    [finding] = check("supplier/unordered-iommu", board(MASTERS))
    assert finding.severity is Severity.INFO
    assert finding.message == (
        "without fw_devlink.strict=1 only the bus defers 2 masters until their IOMMUs "
        "(iommu@1, iommu@2) have probed, and it gives up"
    )
    assert finding.related == ("/iommu@1", "/iommu@2")
    assert "deferred_probe_timeout (10 s) expires" in finding.effect


def test_a_map_without_ids_is_no_master():
    tree = """
    one: iommu@1 { compatible = "vendor,mmu"; reg = <1>; #iommu-cells = <1>; };
    mc { compatible = "fsl,qoriq-mc"; iommu-map = <0 &one 0 %d>; };
    """
    assert not check("supplier/unordered-iommu", board(tree % 0))
    assert len(check("supplier/unordered-iommu", board(tree % 8))) == 1


def test_strict_orders_them():
    assert check("supplier/unordered-iommu", board(MASTERS, cmdline="fw_devlink.strict=1")) == []


def test_strict_does_not_help_where_nobody_waits():
    line = "fw_devlink=permissive fw_devlink.strict=1"
    [finding] = check("supplier/unordered-iommu", board(MASTERS, cmdline=line))
    assert finding.message.startswith("with fw_devlink=permissive ")
    assert finding.fix.text.endswith(
        "fw_devlink=on fw_devlink.strict=1 to the kernel command line."
    )


def test_a_timeout_of_nothing_is_a_warning_where_it_was_asked_for():
    [finding] = check(
        "supplier/unordered-iommu", board(MASTERS, cmdline="deferred_probe_timeout=0")
    )
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert "probes later than the built-in drivers" in finding.effect
    [finding] = check("supplier/unordered-iommu", board(MASTERS, (5, 15)))
    assert finding.severity is Severity.INFO
    [finding] = check(
        "supplier/unordered-iommu", board(MASTERS, cmdline="deferred_probe_timeout=-1")
    )
    assert finding.effect.endswith("waits for it forever")


# Versions


def changes(source: str, against=(5, 15), version=(6, 12)) -> list[tuple[str, str]]:
    found = check("version/behaviour-change", board(source, version, against=against))
    return [(finding.severity.value, finding.message) for finding in found]


def test_nothing_is_compared_unasked():
    assert check("version/behaviour-change", board(PANEL)) == []


def test_one_kernel_is_like_itself():
    assert changes(PANEL, (6, 12)) == []


def test_a_new_wait_is_a_warning():
    assert changes(PANEL)[-1] == (
        "warning",
        "lcdc waits forever in Linux 6.12, but not in 5.15",
    )
    assert changes(PANEL, (6, 12), (5, 15))[-1] == (
        "info",
        "lcdc waits forever in Linux 6.12, but no longer in 5.15",
    )


def test_a_property_that_another_stands_in_for_is_not_told():
    """6.12 follows no interrupt-parent, but interrupts."""
    gpio = 'compatible = "vendor,gpio"; interrupt-controller; #interrupt-cells = <1>;'
    source = f'gpio: gpio {{ {gpio} }}; dev {{ compatible = "d"; interrupt-parent = <&gpio>; %s }};'
    assert not any("follows" in text for _, text in changes(source % "interrupts = <1>;", (6, 6)))
    assert any(
        text == "Linux 6.12 no longer follows interrupt-parent, which 6.6 does: 1 reference of dev"
        for _, text in changes(source % "", (6, 6))
    )


def test_a_cycle_that_only_one_kernel_sees():
    source = """
        a: a { compatible = "a"; #clock-cells = <0>; resets = <&b>; };
        b: b { compatible = "b"; #reset-cells = <0>; clocks = <&a>; };
    """
    assert any("sees a cycle of" in text for _, text in changes(source, (5, 10)))
    assert any("no longer sees a cycle of" in text for _, text in changes(source, (6, 12), (5, 10)))
