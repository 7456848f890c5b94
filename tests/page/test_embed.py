"""Pages: one file, nothing from outside it, and no data that gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.page.embed import Page, asset

HOSTILE = (
    "</script><script>window.__pwned=1</script>",
    "<!--<script>",
    "]]>\u2028\u2029&lt;",
    "file\udcff\ud83d.dtb",
    "\x00\x1b[31m\"'`${1}",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


class _Reader(HTMLParser):
    """What a browser finds: elements with their attributes, and the text of scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, dict[str, str | None], str]] = []
        self._open: tuple[str, dict[str, str | None]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = (tag, dict(attrs))

    def handle_data(self, data: str) -> None:
        if self._open and self._open[0] in ("script", "style", "title"):
            self.texts.append((*self._open, data))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the name is the parser's
        self._open = None


def _read(page: Page) -> _Reader:
    reader = _Reader()
    reader.feed(page.html().encode().decode())
    return reader


@given(st.dictionaries(st.sampled_from(["one", "two"]), JSON))
def test_what_goes_in_as_data_comes_out_as_it_was(data: dict[str, Any]) -> None:
    reader = _read(Page("t", "<p>main</p>", data=data))
    found = {
        at["id"]: json.loads(text)
        for tag, at, text in reader.texts
        if tag == "script" and at.get("type") == "application/json"
    }
    assert found == data


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_gets_out_of_its_place(text: str) -> None:
    plain, hostile = (Page(each, "<p>m</p>", data={"d": {each: [each]}}) for each in ("x", text))
    assert [tag for tag, _ in _read(plain).elements] == [tag for tag, _ in _read(hostile).elements]
    made = hostile.html()
    block = made[made.index('id="d">') :].split("</script>")[0]
    assert not re.search("[<&\u2028\u2029\ud800-\udfff]", block[len('id="d">') :])


def test_the_policy_allows_the_scripts_and_styles_of_the_page_alone() -> None:
    page = Page(
        "t", "", styles=["p { margin: 0 }"], scripts=["1;"], data={"d": 1}, inserted_styles=[".a{}"]
    )
    reader = _read(page)
    policy = next(at["content"] for _, at in reader.elements if "http-equiv" in at) or ""
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy

    def hashes(wanted: str) -> list[str]:
        texts = [text for tag, at, text in reader.texts if tag == wanted and "type" not in at]
        digests = (hashlib.sha256(each.encode()).digest() for each in texts)
        return [f"'sha256-{base64.b64encode(each).decode()}'" for each in digests]

    assert parts["script-src"].split() == hashes("script")
    assert parts["style-src"].split()[:1] == hashes("style")
    assert len(parts["style-src"].split()) == 2


def test_nothing_in_the_skeleton_comes_from_outside() -> None:
    reader = _read(Page("t", ""))
    for tag, at in reader.elements:
        assert not {"src", "style"} & set(at)
        assert not any(name.startswith("on") for name in at)
        assert at.get("href", "#").startswith("#"), tag
    for text in (asset("base/base.css"), asset("base/base.js")):
        assert "url(" not in text
        assert "@import" not in text
        assert re.findall(r"https?://[^\"]*", text) in ([], ["http://www.w3.org/2000/svg"])
        assert "innerHTML" not in text


def test_a_script_that_would_end_early_is_refused() -> None:
    with pytest.raises(ValueError, match="script"):
        Page("t", "", scripts=["'</script>'"]).html()


def test_same_page_same_bytes() -> None:
    page = Page("t", "m", data={"b": {"z": 1, "a": 2}, "a": [1]})
    assert page.html() == page.html()
    assert page.html().index('id="b"') < page.html().index('id="a"')


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _themes() -> list[dict[str, str]]:
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", asset("base/base.css"))
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in blocks]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_has_the_contrast_that_readers_need(theme: int) -> None:
    colors = _themes()[theme]
    assert set(colors) == set(_themes()[0])
    texts = ("text", "muted", "accent", "error", "warning", "info", "ok")
    grounds = ("bg", "surface", "raised")
    pairs = [(text, ground) for text in texts for ground in grounds]
    pairs += [(each, f"{each}-soft") for each in ("error", "warning", "info", "ok", "accent")]
    pairs += [("text", "accent-soft"), ("text", "mark"), ("on-accent", "accent")]
    low = {pair: _contrast(colors[pair[0]], colors[pair[1]]) for pair in pairs}
    assert {pair: value for pair, value in low.items() if value < 4.5} == {}
    # Borders of controls, and the ring around what has the focus.
    for each in ("strong-line", "focus"):
        assert _contrast(colors[each], colors["bg"]) >= 3
