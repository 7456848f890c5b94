"""Trees of sources that are recognised: what a file in them may include, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from dtlink.firmware.dts import read_file
from dtlink.firmware.source.surroundings import LAYOUTS, surroundings
from tests.firmware.source.sources import written
from tests.support.blobs import word

V1 = "/dts-v1/;\n"


class Case(NamedTuple):
    """A tree of one layout; the first file is the board."""

    layout: str
    files: dict[str, str]
    value: tuple[int, ...]
    """What the board makes of its property ``a``."""


def header(name: str, value: int) -> str:
    return f"#ifndef {name}\n#define {name} {value}\n#endif\n"


UPSTREAM = "dts/upstream/src/arm64/vendor"
CASES = {
    "a board of U-Boot": Case(
        "U-Boot",
        {
            "arch/arm/dts/board.dts": V1
            + "#include <dt-bindings/a.h>\n#include <dt-bindings/b.h>\n#include <asm/c.h>\n"
            + '#include <linux/d.h>\n#include "soc.dtsi"\n#include <arm64/vendor/sub/e.dtsi>\n'
            + '#include "f.dtsi"\n#ifdef __ASSEMBLY__\n/ { a = <A B C D E F>; };\n#endif\n',
            "include/u-boot/x.h": "",
            "include/dt-bindings/a.h": header("A", 1),
            "dts/upstream/include/dt-bindings/a.h": header("A", 10),
            "dts/upstream/include/dt-bindings/b.h": header("B", 2),
            "arch/arm/include/asm/c.h": header("C", 3),
            "arch/arm/dts/include/linux/d.h": header("D", 4),
            f"{UPSTREAM}/soc.dtsi": "/ { soc { }; };\n",
            f"{UPSTREAM}/sub/e.dtsi": header("E", 5),
            f"{UPSTREAM}/sub/f.dtsi": header("F", 6),
        },
        (1, 2, 3, 4, 5, 6),
    ),
    "a board of U-Boot that is Linux's": Case(
        "U-Boot",
        {
            f"{UPSTREAM}/board.dts": V1
            + '#include "board-u-boot.dtsi"\n#include "own.dtsi"\n#include <dt-bindings/c.h>\n'
            + "/ { a = <A B C>; };\n",
            "include/u-boot/x.h": "",
            "arch/arm/dts/board-u-boot.dtsi": header("A", 1),
            "arch/arm/dts/own.dtsi": header("B", 20),
            f"{UPSTREAM}/own.dtsi": header("B", 2),
            "dts/upstream/include/dt-bindings/c.h": header("C", 3),
        },
        (1, 2, 3),
    ),
    "a board of U-Boot before 2024": Case(
        "U-Boot",
        {
            "arch/riscv/dts/board.dts": V1
            + '#include <dt-bindings/a.h>\n#include "b.dtsi"\n/ { a = <A B>; };\n',
            "include/u-boot/x.h": "",
            "include/dt-bindings/a.h": header("A", 1),
            "arch/riscv/dts/include/b.dtsi": header("B", 2),
        },
        (1, 2),
    ),
    "a board of barebox": Case(
        "barebox",
        {
            "arch/arm/dts/board.dts": V1
            + "#include <dt-bindings/a.h>\n#include <dt-bindings/b.h>\n"
            + "#include <arm64/vendor/c.dtsi>\n/ { a = <A B C>; };\n",
            "include/dt-bindings/a.h": header("A", 1),
            "dts/include/dt-bindings/a.h": header("A", 10),
            "dts/include/dt-bindings/b.h": header("B", 2),
            "dts/src/arm64/vendor/c.dtsi": header("C", 3),
        },
        (1, 2, 3),
    ),
    "a board of Linux": Case(
        "Linux",
        {
            "arch/arm64/boot/dts/vendor/board.dts": V1
            + "#include <dt-bindings/a.h>\n#include <arm/vendor/b.dtsi>\n/ { a = <A B>; };\n",
            "scripts/dtc/include-prefixes/dt-bindings": "-> ../../../include/dt-bindings",
            "scripts/dtc/include-prefixes/arm": "-> ../../../arch/arm/boot/dts",
            "include/dt-bindings/a.h": header("A", 1),
            "arch/arm/boot/dts/vendor/b.dtsi": header("B", 2),
        },
        (1, 2),
    ),
    "a board of devicetree-rebasing": Case(
        "devicetree-rebasing",
        {
            "src/arm64/vendor/board.dts": V1
            + "#include <dt-bindings/a.h>\n#include <arm/vendor/b.dtsi>\n/ { a = <A B>; };\n",
            "include/dt-bindings/a.h": header("A", 1),
            "src/arm/vendor/b.dtsi": header("B", 2),
        },
        (1, 2),
    ),
    "a board of an old Linux": Case(
        "Linux before 4.12",
        {
            "arch/arm/boot/dts/overlays/board.dts": V1
            + '#include <dt-bindings/a.h>\n#include "b.dtsi"\n/ { a = <A B>; };\n',
            "arch/arm/boot/dts/include/dt-bindings": "-> ../../../../../include/dt-bindings",
            "include/dt-bindings/a.h": header("A", 1),
            "arch/arm/boot/dts/b.dtsi": header("B", 2),
            "drivers/of/Kconfig": "",
        },
        (1, 2),
    ),
    "a vendor's tree of sources": Case(
        "bindings",
        {
            "boards/board.dts": V1 + "#include <dt-bindings/a.h>\n/ { a = <A>; };\n",
            "include/dt-bindings/a.h": header("A", 1),
        },
        (1,),
    ),
}


def tree(folder: Path, files: dict[str, str]) -> str:
    """Write the files of a tree; the path of the first."""
    links = {name: text[3:] for name, text in files.items() if text.startswith("-> ")}
    path = written(folder, {name: text for name, text in files.items() if name not in links})
    for name, target in links.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)
    return path


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_files_are_found_in_the_order_of_the_build(case: Case, tmp_path: Path) -> None:
    path = tree(tmp_path, case.files)
    assert read_file(path).root.get("a") == word(*case.value)
    layout = next(each for each in LAYOUTS if (tmp_path / each.marker).is_dir())
    assert layout.name == case.layout


def test_every_layout_has_a_tree() -> None:
    assert {case.layout for case in CASES.values()} == {each.name for each in LAYOUTS}


def test_a_tree_in_a_repository_may_include_all_of_that(tmp_path: Path) -> None:
    files = {
        "kernel/arch/arm/boot/dts/board.dts": V1
        + '#include "../../../../../common/a.dtsi"\n/ { a = <A>; };\n',
        "kernel/scripts/dtc/include-prefixes/Kbuild": "",
        "common/a.dtsi": header("A", 7),
    }
    path = tree(tmp_path, files)
    assert surroundings(path).root == str(tmp_path / "kernel")
    (tmp_path / ".git").mkdir()
    assert surroundings(path).root == str(tmp_path)
    assert read_file(path).root.get("a") == word(7)


def test_folders_that_can_not_be_looked_into_are_passed_over(tmp_path: Path) -> None:
    case = CASES["a board of U-Boot"]
    path = tree(tmp_path, case.files)
    (tmp_path / "dts/upstream/src/arm64/loop").symlink_to("loop")
    (tmp_path / "dts/upstream/src/arm64/gone").symlink_to("nowhere")
    (tmp_path / "dts/upstream/src/arm64/file").write_text("")
    closed = tmp_path / "dts/upstream/src/arm64/closed"
    closed.mkdir(mode=0)
    assert read_file(path).root.get("a") == word(*case.value)
    closed.chmod(0o700)


def test_a_source_of_no_tree_is_alone(tmp_path: Path) -> None:
    path = tree(tmp_path, {"a/b/board.dts": V1 + "/ { };\n"})
    assert surroundings(path) == (str(tmp_path / "a/b"), [], {})
