"""The language of devicetree source, as dtc reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dtlink.firmware import fdt
from dtlink.firmware.source.errors import SourceError
from tests.firmware.source.sources import compiled, written
from tests.support.blobs import word

V1 = "/dts-v1/;\n"

# Sources that dtc and dtlink must read as the same tree, each for one construct.
SOURCES = {
    "labels": "/ { a: b: c@1 { x = <&a &b>; y = l1: <l2: 1 l3:> l4:; }; };",
    "label of an opened node": "/ { a { }; }; new: &{/a} { x = <&new>; };",
    "opened in three ways": "/ { s: s { t { }; }; }; &s { a; }; &{/s/t} { b; }; &{s/t} { c; };",
    "a value that changes": "/ { x = <1>; y = <2>; }; / { x = <3>; };",
    "deleted and set again": "/ { x = <1>; y; }; / { /delete-property/ x; }; / { z; x = <2>; };",
    "opened again": "/ { a { p; q { r; }; }; b { }; }; / { /delete-node/ a; }; / { a { n; }; };",
    "a node deleted by label": "/ { x: a { }; b { }; }; /delete-node/ &x;",
    "a node deleted by path": "/ { a { }; b { }; }; /delete-node/ &{/a};",
    "a label that moves": "/ { x: a { }; }; / { /delete-node/ a; x: d { }; e { f = <&x>; }; };",
    "a label twice": "/ { x: a { }; }; / { x: b { }; }; / { /delete-node/ a; c { d = <&x>; }; };",
    "omitted": "/ { /omit-if-no-ref/ a: a { }; /omit-if-no-ref/ b: b { }; c { d = <&b>; }; };",
    "omitted by reference": "/ { a: a { b: b { }; }; c { d = <&b>; }; }; /omit-if-no-ref/ &a;",
    "phandles": "/ { a: a { phandle = <2>; }; b: b { }; c: c { }; d { e = <&c &b &a>; }; };",
    "a phandle of its own": "/ { c = <&b &a>; a: a { phandle = <&a>; }; b: b { }; };",
    "paths": '/ { c = &a, "x", &b; d = <&b>; e = &{/a/b}; a: a { b: b { }; }; };',
    "widths": "/ { a = /bits/ 8 <1 0xff>, /bits/ 16 <0x12 (-1)>, /bits/ 64 <0x123456789abcdef>; };",
    "bytes": "/ { a = [00 11 aAfF], [] , [ l: 0 1 ]; };".replace("0 1", "01"),
    "strings": r'/ { a = "x\ty\n\x41\101\"\\", "", "z"; b = "a;b{c}//d/*e*/"; };',
    "characters": r"/ { a = <'a' '\n' '\x41' '\'' ';' '}'>; };",
    "literals": "/ { a = <0 010 0x10 10UL 0xffULL 4294967295>; };",
    "expressions": "/ { a = <(1 + 2 * 3) (7 % 4) (~0 & 0xff) (1 ? 2 : 3) (1 << 4 | 1) (5 > 3) "
    "(!5) (-3 / 2 & 0xff)>; };",
    "names": "/ { #a,b._+*?-c = <1>; 1-2; \\delete-node; d@e,f+1 { }; 0 { }; };",
    "a value of several kinds": '/ { a = <1>, "b", [cc], <&x>, &x; x: x { }; };',
    "comments": "/* a */ / { // b\n a /* c */ = /* d */ <1 /* e */ 2>; /* f { */ };",
    "reserved memory": "/memreserve/ 0x1000 (0x10 + 1); / { };",
    "name of the node": '/ { a@1 { name = "a"; }; };',
    "no blanks": '/{a{b=<1>,"c";d;};};&{/a}{e;};',
    "symbols there already": '/ { x: a { }; __symbols__ { y = "/a"; }; };',
}
SOURCES = {name: V1 + text for name, text in SOURCES.items()} | {
    "an overlay":
        V1 + "/plugin/;\n&base { a = <&other 1 &mine>; mine: b { c = <&other>; }; };\n"
        "&{/p} { d; };\n&mine { e; };",
    "an overlay of one tree":
        V1 + "/plugin/;\n"
        "/ { fragment@7 { target = <&x>; __overlay__ { y: z { a = <&y>; }; }; }; };",
    "a plugin, twice": V1 + "/plugin/;\n" + V1 + "/plugin/;\n&x { };",
}  # fmt: skip

DTC = shutil.which("dtc")


def contents(tree):
    return [(node.path, list(node.properties.items())) for node in tree]


@pytest.mark.skipif(DTC is None, reason="dtc is not installed")
@pytest.mark.parametrize("symbols", [False, True], ids=["plain", "symbols"])
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_dtc_makes_the_same_tree(source, symbols, tmp_path):
    path = written(tmp_path, {"a.dts": source})
    options = ["-@"] if symbols else []
    command = [str(DTC), "-q", *options, "-I", "dts", "-O", "dtb", path]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode and b"syntax error" in done.stderr:
        pytest.skip("this dtc is too old for it")
    assert done.returncode == 0, done.stderr
    ours = compiled(tmp_path, {"a.dts": source}, symbols=symbols).tree
    assert contents(ours) == contents(fdt.read(done.stdout))


# Sources that dtc refuses, each with the line and a part of the message.
REFUSED = [
    ("/ { a = <&x>; };", 2, "a: no node &x"),
    ("/ { a = &{/x}; };", 2, "a: no node &{/x}"),
    ("/ { };\n/delete-node/ &x;", 3, "no node &x"),
    ("/ { a: a { }; };\n/ {\n a: b { }; };", 4, "the label 'a' is that of /a already"),
    ("/ { a { phandle = <1>; };\n b { phandle = <1>; }; };", 3, "the phandle 0x1 is that of /a"),
    ("/ { a { phandle = <0>; }; };", 2, "phandle is no phandle"),
    ("/ { b: b { };\n a { phandle = <&b>; }; };", 3, "phandle is a reference to another node"),
    ("/ { a = /bits/ 64 <&a>; };", 2, "a reference needs cells of 32 bits"),
    ("/ { a = /bits/ 7 <1>; };", 2, "/bits/ is followed by 8, 16, 32 or 64"),
    ("/ { a = /bits/ 8 <256>; };", 2, "0x100 does not fit in 8 bits"),
    ("/ { a = [0]; };", 2, "a byte of two hexadecimal digits"),
    ("/ { a = <1> <2>; };", 2, "a ',' is missing"),
    ("/ { a = <1>,; };", 2, "a value is missing"),
    ("/ { a = ; };", 2, "a value is missing"),
    ("/ { a = <'ab'>; };", 2, "one character"),
    ("/ { a = <(1>; };", 2, "a:"),
    ("/ { a { } };", 2, "a ';' is missing after '}'"),
    ("/ { };\n};", 3, "expected a node, found '};'"),
    ("/ { a: };", 2, "a label of nothing"),
    ("a { };", 2, "expected a node, found 'a'"),
]


@pytest.mark.parametrize(("source", "line", "what"), REFUSED, ids=[row[2] for row in REFUSED])
def test_faults(source, line, what, tmp_path):
    with pytest.raises(SourceError) as caught:
        compiled(tmp_path, {"a.dts": V1 + source})
    first = caught.value.faults[0]
    assert what in first.message
    assert first.place.line == line


@pytest.mark.skipif(DTC is None, reason="dtc is not installed")
@pytest.mark.parametrize("source", [row[0] for row in REFUSED], ids=[row[2] for row in REFUSED])
def test_dtc_refuses_it_too(source, tmp_path):
    path = written(tmp_path, {"a.dts": V1 + source})
    command = [str(DTC), "-q", "-I", "dts", "-O", "null", path]
    assert subprocess.run(command, capture_output=True, check=False).returncode


def test_every_fault_of_a_file_is_reported(tmp_path):
    source = (
        "/ {\n a = <1;\n b = <2>;\n c { d = <x>; };\n e! { f; };\n g = &none;\n};\n&h { i; };\n"
    )
    with pytest.raises(SourceError) as caught:
        compiled(tmp_path, {"a.dts": V1 + source})
    assert [fault.place.line for fault in caught.value.faults] == [3, 5, 6, 7, 9]


def test_properties_and_nodes_keep_all_their_places(tmp_path):
    tree = compiled(
        tmp_path,
        {
            "a.dts": V1 + '#include "b.dtsi"\n&x {\n  p = <1\n   &x>;\n};\n',
            "b.dtsi": "/ {\n x: a {\n  p = <0>;\n };\n};\n",
        },
    )
    places = [(Path(each.file).name, each.line, each.column) for each in tree.property("/a", "p")]
    assert places == [("b.dtsi", 3, 3), ("a.dts", 4, 3)]
    places = [(Path(each.file).name, each.line, each.column) for each in tree.node("/a")]
    assert places == [("b.dtsi", 2, 5), ("a.dts", 3, 1)]
    assert tree.tree.find("/a").get("p") == word(1, tree.tree.find("/a").phandle)
    assert tree.node("/nowhere") == tree.property("/a", "q") == []
