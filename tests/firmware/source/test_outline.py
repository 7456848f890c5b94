"""A source as it was read, written as source again."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.firmware import fdt
from dtlink.firmware.dts import read_file
from dtlink.firmware.errors import InputError
from dtlink.firmware.source.expressions import quoted, unescaped
from dtlink.firmware.source.outline import OutlinedNode, OutlinedProperty
from dtlink.firmware.tree import Tree
from dtlink.report.layout import plain
from dtlink.views.preprocess import Places, PreprocessView
from tests.firmware.source.sources import compiled
from tests.firmware.source.test_language import DTC, SOURCES, V1, contents

ROOT = Path(__file__).resolve().parents[3]
MORE = {
    "strings that need escapes": V1 + '/ { a = "\\"\\\\\\n\\t\\r\\x01\\xff\\x7f", "ä", "*/"; };',
    "numbers as they are written": V1 + "/ { a = <0x0010 010 'a' 7UL (1 << 31) (-1)>; };",
    "numbers of other widths": V1 + "/ { a = /bits/ 8 <0x0 (-1) 255>, /bits/ 64 <(1 << 40)>; };",
    "labels of the root": V1 + "/ { a = <&l &m>; };\nl: &{/} { b; };\nm: &{/} { };",
    "nothing in it": V1 + '/ { a = [], <>, ""; b = <>; c; };',
    "reservations": V1 + "/memreserve/ 0x1000 (1 << 12);\n/memreserve/ 1 2;\n/ { };",
    "a phandle that is deleted": V1
    + "/ { a: a { phandle = <7>; }; b { c = <&a &d>; }; d: d { }; };\n"
    "&a { /delete-property/ phandle; };",
    "omitted, with what it references": V1
    + "/ { /omit-if-no-ref/ x: x { c = <&a>; }; a: a { }; b: b { }; y { c = <&b &a>; }; };",
    "a macro": "#define P(n, v) n = <v>;\n#define N 0x10\n" + V1 + "/ { P(a, N) P(b, (N + 1)) };",
    "fragments": V1
    + "/plugin/;\n&x { a; };\n&{/p/q} { b = <&x 1>; n: n { c = <&n>; }; };\n/ { d; };",
}


#: An overlay that references what is omitted: dtc writes the phandle, and a fixup beside it.
NOT_WRITTEN = {"an overlay of what is omitted"}


def view(tree: Tree, node: str = "") -> PreprocessView:
    return PreprocessView.of(TreeBoard(tree), node)


def text(tree: Tree, places: Places = Places.ALL, *, columns: bool = False) -> str:
    return plain(view(tree).text(places, columns=columns))


def by_dtc(source: str) -> Tree:
    command = [str(DTC), "-q", "-I", "dts", "-O", "dtb", "-"]
    done = subprocess.run(command, input=source.encode(), capture_output=True, check=True)
    return fdt.read(done.stdout)


def everything(tree: Tree) -> object:
    return contents(tree), fdt.reservations(tree.blob)


@pytest.mark.parametrize("name", [*SOURCES, *MORE])
def test_what_is_written_makes_the_same_tree(name: str, tmp_path: Path) -> None:
    if name in NOT_WRITTEN:
        pytest.skip("a fixup of a phandle that is there: no source makes it")
    tree = compiled(tmp_path, {"a.dts": (SOURCES | MORE)[name]}).tree
    for places in Places:
        again = compiled(tmp_path, {"b.dts": text(tree, places)}).tree
        assert contents(again) == contents(tree)
        assert again.labels == tree.labels


@pytest.mark.skipif(DTC is None, reason="dtc is not installed")
@pytest.mark.parametrize("name", [*SOURCES, *MORE])
def test_dtc_makes_the_same_tree_of_it(name: str, tmp_path: Path) -> None:
    source = (SOURCES | MORE)[name]
    if "#define" in source or name in NOT_WRITTEN:
        pytest.skip("not for dtc alone, or not to be written")
    try:
        there = by_dtc(source)
    except subprocess.CalledProcessError:
        pytest.skip("this dtc is too old for it")
    tree = compiled(tmp_path, {"a.dts": source}).tree
    again = by_dtc(text(tree, columns=True))
    assert contents(again) == contents(tree)
    assert everything(again) == everything(there)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "fixtures/boards").glob("*.dts")), ids=lambda p: p.stem
)
def test_own_boards(path: Path, tmp_path: Path) -> None:
    tree = read_file(str(path))
    assert contents(compiled(tmp_path, {"a.dts": text(tree)}).tree) == contents(tree)


def kernel_sources() -> list[Path]:
    """Boards of a kernel's source, where one is beside the checkout or installed."""
    roots = (*ROOT.parent.glob("*"), *Path("/usr/src").glob("*"))
    tops = [each / "arch" for each in roots if (each / "scripts/dtc/include-prefixes").is_dir()]
    return sorted(path for top in tops[-1:] for path in top.glob("arm*/boot/dts/*/*.dts*"))


@pytest.mark.skipif(DTC is None, reason="dtc is not installed")
def test_boards_of_a_kernel() -> None:
    found = [each for each in kernel_sources() if each.suffix in (".dts", ".dtso")]
    if not found:
        pytest.skip("no kernel source beside the checkout")
    for path in random.Random(1).sample(found, 12):  # noqa: S311 - the same each time
        try:
            tree = read_file(str(path))
        except InputError:
            continue
        assert contents(by_dtc(text(tree, columns=True))) == contents(tree), path


FILES = {
    "b.dts": V1 + '#include "soc.dtsi"\n\n&uart {\n\tstatus = "okay";\n\tclocks = CLOCKS;\n};\n'
    "&uart {\n\tstatus = STATUS(fail);\n};\n",
    "soc.dtsi": "#define CLOCKS <&clk ID(1)>\n#define ID(n) n\n#define STATUS(x) #x\n"
    "/ {\n\tclk: clock { };\n"
    '\tuart: serial@1 {\n\t\tstatus = "disabled";\n\t\treg = <0x1 ID(2)>;\n\t};\n};\n',
}


def nodes(folder: Path) -> dict[str, OutlinedNode]:
    read = compiled(folder, FILES)
    return {each.path: each for each in read.outline(read.tree)}


def held(node: OutlinedNode, name: str) -> OutlinedProperty:
    return next(each for each in node.properties if each.name == name)


def test_places_are_in_the_order_of_reading(tmp_path: Path) -> None:
    uart = nodes(tmp_path)["/serial@1"]
    name = {str(tmp_path / each): each for each in FILES}
    status = held(uart, "status")
    assert status.value == '"fail"'
    assert [(name[each.file], each.line) for each in status.places] == [
        ("soc.dtsi", 7),
        ("b.dts", 5),
        ("b.dts", 9),
    ]
    assert [(name[each.file], each.line) for each in uart.places] == [
        ("soc.dtsi", 6),
        ("b.dts", 4),
        ("b.dts", 8),
    ]
    assert uart.labels == ["uart"]


def test_macros_are_those_of_the_property_alone(tmp_path: Path) -> None:
    uart = nodes(tmp_path)["/serial@1"]
    assert {each.name: (each.value, each.macros) for each in uart.properties} == {
        "status": ('"fail"', ["STATUS"]),
        "reg": ("<0x1 2>", ["ID"]),
        "clocks": ("<&clk 1>", ["CLOCKS"]),
    }


def test_the_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    shown = view(read_file("b.dts"), "uart")
    assert str(shown) == (
        "uart: serial@1 { /* soc.dtsi:6 */\n"
        '\tstatus = "fail"; /* b.dts:9 (STATUS) */\n'
        "\treg = <0x1 2>; /* soc.dtsi:8 (ID) */\n"
        "\tclocks = <&clk 1>; /* b.dts:6 (CLOCKS) */\n"
        "};"
    )
    whole = plain(shown.text(Places.ALL, columns=True))
    assert "serial@1 { /* soc.dtsi:6:8, b.dts:4:1, b.dts:8:1 */" in whole
    assert '"fail"; /* b.dts:9:2 (STATUS) overrides b.dts:5:2, soc.dtsi:7:3 */' in whole
    assert "/*" not in plain(shown.text(Places.NONE))


def test_the_name_of_a_file_cannot_end_a_comment(tmp_path: Path) -> None:
    name = "a*/ evil { }; /*\n\x1b[31m.dts"
    try:
        tree = compiled(tmp_path, {name: V1 + "/ { a; };"}).tree
    except OSError:
        name = "a*.dts"
        tree = compiled(tmp_path, {name: V1 + "/ { a; };"}).tree
    told = text(tree)
    assert "\x1b" not in told
    assert contents(compiled(tmp_path / "again", {"b.dts": told}).tree) == contents(tree)


@pytest.mark.parametrize("seed", range(20))
def test_strings_of_any_bytes(seed: int) -> None:
    data = random.Random(seed).randbytes(400)  # noqa: S311 - the same each time
    told = quoted(data)
    assert unescaped(told[1:-1]) == data
    assert told.isprintable()
