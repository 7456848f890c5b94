"""Lists of hostile inputs are cut, and what is cut says so."""

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from dtlink.cli.main import cli
from dtlink.report.layout import line, plain
from dtlink.report.rows import listing
from dtlink.views.bounds import CHARACTERS, MOST, Room, texts_of
from dtlink.views.cycles import CycleStep
from tests.benchmarks.shapes.graphs import dense
from tests.support.boards import CHECKOUT, FIXTURES
from tests.views.boards import data

#: Devices, each of which is a supplier of every other.
SIDE = 102
SCHEMA = json.loads((CHECKOUT / "schemas" / "report-1.schema.json").read_text())


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bounds") / "board.dtb"
    path.write_bytes(dense(SIDE * SIDE))
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(cli, [str(each) for each in arguments])
    assert result.exit_code in (0, 1), result.output
    return result.stdout


def printed(*arguments: object) -> dict:
    document = json.loads(run(*arguments, "--format", "json"))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document["inputs"][0]


def test_a_room_takes_the_first_rows_that_fit() -> None:
    rows = ["aa", "bbb", "c", "d"]
    assert Room(2, 100).first(rows, lambda row: (row,)) == ["aa", "bbb"]
    assert Room(9, 4).first(rows, lambda row: (row,)) == ["aa"]  # c would fit, but comes later
    room = Room(3, 100)
    assert room.first(rows[:2], lambda row: (row,)) == ["aa", "bbb"]
    assert room.first(rows[2:], lambda row: (row,)) == ["c"]


def test_the_texts_of_a_row() -> None:
    step = CycleStep(consumer="/a", supplier="/b", property_name="clocks", index=1)
    assert list(texts_of((step, "x"))) == ["/a", "/b", "clocks", "x"]


def test_links(board: Path) -> None:
    found = printed("links", board)
    whole = len(found["links"]) + found["left_out"]["links"]
    assert len(found["links"]) == MOST
    assert whole == SIDE * SIDE
    text = run("links", board)
    assert f"· {whole:,} links" in text
    assert f"… and {whole - MOST:,} more links: --binding chooses some" in text
    assert len(text) < CHARACTERS


def test_cycles(board: Path) -> None:
    found = printed("cycles", board)
    assert "left_out" not in found
    (cycle,) = found["cycles"]
    assert len(cycle["nodes"]) == SIDE
    assert len(cycle["relaxed"]) == MOST
    assert cycle["left_out"] == {"relaxed": SIDE * (SIDE - 1) - MOST}
    assert "the kernel relaxes all its links" in run("cycles", board)


def test_devlink(board: Path) -> None:
    found = printed("devlink", board)["devlink"]
    assert len(found["fwnode_links"]) == 5000
    assert found["left_out"]["fwnode_links"] == SIDE * SIDE - 5000
    assert "devices" not in found["left_out"]


def test_a_list_of_all_has_a_bound() -> None:
    rows = [line(str(n)) for n in range(5003)]
    assert plain(listing(rows[:5000], None)).splitlines()[-1] == "4999"
    assert plain(listing(rows, None)).splitlines()[-1] == "  … and 3 more"
    assert plain(listing(rows, 8)).splitlines()[-1] == "  … and 4,995 more (--all)"


def test_a_diff_lists_some_and_counts_all(board: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.dtb"
    other.write_bytes(dense(4))
    found = printed("diff", other, board)["diff"]["changes"]
    gained = found["summary"]["links"]["gained"]
    assert len(found["links"]["gained"]) == 5000
    assert found["links"]["left_out"] == {"gained": gained - 5000}
    assert f"… and {gained - 5000:,} more" in run("diff", other, board, "--all")


@pytest.mark.parametrize("command", ["links", "cycles", "devlink"])
def test_what_a_saved_report_left_out_is_not_lost(
    board: Path, tmp_path: Path, command: str
) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text(run(command, board, "--format", "json"))
    result = CliRunner().invoke(cli, ["diff", str(saved), str(board)])
    assert result.exit_code == 2
    assert "nothing in it can be compared" in result.stderr


def test_small_results_have_no_such_member() -> None:
    for command in ("links", "cycles", "devlink"):
        found = printed(command, FIXTURES / "phone-soc.dtb")
        assert "left_out" not in json.dumps(data(found))
