"""The language of devicetree source, as dtc reads it."""

from __future__ import annotations

import gc
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from weakref import ref

import pytest

from dtlink.firmware import dts, fdt
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
    "symbols that label": '/ { __symbols__ { x = "/b"; y = "/a"; }; a { }; x: b { }; c: c { }; };',
    "labels of an opened node": "/ { a: b: c { }; }; / { x: y: c { }; };",
    "a label that comes back": "/ { x: y: a { }; }; / { /delete-node/ a; }; / { z: y: a { }; };",
    "no label is left": "/ { x: a { }; }; / { /delete-node/ a; }; / { a { }; };",
    "omitted only if new": "/ { a { }; }; / { /omit-if-no-ref/ a { }; };",
    "phandle of an omitted node": "/ { /omit-if-no-ref/ a { b: b { }; }; c: c { d = <&b>; }; };",
    "deleted before it is there": "/ { p; /delete-property/ q; r; /delete-node/ a; b { }; };"
    "/ { q; a { }; };",
    "deleted, then made": "/ { /delete-property/ q; r; q; /delete-node/ a; b { }; a { }; };",
    "labelled memory": "l: m: /memreserve/ 0x1000 'a'; / { };",
    "two equal phandles": "/ { a { phandle = <3>; linux,phandle = <3>; }; };",
    "labels of properties": "/ { l: a = m: <1>; }; / { n: a = <2>; b = m: <1>; };",
}
SOURCES = {name: V1 + text for name, text in SOURCES.items()} | {
    "an overlay":
        V1 + "/plugin/;\n&base { a = <&other 1 &mine>; mine: b { c = <&other>; }; };\n"
        "&{/p} { d; };\n&mine { e; };",
    "an overlay of one tree":
        V1 + "/plugin/;\n"
        "/ { fragment@7 { target = <&x>; __overlay__ { y: z { a = <&y>; }; }; }; };",
    "an overlay of what is omitted":
        V1 + "/plugin/;\n/ { d = <&n>; /omit-if-no-ref/ a { n: b { c = <&x>; }; }; };",
    "an overlay that numbers itself":
        V1 + "/plugin/;\n/ { a: a { phandle = <&a>; }; b { phandle = <2>; }; };",
    "a plugin, twice": V1 + "/plugin/;\n" + V1 + "/plugin/;\n&x { };",
}  # fmt: skip

DTC = shutil.which("dtc")
#: What dtc does since 1.7.2 only.
NEW = {"symbols that label", "'@1' is not a name for a node"}


@cache
def is_old() -> bool:
    """Whether the installed dtc is older than 1.7.2."""
    shown = subprocess.run([str(DTC), "--version"], capture_output=True, text=True, check=True)
    numbers = re.findall(r"\d+", shown.stdout)[:3]
    return tuple(map(int, numbers)) < (1, 7, 2)


def contents(tree):
    return [(node.path, list(node.properties.items())) for node in tree]


@pytest.mark.skipif(DTC is None, reason="dtc is not installed")
@pytest.mark.parametrize("symbols", [False, True], ids=["plain", "symbols"])
@pytest.mark.parametrize("name", SOURCES)
def test_dtc_makes_the_same_tree(name, symbols, tmp_path):
    source = SOURCES[name]
    if name in NEW and is_old():
        pytest.skip("this dtc is too old for it")
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
    ("/ { a { phandle = <0>; }; };", 2, "phandle is not a phandle"),
    ("/ { b: b { };\n a { phandle = <&b>; }; };", 3, "phandle is a reference to another node"),
    ("/ { a = /bits/ 64 <&a>; };", 2, "a reference needs cells of 32 bits"),
    ("/ { a = /bits/ 7 <1>; };", 2, "/bits/ is followed by 8, 16, 32 or 64"),
    ("/ { a = [0]; };", 2, "a byte of two hexadecimal digits"),
    ("/ { a = <1> <2>; };", 2, "a ',' is missing"),
    ("/ { a = <1>,; };", 2, "a value is missing"),
    ("/ { a = ; };", 2, "a value is missing"),
    ("/ { a = <'ab'>; };", 2, "one character"),
    ("/ { a = <(1>; };", 2, "a:"),
    ("/ { a { } };", 2, "a ';' is missing after '}'"),
    ("/ { };\n};", 3, "expected a node, found '};'"),
    ("/ { a = 1; };", 2, "a: expected a value, found '1': a number is written <1>"),
    ("/ { a = <0xg1>; };", 2, "expected a number, a reference or '>', found '0xg1'"),
    ("/ { gmac: a { }; };\n&gmacc { };", 3, "no node &gmacc: did you mean &gmac?"),
    ("/ { cru: a { b = <&crv>; }; };", 2, "b: no node &crv: did you mean &cru?"),
    ("/ { cru: a { }; };\n/delete-node/ &cruu;", 3, "no node &cruu: did you mean &cru?"),
    ("/ {\n\ta {\n\t\tb;\n\tc { };\n};\n\n/ { };", 8, "'/' is opened within a node: is the"),
    ("/ {\n\ta { };\n\t/ { };\n};", 4, "expected a property or a node, found '/'"),
    ("/ { a: };", 2, "a label of nothing"),
    ("a { };", 2, "expected a node, found 'a'"),
    ("\u00e9: / { };", 2, "expected a node, found '\u00e9:'"),
    ("/ { \u00e9: a { }; };", 2, "expected a property or a node, found '\u00e9:'"),
    ("a: / { };", 2, "expected a node, found 'a:'"),
    ("/ { a { }; };\nb: c: &{/a} { };", 3, "expected a node, found 'b:'"),
    ("&{/} { };", 2, "no node &{/}"),
    ("/ { /delete-node/ a;\nb; };", 3, "properties come before nodes"),
    ("/ { /omit-if-no-ref/ a; };", 2, "/omit-if-no-ref/ comes before a node"),
    ("/ { };\n/memreserve/ 1 2;", 3, "/memreserve/ comes before nodes"),
    ("/memreserve/ 1;\n/ { };", 2, "/memreserve/ is followed by an address and a length"),
    ("/memreserve/ 1> , <2;\n/ { };", 2, "/memreserve/ is followed by"),
    ("/ { };\n/dts-v1/;", 3, "/dts-v1/; comes before all else"),
    ("/ { };\n/plugin/;", 3, "expected a node, found '/plugin/;'"),
    ("/dts-v1/; /plugin/;\n/ { };", 2, "one /dts-v1/; is followed by /plugin/; and one is not"),
    ("/ { l: a { }; };\n/ { l: b; };", 3, "the label 'l' is that of /a already"),
    ("/ { b = <l: 1>; };\n/ { l: c; };", 3, "the label 'l' is that of b of / already"),
    ("/ { b = <l: 1 l: 2>; };", 2, "the label 'l' is that of b of / already"),
    ("/ { a@1@2 { }; };", 2, "'a@1@2' is not a name for a node"),
    ("/ { @1 { }; };", 2, "'@1' is not a name for a node"),
    ("/ { a#b { }; };", 2, "'a#b' is not a name for a node"),
    ("/ { a@b; };", 2, "'a@b' is not a name for a property"),
    ('/ { a { name = "b"; }; };', 2, "the property 'name' is not the node's name"),
    ("/ { a { phandle = <1>;\nlinux,phandle = <2>; }; };", 3, "linux,phandle are different"),
    ("/ { a: a { phandle = <&a 1>; }; };", 2, "phandle is not a phandle"),
]


@pytest.mark.parametrize(("source", "line", "what"), REFUSED, ids=[row[2] for row in REFUSED])
def test_faults(source, line, what, tmp_path):
    with pytest.raises(SourceError) as caught:
        compiled(tmp_path, {"a.dts": V1 + source})
    first = caught.value.faults[0]
    assert what in first.message
    assert first.place.line == line


@pytest.mark.skipif(DTC is None, reason="dtc is not installed")
@pytest.mark.parametrize(("source", "line", "what"), REFUSED, ids=[row[2] for row in REFUSED])
def test_dtc_refuses_it_too(source, line, what, tmp_path):
    if what in NEW and is_old():
        pytest.skip(f"this dtc is too old to refuse line {line}")
    path = written(tmp_path, {"a.dts": V1 + source})
    command = [str(DTC), "-q", "-I", "dts", "-O", "null", path]
    assert subprocess.run(command, capture_output=True, check=False).returncode


def test_an_overlong_name_is_refused_at_its_line(tmp_path):
    """dtc takes it; see fdt.MAX_PROPERTY_NAME."""
    test_faults(f"/ {{\n{'a' * 1025} = <1>; }};", 3, "name has more than 1024 characters", tmp_path)


def test_a_number_that_is_too_large_is_cut(tmp_path):
    source = V1 + "/ { a = <0x123456789 (-1)>; b = /bits/ 8 <256 (-2)>; };"
    root = compiled(tmp_path, {"a.dts": source}).tree.root
    assert root.get("a") == word(0x23456789, 0xFFFFFFFF)
    assert root.get("b") == b"\x00\xfe"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("&{a/b} { };", "an overlay can't open a path below a label"),
        ("/ { a = <&{/b}>; };", "a: no node &{/b} in this overlay"),
        ("/ { a = &b; };", "a: no node &b"),
        ("/ { fragment@0 { }; };\n&x { };", "a second node 'fragment@0' in /"),
    ],
)
def test_faults_of_overlays(source, what, tmp_path):
    with pytest.raises(SourceError) as caught:
        compiled(tmp_path, {"a.dts": f"{V1}/plugin/;\n{source}"})
    assert what in caught.value.faults[0].message


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


def test_a_tree_is_freed_without_the_garbage_collector(tmp_path):
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        read = compiled(tmp_path, {"a.dts": V1 + "/ { a: a { c = <&a>; b { }; }; };"})
        tree, live = read.tree, ref(read._live.root.children["a"])
        assert tree.origins is not None
        del read
        assert tree.origins.location("/a/b") is not None
        assert live() is not None
        del tree
        assert live() is None
    finally:
        if was_enabled:
            gc.enable()


@pytest.mark.parametrize("blank", ["\xa0", "\x85", "\u2028", "\u3000"])
@pytest.mark.parametrize(
    "text", ["/ {{ {0}", "/ {{ a {0}", "/ {{ a = {0}", "/ {{ a = <{0}", "{0}", "&{0}"]
)
def test_blanks_that_are_not_of_c_are_words(text, blank):
    for times in (1, 50):
        with pytest.raises(SourceError):
            dts.read_text(V1 + text.format(blank * times))


@pytest.mark.parametrize("blank", ["\xa0", "\x85", "\u2028"])
def test_a_macro_of_blanks_that_are_not_of_c(blank):
    tree = dts.read_text(f"{V1}#define X {blank}\n#define Y X X\n/ {{ a = <X Y X>; }};\n")
    assert tree.root.properties == {"a": b""}
