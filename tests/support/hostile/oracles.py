"""Who judges an output: one judge per format, none of which knows how dtlink escapes."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

from markdown_it import MarkdownIt

_KEPT = "\t\n"
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
#: Elements of dtlink's own, and their attributes, in what Markdown becomes.
_MARKDOWN = frozenset(
    re.findall(r"\w+", "p strong table thead tbody tr th td code details summary ul li br pre em a")
)
_LOG_COMMAND = re.compile(r"##\w*\[")


def nothing_hidden(data: bytes) -> str:
    """The text: strict UTF-8, without characters that control anything."""
    text = data.decode("utf-8")
    bad = {each for each in text if unicodedata.category(each) in _INVISIBLE and each not in _KEPT}
    assert not bad, sorted(map(hex, map(ord, bad)))
    assert not _LOG_COMMAND.search(text), _LOG_COMMAND.findall(text)
    return text


def no_command(data: bytes) -> str:
    """The text, of which no line is a command to a service."""
    shown = nothing_hidden(data)
    assert not [row for row in shown.split("\n") if row.lstrip().startswith("::")]
    return shown


def text(data: bytes) -> None:
    """Lines of text, none of which data begins."""
    for row in no_command(data).split("\n"):
        assert not row.startswith("FORGED"), row


def coloured(data: bytes) -> None:
    """The same, with colours of dtlink's own."""
    text(re.sub(rb"\x1b\[[\d;]*m", b"", data))


def json_document(data: bytes) -> None:
    """One JSON document."""
    text(data)
    json.loads(data.decode("utf-8"), parse_constant=_no_constant)


def json_lines(data: bytes) -> None:
    """A JSON document in each line."""
    text(data)
    for row in data.decode("utf-8").splitlines():
        json.loads(row, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def strict_json(data: bytes) -> None:
    """A JSON document for services, in which no text is half a character."""
    json_document(data)
    json.dumps(json.loads(data), ensure_ascii=False).encode("utf-8")


def sarif(data: bytes) -> None:
    """A SARIF log, whose URIs are encoded."""
    strict_json(data)
    for uri in _members(json.loads(data), "uri"):
        assert re.fullmatch(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*", uri), uri
        assert not re.match(r"(?i)(javascript|data):", uri), uri


def _members(data: Any, name: str) -> list[str]:
    if isinstance(data, list):
        return [each for item in data for each in _members(item, name)]
    if not isinstance(data, dict):
        return []
    own = [data[name]] if isinstance(data.get(name), str) else []
    return own + [each for item in data.values() for each in _members(item, name)]


def _xml(*names: str) -> Callable[[bytes], None]:
    def judge(data: bytes) -> None:
        no_command(data)
        root = ET.fromstring(data.decode("utf-8").encode())  # noqa: S314 - of dtlink
        tags = {each.tag.rpartition("}")[2] for each in root.iter()}
        assert tags <= set(names), tags

    return judge


junit = _xml(
    *("testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"),
)
checkstyle = _xml("checkstyle", "file", "error")
graphml = _xml("graphml", "key", "graph", "node", "edge", "data")


def github(data: bytes) -> None:
    """Commands of dtlink's own, one a line."""
    for row in nothing_hidden(data).splitlines():
        found = re.fullmatch(r"::(error|warning|notice) ((?:\w+=[^,:]*,?)*)::(.*)", row)
        assert found, row
        names = [each.partition("=")[0] for each in found[2].split(",")]
        assert set(names) <= {"file", "line", "col", "title"}, row
        assert not re.search("%(?!25|0A|0D|3A|2C)", found[2] + found[3]), row


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.other: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(attrs)))

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)


def markdown(data: bytes) -> None:
    """Markdown in which nothing but dtlink's own is active."""
    text(data)
    page = _Elements()
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(data.decode())
    page.feed(rendered)
    assert not page.other, page.other
    for tag, attributes in page.found:
        assert tag in _MARKDOWN, tag
        assert all(value == "language-dts" or value.startswith("https://dtlink.")
                   for _, value in attributes if value), attributes  # fmt: skip


def html(data: bytes) -> None:
    """A page without an element, attribute or script of data."""
    page = _Elements()
    page.feed(data.decode())
    # Scripts that came with dtlink have characters of their own.
    no_command(re.sub(rb"<script>.*?</script>", b"", data, flags=re.DOTALL))
    assert page.other == ["DOCTYPE html"], page.other
    named = [name for _, attributes in page.found for name, _ in attributes]
    assert "FORGED" not in str(page.found)
    assert not [name for name in named if name.startswith("on")]
    assert "img" not in [tag for tag, _ in page.found]
