"""The command lines that an input goes through: ``lint`` always, then others in turn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache

from dtlink.facts.kernels import KNOWN_KERNELS
from dtlink.report.formats import FORMATS
from tests.fuzz.case import Call
from tests.fuzz.library import OF_TREES, VIEWS
from tests.fuzz.oracle import ROOT

#: How often an input goes through another command beside ``lint``.
OTHERS = 0.6
#: How often it goes through the library instead, which takes a third of the time.
LIBRARY = 0.8
KERNEL = str(ROOT / "fixtures" / "kernel")
GUEST = str(ROOT / "fixtures" / "boards" / "virtio-iommu-guest.dtb")
CLEAN = str(ROOT / "fixtures" / "boards" / "clean-board.dtb")
LOG = str(ROOT / "fixtures" / "kernel" / "boot.log")
GUEST_TABLES = str(ROOT / "fixtures" / "tables" / "guest")
BOOTARGS = (
    "root=/dev/mmcblk0p1 fw_devlink=on", "fw_devlink=permissive", "fw_devlink.strict=1 rootwait",
    "root=UUID=1-2 rd.luks.uuid=1 deferred_probe_timeout=-1", "root=/dev/nfs ip=dhcp", "\x1b[1m",
    "fw_devlink.sync_state=timeout fw_devlink=off root=LABEL=x", "iommu.passthrough=1 \u202e",
)  # fmt: skip


@lru_cache(maxsize=1)
def versions() -> tuple[str, ...]:
    """Kernel versions."""
    return tuple(str(each.version) for each in KNOWN_KERNELS)


def lint(chance: random.Random, *inputs: str, form: str = "") -> Call:
    """A lint with all rules, in a format, and with more options at times."""
    form = form or chance.choice(("text", "text", "json", *FORMATS))
    call = ["lint", *inputs, "-j1", "--select", "all", "--format", form]
    if chance.random() < 0.95:
        call.append("--no-cache")
    if chance.random() < 0.5:
        call += ["--kernel-version", chance.choice(versions())]
    if chance.random() < 0.2:
        call += ["--against", chance.choice(versions())]
    if chance.random() < 0.15:
        call += ["--cmdline", chance.choice(BOOTARGS)]
    if chance.random() < 0.1:
        call += ["--kernel", KERNEL]
    if form == "text":
        call += chance.choice(([], ["--show", "info"], ["-v"], ["--statistics"], ["-q"]))
    return call


def _by_library(chance: random.Random, board: str, views: Sequence[str]) -> list[Call]:
    """The same as commands do, by the library."""
    form = chance.choice([each for each in FORMATS if each not in ("text", "jsonl")])
    version, view = chance.choice(versions()), chance.choice(views)
    if view == "graph_view" and chance.random() < 0.8:  # takes long
        view = "links"
    return [
        ["library", board, "--format", form, "--kernel-version", version, "--view", view],
    ]


def tree_calls(chance: random.Random, board: str, nodes: Sequence[str]) -> list[Call]:
    """The commands about one devicetree."""
    if chance.random() < LIBRARY and not board.endswith(".dts"):
        return _by_library(chance, board, OF_TREES)
    node = chance.choice(nodes) if nodes else "/"
    if "\0" in node or node.startswith("-"):
        node = "/"
    form = chance.choice(("text", "json"))
    version = chance.choice(versions())
    rows: list[list[str]] = [
        ["links", board, "-j1", "--disabled"],
        ["devlink", board, "--view", chance.choice(("full", "bare")), "--all"],
        ["devlink", board, "--against", version],
        ["cycles", board],
        ["order", board],
        ["why", board, node],
        ["why", board, node, "--only-waiting"],
        ["iommu", board],
        ["iommu", board, node],
        ["inspect", board],
        ["drivers", board, "--kernel", KERNEL],
        ["log", LOG, "--dtb", board],
        ["devlink", board, "--observed", LOG],
    ]
    chosen = [[*each, "--format", form] for each in chance.sample(rows, 1)]
    if chance.random() < 0.06:
        chosen[0] = _drawn(chance, board, node)
    if chance.random() < 0.06:
        pair = chance.choice(([CLEAN, board], ["--same-machine", board, GUEST_TABLES]))
        chosen[0] = ["diff", *pair, "--format", form]
    if chance.random() < 0.05:
        # A node that is a path of this machine too would be one.
        chosen[0] = ["modules", board, "--kernel", KERNEL, "--format", _listed(chance)]
    return [lint(chance, board), *(chosen if chance.random() < OTHERS else ())]


def _listed(chance: random.Random) -> str:
    return chance.choice(("list", "initramfs-tools", "dracut", "mkinitcpio", "nixos", "json"))


def _drawn(chance: random.Random, board: str, *nodes: str) -> list[str]:
    """A graph, of two boards at times."""
    form = chance.choice(("json", "json", "dot", "mermaid", "graphml", "html"))
    call = ["graph", board, *(nodes if chance.random() < 0.5 else ()), "--format", form]
    if chance.random() < 0.3:
        call += ["--against-input", CLEAN]
    if chance.random() < 0.3:
        call += ["--kernel", KERNEL]
    return call


def table_calls(chance: random.Random, tables: str) -> list[Call]:
    """The commands about the tables of one machine."""
    if chance.random() < LIBRARY:
        return _by_library(chance, tables, VIEWS)
    form = chance.choice(("text", "json"))
    function = chance.choice(("0000:00:00.0", "0000:01:00.0", "0001:ff:1f.7", "0002:10:01.0"))
    rows: list[list[str]] = [
        ["links", tables, "-j1"],
        ["cycles", tables],
        ["order", tables],
        ["iommu", tables],
        ["iommu", tables, function],
        ["iort", tables, "--rid", function],
        ["iort", tables, "--component", "\\_SB.DEV0"],
        ["inspect", tables],
        ["why", tables, "IORT/smmu-v3@0x48"],
    ]
    chosen = [[*each, "--format", form] for each in chance.sample(rows, 1)]
    if chance.random() < 0.06:
        chosen[0] = _drawn(chance, tables)
    if chance.random() < 0.06:
        pair = chance.choice(([GUEST_TABLES, tables], ["--same-machine", GUEST, tables]))
        chosen[0] = ["diff", *pair, "--format", form]
    return [lint(chance, tables), *(chosen if chance.random() < OTHERS else ())]
