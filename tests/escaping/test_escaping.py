"""Each format's escaping: what arrives, and what never does."""

from __future__ import annotations

import html as standard_html
import json
import re
import shlex
import sys
import unicodedata
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.escaping import github, graphs, html, jsontext, markdown, shell, uris, xml
from dtlink.escaping.text import REPLACEMENT, UNSEEN, name, prose, row, sentence, shown
from tests.report.reports import TEXT

#: Texts of what formats mean something by.
ANY = st.one_of(
    TEXT,
    st.text(
        st.sampled_from(
            ":#[]vso \t\n\r\0%,=\x1b\x9b\u202e\u2028\U000e0041\ufffe\udcff<>&\"'`\\-$();|é漢"
        ),
        max_size=30,
    ),
)
#: What a log obeys, wherever it is in a line.
COMMAND = re.compile(r"##\w*\[")


def test_every_invisible_character_is_one() -> None:
    """The class is written out; a new version of Unicode may add to it."""
    unseen = re.compile(f"[{UNSEEN}]")
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    for each in map(chr, range(sys.maxunicode + 1)):
        kind = unicodedata.category(each)
        is_unseen = unseen.match(each) is not None
        assert is_unseen >= (kind in kinds and each not in "\t\n"), hex(ord(each))
        assert not is_unseen or kind in (*kinds, "Cn"), hex(ord(each))


def is_safe(text: str, kept: str = "") -> bool:
    """Whether a text controls nothing."""
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    seen = all(each in kept or unicodedata.category(each) not in kinds for each in text)
    return seen and not COMMAND.search(text)


@given(ANY)
def test_text_for_people(text: str) -> None:
    assert is_safe(shown(text), "\t\n")
    assert is_safe(prose(text), "\n")
    assert is_safe(row(text), "\t")
    assert len(row(text)) == len(text)
    for one in (row(text), name(text), sentence(text)):
        assert "\n" not in one
        assert not one.lstrip().startswith("::")


@pytest.mark.parametrize("text", ["plain", "é 漢字 →", "#clock-cells", "a::b", "# #[x]", "##"])
def test_plain_text_is_as_it_was(text: str) -> None:
    for make in (shown, row, prose, name, sentence):
        assert make(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("::error::x", f"{REPLACEMENT}:error::x"),
        ("\u00a0 ::x::", f"\u00a0 {REPLACEMENT}:x::"),
        ("a ##[add-mask]b", f"a #{REPLACEMENT}[add-mask]b"),
        ("###vso[task.x]", f"##{REPLACEMENT}vso[task.x]"),
        ("a\nb", f"a{REPLACEMENT}b"),
    ],
)
def test_commands_of_services_are_taken_apart(text: str, safe: str) -> None:
    assert row(text) == safe


@given(ANY)
def test_json_arrives_as_it_is(text: str) -> None:
    data = {text: [text, {"a": text}]}
    for made in (jsontext.document(data), jsontext.line(data), jsontext.in_html(data)):
        assert is_safe(made, "\n")
        assert json.loads(made) == data
    assert not set("<>&") & set(jsontext.in_html(data))
    assert "\n" not in jsontext.line(data)


@given(ANY)
def test_xml_arrives_but_for_what_it_cannot_hold(text: str) -> None:
    document = xml.document(f"<a b={xml.attribute(text)}>{xml.content(text)}</a>\n")
    assert is_safe(document, "\n\t")
    assert not [each for each in document.split("\n") if each.lstrip().startswith("::")]
    read = ET.fromstring(document)  # noqa: S314 - made here
    legal = xml.legal(text)
    assert read.text or not legal
    assert (read.text or "") == legal
    assert re.sub(r"\s", " ", read.get("b", "")) == re.sub(r"\s", " ", legal)


@given(ANY)
def test_html_arrives_as_text(text: str) -> None:
    made = html.content(text)
    assert not set("<>\"'") & set(made)
    assert standard_html.unescape(made) == name(text)


@given(ANY)
def test_markdown_is_one_span_of_code(text: str) -> None:
    made = markdown.code(text, 1000)
    fence = re.match("`*", made)
    assert fence is not None
    inside = made[len(fence[0]) : len(made) - len(fence[0])]
    assert not made or max(map(len, re.findall("`+", inside)), default=0) < len(fence[0])
    assert is_safe(made)


@given(ANY, ANY)
def test_a_github_command_is_one_line(path: str, message: str) -> None:
    made = github.command("error", {"file": path, "title": message}, message)
    assert is_safe(made)
    found = re.fullmatch(r"::error file=([^:,]*),title=([^:,]*)::(.*)", made)
    assert found
    assert _decoded(found[3]) == prose(message)
    assert _decoded(found[1]) == prose(path)


def _decoded(text: str) -> str:
    """As the runner does it: "%" last."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
        text = text.replace(code, character)
    return text.replace("%25", "%")


@given(ANY)
def test_labels_of_pictures_do_not_end(text: str) -> None:
    assert re.fullmatch(r'(?:[^"\\\n]|\\.)*', graphs.dot(text))
    assert re.fullmatch(r"(?:[A-Za-z0-9 ,@/._+:\[\]-]|#\d+;)*", graphs.mermaid(text))


@given(ANY)
def test_a_word_of_a_shell_is_one(text: str) -> None:
    assert shlex.split(f"x {shell.word(text)} y") == ["x", text, "y"]
    (file,) = shlex.split(shell.file(text))
    assert not file.startswith("-")


@given(st.binary(max_size=40))
def test_uris_have_the_bytes_of_names(data: bytes) -> None:
    made = uris.path(data.decode("utf-8", "surrogateescape"))
    assert unquote_to_bytes(made) == data
    assert re.fullmatch(r"[\w.~%/-]*", made, re.ASCII)
