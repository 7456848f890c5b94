"""Lines that are wider than a terminal."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dtlink.report.folding import folded
from dtlink.report.layout import BOLD, DIM, Span, line, plain


def shown(*parts: str | Span, width: int = 60) -> list[str]:
    return plain(folded([line(*parts)], width)).splitlines()


def test_what_fits_stays_as_it_is():
    row = line("  ", Span("/soc/uart@1000", BOLD), "  ", Span("(disabled)", DIM))
    assert list(folded([row], 60)) == [row]


def test_a_column_goes_to_the_next_line_whole():
    row = "  /soc@0/remoteproc@6800000/compute-cb@7  /soc@0/iommu@1 0x10001  assignment: refused"
    assert shown(row) == [
        "  /soc@0/remoteproc@6800000/compute-cb@7",
        "      /soc@0/iommu@1 0x10001  assignment: refused",
    ]


def test_a_column_wider_than_a_line_is_broken_between_words():
    rows = shown("a: ", "word " * 30)
    assert len(rows) > 2
    assert all(len(row) <= 60 and row == row.rstrip() for row in rows)
    assert " ".join(rows).split() == ["a:", *["word"] * 30]


def test_a_tree_goes_on_in_the_next_line():
    lead = Span("│  ├─ ", DIM)
    assert shown(lead, "clocks[0]  /clock-controller@fd7c0000", "  module clk-of-a-long-name") == [
        "│  ├─ clocks[0]  /clock-controller@fd7c0000",
        "│  │      module clk-of-a-long-name",
    ]
    assert shown(Span("└─ ", DIM), "x" * 40, "  ", "y" * 40)[1] == "       " + "y" * 40


def test_a_path_is_never_cut():
    path = "/soc" * 30
    assert shown("  ", path, ": it waits") == [f"  {path}:", "      it waits"]


def test_what_has_two_styles_and_no_blank_is_one_word():
    rows = shown("x" * 55, " ", Span("/soc/uart", BOLD), Span(":", DIM), " y")
    assert rows[1] == "    /soc/uart: y"


def test_the_cells_of_an_entry_stay_together():
    rows = shown("x" * 50, " ", "<0x0 0x1 0x2 0x3 0x4>")
    assert rows[1] == "    <0x0 0x1 0x2 0x3 0x4>"


def test_styles_and_addresses_are_kept():
    named = Span("phandle/dangling", BOLD, "https://example.org/rule")
    rows = list(folded([line("x" * 58, "  ", named)], 60))
    assert rows[1][1] == named


def test_a_short_first_word_is_followed_by_a_line_end():
    assert shown("aaaa ", "b" * 37, width=40) == ["aaaa", "    " + "b" * 37]


GUIDES = str.maketrans("", "", "│├└─")


@settings(max_examples=1000)
@given(st.lists(st.text("ab /│", max_size=30), max_size=8), st.integers(40, 60))
def test_nothing_but_blanks_is_lost_and_lines_are_short(parts: list[str], width: int):
    before = "".join(parts)
    after = plain(folded([line(*parts)], width))
    assert "".join(after.translate(GUIDES).split()) == "".join(before.translate(GUIDES).split())
    for row in after.splitlines():
        assert len(row.rstrip()) <= width or len(row.translate(GUIDES).split()) <= 1
