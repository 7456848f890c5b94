"""``lint``, ``lint_iter``, ``Board.lint`` and the command say the same of one input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dtlink
from dtlink.cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
BOARDS = FIXTURES / "boards"

INPUTS = [
    BOARDS / "phandle-faults.dtb",
    BOARDS / "clean-board.dtb",
    BOARDS / "phone-soc.dts",
    FIXTURES / "tables" / "arm-server-faults",
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"select": "iort"},
    {"select": "phandle"},
    {"select": "module"},
    {"select": "source"},
    {"select": "overlay"},
    {"select": "version"},
    {"select": "schema"},
    {"ignore": ["phandle", "supplier"]},
    {"select": "iort", "ignore": "iort"},
    {"select": "all"},
]


def words(options: dict[str, Any]) -> list[str]:
    """The options as words of a command line."""
    return [
        part
        for name, value in options.items()
        for each in ([value] if isinstance(value, str) else value)
        for part in (f"--{name.replace('_', '-')}", each)
    ]


def data(report: dtlink.Report) -> Any:
    """The document, without the hash, which a board does not have."""
    document = json.loads(json.dumps(report.to_dict()))
    for item in document["inputs"]:
        item.pop("sha256", None)
    return document


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_one_truth(path: Path, options: dict[str, Any]) -> None:
    whole = dtlink.lint(path, config=False, cache=False, **options)
    command = CliRunner().invoke(cli, ["lint", "--no-config", str(path), *words(options)])
    (streamed,) = dtlink.lint_iter([path], config=False, **options)
    assert command.exit_code == whole.status == whole.inputs[0].status == streamed.status
    assert set(whole.notes) <= set(streamed.notes)
    assert streamed.checked == whole.inputs[0].checked
    of_board = dtlink.Board.read(path).lint(**options)
    assert of_board.status == whole.status
    assert data(of_board) == data(whole)


@pytest.mark.parametrize(
    "given",
    [{"kernel": FIXTURES / "kernel"}, {"kernel_version": "6.1"}, {"against": "6.1"}],
    ids=str,
)
def test_one_truth_with_a_kernel(given: dict[str, Any]) -> None:
    path = BOARDS / "virtio-iommu-guest.dtb"
    whole = dtlink.lint(path, config=False, cache=False, **given)
    assert data(dtlink.Board.read(path, **given).lint()) == data(whole)
    (streamed,) = dtlink.lint_iter([path], config=False, **given)
    assert streamed.findings == whole.inputs[0].findings


def test_nothing_was_checked_is_said_where_it_is_so() -> None:
    board, tables = BOARDS / "clean-board.dtb", FIXTURES / "tables" / "arm-server"
    found = list(dtlink.lint_iter([board, tables], config=False, select="iort"))
    assert [(each.checked, each.status) for each in found] == [(False, 2), (True, 0)]
    assert "nothing was checked: the chosen rules need ACPI tables" in found[0].notes[0]
    assert not found[1].notes
    mixed = dtlink.lint([board, tables], config=False, select="iort")
    assert mixed.status == 0
    assert "1 of 2 inputs not checked" in mixed.notes[0]


def test_the_status_of_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "no.dtb").write_bytes(b"no")
    paths = [tmp_path / "no.dtb", tmp_path / "gone.dtb", BOARDS / "phandle-faults.dtb"]
    found = dtlink.lint_iter(paths, config=False)
    assert [each.status for each in found] == [2, 2, 1]


def test_a_board_of_many_findings_is_bounded_as_a_lint(tmp_path: Path) -> None:
    from dtlink.firmware import dts

    nodes = "".join(f"n{number} {{ clocks = <0x7001>; }}; " for number in range(1200))
    path = tmp_path / "many.dtb"
    path.write_bytes(dts.read_text(f"/dts-v1/; / {{ {nodes} }};").blob)
    whole = dtlink.lint(path, config=False, cache=False)
    assert "1,200" in " ".join(whole.inputs[0].notes)
    assert data(dtlink.Board.read(path).lint()) == data(whole)
