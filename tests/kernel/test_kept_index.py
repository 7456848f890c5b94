"""The index that is kept says what the one that is shipped says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink import cache
from dtlink.facts.kernels import KNOWN, KernelVersion
from dtlink.facts.shipped import SOURCES
from dtlink.kernel.columns import Columns, ColumnWriter
from dtlink.kernel.source.index import SourceIndex
from dtlink.kernel.source.kept import kept_index, packed

TEXTS = st.text("ab\t\n\xff|", max_size=4)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    kept = tmp_path / "cache"
    monkeypatch.setenv("DTLINK_CACHE", str(kept))
    return kept


@pytest.mark.parametrize("version", KNOWN[:2])
def test_what_is_kept_is_what_was_read(folder, version: KernelVersion) -> None:
    shipped, first, kept = SourceIndex.load("", version), kept_index(version), kept_index(version)
    assert len(list(folder.iterdir())) == 1
    words = sorted(shipped)[::90]
    files = {each.file for word in words for each in shipped.entries(word)}
    for index in (first, kept):
        assert index.release == shipped.release
        assert set(index) == set(shipped)
        for word in (*words, "", "none", "vendor,none"):
            assert index.entries(word) == shipped.entries(word)
            assert index.entries(index.spelled(word.upper())) == shipped.entries(
                shipped.spelled(word.upper())
            )
        for file in (*files, "none.c"):
            assert index.facts(file) == shipped.facts(file)
        assert index.has_facts == shipped.has_facts
        assert sorted(map(list, index.fact_rows)) == sorted(map(list, shipped.fact_rows))


def test_a_spelling_with_capital_letters_is_found() -> None:
    index = SourceIndex("6.12", "d\tf.c\tf\tF\t\tVendor,One\tvendor,two\n")
    assert index.spelled("VENDOR,one") == "Vendor,One"
    assert index.spelled("VENDOR,TWO") == "vendor,two"
    assert index.spelled("vendor,three") == ""


def test_an_index_of_another_form_is_read_anew(folder) -> None:
    version = KNOWN[0]
    index = kept_index(version)
    (entry,) = folder.iterdir()
    few, text = packed(index)
    name = _name(version)
    for sizes in ([], few["sizes"][:2], [[1, 2]], [[1, 1, []], [0, 0, []]]):
        spoiled = {**few, "sizes": sizes}
        cache.store(name, _key(), spoiled, text=text)
        assert kept_index(version).entries("fixed-clock") == index.entries("fixed-clock")
    assert entry.is_file()


def _name(version: KernelVersion) -> str:
    return f"{SOURCES}\0{version}"


def _key() -> str | None:
    return cache.key_of([SOURCES], ("index",))


@given(st.lists(st.lists(TEXTS, max_size=4), max_size=4), TEXTS)
def test_lists_are_read_as_they_were_written(lists, text) -> None:
    writer = ColumnWriter()
    for each in lists:
        writer.write(each)
    writer.write_text(text)
    data = b"before" + writer.text.encode("latin-1")
    columns = Columns(data, writer.sizes, len(b"before"))
    assert [columns.read() for _ in lists] == lists
    assert data[columns.read_place()].decode("latin-1") == text
    with pytest.raises(ValueError, match="form"):
        columns.read()


@given(st.dictionaries(TEXTS, TEXTS), st.lists(TEXTS, max_size=3), TEXTS)
def test_a_table_has_what_was_written(pairs, before, name) -> None:
    writer = ColumnWriter()
    writer.write(before)
    writer.write_table(pairs)
    writer.write(before)
    columns = Columns(b"\1" + writer.text.encode("latin-1"), writer.sizes, 1)
    assert columns.read() == before
    table = columns.read_table()
    assert columns.read() == before
    assert table == pairs
    assert len(table) == len(pairs)
    for _ in range(2):
        assert table.get(name) == pairs.get(name)
        assert (name in table) == (name in pairs)
        assert [table[each] for each in pairs] == list(pairs.values())
    assert "\u2028" not in table


def test_a_table_of_another_form_is_not_read() -> None:
    writer = ColumnWriter()
    writer.write_table({str(number): "x" for number in range(40)})
    [(size, count, starts)] = writer.sizes
    for spoiled in ([], starts[:1], starts[:-1], starts[1:], [starts[0], 9, 3, *starts[3:]]):
        with pytest.raises(ValueError, match="form"):
            Columns(writer.text.encode(), [(size, count, spoiled)]).read_table()


def test_a_table_forgets_names_that_it_does_not_have() -> None:
    writer = ColumnWriter()
    writer.write_table({"a": "b"})
    table = Columns(writer.text.encode(), writer.sizes).read_table()
    assert not any(f"x{number}" in table for number in range(1000))
    assert len(table._known) < 10
    assert table["a"] == "b"


@pytest.mark.parametrize("text", ["a\0b", "a\1b"])
def test_what_parts_strings_is_not_written(text: str) -> None:
    for pairs in ({text: ""}, {"": text}):
        with pytest.raises(ValueError, match="NUL"):
            ColumnWriter().write_table(pairs)
    if "\0" in text:
        with pytest.raises(ValueError, match="NUL"):
            ColumnWriter().write([text])
