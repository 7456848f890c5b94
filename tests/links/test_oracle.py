"""The links that real kernels created for real boards, one by one."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from dtlink.facts.kernels import KernelVersion
from dtlink.firmware import fdt
from dtlink.links.graph import Graph
from dtlink.links.reference import Reference
from tests.support.boards import EVERY

#: Folder of results, kernel version, whether fw_devlink.strict=1 was given.
RUNS = [("6.12", (6, 12), False), ("6.12-strict", (6, 12), True), ("6.1", (6, 1), False)]

#: Consumer, supplier, node, property, entry.
Row = tuple[str, str, str, str, int]


def theirs(result: dict[str, Any]) -> set[Row]:
    """The links that the kernel created from properties."""
    return {
        (link["consumer"], link["supplier"], *place)
        for link in result["fwnode_links"]
        if link["origin"] == "property"
        for place in link["from"]
    }


def ours(graph: Graph, parsed: frozenset[str], *, strict: bool) -> set[Row]:
    """The links that dtlink predicts for the nodes that the kernel parses."""

    def follows(ref: Reference) -> bool:
        why = graph.not_followed(ref)
        return not why or (strict and why.startswith("optional"))

    tree = graph.firmware
    return {
        (
            tree.path(ref.consumer),
            tree.path(ref.supplier),
            tree.path(ref.node),
            tree.property_name(ref.at),
            ref.entry,
        )
        for ref in graph.references
        if follows(ref) and tree.path(ref.node) in parsed
    }


def compare(
    file: Path, corpus: Path, version: KernelVersion, *, strict: bool
) -> tuple[int, list[str]]:
    """The number of links of the kernel, and those that dtlink lacks or adds."""
    result = json.loads(gzip.decompress(file.read_bytes()))
    arch = next(part for part in file.parts[::-1] if part in ("arm64", "armhf"))
    blob = (corpus / arch / result["dtb"]).read_bytes()
    made = ours(Graph.of(fdt.read(blob), version), frozenset(result["parsed_nodes"]), strict=strict)
    wanted = theirs(result)
    faults = [f"{result['dtb']}: missing {row}" for row in sorted(wanted - made)]
    faults += [f"{result['dtb']}: too many {row}" for row in sorted(made - wanted)]
    return len(wanted), faults


@pytest.mark.parametrize(
    "every", [pytest.param(EVERY), pytest.param(1, id="all", marks=pytest.mark.corpus)]
)
@pytest.mark.parametrize(("run", "version", "strict"), RUNS, ids=[run[0] for run in RUNS])
def test_the_kernel_made_the_same_links(run, version, strict, every, shared):
    files = sorted((shared / "oracle" / run).rglob("*.json.gz"))[::every]
    if not files:
        pytest.skip(f"no results of kernels in {shared}/oracle/{run}")
    faults: list[str] = []
    links = 0
    for file in files:
        count, wrong = compare(file, shared / "corpus", version, strict=strict)
        links += count
        faults += wrong
    assert faults == []
    assert links > 100 * len(files)
