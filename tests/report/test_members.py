"""Reports of inputs that are not a file as it is: members, compressed files, property files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import dtlink
from dtlink.cli.main import cli
from tests.firmware.test_property_files import unpacked
from tests.support import images
from tests.support.boards import FIXTURES
from tests.support.image_rows import FAULTS, OTHER
from tests.support.packing import gzipped


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("board.dtb").write_bytes(FAULTS)
    Path("board.dtb.gz").write_bytes(gzipped(FAULTS))
    Path("fit.itb").write_bytes(images.fit({"fdt-1": FAULTS, "fdt-2": OTHER}))
    unpacked(dtlink.read_tree(FIXTURES / "phandle-faults.dtb"), tmp_path / "live")


def sarif(path: str) -> dict:
    output = CliRunner().invoke(cli, ["lint", "--format", "sarif", path]).stdout
    (run,) = json.loads(output)["runs"]
    return run


def offsets(run: dict) -> list[int]:
    places = (each["locations"][0]["physicalLocation"] for each in run["results"])
    return [
        each["region"]["byteOffset"] for each in places if "byteOffset" in each.get("region", {})
    ]


def test_byte_offsets_are_those_of_the_file_or_none() -> None:
    assert offsets(sarif("board.dtb"))
    for path in ("board.dtb.gz", "fit.itb", "live"):
        assert sarif(path)["results"]
        assert offsets(sarif(path)) == [], path


def test_hashes_are_those_of_the_file_or_none() -> None:
    (plain,) = sarif("board.dtb")["artifacts"]
    assert plain["hashes"]
    (packed,) = sarif("board.dtb.gz")["artifacts"]
    assert "hashes" not in packed
    (folder,) = sarif("live")["artifacts"]
    assert folder["roles"] == ["directory", "analysisTarget"]


def test_fingerprints_are_those_of_the_board() -> None:
    """So a baseline of the image has the findings by the same names, whatever is packed how."""
    found = {
        path: sorted(each.fingerprint for each in dtlink.lint(path).inputs[0].findings)
        for path in ("board.dtb", "board.dtb.gz", "fit.itb!fdt-1", "live")
    }
    assert len({tuple(each) for each in found.values()}) == 1


def test_a_baseline_of_an_image_holds_when_it_is_built_anew() -> None:
    args = ["lint", "--baseline", "known.json", "fit.itb"]
    CliRunner().invoke(cli, [*args, "--write-baseline"])
    known = Path("known.json").read_text()
    assert "fit.itb!fdt-1" in known
    assert "fit.itb!fdt-2" in known
    rebuilt = images.fit({"fdt-2": OTHER, "fdt-1": gzipped(FAULTS)}, external="data-offset")
    Path("fit.itb").write_bytes(rebuilt)
    result = CliRunner().invoke(cli, [*args, "--fail-on", "info"])
    assert result.exit_code == 0, result.output
    Path("fit.itb").write_bytes(images.fit({"fdt-2": OTHER, "fdt-1": OTHER}))
    assert CliRunner().invoke(cli, [*args, "--fail-on", "info"]).exit_code == 1


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "junit", "github", "gitlab", "markdown"])
def test_every_format_names_the_member(form: str) -> None:
    output = CliRunner().invoke(cli, ["lint", "--format", form, "fit.itb"]).stdout
    for member in ("fdt-1", "fdt-2"):
        assert member in output
