"""``dtlink graph``: its formats, and names that try to get out of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink.cli.main import cli
from dtlink.firmware import dts
from dtlink.views.graph.formats import FORMATS
from dtlink.views.graph.view import GraphView
from tests.support.boards import FIXTURES
from tests.support.repositories import commit, needs_git, repository, write
from tests.views.boards import TABLES, board

PHONE = FIXTURES / "phone-soc.dtb"
#: Names that end strings, open elements, or are words of a format.
HOSTILE = (
    '"];evil[label="x',
    "</data><script>alert(1)</script>",
    "]]>&amp;<!--",
    "a\\N\\",
    "`end` --> x;",
    "\x1b[31m\x07",
    "é\u2028\u202e",
)


def run(*args: object) -> str:
    result = CliRunner().invoke(cli, ["graph", *map(str, args)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("a.html", "<!DOCTYPE html>"),
        ("a.dot", "digraph"),
        ("a.mmd", "flowchart"),
        ("a.graphml", "<?xml"),
        ("a.json", "{"),
        ("a", "<!DOCTYPE html>"),
    ],
)
def test_the_suffix_names_the_format(tmp_path: Path, name: str, starts: str):
    run(PHONE, "-o", tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(starts)


def test_a_page_is_not_written_to_a_picture(tmp_path: Path):
    file = tmp_path / "a.svg"
    done = CliRunner().invoke(cli, ["graph", str(PHONE), "-o", str(file)])
    assert (done.exit_code, file.exists()) == (2, False)
    assert "dot -Tsvg" in done.output


def test_json_is_a_report_with_a_graph():
    found = json.loads(run(PHONE, "--format", "json"))
    graph = found["inputs"][0]["graph"]
    assert graph["graph"] == 1
    assert {"nodes", "edges", "findings", "causes", "cycles", "iommu", "kernel"} <= graph.keys()
    assert all(edge["consumer"] < len(graph["nodes"]) for edge in graph["edges"])


def test_other_formats_have_what_is_near_the_nodes():
    graph = json.loads(run(PHONE, "--format", "json"))["inputs"][0]["graph"]
    path = graph["nodes"][graph["edges"][0]["consumer"]]["path"]
    near = json.loads(run(PHONE, path, "--depth", 1, "--consumers", 0, "--format", "json"))
    part = near["inputs"][0]["graph"]
    assert 1 < len(part["nodes"]) < len(graph["nodes"])
    assert [part["nodes"][at]["path"] for at in part["view"]["nodes"]] == [path]


def test_an_unknown_node_is_an_error():
    result = CliRunner().invoke(cli, ["graph", str(PHONE), "nothing", "--format", "dot"])
    assert result.exit_code == 2
    assert "no node, label or alias 'nothing'" in result.stderr
    assert not result.stdout


def test_a_second_input_is_compared():
    words = ["--against-input", FIXTURES / "phandle-faults.dtb", "--format", "json"]
    graph = json.loads(run(PHONE, *words))["inputs"][0]["graph"]
    assert graph["old"]["input"].endswith("phandle-faults.dtb")
    assert graph["old"]["counts"]["nodes"]["gained"] > 0
    assert {node.get("change") for node in graph["nodes"]} >= {"gained", "lost"}


def test_tables_have_a_graph_in_every_format():
    for form in FORMATS:
        assert run(TABLES / "arm-server", "--format", form)


def hostile() -> GraphView:
    """A graph whose names are hostile."""
    from dataclasses import replace

    view = GraphView.of(
        board('a { compatible = "v,a"; clocks = <&b>; }; b: b { compatible = "v,b"; };'),
        path=HOSTILE[0],
    )
    nodes = [
        replace(view.nodes[at % len(view.nodes)], path=f"/{name}", label=name, compatible=(name,))
        for at, name in enumerate(HOSTILE)
    ]
    entries = tuple(
        replace(view.edges[0].entries[0], property_name=name, target=name) for name in HOSTILE
    )
    edges = tuple(
        replace(view.edges[0], consumer=at, supplier=(at + 1) % len(nodes), entries=entries)
        for at in range(len(nodes))
    )
    return replace(view, nodes=tuple(nodes), edges=edges, model=HOSTILE[1])


def test_hostile_names_are_labels_in_dot():
    text = hostile().render("dot")
    strings = re.compile(r'"(?:[^"\\]|\\.)*"')
    rest = strings.sub('""', text)
    assert set(re.findall(r"\b(?:evil|script|alert)\b", rest)) == set()
    assert len(re.findall(r"^  n\d+ \[", rest, re.MULTILINE)) == len(HOSTILE)
    dot = shutil.which("dot")
    if dot is None:
        pytest.skip("Graphviz is not installed: the drawing was not tried")
    done = subprocess.run([dot, "-Tsvg"], input=text, capture_output=True, text=True, check=True)
    assert done.stdout.count('class="node"') == len(HOSTILE)


def test_hostile_names_are_data_in_graphml():
    text = hostile().render("graphml")
    root = ET.fromstring(text)  # noqa: S314 - our own text
    space = "{http://graphml.graphdrawing.org/xmlns}"
    assert len(root.findall(f".//{space}node")) == len(HOSTILE)
    assert not [each for each in root.iter() if "script" in each.tag]


def test_networkx_reads_graphml(tmp_path: Path):
    networkx = pytest.importorskip("networkx")
    path = tmp_path / "a.graphml"
    run(PHONE, "-o", path)
    found = networkx.read_graphml(path)
    graph = json.loads(run(PHONE, "--format", "json"))["inputs"][0]["graph"]
    assert found.number_of_nodes() == len(graph["nodes"])
    assert found.number_of_edges() == len(graph["edges"])
    assert found.nodes["n0"]["path"] == graph["nodes"][0]["path"]


def test_hostile_names_are_codes_in_mermaid():
    text = hostile().render("mermaid")
    labels = re.compile(r'"[A-Za-z0-9 ,@/._+:\[\]#;<>-]*"')
    rest = labels.sub('""', text)
    assert '"' not in rest.replace('""', "")
    assert "script" not in rest
    assert "evil" not in rest


def test_hostile_names_are_data_in_the_page():
    text = hostile().render("html")
    assert "<script>alert(1)" not in text
    block = re.search('<script type="application/json" id="graph">(.*?)</script>', text, re.DOTALL)
    assert block is not None
    assert not set("<>&\u2028\u2029") & set(block[1])
    assert json.loads(block[1])["nodes"][1]["path"] == f"/{HOSTILE[1]}"


def test_a_page_is_not_larger_than_it_must_be():
    assert len(run(PHONE, "--format", "html")) < 900_000


def test_a_name_from_a_source_is_inert_too():
    tree = dts.read_text('/ { a { compatible = "</script><script>1</script>"; }; };')
    from dtlink.board.tree import TreeBoard

    assert "</script><script>1" not in GraphView.of(TreeBoard(tree)).render("html")


@needs_git
def test_a_commit_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    soc = (
        '/ {{ a: a {{ compatible = "v,a"; #clock-cells = <0>; }};'
        ' b {{ compatible = "v,b"; {} }}; }};'
    )
    files = {"b.dts": '/dts-v1/;\n#include "soc.dtsi"\n', "soc.dtsi": soc.format("")}
    top = repository(tmp_path / "tree", files)
    write(top, {"soc.dtsi": soc.format("clocks = <&a>;")})
    commit(top)
    monkeypatch.chdir(top)
    words = ["b.dts", "--against-input", "HEAD~1:b.dts", "--format", "json"]
    graph = json.loads(run(*words))["inputs"][0]["graph"]
    (edge,) = [edge for edge in graph["edges"] if edge["effect"] == "ordered"]
    assert edge["change"] == "gained"
    assert graph["old"]["counts"]["edges"] == {"gained": 1, "lost": 0, "changed": 0}
    result = CliRunner().invoke(cli, ["graph", "b.dts", "--against-input", "nothing:b.dts"])
    assert result.exit_code == 2
    assert "nothing" in result.output
