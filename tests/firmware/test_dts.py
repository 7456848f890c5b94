"""Source is read as the same tree as the blob that dtc compiles from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dtlink.firmware import dts, fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import read
from dtlink.firmware.tree import Tree
from dtlink.links.graph import Graph
from tests.support.blobs import word
from tests.support.boards import FIXTURES
from tests.support.limits import at_most

SOURCES = sorted(FIXTURES.glob("*.dts"))
PHANDLES = ("phandle", "linux,phandle")


def same_value(one: bytes, other: bytes, trees: tuple[Tree, Tree]) -> bool:
    """Whether two values are equal, treating two phandles of the same node as equal."""
    if one == other:
        return True
    if len(one) != len(other):
        return False
    for at in range(0, len(one), 4):
        cells = one[at : at + 4], other[at : at + 4]
        nodes = [
            tree.phandles.get(int.from_bytes(cell, "big"))
            for tree, cell in zip(trees, cells, strict=True)
        ]
        paths = [
            None if node is None else tree.path(node)
            for tree, node in zip(trees, nodes, strict=True)
        ]
        if cells[0] != cells[1] and (paths[0] is None or paths[0] != paths[1]):
            return False
    return True


def nodes_of(tree: Tree) -> dict[str, dict[str, bytes]]:
    """The nodes' properties by path, without the nodes and properties for labels and phandles."""
    return {
        node.path: {key: value for key, value in node.properties.items() if key not in PHANDLES}
        for node in tree
        if not node.path.startswith("/__symbols__")
    }


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_source_and_blob_are_one_tree(source):
    trees = read(source), read(source.with_suffix(".dtb"))
    ours, theirs = map(nodes_of, trees)
    assert list(ours) == list(theirs)
    for path, properties in ours.items():
        assert list(properties) == list(theirs[path]), path
        for name, value in properties.items():
            assert same_value(value, theirs[path][name], trees), (path, name)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_source_and_blob_have_the_same_links(source):
    ours, theirs = (
        [
            (link.consumer.path, link.supplier.path, link.node.path, link.entry, link.args)
            for link in Graph.of(read(path)).links
        ]
        for path in (source, source.with_suffix(".dtb"))
    )
    assert ours == theirs
    assert ours


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_source_and_blob_have_the_same_labels(source):
    ours, theirs = read(source), read(source.with_suffix(".dtb"))
    assert set(ours.labels) == set(theirs.labels)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_location_of_every_node_is_its_line_in_the_source(source):
    lines = source.read_text(encoding="utf-8").splitlines()
    for node in (tree := read(source)):
        place = tree.origins.location(node.path)
        assert place.file == str(source)
        assert (node.name or "/") in lines[place.line - 1], node.path


def test_a_patch_sets_what_the_parser_rejects():
    source = "/ { a: a { phandle = <1>; }; b { c = <&a>; }; };"
    tree = dts.read_text(source, patch={"/b:phandle": word(1), "/new/er:x": b"y"})
    assert [odd.kind for odd in tree.oddities] == ["duplicate-phandle"]
    assert tree.find("/new/er").get("x") == b"y"


SOURCE = """/dts-v1/;
/ {
    first: also: a { };
    b { inner { }; };
    gone { x; };
    c { };
};
/ { /delete-node/ gone; };
&first { y; };
&{/b} { inner { z; }; d { }; };
"""


def test_locations_and_labels(tmp_path):
    path = tmp_path / "board.dts"
    path.write_text(SOURCE, encoding="utf-8")
    tree = read(path)
    lines = {"/": 2, "/a": 3, "/b": 4, "/b/inner": 4, "/b/d": 10, "/c": 6}
    assert {node.path for node in tree} == set(lines)
    for node, line in lines.items():
        assert tree.origins.location(node)[:2] == (str(path), line)
    assert tree.labels == {"/a": "first"}
    assert tree.find("&first").path == "/a"
    assert tree.find("/a").has("y")
    assert tree.find("/b/inner").has("z")


def test_a_node_does_not_get_the_location_of_a_deleted_one():
    # The parser may reuse the memory of a deleted node for the next one.
    for count in range(1, 20):
        gone = [f"g{number} {{ }};" for number in range(count)]
        deleted = [f"/delete-node/ g{number};" for number in range(count)]
        kept = [f"k{number} {{ }};" for number in range(20)]
        lines = ["/dts-v1/;", "/ {", *gone, "};", "/ {", *deleted, *kept, "};"]
        tree = dts.read_text("\n".join(lines))
        for node in tree.root.children:
            assert lines[tree.origins.location(node.path).line - 1].startswith(node.name)


def test_a_missing_property_is_missed_in_the_last_opening_that_sets_one(tmp_path):
    """In the source itself, if a property is set there: later files may only add child nodes."""
    (tmp_path / "soc.dtsi").write_text(
        "/ { bus: bus { x; }; i2c: i2c { x; }; };\n", encoding="utf-8"
    )
    (tmp_path / "keys.dtsi").write_text("&i2c { z; };\n&bus { keys { }; };\n", encoding="utf-8")
    path = tmp_path / "board.dts"
    path.write_text(
        '/dts-v1/;\n#include "soc.dtsi"\n&i2c { y; };\n&i2c { codec { }; };\n'
        '&bus { port { }; };\n#include "keys.dtsi"\n/ { alone { }; };\n/ { alone { }; };\n',
        encoding="utf-8",
    )
    origins = read(path).origins

    def missed(node: str) -> tuple[str, int]:
        place = origins.location(node, "clocks")
        return Path(place.file).name, place.line

    assert missed("/i2c") == ("board.dts", 3)
    assert missed("/bus") == ("soc.dtsi", 1)
    assert missed("/alone") == ("board.dts", 8)
    assert origins.location("/i2c")[1:3] == (1, 27)


def test_locations_name_included_files(tmp_path):
    (tmp_path / "soc.dtsi").write_text("\n/ { soc: soc { dev { }; }; };\n", encoding="utf-8")
    path = tmp_path / "board.dts"
    path.write_text('/dts-v1/;\n/include/ "soc.dtsi"\n&soc { more; };\n', encoding="utf-8")
    tree = read(path)
    place = tree.origins.location("/soc/dev")
    assert place[:3] == (str(tmp_path / "soc.dtsi"), 2, 16)
    assert place.chain == ((str(path), 2),)
    assert tree.find("/soc").has("more")


def test_a_file_has_one_name_whichever_way_it_is_included(tmp_path, monkeypatch):
    source, prefixes = "arch/arm/boot/dts", tmp_path / "scripts/dtc/include-prefixes"
    (tmp_path / source).mkdir(parents=True)
    prefixes.mkdir(parents=True)
    (prefixes / "arm").symlink_to(tmp_path / source)
    (tmp_path / source / "soc.dtsi").write_text("/ { soc { }; };\n", encoding="utf-8")
    for name, include in (("a", '"soc.dtsi"'), ("b", "<arm/soc.dtsi>")):
        text = f"/dts-v1/;\n#include {include}\n"
        (tmp_path / source / f"{name}.dts").write_text(text, encoding="utf-8")

    def file_of_soc(board: str) -> str:
        return read(board).origins.location("/soc").file

    monkeypatch.chdir(tmp_path)
    assert {file_of_soc(f"{source}/{name}.dts") for name in "ab"} == {f"{source}/soc.dtsi"}
    paths = {file_of_soc(f"{tmp_path}/{source}/{name}.dts") for name in "ab"}
    assert paths == {f"{tmp_path}/{source}/soc.dtsi"}


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ('/include/ "gone.dtsi"\n/ { };', "gone.dtsi"),
        ('/include/ "."\n/ { };', "not a regular file"),
        ('/include/ "board.dts"\n/ { };', "recursive"),
        ('/ { a = /incbin/("gone.bin"); };', "gone.bin"),
        ('/include/ "/dev/zero"\n/ { };', "/dev/zero is outside the tree"),
        ('/ { a = /incbin/("/dev/zero"); };', "/dev/zero is outside the tree"),
        ('/ { a = /incbin/("pipe"); };', "pipe is not a regular file"),
        ('/ { a = /incbin/("-"); };', "- was not found"),
        ('/ { model = /incbin/("/proc/self/environ"); };', "outside the tree"),
        ('/ { a = /incbin/("../../../../../../../../../etc/passwd"); };', "outside the tree"),
        ('/ { a = /incbin/("link"); };', "outside the tree"),
        ('/include/ "large"\n/ { };', "large is too large"),
    ],
)
def test_a_bad_include_is_reported(source, what, tmp_path):
    path = tmp_path / "board.dts"
    path.write_text("/dts-v1/;\n" + source, encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(fdt.MAX_SIZE + 1)
    with pytest.raises(InputError) as caught, at_most():
        read(path)
    assert what in str(caught.value)
    assert caught.value.path == str(path)


def test_files_beside_the_source_are_included(tmp_path):
    (tmp_path / "dts").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "common.dtsi").write_text("/ { common; };", encoding="utf-8")
    (tmp_path / "data").write_bytes(b"0123")
    path = tmp_path / "dts" / "board.dts"
    path.write_text(
        '/dts-v1/;\n/include/ "../common.dtsi"\n'
        '/ { all = /incbin/("../data"); a = /incbin/("../data", 1, 0x7fffffffffffffff); };',
        encoding="utf-8",
    )
    root = read(path).root
    assert root.has("common")
    assert (root.properties["all"], root.properties["a"]) == (b"0123", b"123")


def test_a_source_includes_files_of_its_repository_alone(tmp_path):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "secret").write_text("/ { secret; };", encoding="utf-8")
    path = tmp_path / "repository" / "board.dts"
    path.write_text('/dts-v1/;\n/include/ "../secret"\n/ { };', encoding="utf-8")
    with pytest.raises(InputError, match="outside the tree"):
        read(path)


# Each row: the source after "/dts-v1/;\n", the reported line, a part of the message.
BAD = [
    ("/ {\n a = <1\n};", 3, "a: the value does not end"),
    ("/ {\n a { };\n b\n};", 4, "after 'b': is a ';' missing"),
    ("/ {\n a = <1>\n b = <2>;\n};", 3, "a: expected ',' or ';', found 'b': is a ';' missing?"),
    ("/ {\n a = <(1 / 0)>;\n};", 3, "division by zero"),
    ("/ {\n a = <08>;\n};", 3, "08 is not an octal number"),
    ("/ {\n a = <x>;\n};", 3, "found 'x', which is not a macro: is an #include missing?"),
    ("", 1, "no node"),
    ("/ {\n a { };\n /delete-node/ a;\n};", 4, "opened and deleted in one place"),
    ("/ {\n a { };\n b;\n};", 4, "properties come before nodes"),
    ("/ {\n a { };\n a { };\n};", 4, "a second node 'a' in /"),
    ("/ {\n a;\n a;\n};", 4, "the property 'a' is set twice"),
    ("/ {\n x: a { };\n x: b { };\n};", 4, "the label 'x' is that of /a already"),
    ("/ { };\n&nobody { };", 3, "no node &nobody"),
    ('#include "soc.dtsi"\n/ { };', 2, "soc.dtsi was not found"),
    ("#if 1\n/ { };", 2, "#if without #endif"),
    ("#endif\n/ { };", 2, "#endif without #if"),
    ("#error no board\n/ { };", 2, "#error no board"),
]


@pytest.mark.parametrize(("source", "line", "what"), BAD)
def test_bad_source_is_rejected_with_its_line(source, line, what, tmp_path):
    path = tmp_path / "board.dts"
    path.write_text("/dts-v1/;\n" + source, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(path)
    assert what in caught.value.message
    assert f"board.dts:{line}:" in caught.value.message
    assert caught.value.offset is None


@pytest.mark.parametrize(
    "source",
    [
        "/ { a = <&nobody>; };",
        "/ { a { phandle = <1>; }; b { phandle = <1>; }; };",
        "/ { a = <" + "(" * 50_000 + "1" + ")" * 50_000 + ">; };",
        "/ {" + " n {" * 64 + " };" * 64 + " };",
        "/ {" + " n {" * 50_000 + " };" * 50_000 + " };",
        "#include\xff\n/ { };",
    ],
    ids=["undefined label", "one phandle twice", "parentheses", "65 levels", "50000 levels",
         "not ASCII"],
)  # fmt: skip
def test_other_bad_source_is_rejected(source, tmp_path):
    path = tmp_path / "board.dts"
    path.write_bytes(b"/dts-v1/;\n" + source.encode("latin-1"))
    with at_most(), pytest.raises(InputError):
        read(path)


def test_64_levels_of_source_are_read():
    assert len(dts.read_text("/ {" + " n {" * 63 + " };" * 63 + " };")) == 64


def test_values_of_every_kind():
    source = """
    / {
        cells = <1 0xffffffff (2 + 3) (1 << 31)>;
        wide = /bits/ 64 <1>, /bits/ 16 <2 3>, /bits/ 8 <4>;
        text = "one", "two\\n";
        bytes = [de ad be ef 01];
        mixed = "a", <1>;
        empty;
        ref = <&there 7>, &there;
        there: there { };
    };
    """
    root = dts.read_text(source).root
    assert root.get("cells") == word(1, 0xFFFFFFFF, 5, 1 << 31)
    assert root.get("wide") == bytes(7) + b"\1\0\2\0\3\4"
    assert root.get("text") == b"one\0two\n\0"
    assert root.get("bytes") == bytes.fromhex("deadbeef01")
    assert root.get("mixed") == b"a\0" + word(1)
    assert root.get("empty") == b""
    assert root.get("ref") == word(root.child("there").phandle, 7) + b"/there\0"
    assert root.strings("text") == ("one", "two\n")


def test_numbers_have_64_bits_as_in_dtc():
    source = "/ { a = <((1 << 63) * 2 + 1) (1 << 64) (-1) (1 << (0 - 1))>; };"
    assert dts.read_text(source).root.get("a") == word(1, 0, 0xFFFFFFFF, 0)
