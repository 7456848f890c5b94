"""The single files of a kernel: indexes of kmod, modules, texts."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings.aliases import AliasIndex
from dtlink.kernel.holdings.files import (
    module_name,
    module_of_file,
    named_module,
    parse_config,
)
from dtlink.kernel.holdings.indexes import parse_softdep, read_trie
from dtlink.kernel.holdings.modinfo import parse_modinfo, read_module
from tests.support.kernels import CONFIG, modinfo, module, trie
from tests.support.limits import at_most

PAIRS = [("ask", "one"), ("ate", "two"), ("on", "three"), ("once", "four"), ("once", "five")]


def test_an_index():
    assert read_trie(trie(PAIRS)) == PAIRS


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12),
            st.sampled_from(["one", "two"]),
        ),
        min_size=1,
        max_size=30,
        unique=True,
    )
)
def test_any_index(pairs):
    assert sorted(read_trie(trie(pairs))) == sorted(pairs)


@given(st.data())
def test_damaged_indexes(data):
    blob = bytearray(trie(PAIRS))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(blob) - 1))
        blob[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(blob)))
    with at_most(5):
        try:
            assert all(isinstance(key, str) for key, _ in read_trie(bytes(blob[:cut])))
        except InputError:
            return


def _node(name, *parts):
    return struct.pack(">III", 0xB007F457, 0x00020001, name) + b"".join(parts)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ends too early"),
        (b"BOOTFAST" * 9, "magic"),
        (struct.pack(">III", 0xB007F457, 0x00030000, 12), "version 0x30000"),
        (_node(0x40000000 | 12, struct.pack(">I", 0xFFFFFFFF)), "4294967295 values"),
        (_node(0x80000000 | 12, b"a" * 5000), "no end"),
        # A node that is its own child, and a child of a child that is in every place.
        (_node(0x20000000 | 12, b"aa", struct.pack(">I", 0x20000000 | 12)), "several places"),
        (
            _node(0x20000000 | 12, b"ab", struct.pack(">II", *[0x20000000 | 12] * 2)),
            "several places",
        ),
    ],
)
def test_broken_indexes(data, message):
    with at_most(5), pytest.raises(InputError, match=message):
        read_trie(data)


def test_what_a_module_says():
    info = parse_modinfo(
        modinfo(
            alias=["pci:v1d*", "of:N*T*Ca,b"],
            depends="foo-bar,baz,",
            softdep=["pre: a b post: c", "post: d"],
            license="GPL",
        )
    )
    assert info.aliases == ("pci:v1d*", "of:N*T*Ca,b")
    assert info.depends == ("foo_bar", "baz")
    assert (info.pre, info.post) == (("a", "b"), ("c", "d"))


def test_words_before_pre_and_post_are_passed_over():
    assert parse_softdep("x pre: a post: b") == (("a",), ("b",))


@pytest.mark.parametrize(
    "change",
    [
        lambda blob: blob.__setitem__(slice(40, 48), b"\xff" * 8),  # e_shoff
        lambda blob: blob.__setitem__(slice(60, 62), b"\xff\xff"),  # e_shnum
        lambda blob: blob.__setitem__(slice(62, 64), b"\xff\xff"),  # e_shstrndx
        lambda blob: blob.__setitem__(slice(58, 60), b"\0\0"),  # e_shentsize
        lambda blob: blob.__setitem__(slice(-64 * 2 + 32, -64 * 2 + 40), b"\xff" * 8),  # sh_size
        lambda blob: blob.__delitem__(slice(70, None)),
        lambda blob: blob.__delitem__(slice(0, None)),
    ],
)
def test_broken_modules(tmp_path, change):
    pytest.importorskip("elftools")
    blob = bytearray(module(modinfo(alias="a")))
    path = tmp_path / "m.ko"
    path.write_bytes(blob)
    assert read_module(str(path)).aliases == ("a",)
    change(blob)
    path.write_bytes(blob)
    with at_most(5), pytest.raises(InputError) as caught:
        read_module(str(path))
    assert caught.value.path == str(path)


def test_sections_without_number(tmp_path):
    # A count of 0 stands for the size of the first section, which may be anything.
    pytest.importorskip("elftools")
    blob = bytearray(module(modinfo(alias="a")))
    blob[60:62] = bytes(2)
    first = len(blob) - 3 * 64
    blob[first + 32 : first + 40] = b"\xff" * 7 + b"\x7f"
    path = tmp_path / "m.ko"
    path.write_bytes(blob)
    with at_most(5), pytest.raises(InputError):
        read_module(str(path))


def test_a_configuration():
    config = parse_config(CONFIG)
    assert (config.arch, config.version) == ("arm64", "6.12.1-test")
    assert config.values["MODULES"] == "y"
    assert parse_config(CONFIG.replace("\n", "\r\n")).values == config.values
    assert parse_config("# CONFIG_A is not set\n").values == {"A": "n"}
    assert config.whole
    assert not parse_config("CONFIG_A=y\n").whole


@pytest.mark.parametrize(
    ("path", "name"),
    [("kernel/fs/nls/nls-foo.ko.xz", "nls_foo"), ("a.o", "a"), ("8250", "8250"), ("", "")],
)
def test_names_of_modules(path, name):
    assert module_name(path) == name


WORDS = st.text("ab*?[]-_:C,", max_size=8)


@given(st.lists(WORDS, max_size=8), WORDS)
def test_an_index_finds_what_fnmatch_finds(patterns, alias):
    from fnmatch import fnmatchcase

    index = AliasIndex.of_pairs((pattern, f"m{at}") for at, pattern in enumerate(patterns))

    def same(text):
        import re

        parts = re.split(r"(\[[^\]]*\])", text)
        return "".join(each if each[:1] == "[" else each.replace("-", "_") for each in parts)

    expected = {
        f"m{at}"
        for at, pattern in enumerate(patterns)
        if pattern and fnmatchcase(same(alias), same(pattern))
    }
    literal = {f"m{at}" for at, each in enumerate(patterns) if each and same(each) == same(alias)}
    assert set(index.modules_for(alias)) == expected | literal


def test_lines_are_not_matched_beyond_their_ends():
    index = AliasIndex.of_pairs([("i2c:a", "m"), ("i2c:b", "n"), ("i2c:a b", "o")])
    assert index.modules_for("i2c:a") == ("m",)
    assert index.modules_for("i2c:a b") == ("o",)
    assert index.modules_for("i2c:a m\ni2c:b") == ()


COMPATIBLE = st.from_regex(r"[abC]{1,3},[abC]{1,3}", fullmatch=True)


@given(
    st.lists(st.tuples(COMPATIBLE, st.sampled_from(["", "*", "C*"])), max_size=8),
    st.lists(COMPATIBLE, min_size=1, max_size=3),
)
def test_devicetree_aliases_find_what_fnmatch_finds(patterns, compatibles):
    from fnmatch import fnmatchcase

    pairs = [(f"of:N*T*C{each}{tail}", f"m{at}") for at, (each, tail) in enumerate(patterns)]
    modalias = f"of:NnodeT(null){''.join(f'C{each}' for each in compatibles)}"
    index = AliasIndex.of_pairs(pairs)
    expected = {module for pattern, module in pairs if fnmatchcase(modalias, pattern)}
    assert set(index.modules_for(modalias)) == expected


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("kernel/fs/nls/nls-foo.ko.xz", "nls_foo"),
        # kmod ends the name at the first dot (libkmod-util.c, path_to_modname()).
        ("a.b.ko", "a"),
        ("extra/a-b.c.ko.gz", "a_b"),
        ("notes.ko.txt", None),
        ("notes.txt", None),
        ("\x1b[2J.ko", None),
    ],
)
def test_a_modules_name_is_the_same_everywhere(file, name):
    assert module_of_file(file) == name
    assert named_module(file) == name
    assert name is None or module_name(file) == name
