"""The nodes that a text opens, also of a text with errors."""

from __future__ import annotations

import time

import pytest

from dtlink.lsp.openings import opening_at, openings, word_at
from dtlink.lsp.positions import Span
from dtlink.lsp.symbols import Symbol, symbols
from tests.lsp.boards import SOC


def names(found: list[Symbol]) -> list[object]:
    return [(each.name, each.detail, names(each.children)) for each in found]


def test_the_outline_of_a_file() -> None:
    text = """/dts-v1/;
#define OPEN {
/ { a: b: one@1 { two { }; p = "x { y"; /* three { */ }; };
l: &ref { /delete-node/ four; };
&{/one@1/two} { five,x { }; };
"""
    assert names(symbols(openings(text))) == [
        ("/", "", [("one@1", "a b", [("two", "", [])])]),
        ("&ref", "l", []),
        ("&{/one@1/two}", "", [("five,x", "", [])]),
    ]


def test_properties_have_the_place_of_their_statement() -> None:
    text = "/ { one { p = <1>, <2>; #q; x: r = <3>; /delete-property/ s; }; };"
    (one,) = openings(text)[0].children
    assert [each.name for each in one.properties] == ["p", "#q", "r"]
    held = one.property_at(text.index("<2>"))
    assert held is not None
    assert text[held.start : held.end] == "p = <1>, <2>;"


def test_the_innermost_node_is_found() -> None:
    found = opening_at(openings(SOC), SOC.index("CLK_UART", 20))
    assert found is not None
    assert (found.name, found.labels, found.parent and found.parent.name) == (
        ("serial@2000", ("uart",), "/")
    )


@pytest.mark.parametrize("text", ["/ { a {", "}}} / { a { }; };", "{{{", 'a { = ; " { };', "/*"])
def test_errors_do_not_end_it(text: str) -> None:
    found = openings(text)
    assert all(each.end <= len(text) for top in found for each in top.walk())


@pytest.mark.parametrize(
    "piece", ["{", "a {", "}", "a ", "a:", "a: ", '"', "&{", "/a", "\\\n", "#a"]
)
def test_time_is_linear(piece: str) -> None:
    start = time.process_time()
    symbols(openings(piece * (300_000 // len(piece))))
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("text", "offset", "word"),
    [
        ("a = <&x-y 1>;", 5, "&x"),
        ("a = <&x 1>;", 7, "&x"),
        ("&{/a/b@1} {", 4, "&{/a/b@1}"),
        ("uart: serial@2000 {", 8, "serial@2000"),
        ("  = ", 2, ""),
    ],
)
def test_the_word_at_an_offset(text: str, offset: int, word: str) -> None:
    found = word_at(text, offset)
    assert text[slice(*found)] == word
    assert word or found == Span(offset, offset)
