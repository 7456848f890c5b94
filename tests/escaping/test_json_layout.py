"""Documents are what json makes, and digests what hashlib makes."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink import digests
from dtlink.escaping.jsontext import _escaped, document

DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(DATA)
def test_a_document_is_what_json_makes(data: Any) -> None:
    assert document(data) == _escaped(json.dumps(data, indent=1, ensure_ascii=False)) + "\n"


@given(st.text(st.characters(max_codepoint=0xFF)))
def test_so_are_strings_with_controls(text: str) -> None:
    assert json.loads(document([text])) == [text]
    assert (
        document({text: 1}) == _escaped(json.dumps({text: 1}, indent=1, ensure_ascii=False)) + "\n"
    )


@pytest.mark.parametrize("hashed", [0, digests._MUCH])
def test_digests(hashed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "_hashed", hashed)
    for data in (b"", b"abc", bytes(100_000)):
        assert digests.sha256(data) == hashlib.sha256(data).hexdigest()


def test_the_module_for_digests_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            asked.append(name)

    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    monkeypatch.setattr(digests, "_hashed", 0)
    digests._small.cache_clear()
    for data in (b"", b"abc", b"abc"):
        digests.sha256(data)
    assert len(asked) == len(set(asked)) <= 2
