"""Edits of a tree as edits of its source: what stays the same keeps its text.

``pytest -m corpus -s tests/firmware/source/test_rewrite.py`` prints the figures for the sources of
Linux.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from dtlink.firmware.dts import read_source_file
from dtlink.firmware.edits import AddNode, DeleteProperty, Hex, NodeRef, SetProperty, TreeEdit
from dtlink.firmware.errors import InputError
from dtlink.firmware.text_edits import EditConflictError, TextEdit, edited, in_order, patch
from tests.firmware.source.sources import written
from tests.support.boards import FIXTURES
from tests.support.kernel_sources import sources, trees
from tests.support.rewrites import draw, outcome

SEED = 20261130

CLOCK, GPIO, DEVICE = NodeRef("/clk@2", "clk"), NodeRef("/gpio@1", "gpio"), NodeRef("/dev@3")
BOARD = """/dts-v1/;
#define TWO 2 3
#define WHOLE <&clk 1>
/ {
	gpio: gpio@1 { gpio-controller; #gpio-cells = <2>; };
	clk: clk@2 {
		#clock-cells = <1>;	/* one */
		status = "okay";
	};
	dev@3 {
		compatible = "x", "y";
		masters = <&clk 1 2>, /* first */
			  <&gpio (1 + 2) 0x10>;
		clocks = <&clk 1>, <&clk TWO 4>;
		flat = <&clk 1 &clk 2>;
		made = WHOLE;
		bytes = [01 02];
		flag;
		old-gpio = <&gpio 1 0>; /* card */

		child { };
	};
	bar { };
};
"""  # noqa: E101


def changed(tmp_path: Path, *edits: TreeEdit) -> list[str]:
    """The lines that edits remove and add; the source then makes the edited tree."""
    path = written(tmp_path, {"board.dts": BOARD})
    found = outcome(path, list(edits))
    assert found.word == "same", found.detail
    lines = patch("x", BOARD.encode(), found.files[path].encode())
    return [
        line.rstrip("\n") for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]


def refused(tmp_path: Path, *edits: TreeEdit) -> str:
    found = outcome(written(tmp_path, {"board.dts": BOARD}), list(edits))
    assert found.word == "refused"
    return found.detail


def test_a_new_entry_stands_below_the_others(tmp_path: Path) -> None:
    value = ((CLOCK, 1, 2), (GPIO, 3, 0x10), (CLOCK, 7))
    assert changed(tmp_path, SetProperty(DEVICE, "masters", value)) == [
        "-\t\t\t  <&gpio (1 + 2) 0x10>;",
        "+\t\t\t  <&gpio (1 + 2) 0x10>,",
        "+\t\t\t  <&clk 7>;",
    ]


def test_only_the_word_that_differs_is_written_anew(tmp_path: Path) -> None:
    value = ((CLOCK, 1, 2), (GPIO, 3, Hex(0x11)))
    assert changed(tmp_path, SetProperty(DEVICE, "masters", value)) == [
        "-\t\t\t  <&gpio (1 + 2) 0x10>;",
        "+\t\t\t  <&gpio (1 + 2) 0x11>;",
    ]


def test_comments_beside_an_entry_that_goes_are_kept(tmp_path: Path) -> None:
    assert changed(tmp_path, SetProperty(DEVICE, "masters", ((CLOCK, 1, 2),))) == [
        "-\t\tmasters = <&clk 1 2>, /* first */",
        "-\t\t\t  <&gpio (1 + 2) 0x10>;",
        "+\t\tmasters = <&clk 1 2> /* first */;",
    ]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (((CLOCK, 1), (CLOCK, 2, 3, 5)), "<&clk 1>, <&clk TWO 5>"),
        (((CLOCK, 1),), "<&clk 1>"),
        (((CLOCK, 2, 3, 4),), "<&clk TWO 4>"),
        (((CLOCK, 1), (CLOCK, 2, 4)), "<&clk 1>, <&clk 2 4>"),
        (((CLOCK, 1, 9), (CLOCK, 2, 3, 4)), "<&clk 1 9>, <&clk TWO 4>"),
        (((CLOCK, 9, 1), (CLOCK, 2, 3, 4)), "<&clk 9 1>, <&clk TWO 4>"),
        (((CLOCK, 2, 3, 4), (CLOCK, 1)), "<&clk TWO 4>, <&clk 1>"),
    ],
)
def test_macros_stay_where_their_words_do(
    tmp_path: Path, value: tuple[tuple[int | NodeRef, ...], ...], line: str
) -> None:
    assert changed(tmp_path, SetProperty(DEVICE, "clocks", value)) == [
        "-\t\tclocks = <&clk 1>, <&clk TWO 4>;",
        f"+\t\tclocks = {line};",
    ]


def test_entries_in_one_pair_of_brackets_stay_there(tmp_path: Path) -> None:
    value = ((CLOCK, 1), (GPIO, 8), (CLOCK, 2))
    assert changed(tmp_path, SetProperty(DEVICE, "flat", value)) == [
        "-\t\tflat = <&clk 1 &clk 2>;",
        "+\t\tflat = <&clk 1 &gpio 8 &clk 2>;",
    ]


def test_a_name_is_changed_alone(tmp_path: Path) -> None:
    rename = (
        SetProperty(DEVICE, "old-gpios", ((GPIO, 1, 0),)),
        DeleteProperty(DEVICE, "old-gpio"),
    )
    assert changed(tmp_path, *rename) == [
        "-\t\told-gpio = <&gpio 1 0>; /* card */",
        "+\t\told-gpios = <&gpio 1 0>; /* card */",
    ]


def test_a_property_goes_with_its_line(tmp_path: Path) -> None:
    assert changed(tmp_path, DeleteProperty(DEVICE, "old-gpio")) == [
        "-\t\told-gpio = <&gpio 1 0>; /* card */"
    ]


def test_a_new_property_precedes_status_and_a_label_is_made(tmp_path: Path) -> None:
    edits = (
        SetProperty(CLOCK, "#reset-cells", ((1,),)),
        SetProperty(NodeRef("/bar"), "ref", ((DEVICE, 1),)),
    )
    assert changed(tmp_path, *edits) == [
        "+\t\t#reset-cells = <1>;",
        "-\tdev@3 {",
        "+\tdev: dev@3 {",
        "-\tbar { };",
        "+\tbar { ref = <&dev 1>; };",
    ]


def test_a_new_node_has_its_properties(tmp_path: Path) -> None:
    edits = (AddNode(DEVICE, "new@1"), SetProperty(NodeRef("/dev@3/new@1"), "reg", ((1,),)))
    added = ["+", "+\t\tnew@1 {", "+\t\t\treg = <1>;", "+\t\t};"]
    assert changed(tmp_path, *edits) == added


def test_a_long_list_is_broken(tmp_path: Path) -> None:
    names = ("a" * 20, "b" * 30, "c" * 30)
    assert changed(tmp_path, SetProperty(DEVICE, "clock-names", names)) == [
        f'+\t\tclock-names = "{names[0]}",',
        f'+\t\t\t      "{names[1]}",',
        f'+\t\t\t      "{names[2]}";',
    ]


def test_what_a_macro_makes_is_refused(tmp_path: Path) -> None:
    assert "WHOLE" in refused(tmp_path, SetProperty(DEVICE, "made", ((CLOCK, 2),)))


def test_an_earlier_setting_in_another_file_is_deleted_here(tmp_path: Path) -> None:
    files = {
        "b.dts": '/dts-v1/;\n#include "soc.dtsi"\n&dev {\n\told = <1>;\n};\n',
        "soc.dtsi": "/ {\n\tdev: dev {\n\t\told = <2>;\n\t};\n};\n",
    }
    path = written(tmp_path, files)
    dev = NodeRef("/dev", "dev")
    found = outcome(path, [DeleteProperty(dev, "old")])
    assert (found.word, list(found.files)) == ("same", [path])
    assert "\t/delete-property/ old;\n" in found.files[path]
    renamed = outcome(path, [SetProperty(dev, "new", ((1,),)), DeleteProperty(dev, "old")])
    assert renamed.word == "same"
    assert renamed.files[path].endswith("&dev {\n\t/delete-property/ old;\n\tnew = <1>;\n};\n")


def test_line_ends_of_other_systems_stay(tmp_path: Path) -> None:
    path = tmp_path / "b.dts"
    path.write_bytes(BOARD.replace("\n", "\r\n").encode())
    found = outcome(str(path), [SetProperty(CLOCK, "#clock-cells", ((2,),))])
    assert found.word == "same"
    assert found.files[str(path)].count("\r\n") == BOARD.count("\n")


def test_edits_that_overlap_are_an_error() -> None:
    one = TextEdit("f", 2, 5, "a", 1, 3, 1, 6)
    with pytest.raises(EditConflictError):
        in_order([one, one._replace(start=4)])
    assert edited("0123456", [one, one]) == "01a56"


def test_two_lines_at_one_place_do_not_meet_unless_they_set_the_same() -> None:
    one = TextEdit("a", 2, 2, "\n\ta = <1>;", 1, 3, 1, 3)
    assert edited("0123", [one, one._replace(text="\n\tb;")]) == "01\n\ta = <1>;\n\tb;23"
    with pytest.raises(EditConflictError):
        in_order([one, one._replace(text="\n\ta = <2>;")])


def test_edits_of_the_own_boards_make_the_trees_they_mean(tmp_path: Path) -> None:
    rng = random.Random(SEED)  # noqa: S311 - the same each time
    counts: Counter[str] = Counter()
    for path in sorted(FIXTURES.glob("*.dts")):
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        tree = read_source_file(str(copy)).tree
        for _ in range(0 if tree.is_overlay else 4):
            edits = draw(tree, rng)
            found = outcome(str(copy), edits)
            assert found.word != "wrong", (path, edits, found.detail)
            counts[found.word] += 1
    assert counts["same"] > 0.8 * counts.total() > 0


@pytest.mark.corpus
def test_edits_of_the_boards_of_linux_make_the_trees_they_mean() -> None:
    if not trees():
        pytest.skip("no source of Linux is unpacked here (set DTLINK_KERNEL_SOURCE)")
    rng = random.Random(SEED)  # noqa: S311 - the same each time
    boards = [each for each in sources(trees()[-1]) if each.suffix == ".dts"]
    counts: Counter[str] = Counter()
    wrong = []
    for _ in range(1_000):
        path = str(rng.choice(boards))
        try:
            tree = read_source_file(path).tree
        except InputError:
            continue
        edits = draw(tree, rng)
        found = outcome(path, edits)
        counts[found.word] += 1
        if found.word == "wrong" and not _is_elsewhere(edits, found.detail):
            wrong.append((path, edits, found.detail))
    print(dict(counts))  # noqa: T201 - the figures
    assert wrong == []
    assert counts["same"] > 0.9 * counts.total()


def _is_elsewhere(edits: list[TreeEdit], detail: str) -> bool:
    """Whether another node has changed as well: its file is included twice."""
    owners = {each.parent.path if isinstance(each, AddNode) else each.node.path for each in edits}
    return detail.partition(":")[0] not in owners


def test_a_string_takes_the_place_of_a_number(tmp_path: Path) -> None:
    assert changed(tmp_path, SetProperty(DEVICE, "flat", ("okay",))) == [
        "-\t\tflat = <&clk 1 &clk 2>;",
        '+\t\tflat = "okay";',
    ]


def test_a_file_that_is_included_twice_is_changed_once(tmp_path: Path) -> None:
    files = {
        "board.dts": '/dts-v1/;\n#include "a.dtsi"\n#include "a.dtsi"\n',
        "a.dtsi": "/ { a: a { old-name = <1>; gone; }; };\n",
    }
    path = written(tmp_path, files)
    node = NodeRef("/a", "a")
    edits = [SetProperty(node, "new-name", ((1,),)), DeleteProperty(node, "old-name")]
    found = outcome(path, [*edits, DeleteProperty(node, "gone")])
    assert found.word == "same", found.detail
    assert list(found.files.values()) == ["/ { a: a { new-name = <1>; }; };\n"]


@pytest.mark.parametrize(
    ("own", "more"),
    [
        ("/ { };\n", '\n&a {\n\tstatus = "okay";\n};\n'),
        ("&a {\n\tx;\n};\n", ""),
    ],
)
def test_a_board_enables_what_a_shared_file_leaves_disabled(
    tmp_path: Path, own: str, more: str
) -> None:
    shared = '/ { a: a { status = "disabled"; }; };\n'
    board = f'/dts-v1/;\n#include "soc.dtsi"\n{own}'
    path = written(tmp_path, {"board.dts": board, "soc.dtsi": shared})
    found = outcome(path, [SetProperty(NodeRef("/a", "a"), "status", ("okay",))])
    assert found.word == "same", found.detail
    changed_text = board.replace("\tx;\n", '\tx;\n\tstatus = "okay";\n') + more
    assert found.files == {path: changed_text}
