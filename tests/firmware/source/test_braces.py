"""Which node of devicetree source is probably not closed."""

from __future__ import annotations

import pytest

from dtlink.firmware.errors import InputError
from dtlink.firmware.source.braces import unclosed
from tests.firmware.source.sources import compiled
from tests.support.limits import at_most

CHILD = '/ {\n\ta {\n\t\tb;\n\t};\n\tc {\n\t\td = "{";\n%s\te { };\n};\n'


@pytest.mark.parametrize(
    ("text", "node"),
    [
        (CHILD % "", "c {"),
        (CHILD % "" + "/ { };\n", "c {"),
        ("/ {\n\ta {\n\t};\n", "{\n\ta"),
        ("/ { a { };", "{ a"),
    ],
)
def test_the_node_whose_brace_is_missing(text, node):
    at = unclosed(text, len(text))
    assert text[:at].count("\n") == text[: text.index(node)].count("\n")
    assert text[at] == "{"


def test_nothing_is_open():
    text = CHILD % "\t};\n"
    assert unclosed(text, len(text)) == -1
    assert unclosed("};", 2) == -1


def test_long_lines_are_not_searched_for_each_brace():
    text = "a{b{};" * 100_000
    with at_most(seconds=5):
        assert text[unclosed(text, len(text))] == "{"


def test_one_fault_for_a_missing_brace(tmp_path):
    text = "/dts-v1/;\n" + CHILD % "" + "&x { };\n" * 9
    with pytest.raises(InputError) as caught:
        compiled(tmp_path, {"a.dts": text})
    message = caught.value.message
    assert "a.dts:10:1: '&x' is opened within a node" in message
    assert "a.dts:6 missing?" in message
    assert "expected" not in message


def test_a_node_by_reference_within_another_ends_no_node(tmp_path):
    text = "/dts-v1/;\n/ {\n\tx: a { };\n\t&x { };\n\tb { };\n};\n"
    with pytest.raises(InputError, match=r"a\.dts:4:2: expected a property or a node, found '&x'$"):
        compiled(tmp_path, {"a.dts": text})
