"""What the user's paths mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink import lint
from dtlink.engine import choose
from dtlink.engine.chosen import spread
from dtlink.firmware.choice import Exclusion, InputOptions
from dtlink.firmware.source.options import SourceOptions
from tests.firmware.source.sources import written

_WITHOUT_SOURCES = InputOptions(exclude=(Exclusion("*.dts"), Exclusion("*.dtso")))
SOC = '/ { compatible = "v,soc"; };\n'
FILES = {
    "a.dts": '/dts-v1/;\n#include "soc.dtsi"\n',
    "b.dts": '/dts-v1/;\n#include "mid.dtsi"\n',
    "sub/c.dtso": '/dts-v1/;\n/plugin/;\n#include "../x.h"\n&{/} { a; };\n',
    "mid.dtsi": '#include "soc.dtsi"\n#include "x.h"\n',
    "soc.dtsi": SOC,
    "x.h": "",
    "unused.dtsi": SOC,
    "own.dtsi": f"/dts-v1/;\n{SOC}",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    written(tmp_path, FILES)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def chosen(*paths: str, **options: int) -> list[str]:
    return [each.path for each in choose(paths, lambda _: InputOptions(**options)).inputs]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("paths", "inputs"),
    [
        (["soc.dtsi"], ["a.dts", "b.dts"]),
        (["x.h"], ["b.dts", "sub/c.dtso"]),
        (["soc.dtsi", "mid.dtsi", "x.h"], ["a.dts", "b.dts", "sub/c.dtso"]),
        (["b.dts", "soc.dtsi"], ["b.dts", "a.dts"]),
        (["soc.dtsi", "./b.dts"], ["./b.dts", "a.dts"]),
        (["own.dtsi"], ["own.dtsi"]),
        (["unused.dtsi"], []),
        (["."], ["./a.dts", "./b.dts", "./sub/c.dtso"]),
        ([".", "soc.dtsi"], ["./a.dts", "./b.dts", "./sub/c.dtso"]),
        (["b.dts", "b.dts", "./b.dts"], ["b.dts"]),
        (["b.dts", ".", "sub"], ["b.dts", "./a.dts", "./sub/c.dtso"]),
        (["sub", ".", "a.dts"], ["sub/c.dtso", "./a.dts", "./b.dts"]),
    ],
)
def test_paths_stand_for_inputs(paths: list[str], inputs: list[str]) -> None:
    assert chosen(*paths) == inputs


def test_absolute_paths_stay_absolute(here: Path) -> None:
    assert chosen(str(here / "soc.dtsi")) == [str(here / "a.dts"), str(here / "b.dts")]


def test_of_a_source_and_its_blob_a_folder_stands_for_the_source(here: Path) -> None:
    """What is edited counts: the blob may be of yesterday."""
    for name in ("a.dtb", "b.dtbo", "sub/c.dtbo"):
        (here / name).write_bytes(b"\xd0\x0d\xfe\xed")
    assert chosen(".") == ["./a.dts", "./b.dtbo", "./b.dts", "./sub/c.dtso"]
    assert chosen(".", "soc.dtsi") == chosen("."), "a.dts is there once"
    assert chosen("a.dtb") == ["a.dtb"]


def test_a_blob_is_read_where_its_source_lacks_a_file(here: Path) -> None:
    (here / "a.dtb").write_bytes(b"\xd0\x0d\xfe\xed")
    (here / "b.dtb").write_bytes(b"\xd0\x0d\xfe\xed")
    (here / "x.h").unlink()
    found = choose(["."], lambda _: InputOptions())
    assert [each.path for each in found.inputs] == ["./a.dts", "./b.dtb", "./sub/c.dtso"]
    assert found.notes == [
        "1 source includes files that are missing: the blob beside it is read (-I: where they are)"
    ]
    (here / "inc").mkdir()
    (here / "inc/x.h").write_text("")
    options = InputOptions(sources=SourceOptions(include=("inc",)))
    assert "./b.dts" in [each.path for each in choose(["."], lambda _: options).inputs]
    assert [each.path for each in choose(["."], lambda _: _WITHOUT_SOURCES).inputs] == [
        *("./a.dtb", "./b.dtb")
    ]


@pytest.mark.usefixtures("here")
def test_what_no_board_includes_is_reported() -> None:
    found = choose(["unused.dtsi", "a.dts", "new.dtsi"], lambda _: InputOptions())
    assert [each.path for each in found.inputs] == ["a.dts", "new.dtsi"], "a missing file is read"
    (report,) = found.unread
    assert report.path == "unused.dtsi"
    assert report.error is not None
    assert "no board" in report.error.message
    assert report.exit_status(None) == 2


@pytest.mark.usefixtures("here")
def test_too_many_boards_are_cut_and_counted(here: Path) -> None:
    boards = {f"v{n % 3}/b{n}.dts": '/dts-v1/;\n#include "../soc.dtsi"\n' for n in range(30)}
    written(here, boards)
    found = choose(["soc.dtsi", "x.h"], lambda _: InputOptions(max_boards=6))
    assert len(found.inputs) == 6
    assert {Path(each.path).parent.name for each in found.inputs} >= {"v0", "v1", "v2"}
    again = choose(["x.h", "soc.dtsi"], lambda _: InputOptions(6))
    assert [*found.inputs] == [*again.inputs]
    (note,) = found.notes
    assert "soc.dtsi, x.h: 33 boards include them; 6 of them" in note
    assert "27 are not (--max-boards 0: all)" in note
    whole = choose(["soc.dtsi", "x.h"], lambda _: InputOptions(max_boards=0))
    assert (len(whole.inputs), whole.notes) == (33, [])


def test_a_spread_is_even() -> None:
    assert spread("abcdefghij", 5) == ["a", "c", "e", "g", "i"]
    assert spread("abc", 3) == "abc"
    assert spread("abcd", 3) == ["a", "b", "c"]


@pytest.mark.usefixtures("here")
def test_the_library_takes_the_same(here: Path) -> None:
    report = lint(["soc.dtsi", here / "unused.dtsi"], max_boards=1)
    assert [item.path for item in report.inputs] == ["a.dts", str(here / "unused.dtsi")]
    assert report.status == 2
    assert report.notes == report.to_dict()["notes"]
    assert "2 boards include it; 1 of them" in report.notes[0]
    (here / "dtlink.toml").write_text("max-boards = 0\n")
    assert lint("soc.dtsi").notes == []


def test_boards_find_files_by_the_include_paths_of_their_configuration(here: Path) -> None:
    written(here, {"inc/y.h": "", "d.dts": "/dts-v1/;\n#include <y.h>\n/ { };\n"})
    assert lint("inc/y.h").inputs[0].error is not None
    (here / "dtlink.toml").write_text('include = "inc"\n')
    assert [(item.path, item.error) for item in lint("inc/y.h").inputs] == [("d.dts", None)]
