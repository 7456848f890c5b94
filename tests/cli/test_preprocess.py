"""``dtlink preprocess``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dtlink
from tests.cli.conftest import ROOT, Run

BOARDS = ROOT / "fixtures" / "boards"
SOURCE = BOARDS / "phone-soc.dts"


def test_the_whole_and_one_node(run: Run) -> None:
    whole = run("preprocess", SOURCE)
    assert whole.exit_code == 0
    assert whole.stdout.startswith("/dts-v1/;\n\n/ { /* ")
    one = run("preprocess", SOURCE, "/aliases", "--places", "none")
    assert one.stdout.startswith("aliases {\n")
    assert one.stdout.endswith("};\n")


def test_json_is_what_the_library_has(run: Run) -> None:
    (item,) = json.loads(run("preprocess", SOURCE, "--format", "json").stdout)["inputs"]
    view = dtlink.Board.read(SOURCE).preprocess()
    assert item["preprocess"] == json.loads(json.dumps(view.to_json()))
    assert str(view) == run("preprocess", SOURCE).stdout.strip()
    assert repr(view) == f"<PreprocessView: {len(view.nodes)} nodes>"
    node = next(each for each in item["preprocess"]["nodes"] if each["path"] == "/aliases")
    assert node["properties"][0]["places"][0]["file"] == str(SOURCE)


def test_what_is_not_source(run: Run, tmp_path: Path) -> None:
    blob = run("preprocess", BOARDS / "phone-soc.dtb")
    assert blob.exit_code == 2
    assert "not devicetree source: 'dtc -I dtb -O dts' prints a blob as source" in blob.stderr
    tables = run("preprocess", ROOT / "fixtures/tables/arm-server")
    assert (tables.exit_code, tables.stdout) == (2, "")
    overlaid = run("preprocess", SOURCE, "--overlay", SOURCE)
    assert (overlaid.exit_code, overlaid.stdout) == (2, "")
    broken = tmp_path / "a.dts"
    broken.write_text("/dts-v1/;\n/ { x = <&y>; };\n")
    refused = run("preprocess", broken)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "a.dts:2:" in refused.stderr


@pytest.mark.parametrize("name", ["gone", "/soc@1"])
def test_a_node_that_is_not_there(run: Run, name: str) -> None:
    found = run("preprocess", SOURCE, name)
    assert found.exit_code == 2
    assert f"no node, label or alias {name!r}" in found.stderr
