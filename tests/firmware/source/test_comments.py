"""Comments that allow or expect findings: what they are about."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dtlink.firmware.overlay.merge import apply_overlays
from dtlink.firmware.source.comments import MAX_COMMENTS
from dtlink.firmware.source.coverage import Coverage
from dtlink.firmware.source.placed_comments import SourceComment
from dtlink.firmware.source.statements import Statements
from dtlink.firmware.tree import Location
from tests.firmware.source.sources import compiled, preprocessed

V1 = "/dts-v1/;\n"
#: The places of a board, each of which a comment may cover: node, property, and where it is set.
BOARD = """/dts-v1/;
@head@
#include "soc.dtsi" @included@

/ { @root@
	model = "m";
	@above_a@
	a { @in_a@
		x = <1>,
			<2>; @after_x@
		@above_y@
		y = <3>;
		b { @after_b@
			z;
		};
	};
};
@above_usb@
&usb {
	p;
}; @after_usb@
"""
SOC = """/* SPDX-License-Identifier: MIT */
@soc_head@

/ {
	@soc_above_usb@
	usb: usb@1 {
		q = <1>;
		port { r; };
	};
	c { s; };
};
"""
#: What each covers.
BOARD_PLACES = {"/:model", "/a:x", "/a:y", "/a/b:z", "/usb@1:p"}
SOC_PLACES = {"/usb@1:q", "/usb@1/port:r", "/c:s"}
A = {"/a:x", "/a:y", "/a/b:z"}
COVERED = {
    "head": BOARD_PLACES | SOC_PLACES,
    "included": SOC_PLACES,
    "root": {"/:model", *A},
    "above_a": A,
    "in_a": A,
    "after_x": {"/a:x"},
    "above_y": {"/a:y"},
    "after_b": {"/a/b:z"},
    "above_usb": {"/usb@1:p", "/usb@1:q"},
    "after_usb": {"/usb@1:p", "/usb@1:q"},
    "soc_head": SOC_PLACES,
    "soc_above_usb": {"/usb@1:p", "/usb@1:q", "/usb@1/port:r"},
}


def covered(comment: SourceComment, node: str, location: Location | None) -> bool:
    return bool(Coverage([comment]).covering(node, location))


def board(folder: Path, at: str, comment: str) -> set[str]:
    """The properties of the board that a comment in one place covers."""
    files = {"b.dts": BOARD, "soc.dtsi": SOC}
    for name in COVERED:
        text = comment if name == at else ""
        files = {file: held.replace(f"@{name}@", text) for file, held in files.items()}
    tree = compiled(folder, files)
    (found,) = tree.comments
    assert (found.kind, found.rules, found.reason, found.fault) == ("allow", ("cycle",), "why", "")
    places = [each.split(":") for each in sorted(BOARD_PLACES | SOC_PLACES)]
    return {
        f"{path}:{name}" for path, name in places if covered(found, path, tree.location(path, name))
    }


@pytest.mark.parametrize("at", COVERED)
@pytest.mark.parametrize(
    "comment", ["/* dtlink: allow cycle: why */", "// dtlink: allow cycle: why"]
)
def test_what_a_comment_covers(tmp_path: Path, at: str, comment: str) -> None:
    assert board(tmp_path, at, comment) == COVERED[at]


def comments(folder: Path, text: str, **others: str) -> list[SourceComment]:
    files = {"b.dts": text, **{name.replace("_", "."): held for name, held in others.items()}}
    return list(compiled(folder, files).comments)


def covers(comment: SourceComment, line: int, column: int = 1) -> bool:
    return covered(comment, "/none", Location(comment.place.file, line, column))


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("allow cycle: why", ("allow", ("cycle",), "why")),
        ("expect a/b, c/d: two: of them", ("expect", ("a/b", "c/d"), "two: of them")),
        ("allow a/b,c,a/b :  why\n\t * \tgoes on\n\t", ("allow", ("a/b", "c"), "why goes on")),
    ],
)
def test_the_form(tmp_path: Path, body: str, read: tuple[str, tuple[str, ...], str]) -> None:
    (found,) = comments(tmp_path, f"/* dtlink: {body} */ {V1} / {{ }};")
    assert (found.kind, found.rules, found.reason) == read
    assert not found.fault


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("allow cycle", "the reason is missing"),
        ("allow cycle:  ", "the reason is missing"),
        ("allow : why", "no rule is named"),
        ("expect", "no rule is named"),
        ("disable cycle: why", "allow or expect"),
        ("", "allow or expect"),
        ("allow " + ",".join(f"r{n}" for n in range(51)) + ": why", "more than 50 rules"),
    ],
)
def test_what_is_not_of_the_form_is_a_fault(tmp_path: Path, body: str, fault: str) -> None:
    (found,) = comments(tmp_path, f"{V1} / {{\n\tx; /* dtlink:{body} */\n}};")
    assert fault in found.fault
    assert found.place[:3] == (str(tmp_path / "b.dts"), 3, 8)


@pytest.mark.parametrize(
    "text",
    [
        "/ { x;\n\t/* dtlink: allow cycle: why */\n};",
        "/ { };\n/* dtlink: allow cycle: why */\n",
        "/ { };\n#define X /* dtlink: allow cycle: why */ 1\n",
        "/ { };\n#define X 1 // dtlink: allow cycle: why\n",
        "/ { };\n#define X \\\n /* dtlink: allow cycle: why */ \\\n 1\n",
        "/ { };\n#ifndef X // dtlink: allow cycle: why\n#endif\n",
    ],
)
def test_a_comment_about_nothing_is_a_fault(tmp_path: Path, text: str) -> None:
    (found,) = comments(tmp_path, V1 + text)
    assert "about" in found.fault


def test_other_comments_and_strings_are_none(tmp_path: Path) -> None:
    text = V1 + '/ { a = "/* dtlink: allow a: b */"; /* see dtlink: allow */ // a dtlink: x\n };'
    assert comments(tmp_path, text) == []


def test_what_the_preprocessor_passes_over_does_not_count(tmp_path: Path) -> None:
    text = V1 + (
        "/ {\n#ifdef X\n/* dtlink: allow a: one */ x;\n#else\n/* dtlink: allow a: two */ y;\n"
        "#endif\n};\n#if 0\n#include <none.dtsi> // dtlink: allow a: three\n#endif\n"
    )
    assert [each.reason for each in comments(tmp_path, text)] == ["two"]


def test_directly_above_a_node_a_comment_at_the_head_is_about_the_node(tmp_path: Path) -> None:
    comment = "/* dtlink: allow cycle: why */"
    below = "\n/ { a; };\n&{/} { b; };\n"
    (near,) = comments(tmp_path, f"{V1}{comment}{below}")
    (apart,) = comments(tmp_path, f"{V1}{comment}\n{below}")
    (first,) = comments(tmp_path, f"{comment}\n{V1}{below}")
    assert [covers(near, line) for line in (2, 3, 4)] == [False, True, False]
    assert near.nodes == ("/",)
    assert all(covers(each, line) for each in (apart, first) for line in (1, 2, 3, 4, 5))


def test_a_comment_in_a_shared_file_is_placed_once(tmp_path: Path) -> None:
    part = "P { /* dtlink: allow cycle: why */ x; };\n"
    text = V1 + '/ {\n#define P a\n#include "part.dtsi"\n#undef P\n#define P b\n'
    text += '#include "part.dtsi"\n};\n'
    (found,) = comments(tmp_path, text, part_dtsi=part)
    assert found.nodes == ("/a", "/b")
    assert found.place.chain == ((str(tmp_path / "b.dts"), 4),)


def test_branches_that_open_a_node_each(tmp_path: Path) -> None:
    text = V1 + (
        "/ {\n#ifdef X\na {\n#else\nb {\n#endif\n\tx; // dtlink: allow cycle: why\n\ty;\n};\n"
        "z { };\n};\n"
    )
    (found,) = comments(tmp_path, text)
    assert [covers(found, line, 2) for line in (6, 8, 9, 11)] == [False, True, False, False]


def test_there_is_a_bound(tmp_path: Path) -> None:
    text = V1 + "/ {\n" + "x; // dtlink: allow a: b\n" * 1 + "};\n"
    many = "".join(f"p{n}; // dtlink: allow a: b\n" for n in range(MAX_COMMENTS + 5))
    found = comments(tmp_path, text.replace("x;", f"{many} x;"))
    assert len(found) == MAX_COMMENTS + 1
    assert [bool(each.fault) for each in found[-2:]] == [False, True]
    assert "more than 1000" in found[-1].fault


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_keeps_statements_from_ending(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same each time
    text = (
        V1 + BOARD.replace("@", "") + "&{/a} { x = &{/a/b}, \"};\", '}', [00]; };\n#if 1\n}\n#else"
    )
    parts = [text[at : at + 7] for at in range(0, len(text), 7)]
    rng.shuffle(parts)
    damaged = "/* dtlink: allow a: b */" + "".join(parts[: rng.randrange(len(parts))])
    file = preprocessed(tmp_path, {"b.dts": damaged}).inclusions[0].file
    statements = Statements(file)
    for place in range(0, len(damaged), 3):
        around = statements.around(place)
        assert around is None or around.start <= place < around.end
        after = statements.after(place)
        assert after is None or after.start > place


def test_an_overlay_s_comments_are_about_the_nodes_of_the_merged_tree(tmp_path: Path) -> None:
    base = compiled(tmp_path, {"base.dts": V1 + "/ { s: soc { x; }; };"}, symbols=True)
    text = V1 + "/plugin/;\n\n/* dtlink: allow cycle: why */\n&s {\n\ty;\n\tnew { z; };\n};\n"
    overlay = compiled(tmp_path, {"o.dtso": text})
    merged = apply_overlays(base.tree, [("o.dtso", overlay.tree)])
    assert merged.origins is not None
    (found,) = merged.origins.comments
    places = [("/soc", "x"), ("/soc", "y"), ("/soc/new", "z")]
    about = [covered(found, path, merged.origins.location(path, name)) for path, name in places]
    assert about == [True, True, True]
    assert not covered(found, "/", merged.origins.location("/"))
