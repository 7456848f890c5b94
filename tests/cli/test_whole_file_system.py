"""Folders that are too large to search: refused, or known by what they must have."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dtlink.engine import expand
from dtlink.firmware.pci import sysfs
from tests.cli.conftest import Run

REFUSED = "/: the whole file system is not searched; name the folder or the file that is meant"


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fixtures: Path) -> str:
    monkeypatch.chdir(tmp_path)
    shutil.copy(fixtures / "clean-board.dtb", "board.dtb")
    Path("config").write_text("CONFIG_MODULES=y\n")
    return "board.dtb"


@pytest.mark.parametrize(
    "words",
    [
        ("lint", "--kernel", "config", "--initramfs", "/"),
        ("modules", "--kernel", "config", "--initramfs", "/"),
        ("lint", "--lspci", "/"),
        ("devlink", "--observed", "/"),
    ],
    ids=" ".join,
)
def test_the_whole_file_system_is_not_searched(
    run: Run, board: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "walk", lambda _: pytest.fail("a walk"))
    command, *options = words
    result = run(command, board, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert REFUSED in result.stderr


def test_no_schemas_are_looked_for_in_the_whole_file_system(run: Run, board: str) -> None:
    pytest.importorskip("dtschema")
    pytest.importorskip("libfdt")
    result = run("lint", board, "--schema-dir", "/")
    assert (result.exit_code, result.stderr) == (2, f"dtlink: {REFUSED}\n")


def test_the_root_beside_a_board_is_its_node(run: Run, board: str) -> None:
    result = run("modules", board, "/", "--kernel", "config")
    assert result.stdout == "# no module is needed: no driver is for /\n"
    assert result.exit_code == 0


def test_what_the_kernel_makes_up_is_left_out_of_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[str] = []

    def walk(top: str) -> Iterator[tuple[str, list[str], list[str]]]:
        walked.append(top)
        below = ["boot", "dev", "proc", "run", "sys", "usr"]
        yield top, below if top == "/" else [], []

    monkeypatch.setattr(os, "walk", walk)
    assert not list(expand(["/"]))
    assert walked == ["/", "/boot", "/usr"]


def test_a_folder_is_an_initramfs_by_what_is_at_its_top(
    run: Run, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("tree/deep").mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr("dtlink.kernel.initramfs.folder._walk", lambda _: pytest.fail("a walk"))
        result = run("lint", board, "--kernel", "config", "--initramfs", "tree")
    assert result.exit_code == 2
    assert "neither init nor lib/modules/VERSION is in it" in result.stderr
    Path("tree/init").touch()
    assert run("lint", board, "--kernel", "config", "--initramfs", "tree").exit_code == 0


def test_a_search_for_functions_ends_where_there_are_none(
    run: Run, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysfs, "_MAX_EMPTY", 3)
    for number in range(5):
        Path(f"many/{number}").mkdir(parents=True)
    result = run("lint", board, "--lspci", "many")
    assert result.exit_code == 2
    assert "many: more than 3 files, and no PCI function among the first" in result.stderr
