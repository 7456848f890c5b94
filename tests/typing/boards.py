"""Boards of both kinds, and the results of the commands."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import assert_type

import dtlink

board = dtlink.Board.read("board.dtb", kernel_version="6.12", kernel=Path("/lib/modules/6.12"))
assert_type(board, dtlink.Board)
assert_type(board.firmware, dtlink.Tree | dtlink.Machine)
assert_type(board.settings.version, dtlink.KernelVersion)
dtlink.Board.read(Path("tables/"))
dtlink.Board.read(b"", name="from a network")
dtlink.Board(dtlink.read_tree("board.dtb"), path="board.dtb", against="latest")
dtlink.Board.read("board.dtb", select="phandle")  # type: ignore[call-arg]

assert_type(board.links("clocks", disabled=True), dtlink.LinksView)
assert_type(board.links().links[0].consumer, str)
assert_type(board.cycles(), dtlink.CyclesView)
assert_type(board.order().waves, tuple[tuple[str, ...], ...])
assert_type(board.why("&uart0"), dtlink.WhyView)
assert_type(board.why("&uart0").suppliers[0].property_name, str | None)
assert_type(board.devlink("bare", observed=Path("sys.tar")), dtlink.DevlinkView)
board.devlink("wrong")  # type: ignore[arg-type]
assert_type(board.cycles().to_json(), dtlink.Json)
assert_type(board.cycles().to_dict(), dict[str, dtlink.Json])
assert_type(str(board.order()), str)
assert_type(board.drivers(), dtlink.DriversView)
assert_type(board.modules("mmc0", missing=True), dtlink.ModulesView)
assert_type(board.modules().modules[0].in_initramfs, bool | None)
assert_type(board.iommu("0000:01:00.0", lspci=Path("lspci.txt")), dtlink.IommuView)
assert_type(board.iommu().requesters[0].requester, str)
assert_type(board.iort(rid="0000:01:00.0"), dtlink.IortView)
assert_type(board.lint(select=["phandle"]), dtlink.Report)
assert_type(dtlink.log("dmesg.txt", board=board), dtlink.LogView)
assert_type(dtlink.same_machine(board, board), dtlink.SameMachineView)
assert_type(dtlink.diff("old/", Path("new/"), select="cycle", jobs=2), dtlink.Report)

tree = dtlink.read_tree("board.dtb")
assert_type(tree, dtlink.Tree)
assert_type(tree.root, dtlink.Node)
assert_type(tree.find("&uart0"), dtlink.Node | None)
assert_type(tree.root.properties, Mapping[str, bytes])
assert_type(dtlink.read_tables("tables/"), dtlink.Machine)
assert_type(dtlink.read("unknown"), dtlink.Tree | dtlink.Machine)

graph = dtlink.Graph.of(tree, "6.12")
assert_type(graph, dtlink.Graph[dtlink.Link])
assert_type(graph.links, Sequence[dtlink.Link])
for link in graph.links:
    assert_type(link.consumer, dtlink.Node)
    assert_type(link.args, tuple[int, ...])
assert_type(graph.suppliers, Mapping[int, Sequence[dtlink.Link]])
assert_type(dtlink.Graph.of(dtlink.read_tables("tables/")).links[0].used_by_linux, bool)
for either in board.graph.links:
    assert_type(either.consumer.path, str)
    assert_type(either.entry, str)
