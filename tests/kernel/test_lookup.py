"""A word is found in lines by a search as by the dictionary."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dtlink.kernel.source.lookup import Lines, text_of

WORDS = st.sampled_from(["a", "ab", "abc", "b", "", "v,mmc", "d"])


@given(st.lists(st.lists(WORDS, min_size=1, max_size=5), max_size=6), WORDS)
def test_a_search_finds_what_the_dictionary_has(lines: list[list[str]], word: str) -> None:
    lines = [each for each in lines if any(each)]
    text = text_of(lines)
    for words in (slice(1, None), slice(1, 2), slice(2, None)):
        found = Lines(text, words)
        by_search = found.with_word(word)
        by_dictionary = [
            (at, text[at:].split("\n")[0].split("\t")) for at in found.by_word.get(word, ())
        ]
        assert by_search == by_dictionary
        assert [fields for _, fields in by_search] == [
            each for each in lines for _ in range(each[words].count(word))
        ]


def test_after_some_searches_it_is_the_dictionary() -> None:
    lines = Lines("d\tone\ttwo\nd\ttwo\n", slice(1, None))
    assert {tuple(at for at, _ in lines.with_word("two")) for _ in range(100)} == {(0, 10)}
