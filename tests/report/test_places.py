"""Where findings are."""

from pathlib import Path

import pytest

from dtlink.firmware.tree import Location
from dtlink.report.model import InputReport
from dtlink.report.places import relative, where
from tests.report.reports import finding


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("board.dtb", "board.dtb"),
        ("./a//b/../board.dtb", "a/board.dtb"),
        ("-", "-"),
        (".", "."),
        ("../board.dtb", "../board.dtb"),
        ("/nowhere/./board.dtb", "/nowhere/board.dtb"),
    ],
)
def test_paths(path: str, told: str) -> None:
    assert relative(path) == told


def test_absolute_paths_below_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "work too").mkdir()
    (tmp_path / "link").symlink_to(work)
    monkeypatch.chdir(work)
    assert relative(str(work / "a" / "board.dtb")) == "a/board.dtb"
    assert relative(str(tmp_path / "link" / "a" / "board.dtb")) == "a/board.dtb"
    assert relative("../work/board.dtb") == "board.dtb"
    assert relative(str(tmp_path / "work too" / "board.dtb")) == f"{tmp_path}/work too/board.dtb"


def test_a_link_keeps_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "current.dtb").symlink_to(tmp_path / "board-7.dtb")
    assert relative(str(tmp_path / "current.dtb")) == "current.dtb"


def test_the_line_of_the_source_or_the_first() -> None:
    item = InputReport("board.dtb")
    assert where(item, finding()) == ("board.dtb", 1, 0)
    assert where(item, finding(location=Location("./soc.dtsi", 12))) == ("soc.dtsi", 12, 0)
    assert where(item, finding(location=Location("soc.dtsi", 0))) == ("soc.dtsi", 1, 0)
