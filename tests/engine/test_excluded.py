"""Which files are left out: those that the user excludes, and sources that git ignores."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink import InputError, diff, lint
from dtlink.cli.main import cli
from dtlink.engine.excluded import forget, is_ignored, is_ignored_folder
from tests.cli.conftest import Run
from tests.firmware.source.sources import written
from tests.support.boards import CHECKOUT
from tests.support.limits import at_most

BOARD = '/dts-v1/;\n/ { compatible = "v,b"; };\n'
BLOB = (CHECKOUT / "fixtures/boards/clean-board.dtb").read_bytes()


@pytest.fixture
def run() -> Run:
    return lambda *words: CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two boards, and what a build has made in it."""
    names = ("a.dts", "v/b.dts", "build/gen.dts", "v/tmp/c.dts")
    written(tmp_path, dict.fromkeys(names, BOARD))
    (tmp_path / "build/out.dtb").write_bytes(BLOB)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def linted(*paths: str, **options: object) -> list[str]:
    return [item.path for item in lint(paths or ["."], **options).inputs]


def test_sources_that_git_ignores_are_left_out_and_blobs_are_not(here: Path) -> None:
    (here / ".gitignore").write_text("build/\n*.dtb\n/v/tmp\n")
    report = lint(".")
    assert [item.path for item in report.inputs] == ["./a.dts", "./build/out.dtb", "./v/b.dts"]
    assert report.notes == [
        "2 sources that git ignores left out (--no-respect-gitignore: read too)"
    ]
    assert len(linted(respect_gitignore=False)) == 5
    (here / "dtlink.toml").write_text("respect-gitignore = false\n")
    assert len(linted()) == 5
    assert len(linted(respect_gitignore=True)) == 3


def test_what_the_user_names_is_read_although_git_ignores_it(here: Path) -> None:
    (here / ".gitignore").write_text("build/\n")
    assert linted("build") == ["build/gen.dts", "build/out.dtb"]
    assert linted("build/gen.dts") == ["build/gen.dts"]
    (here / "build/.gitignore").write_text("*\n")
    assert linted("build") == ["build/gen.dts", "build/out.dtb"]
    (here / ".gitignore").unlink()
    assert linted("build") == ["build/out.dtb"], "the folder is not ignored, but what is in it"


def test_without_a_repository_nothing_is_ignored(here: Path) -> None:
    (here / ".gitignore").write_text("*\n")
    assert linted() == ["./build/out.dtb"]
    (here / ".git").rmdir()
    assert len(linted()) == 5


def test_a_repository_in_another_has_patterns_of_its_own(here: Path) -> None:
    (here / ".gitignore").write_text("b.dts\n")
    assert "./v/b.dts" not in linted()
    (here / "v/.git").write_text("gitdir: ../.git/modules/v\n")
    assert "./v/b.dts" in linted()


def test_excluded_files_are_left_out_of_folders_and_of_boards(here: Path) -> None:
    assert linted(exclude=["build/", "tmp/"]) == ["./a.dts", "./v/b.dts"]
    assert linted(exclude="*.dts") == ["./build/out.dtb"]
    assert linted(exclude=["v/**", "!v/b.dts", "build"]) == ["./a.dts", "./v/b.dts"]
    assert linted("v/b.dts", ".", exclude=["v"])[0] == "v/b.dts", "it is named"
    assert linted("v/b.dts", "a.dts", exclude=["v"], force_exclude=True) == ["a.dts"]
    written(here, {"soc.dtsi": "", "v/d.dts": f'{BOARD}#include "../soc.dtsi"\n'})
    assert linted("soc.dtsi") == ["v/d.dts"]
    report = lint("soc.dtsi", exclude="v/")
    assert report.status == 2
    assert report.inputs[0].error is not None
    assert "left out" in report.inputs[0].error.message


def test_patterns_of_a_file_are_seen_from_its_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "v/dtlink.toml").write_text('exclude = ["/tmp"]\n')
    assert linted() == ["./a.dts", "./build/gen.dts", "./build/out.dtb", "./v/b.dts"]
    monkeypatch.chdir(here / "v")
    assert linted() == ["./b.dts"]
    assert linted(exclude=["b.dts"]) == ["./tmp/c.dts"], "the command line's in place of the file's"


def test_diff_leaves_the_same_out(here: Path) -> None:
    shutil.copytree(here / "v", here / "w")
    (here / "w/b.dts").write_text(BOARD.replace("v,b", "v,c"))
    assert [item.path for item in diff("v", "w").inputs] == ["w/b.dts", "w/tmp/c.dts"]
    (here / "dtlink.toml").write_text('exclude = ["tmp/"]\n')
    assert [item.path for item in diff("v", "w").inputs] == ["w/b.dts"]


def test_a_folder_of_tables_is_left_out(here: Path) -> None:
    shutil.copytree(CHECKOUT / "fixtures/tables/guest", here / "tables")
    assert "./tables" in linted()
    assert "./tables" not in linted(exclude=["tables/"])


def test_a_run_that_checks_nothing_says_why(run: Run, here: Path) -> None:
    result = run("lint", "v", "--exclude", "v")
    assert result.exit_code == 2
    assert "exclude leaves out all: 2 inputs" in result.stderr
    assert "no inputs" in result.stderr
    result = run("lint", "v", "v", "--exclude", "v")
    assert "exclude leaves out all: 2 inputs" in result.stderr, "each once"
    (here / ".gitignore").write_text("c.dts\n")
    result = run("lint", "v", "--exclude", "b.dts")
    assert "exclude leaves out 1 input\n" in result.stderr
    assert "1 source that git ignores left out" in result.stderr
    (here / ".gitignore").write_text("*.dts\n")
    result = run("lint", "v")
    assert result.exit_code == 2
    assert "2 sources that git ignores left out" in result.stderr


def test_a_run_that_may_check_nothing(run: Run, here: Path) -> None:
    written(here, {"new.dtsi": "", "include/dt-bindings/x.h": ""})
    named = ("v/b.dts", "new.dtsi", "include/dt-bindings/x.h")
    result = run("lint", *named, "--exclude", "v", "--force-exclude", "--allow-empty")
    assert result.exit_code == 0
    assert "new.dtsi: nothing was checked" in result.stderr
    written(here, {"v/b.dts": BOARD.replace("};", "")})
    result = run("lint", *named, "--allow-empty")
    assert result.exit_code == 2, "what can't be read still counts"


@pytest.mark.parametrize("pattern", ["!", "", "a\\", "*a*a*a*b"])
def test_what_is_no_pattern_is_refused(here: Path, pattern: str) -> None:
    (here / "dtlink.toml").write_text(f"exclude = ['{pattern}']\n")
    with pytest.raises((InputError, ValueError), match="pattern"):
        lint(".")


PATTERNS = (
    *("*.dts", "!a.dts", "/a.dts", "a", "a/", "a/*", "!a/b/", "a/b", "**/b", "a/**", "a/**/c.dts"),
    *("# a", "", " ", "\\#x.dts", "\\!y.dts", "b/*.dts", "!*.dts", "*", "!*/", "c.dt?", "[ab].dts"),
)
NAMES = ("a.dts", "b.dts", "c.dts", "#x.dts", "!y.dts")
FOLDERS = ("", "a/", "a/b/", "b/", "b/a/b/")


def git(folder: Path, *words: str) -> str:
    """What git prints."""
    command = [shutil.which("git") or "git", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_ignores_the_same(tmp_path: Path) -> None:
    chance = random.Random(4)  # noqa: S311 - a sample
    paths = [f"{folder}{name}" for folder in FOLDERS for name in NAMES]
    for number in range(15):
        top = tmp_path / str(number)
        written(top, dict.fromkeys(paths, ""))
        git(top, "init", "-q")
        for folder in ("", "a/", "b/a/"):
            lines = chance.sample(PATTERNS, chance.randrange(5))
            (top / folder / ".gitignore").write_text("".join(f"{each}\n" for each in lines))
        (top / ".git/info/exclude").write_text(f"{chance.choice(PATTERNS)}\n")
        theirs = git(top, "-c", "core.excludesFile=/dev/null", "check-ignore", *paths)
        forget()
        ours = {path for path in paths if is_ignored(str(top / path))}
        assert ours == set(theirs.splitlines())


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("*a*a*a*a*a*a*a*b", 1),
        ("**/" + "a/**/" * 12 + "b", 1),
        ("*a*a*b", 100),
        ("**/a/**/b*", 100),
    ],
)
def test_patterns_that_take_long_are_bounded(
    here: Path, line: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dtlink.engine.excluded._STEPS", 2_000_000)
    deep = here / "/".join("a" * 60)
    written(deep, {f"{'a' * 240}{number}.dts": BOARD for number in range(5)})
    (here / ".gitignore").write_text("".join(f"{line}{number}\n" for number in range(count)))
    with at_most(30):
        report = lint(".")
    assert len(report.inputs) == 10
    assert bool(report.notes) == (count > 1)


def test_patterns_in_a_pipe_or_behind_a_link_are_none(here: Path) -> None:
    os.mkfifo(here / ".gitignore")
    (here / "all").write_text("*\n")
    (here / "v/.gitignore").symlink_to("../all")
    with at_most(30):
        assert len(linted()) == 5


def test_a_folder_is_ignored_with_the_one_that_it_is_in(here: Path) -> None:
    (here / ".gitignore").write_text("/v\n")
    forget()
    assert is_ignored_folder(str(here / "v/tmp"))
    assert not is_ignored_folder(str(here))
