"""Findings over builds: what each event means, and what a build is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dtlink.api.history import history
from dtlink.report.layout import plain
from dtlink.views.history.builds import names
from tests.views.history_reports import board, document, finding, of_builds, write


def _story(view, number: int = 0) -> list[tuple[int, str]]:
    return [(each.build, each.event) for each in view.findings[number].boards[0].events]


def _runs(view) -> list[tuple[int, int, bool]]:
    runs = view.findings[0].boards[0].runs
    return [(each.from_, each.to, each.accepted) for each in runs]


@pytest.mark.parametrize(
    ("builds", "story", "runs", "status"),
    [
        ([[0]], ["first"], [(0, 0)], "open"),
        ([[0], [0], [0]], ["first"], [(0, 2)], "open"),
        ([[], [0]], ["new"], [(1, 1)], "open"),
        ([[0], []], ["first", "fixed"], [(0, 0)], "fixed"),
        ([[0], [], [0]], ["first", "fixed", "regressed"], [(0, 0), (2, 2)], "open"),
        # Builds that did not read the board fix nothing.
        ([[0], None, [0]], ["first"], [(0, 2)], "open"),
        ([[0], None, []], ["first", "fixed"], [(0, 0)], "fixed"),
        ([[0], None], ["first"], [(0, 0)], "unknown"),
        ([[0], [], None], ["first", "fixed"], [(0, 0)], "fixed"),
        ([None, [0]], ["first"], [(1, 1)], "open"),
    ],
    ids=str,
)
def test_what_becomes_of_a_finding(tmp_path: Path, builds, story, runs, status) -> None:
    view = of_builds(tmp_path, *builds)
    (fault,) = view.findings
    (row,) = fault.boards
    assert [event for _, event in _story(view)] == story
    assert [(first, last) for first, last, _ in _runs(view)] == runs
    assert row.status == status


def test_the_counts_of_builds_rules_and_boards(tmp_path: Path) -> None:
    view = of_builds(tmp_path, [0, 1], [1, 2], None, [0, 1])
    assert [each.findings.total for each in view.builds] == [2, 2, 0, 2]
    assert [(each.new, each.fixed, each.regressed) for each in view.builds] == [
        *((0, 0, 0), (1, 1, 0), (0, 0, 0), (0, 1, 1))
    ]
    assert {each.rule: each.findings for each in view.rules} == {
        "phandle/dangling": (1, 0, 0, 1),
        "supplier/disabled": (1, 1, 0, 1),
        "legacy/old-name": (0, 1, 0, 0),
    }
    (row,) = view.boards
    assert row.findings == (2, 2, None, 2)
    assert [each.severity for each in view.findings] == ["error", "warning", "info"]


def test_what_is_accepted_is_neither_open_nor_fixed(tmp_path: Path) -> None:
    found, known = board("a", 0), board("a", known=[finding(0)])
    ignored = board("a", ignored=[{"finding": finding(0), "reason": "r", "source": None}])
    view = history(write(tmp_path, *map(document, (found, known, ignored, board("a")))))
    assert _runs(view) == [(0, 0, False), (1, 2, True)]
    assert [event for _, event in _story(view)] == ["first", "changed", "fixed"]
    assert [each.accepted for each in view.builds] == [0, 1, 1, 0]
    assert [each.fixed for each in view.builds] == [0, 0, 0, 0]
    view = history(write(tmp_path / "b", document(found), document(known)))
    assert view.findings[0].boards[0].status == "accepted"


def test_with_since_what_was_there_before_counts(tmp_path: Path) -> None:
    since = document(board("a", known=[finding(0)]), since={"ref": "v1"})
    view = history(write(tmp_path, document(board("a", 0)), since))
    assert _runs(view) == [(0, 1, False)]


def test_a_rule_that_failed_fixes_nothing(tmp_path: Path) -> None:
    failed = board("a", faults=[{"rule": "phandle/dangling", "error": "KeyError"}])
    builds = [board("a", 0, 1), failed, board("a", 0)]
    view = history(write(tmp_path, *map(document, builds)))
    assert _story(view, 0) == [(0, "first")]
    assert _story(view, 1) == [(0, "first"), (1, "fixed")]
    assert view.builds[1].findings.error == 1


def test_an_unreadable_board_fixes_nothing(tmp_path: Path) -> None:
    bad = {"path": "a", "model": None, "error": {"message": "cut short"}}
    view = history(write(tmp_path, *map(document, (board("a", 0), bad, board("a", 0)))))
    assert _story(view) == [(0, "first")]
    assert [each.unreadable for each in view.builds] == [0, 1, 0]
    assert view.boards[0].findings == (1, None, 1)


def test_a_severity_that_changes_is_another_run(tmp_path: Path) -> None:
    worse = board("a", findings=[finding(1, severity="error")])
    view = history(write(tmp_path, document(board("a", 1)), document(worse)))
    assert _story(view) == [(0, "first"), (1, "changed")]
    assert view.findings[0].severity == "error"


def test_lines_of_inputs_are_one_build_and_lines_of_builds_are_many(tmp_path: Path) -> None:
    one, many = tmp_path / "one.jsonl", tmp_path / "many.jsonl"
    one.write_text("".join(json.dumps(document(board(n, 0))) + "\n" for n in "abc"))
    lines = [document(board("a", 0), board("b")), document(board("a"), board("b"))]
    many.write_text("\n\n".join(map(json.dumps, lines)))
    assert [each.boards for each in history(one).builds] == [3]
    view = history(many)
    assert [each.name for each in view.builds] == ["many", "many:2"]
    assert view.builds[1].fixed == 1


def test_a_folder_may_be_a_build(tmp_path: Path) -> None:
    for build, found in ((9, [0]), (10, [])):
        for name in ("a", "b"):
            (tmp_path / str(build)).mkdir(exist_ok=True)
            path = tmp_path / str(build) / f"{name}.json"
            path.write_text(json.dumps(document(board(f"{name}.dtb", *found))))
    view = history(tmp_path, by_folder=True)
    assert [(each.name, each.boards, each.fixed) for each in view.builds] == [
        *(("9", 2, 0), ("10", 2, 2))
    ]


def test_builds_are_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, *(document(board("a", *range(n))) for n in range(11)))
    paths = sorted(tmp_path.iterdir(), reverse=True)
    for number, path in enumerate(paths):
        os.utime(path, (1_700_000_000 + number,) * 2)

    def order(**options) -> list[str]:
        return [each.name for each in history(**options).builds]

    by_name = [f"build-{number}" for number in range(1, 12)]
    assert order(reports=tmp_path) == by_name
    assert order(reports=paths, sort="name") == by_name
    assert order(reports=paths) == [each.stem for each in paths]
    assert order(reports=tmp_path, sort="time") == [each.stem for each in paths]
    assert history(tmp_path, sort="time").builds[0].time == "2023-11-14T22:13:20Z"
    assert "time" not in history(tmp_path).builds[0].to_json()
    with pytest.raises(ValueError, match="'size' is not one of"):
        history(tmp_path, sort="size")


def test_folders_of_builds_do_not_make_boards_different(tmp_path: Path) -> None:
    builds = [
        document(board(f"/ci/{build}/src/ti/a.dtb", 0), board(f"/ci/{build}/src/nxp/b.dtb", 0))
        for build in (1, 2)
    ]
    view = history(write(tmp_path, *builds))
    assert [each.board for each in view.boards] == ["nxp/b.dtb", "ti/a.dtb"]
    assert [each.findings for each in view.boards] == [(1, 1), (1, 1)]


@pytest.mark.parametrize(
    ("paths", "short"),
    [
        (["out/7/lint.json", "out/8/lint.json"], ["7", "8"]),
        (["a/b.json"], ["b"]),
        (["r/build-1.json", "r/build-2.jsonl"], ["build-1", "build-2"]),
        (["a/1/x/l.json", "b/1/x/l.json"], ["a", "b"]),
        (["x.json", "x/y.json"], ["x", "y"]),
        (["a/1.json", "a/1.jsonl"], ["1", "1 (2)"]),
        (["x/a.json", "y/b.json"], ["x/a", "y/b"]),
    ],
    ids=str,
)
def test_builds_are_named_by_what_differs(paths: list[str], short: list[str]) -> None:
    assert names([(each, 1) for each in paths]) == short


def test_rules_and_boards_can_be_chosen(tmp_path: Path) -> None:
    both = document(board("x/a.dtb", 0, 1, 2), board("y/b.dtb", 0, 1))
    paths = write(tmp_path, both)
    view = history(paths, rules=["legacy", "phandle/dangling"], boards=["x/*"])
    assert {each.rule for each in view.findings} == {"legacy/old-name", "phandle/dangling"}
    assert [each.board for each in view.boards] == ["x/a.dtb"]
    assert view.builds[0].findings.total == 2
    assert history(paths, rules=["legac"]).findings == ()


def test_the_text_says_what_the_last_build_changed(tmp_path: Path) -> None:
    view = of_builds(tmp_path, [0, 1], [1], [0, 2])
    text = plain(view.text())
    assert "new       info    legacy/old-name  /soc/device@2" in text
    assert "regressed error   phandle/dangling  /soc/device@0" in text
    assert "before: in build-1" in text
    assert "fixed     warning supplier/disabled  /soc/device@1" in text
    assert "build-3       1       1         0      1    1          1      1" in text


def test_text_of_many_builds_is_short(tmp_path: Path) -> None:
    view = of_builds(tmp_path, *([0] for _ in range(50)))
    assert "30 earlier builds (--all lists them)" in plain(view.text())
    assert len(plain(view.text(everything=True)).splitlines()) > 50
    assert "nothing is new, regressed or fixed in build-50" in plain(view.text())
