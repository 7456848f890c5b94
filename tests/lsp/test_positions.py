"""Positions as editors count them, and URIs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.lsp.positions import Position, Span, TextLines, path_of, uri_of

TEXTS = st.text(st.sampled_from("ab\n\r\té≤𝄞\ud800"), max_size=30)


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 10), ("utf-16", 6), ("utf-32", 5)])
def test_characters_count_as_the_encoding_has_them(encoding: str, character: int) -> None:
    lines = TextLines("x\n/*≤𝄞z", encoding)
    assert lines.position(7) == Position(1, character)
    assert lines.offset(Position(1, character)) == 7


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@given(text=TEXTS)
def test_a_position_is_the_offset_that_it_was_made_of(encoding: str, text: str) -> None:
    lines = TextLines(text, encoding)
    ends = {number for number, each in enumerate(text) if text[number - 1 : number + 1] == "\r\n"}
    for offset in range(len(text) + 1):
        # Between \r and \n there is no position: it is the end of the line.
        expected = offset - 1 if offset in ends else offset
        assert lines.offset(lines.position(offset)) == expected


@given(text=TEXTS, line=st.integers(-2, 40), character=st.integers(-2, 40))
def test_no_position_is_outside_the_text(text: str, line: int, character: int) -> None:
    assert 0 <= TextLines(text).offset(Position(line, character)) <= len(text)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert TextLines("𝄞a").offset(Position(0, 1)) == 1
    assert TextLines("𝄞a").offset(Position(0, 2)) == 1


def test_the_reader_knows_newlines_only() -> None:
    lines = TextLines("a\rb\r\nc")
    assert lines.at(2, 1) == 5
    assert lines.position(5) == Position(2, 0)
    assert lines.place(2) == (1, 3)
    assert lines.at(9, 9) == 6


def test_the_line_of_an_offset_is_without_blanks() -> None:
    assert TextLines("a\n\t b c \nd").line_of(4) == Span(4, 7)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b.dts", "/a/b.dts"),
        ("file:///a%20b/%C3%A9%23.dts", "/a b/é#.dts"),
        ("file://localhost/a.dts", "/a.dts"),
        ("file:///a/../b.dts", "/b.dts"),
        ("untitled:Untitled-1", None),
        ("git:/a.dts", None),
        ("file://server/a.dts", None),
        ("file:///a%00.dts", None),
        ("", None),
    ],
)
def test_uris_of_files_are_paths(uri: str, path: str | None) -> None:
    assert path_of(uri) == path


@pytest.mark.parametrize("path", ["/a b/é#?%.dts", "/x/\udcff.dts"])
def test_a_path_is_that_of_its_uri(path: str) -> None:
    assert path_of(uri_of(path)) == path
    assert " " not in uri_of(path)
