"""A provider keeps the boot state of its resources, because a consumer has no driver.

What it finds: interconnects, power domains and memory controllers whose drivers have a sync_state
callback, that enabled devices without any driver in this kernel depend on; one finding each. Since
Linux 6.17 every provider of power domains has one, unless its driver opts out.
Why it matters: sync_state runs once every consumer has bound. A consumer that never does delays it
forever: bandwidth votes and power domains stay at the level of the boot, for all consumers.
What to do: build the consumers' drivers, disable the nodes, or boot with
fw_devlink.sync_state=timeout.
References: Linux 6.12, drivers/base/core.c, __device_links_queue_sync_state(),
fw_devlink_dev_sync_state(); the .sync_state of the drivers. Linux 7.2, drivers/pmdomain/core.c,
of_genpd_sync_state(), genpd_set_stay_on().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from dtlink.board.driver_words import to_set
from dtlink.board.tree import TreeBoard
from dtlink.facts.behaviours import POWER_DOMAINS_ARE_DEVICES
from dtlink.facts.bindings import STRICT_NAMES
from dtlink.facts.outcomes import State, When
from dtlink.facts.power_domains import OFF_AT_BOOT
from dtlink.firmware.tree import Node
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.rules.module._iommu import listed

#: The files, in drivers/, of drivers with a sync_state callback and a match table (Linux 6.12).
_FILES = {
    "clk/qcom": "clk-cbf-8996 gcc-ipq5332 gcc-ipq9574",
    "interconnect/imx": "imx8mq",
    "interconnect/mediatek": "mt8183 mt8195",
    "interconnect/qcom": "msm8909 msm8937 msm8939 msm8974 msm8976 msm8996 osm-l3 qcm2290 sa8775p "
    "sc7180 sc7280 sc8180x sc8280xp sdm670 sdm845 sdx55 sdx65 sdx75 sm6115 sm6350 sm7150 sm8250 "
    "sm8350 sm8450 sm8550 sm8650 x1e80100",
    "interconnect/samsung": "exynos",
    "memory/tegra": "mc tegra124-emc tegra186-emc tegra20-emc tegra30-emc",
    "pmdomain/qcom": "rpmhpd rpmpd",
}
#: What a node provides that these callbacks are about: without it they do nothing. (Of Tegra's PMC
#: one never has anything to do on 64-bit machines: it is left out.)
_PROVIDES = ("#interconnect-cells", "#power-domain-cells")
_BOUND = (When.INITCALL, When.INITRAMFS, When.ROOT)

_TREE = """
/ {
    power@1000 {
        compatible = "vendor,rpmpd"; reg = <0x1000>; phandle = <1>; #power-domain-cells = <0>;
    };
    codec@2000 { compatible = "vendor,codec"; reg = <0x2000>; power-domains = <1>; };
};
"""
_KERNEL = """
built-in QCOM_RPMPD drivers/pmdomain/qcom/rpmpd.c vendor,rpmpd
%s VIDEO_VENDOR drivers/media/vendor.c vendor,codec
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Dts(_TREE, finds=("/power@1000",), kernel=_KERNEL % "off"),
    good=Dts(_TREE, kernel=_KERNEL % "module"),
)
def sync_state_held(board: TreeBoard) -> Iterator[Finding]:
    """Each provider that binds and is held back."""
    if board.facts is None or not _waits(board):
        return
    found: dict[int, dict[int, Node]] = {}
    for each in board.timeline.waits:
        if each.binding in STRICT_NAMES and not board.profile.follows_optional:
            continue
        if each.provider >= 0 and _is_orphan(board, each.consumer):
            found.setdefault(each.provider, {})[each.consumer] = board.tree[each.consumer]
    for provider, consumers in found.items():
        if board.timeline.when(provider) in _BOUND and _has_callback(board, provider):
            yield _finding(board, board.tree[provider], list(consumers.values()))


def _waits(board: TreeBoard) -> bool:
    """Whether the kernel waits for all consumers, and not just until the timeout."""
    config = board.facts.build.config if board.facts else {}
    until_timeout = board.profile.sync_state != "strict" or (
        config.get("FW_DEVLINK_SYNC_STATE_TIMEOUT") == "y"
    )
    return board.profile.parses and not until_timeout


def _is_orphan(board: TreeBoard, consumer: int) -> bool:
    """Whether a device is made of a node, and has no driver in this kernel."""
    if board.drivers.of(consumer).state is not State.NOT_BUILT:
        return False
    above = board.device_index(board.tree.parents[consumer])
    return above == 0 or board.timeline.when(above) in _BOUND


def _has_callback(board: TreeBoard, provider: int) -> bool:
    """Whether the one driver that a node can have is of the list."""
    if not any(provider in board.tree.holders(name) for name in _PROVIDES):
        return False
    by = board.drivers.of(provider).by
    entries = board.facts.source_index.entries(by) if board.facts else ()
    files = {each.file for each in entries if each.kind == "driver"}
    if POWER_DOMAINS_ARE_DEVICES.on(board.version) and _has_domains(board, provider):
        return bool(files) and files.isdisjoint(OFF_AT_BOOT)
    return bool(files) and files <= _with_callback()


def _has_domains(board: TreeBoard, provider: int) -> bool:
    """Whether consumers use power domains of a node, so that its driver registers some."""
    return provider in board.tree.holders("#power-domain-cells") and any(
        each.binding == "power-domains" and each.provider == provider
        for each in board.timeline.waits
    )


@lru_cache(maxsize=1)
def _with_callback() -> frozenset[str]:
    return frozenset(
        f"drivers/{folder}/{name}.c" for folder, names in _FILES.items() for name in names.split()
    )


def _finding(board: TreeBoard, provider: Node, consumers: Sequence[Node]) -> Finding:
    options = {board.drivers.of(each.index).config for each in consumers} - {""}
    facts = board.named_facts
    drivers = ", ".join(to_set(facts, each) for each in sorted(options)) or "the drivers"
    first = consumers[0].path.rpartition("/")[2]
    return sync_state_held.finding(
        provider,
        f"{provider.name} delays sync_state for {listed(each.name for each in consumers)}, for "
        "which this kernel has no driver",
        effect=f'"sync_state() pending due to {first}" (its device name): resources that the '
        "firmware turned on stay at that level",
        fix=f"Build {drivers}, disable the nodes, or add fw_devlink.sync_state=timeout to the "
        "kernel command line.",
        related=consumers,
    )
