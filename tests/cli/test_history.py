"""``dtlink history``: reports that are there, damaged, hostile, or not reports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.views.history_reports import board, document, finding, write


def test_what_lint_writes_is_read(run: Run, fixtures: Path, tmp_path: Path) -> None:
    """One document, or a line for each input: the same history."""
    for form in ("json", "jsonl"):
        (tmp_path / form).mkdir()
        for build, select in (("1", "phandle"), ("2", "phandle,legacy")):
            target = tmp_path / form / f"{build}.{form}"
            run("lint", fixtures, "--select", select, "--format", f"{form}={target}")
    views = [
        json.loads(run("history", tmp_path / form, "--format", "json").stdout)["history"]
        for form in ("json", "jsonl")
    ]
    for view in views:
        for each in view["builds"]:
            del each["path"]
    assert views[0] == views[1]
    assert views[0]["builds"][0]["boards"] > 5
    assert views[0]["builds"][1]["new"] > 0
    assert views[0]["builds"][1]["fixed"] == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not a JSON document"),
        (b'{"schema": "report-1"', "not a JSON document"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"schema": "report-1", "dtlink": 7, "inputs": []}', "dtlink is not text"),
        (b'{"schema": "report-1", "dtlink": "1"}', "inputs is missing"),
        (b"\xff\xfe{}", "not a JSON document"),
        (json.dumps(document({"path": "a"})).encode(), "inputs[0].model is missing"),
        (json.dumps(document(board(""))).encode(), "inputs[0].path is empty"),
        (json.dumps(document(board("a", findings=[7]))).encode(), "is not an object"),
        (
            json.dumps(document(board("a", findings=[finding(0, severity="bad")]))).encode(),
            "'bad' is not a severity",
        ),
        (json.dumps(document(board("a", known={}))).encode(), "inputs[0].known is not a list"),
        (json.dumps(document(board("a", overlays=[7]))).encode(), "is not text"),
    ],
    ids=range(12),
)
def test_a_damaged_report_is_one_message_and_the_rest_is_done(
    run: Run, tmp_path: Path, content: bytes, told: str
) -> None:
    good, _, last = write(tmp_path, document(board("a", 0)), {}, document(board("a")))
    (tmp_path / "build-2.json").write_bytes(content)
    for options in ([], ["--db", tmp_path / "h.db"]):
        result = run("history", tmp_path, *options)
        assert result.exit_code == 2
        (message,) = result.stderr.splitlines()
        assert message.startswith(f"dtlink: {tmp_path / 'build-2.json'}: ")
        assert told in message
        assert f"{good.stem} " in result.stdout
        assert f"{last.stem} " in result.stdout


def test_other_json_in_a_folder_is_passed_over(run: Run, tmp_path: Path) -> None:
    write(tmp_path, document(board("a", 0)))
    other = document({"path": "a", "model": None, "error": None, "links": []})
    (tmp_path / "links.json").write_text(json.dumps(other))
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "note.txt").write_text("no JSON")
    result = run("history", tmp_path)
    assert result.exit_code == 0
    links, package = sorted(result.stderr.splitlines())
    assert links.startswith(f"dtlink: passed over: {tmp_path / 'links.json'}: a report of another")
    assert package.endswith("package.json: not a report of dtlink")
    assert run("history", tmp_path / "package.json").exit_code == 2


def test_usage(run: Run, tmp_path: Path) -> None:
    assert "Missing argument" in run("history").stderr
    assert "no rule or family is named x" in run("history", tmp_path, "--rule", "x").stderr
    assert "unknown format 'sarif'" in run("history", tmp_path, "--format", "sarif").stderr
    empty = run("history", tmp_path)
    assert empty.exit_code == 2
    assert "nothing to show" in empty.stderr
    missing = run("history", tmp_path / "none.json")
    assert missing.exit_code == 2
    assert "No such file" in missing.stderr
    no_index = run("history", "--db", tmp_path / "none.db")
    assert no_index.exit_code == 2
    assert "no such index" in no_index.stderr


def test_a_hostile_report_controls_no_terminal(run: Run, tmp_path: Path) -> None:
    text = "\x1b]0;owned\x07\u202e"
    bad = finding(0, rule=text, subject=text, message=text)
    write(tmp_path, document(board("a")), document(board(text, findings=[bad]), dtlink=text))
    (tmp_path / f"x{text}.json").write_text("{")
    result = run("history", tmp_path)
    assert result.exit_code == 2
    assert "\x1b" not in result.stdout + result.stderr


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "b\udcff.json"
    path.write_text(json.dumps(document(board("a\udcff.dtb", 0))))
    outputs = [f"--format={form}={tmp_path / form}" for form in ("json", "html", "text")]
    for options in ([], ["--db", str(tmp_path / "h.db")]):
        call = [sys.executable, "-m", "dtlink", "history", path, *options, *outputs]
        done = subprocess.run(call, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        view = json.loads((tmp_path / "json").read_bytes())["history"]
        assert view["boards"][0]["board"] == "a\udcff.dtb"
        assert (tmp_path / "html").read_text(encoding="utf-8")


def test_two_runs_give_the_same_bytes(fixtures: Path, tmp_path: Path) -> None:
    made = set()
    for seed in ("1", "2", "3"):
        for options in ([], ["--db", str(tmp_path / f"{seed}.db")]):
            done = subprocess.run(
                [sys.executable, "-m", "dtlink", "history", fixtures.parent / "reports"]
                + [f"--format={form}={tmp_path / form}" for form in ("json", "html", "text")]
                + options,
                env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
                check=True,
            )
            assert done.returncode == 0
            made.add(tuple((tmp_path / form).read_bytes() for form in ("json", "html", "text")))
    assert len(made) == 1
