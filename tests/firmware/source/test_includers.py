"""Which boards a file reaches."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from dtlink.firmware.source.files import SourceFiles
from dtlink.firmware.source.includers import boards_with, forget, is_complete
from dtlink.firmware.source.options import SourceOptions
from dtlink.firmware.source.preprocess import preprocess
from dtlink.firmware.source.surroundings import surroundings
from tests.firmware.source.sources import written
from tests.support.boards import SHARED
from tests.support.limits import at_most

FILES = {
    "arch/arm64/boot/dts/v/one.dts": '#include "board.dtsi"\n',
    "arch/arm64/boot/dts/v/two.dts": '/include/ "soc.dtsi"\n',
    "arch/arm64/boot/dts/v/three.dtso": "#include <dt-bindings/a.h>\n",
    "arch/arm64/boot/dts/v/alone.dts": "/* none */\n",
    "arch/arm64/boot/dts/v/board.dtsi": '#include "soc.dtsi"\n#include "board.dtsi"\n',
    "arch/arm64/boot/dts/v/soc.dtsi": "# include <dt-bindings/a.h>\n#include <gone.h>\n",
    "include/dt-bindings/a.h": "#define A 1\n",
}


@pytest.mark.parametrize(
    ("name", "boards"),
    [
        ("arch/arm64/boot/dts/v/board.dtsi", ["one.dts"]),
        ("arch/arm64/boot/dts/v/soc.dtsi", ["one.dts", "two.dts"]),
        ("include/dt-bindings/a.h", ["one.dts", "three.dtso", "two.dts"]),
        ("arch/arm64/boot/dts/v/alone.dts", []),
    ],
)
def test_boards_that_include_a_file(name: str, boards: list[str], tmp_path: Path) -> None:
    written(tmp_path, FILES)
    prefixes = tmp_path / "scripts/dtc/include-prefixes"
    prefixes.mkdir(parents=True)
    (prefixes / "dt-bindings").symlink_to(tmp_path / "include/dt-bindings")
    assert [Path(each).name for each in boards_with(str(tmp_path / name))] == boards


def in_order(folder: Path, name: str, *include: str) -> list[str]:
    """The boards, by their names below a folder."""
    forget()
    return [
        str(Path(each).relative_to(folder))
        for each in boards_with(str(folder / name), SourceOptions(include))
    ]


def test_a_tree_of_another_architecture_includes_through_the_prefixes(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "arch/arm/boot/dts/v/soc.dtsi": "",
            "arch/arm/boot/dts/v/old.dts": '#include "soc.dtsi"\n',
            "arch/arm64/boot/dts/v/new.dts": "#include <arm/v/soc.dtsi>\n",
            "arch/arm64/boot/dts/v/other.dts": '#include "soc.dtsi"\n',
            "arch/arm64/boot/dts/v/soc.dtsi": "",
        },
    )
    prefixes = tmp_path / "scripts/dtc/include-prefixes"
    prefixes.mkdir(parents=True)
    (prefixes / "arm").symlink_to("../../../arch/arm/boot/dts")
    assert in_order(tmp_path, "arch/arm/boot/dts/v/soc.dtsi") == [
        "arch/arm/boot/dts/v/old.dts",
        "arch/arm64/boot/dts/v/new.dts",
    ]
    assert in_order(tmp_path, "arch/arm64/boot/dts/v/soc.dtsi") == [
        "arch/arm64/boot/dts/v/other.dts"
    ]


def test_a_board_that_another_includes_and_a_file_with_any_name(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "a.dts": '#include "common.inc"\n',
            "b.dts": '#include "a.dts"\n',
            "common.inc": '/include/ "deep/x.dtsi"\n',
            "deep/x.dtsi": "",
        },
    )
    for name in ("common.inc", "deep/x.dtsi"):
        (tmp_path / ".git").mkdir(exist_ok=True)
        assert in_order(tmp_path, name) == ["a.dts", "b.dts"]
    assert in_order(tmp_path, "a.dts") == ["b.dts"]


def test_include_paths_of_the_user(tmp_path: Path) -> None:
    written(
        tmp_path,
        {"boards/a.dts": "#include <x.h>\n", "headers/x.h": "", "boards/b.dts": '#include "x.h"\n'},
    )
    (tmp_path / ".git").mkdir()
    assert in_order(tmp_path, "headers/x.h") == []
    found = in_order(tmp_path, "headers/x.h", str(tmp_path / "headers"))
    assert found == ["boards/a.dts", "boards/b.dts"]


def test_boards_below_the_working_folder_without_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, {"v1/a.dts": '#include "../common/soc.dtsi"\n', "common/soc.dtsi": ""})
    assert in_order(tmp_path, "common/soc.dtsi") == []
    monkeypatch.chdir(tmp_path)
    forget()
    assert boards_with("common/soc.dtsi") == [], "v1/a.dts may not include it"
    allowed = SourceOptions(allow_include=("common",))
    assert boards_with("common/soc.dtsi", allowed) == ["v1/a.dts"]


def test_nothing_outside_the_tree_is_read(tmp_path: Path) -> None:
    """Not even for the names that it includes."""
    outside = tmp_path / "outside.dtsi"
    written(
        tmp_path,
        {
            "outside.dtsi": '#include "boards/soc.dtsi"\n',
            "boards/a.dts": f'#include "../outside.dtsi"\n#include "{outside}"\n',
            "boards/b.dts": '#include "link.dtsi"\n',
            "boards/soc.dtsi": "",
            "boards/.git/HEAD": "",
        },
    )
    (tmp_path / "boards/link.dtsi").symlink_to(outside)
    assert in_order(tmp_path, "boards/soc.dtsi") == []
    assert not is_complete(str(tmp_path / "boards/a.dts"))
    allowed = SourceOptions(allow_include=(str(tmp_path),))
    assert len(boards_with(str(tmp_path / "boards/soc.dtsi"), allowed)) == 2
    assert is_complete(str(tmp_path / "boards/a.dts"), allowed)


def test_what_never_ends_and_what_includes_itself_is_passed_by(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "a.dts": '#include "fifo"\n#include "loop.dtsi"\n#include "zero"\n',
            "loop.dtsi": '#include "loop.dtsi"\n#include "a.dts"\n',
        },
    )
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with at_most():
        assert in_order(tmp_path, "loop.dtsi") == ["a.dts"]


def test_every_file_that_a_board_of_the_kernel_includes_leads_back_to_it() -> None:
    tree = Path(os.environ.get("DTLINK_KERNEL_SOURCE", SHARED.parent / "src-7.2"))
    boards = sorted(tree.glob("arch/*/boot/dts/**/*.dts"))
    if not boards:
        pytest.skip(f"no kernel source in {tree}")
    forget()
    for board in random.Random(14).sample(boards, 12):  # noqa: S311 - a sample
        where = surroundings(str(board))
        files = SourceFiles([where.root], where.include)
        included = preprocess(files.source(str(board)), files).inclusions[1:]
        assert included
        for each in included:
            assert str(board) in boards_with(each.file.real), f"{each.file.path} of {board}"
