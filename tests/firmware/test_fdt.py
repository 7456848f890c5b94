"""Hand-made blobs: which are rejected, at which offset, and which are read."""

from __future__ import annotations

import pytest

from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import read
from dtlink.firmware.tree import Tree
from tests.support.blobs import (
    END,
    END_NODE,
    HEADER_SIZE,
    NOP,
    STRUCT_AT,
    begin,
    blob,
    node,
    padded,
    prop,
    with_field,
    with_word,
    word,
)

SMALL = node() + END
GOOD = blob(SMALL)
#: A root of two words, ``compatible`` and a child: begin at 0, property at 8, child at 24.
ABC = b"abc\0"
TREE = blob(node(b"", prop(0, b"fits"), node(b"child")) + END, ABC)


def nested(depth: int) -> bytes:
    """A tree with that many levels, including the root."""
    return blob(begin() + begin(b"n") * (depth - 1) + END_NODE * depth + END)


# Each row: the blob, the reported byte offset, a part of the message.
FAULTS = {
    "no magic": (with_field(GOOD, "magic", 0xEDFE0DD0), 0, "ed fe 0d d0"),
    "version 15": (with_field(GOOD, "version", 15), 20, "version 15"),
    "compatible with 18": (blob(SMALL, version=18, last_comp_version=18), 20, "compatible with 18"),
    "last byte lost": (GOOD[:-1], 4, "truncated"),
    "half of it lost": (GOOD[: len(GOOD) // 2], 4, "truncated"),
    "totalsize of 4 GiB": (with_field(GOOD, "totalsize", 0xFFFFFFFF), 4, "truncated"),
    "totalsize 0": (with_field(GOOD, "totalsize", 0), 4, "smaller than the header"),
    "totalsize of a version 16 header": (with_field(GOOD, "totalsize", 36), 4, "smaller"),
    "totalsize before the strings' end": (
        with_field(TREE, "totalsize", len(TREE) - 1),
        12,
        "strings block",
    ),
    "structure after the end": (with_field(GOOD, "off_dt_struct", 0x1000), 8, "structure block"),
    "structure in the header": (with_field(GOOD, "off_dt_struct", 8), 8, "structure block"),
    "structure not aligned": (
        blob(SMALL, tail=bytes(8), off_dt_struct=STRUCT_AT + 2, totalsize=len(GOOD) + 8),
        8,
        "not aligned to 4",
    ),
    "structure too long": (with_field(GOOD, "size_dt_struct", 0xFFFFFFFC), 8, "structure block"),
    "strings after the end": (with_field(TREE, "off_dt_strings", 0xFFFFFFFF), 12, "strings"),
    "strings too long": (with_field(TREE, "size_dt_strings", 5), 12, "strings block"),
    "strings in the header": (with_field(TREE, "off_dt_strings", 4), 12, "strings block"),
    "reservations after the end": (with_field(GOOD, "off_mem_rsvmap", 0x1000), 16, "reservation"),
    "reservations not aligned": (
        with_field(GOOD, "off_mem_rsvmap", HEADER_SIZE + 4),
        16,
        "not aligned to 8",
    ),
    "reservations without end": (
        blob(SMALL, reservations=word(0, 0x1000, 0, 0x1000) * 2),
        HEADER_SIZE,
        "no terminating entry",
    ),
    "version 16, structure after the end": (
        blob(SMALL, version=16, off_dt_struct=0x1000),
        8,
        "structure block",
    ),
    "no end token": (blob(node()), STRUCT_AT + len(node()), "no FDT_END token"),
    "no token at all": (blob(b""), STRUCT_AT, "no FDT_END token"),
    "end token alone": (blob(END), STRUCT_AT, "ends inside a node"),
    "end inside the root": (blob(begin() + END), STRUCT_AT + 8, "ends inside a node"),
    "unknown token": (blob(begin() + word(5) + END_NODE + END), STRUCT_AT + 8, "token 0x5"),
    "token 0": (blob(begin() + word(0) + END_NODE + END), STRUCT_AT + 8, "token 0x0"),
    "end of no node": (blob(END_NODE + END), STRUCT_AT, "without FDT_BEGIN_NODE"),
    "one end too many": (
        blob(node() + END_NODE + END),
        STRUCT_AT + 12,
        "without FDT_BEGIN_NODE",
    ),
    "second root": (blob(node() + node() + END), STRUCT_AT + 12, "second root"),
    "property before the root": (blob(prop(0) + SMALL, ABC), STRUCT_AT, "outside any node"),
    "property after the root": (blob(node() + prop(0) + END, ABC), STRUCT_AT + 12, "outside any"),
    "property after a child": (
        blob(node(b"", node(b"a"), prop(0)) + END, ABC),
        STRUCT_AT + 20,
        "after a child node",
    ),
    "property past the end": (
        blob(node(b"", prop(0, b"", size=64)) + END, ABC),
        STRUCT_AT + 12,
        "64 bytes",
    ),
    "property of 4 GiB": (
        blob(node(b"", prop(0, b"abcd"), prop(0, b"", size=0xFFFFFFFF)) + END, ABC),
        STRUCT_AT + 28,
        "4294967295 bytes",
    ),
    "property past the end in a metadata node": (
        blob(node(b"", node(b"aliases", prop(0, b"", size=64))) + END, ABC),
        STRUCT_AT + 24,
        "64 bytes",
    ),
    "property cut by the end": (blob(begin() + word(3), ABC), STRUCT_AT + 12, "ends after"),
    "property name outside": (
        blob(node(b"", prop(4)) + END, ABC),
        STRUCT_AT + 16,
        "not a string of the strings block",
    ),
    "property name without end": (
        blob(node(b"", prop(0)) + END, b"abc"),
        STRUCT_AT + 16,
        "strings block",
    ),
    "empty property name": (blob(node(b"", prop(3)) + END, ABC), None, "invalid property name"),
    "property name not ASCII": (
        blob(node(b"", prop(2)) + END, b"a\0caf\xe9\0"),
        STRUCT_AT + len(node(b"", prop(2)) + END) + 2,
        "invalid property name",
    ),
    "property name with a space": (blob(node(b"", prop(0)) + END, b"a b\0"), None, "invalid prop"),
    "node name without end": (
        blob(begin() + word(1) + b"abcd", tail=b"\0"),
        STRUCT_AT + 12,
        "unterminated node name",
    ),
    "node name not ASCII": (
        blob(node(b"", node(b"gut"), node("böse".encode())) + END),
        STRUCT_AT + 24,
        "invalid node name",
    ),
    "node name empty": (blob(node(b"", node(b"")) + END), STRUCT_AT + 12, "node name b''"),
    "node name with a slash": (blob(node(b"", node(b"a/b")) + END), STRUCT_AT + 12, "node name"),
    "node name with a newline": (blob(node(b"", node(b"a\n")) + END), STRUCT_AT + 12, "node name"),
    "root with a name": (blob(node(b"root") + END), STRUCT_AT + 4, "node name b'root'"),
    "bad name below a root named /": (
        blob(node(b"/", node(b"a b")) + END),
        STRUCT_AT + 12,
        "invalid node name",
    ),
    "65 levels": (nested(65), STRUCT_AT + 64 * 8, "deeper than 64"),
    "100000 levels": (nested(100_000), STRUCT_AT + 64 * 8, "deeper than 64"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_malformed_blob_is_rejected_with_file_and_offset(fault, tmp_path):
    data, offset, message = FAULTS[fault]
    path = tmp_path / "board.dtb"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read(path)
    assert message in caught.value.message
    assert caught.value.path == str(path)
    if offset is not None:
        assert caught.value.offset == offset
    assert str(caught.value).startswith(f"{path}, byte {caught.value.offset:#x}: ")


def test_every_truncation_is_rejected():
    for size in range(len(TREE)):
        with pytest.raises(InputError):
            fdt.read(TREE[:size])


@pytest.mark.parametrize("size", [0, 3, 4, 35, 39])
def test_less_than_a_header_is_rejected(size):
    with pytest.raises(InputError):
        fdt.read(GOOD[:size])


def test_a_file_that_is_too_large_is_rejected():
    with pytest.raises(InputError, match="more than"):
        fdt.read(GOOD + bytes(fdt.MAX_SIZE))


def shape(tree: Tree) -> list[tuple[str, dict[str, bytes]]]:
    """Every node's path and properties."""
    return [(each.path, dict(each.properties)) for each in tree]


def test_a_small_tree():
    tree = fdt.read(TREE)
    assert shape(tree) == [("/", {"abc": b"fits"}), ("/child", {})]
    assert [each.name for each in tree] == ["", "child"]
    assert not tree.oddities
    assert TREE[tree.root.offset("abc") :].startswith(b"fits")
    assert TREE[tree[1].offset() :].startswith(begin(b"child"))


@pytest.mark.parametrize(
    "data",
    [
        TREE + b"trailing bytes, as loaders leave them",
        blob(
            NOP + begin() + NOP * 3 + prop(0, b"fits") + NOP + node(b"child", NOP) + NOP + END_NODE
            + NOP + END,
            ABC,
        ),
        blob(node(b"/", prop(0, b"fits"), node(b"child")) + END, ABC),
        blob(node(b"", prop(0, b"fits"), node(b"child")) + END + b"\xff" * 8, ABC),
        blob(node(b"", prop(0, b"fits"), node(b"child")) + END, ABC, version=18),
        blob(node(b"", prop(4, b"fits"), node(b"child")) + END, b"dtx-abc\0"),
        # Version 16 does not say how long its structure block is: that word is no header field.
        blob(
            node(b"", prop(0, b"fits"), node(b"child")) + END,
            ABC,
            version=16,
            size_dt_struct=0xFFFFFFFF,
        ),
        blob(
            node(b"", prop(0, b"fits"), node(b"child")) + END,
            ABC,
            reservations=word(0, 0x1000, 0, 0x2000) + bytes(16),
        ),
    ],
    ids=[
        "trailing bytes",
        "NOPs",
        "root named /",
        "words after the end token",
        "version 18 compatible to 16",
        "a name that is the end of another",
        "version 16",
        "a reservation",
    ],
)  # fmt: skip
def test_unusual_but_valid_blobs_are_read(data):
    assert shape(fdt.read(data)) == [("/", {"abc": b"fits"}), ("/child", {})]


def test_version_16_with_the_strings_first():
    structure, start = node(b"", prop(0, b"fits")) + END, HEADER_SIZE + 16
    data = blob(
        ABC + structure,
        b"",
        version=16,
        off_dt_strings=start,
        size_dt_strings=4,
        off_dt_struct=start + 4,
    )
    assert shape(fdt.read(data)) == [("/", {"abc": b"fits"})]


def test_64_levels_are_read():
    tree = fdt.read(nested(64))
    assert len(tree) == 64
    assert tree[63].path == "/n" * 63
    assert len(list(tree[63].ancestors)) == 63


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 4096])
def test_values_of_any_size(size):
    value = bytes(number % 251 for number in range(size))
    tree = fdt.read(blob(node(b"", prop(0, value), prop(4, b"next")) + END, b"abc\0def\0"))
    assert tree.root.get("abc") == value
    assert tree.root.get("def") == b"next"
    assert tree.root.has("abc")
    assert len(tree.root.cells("abc")) == size // 4


def test_absent_and_empty_properties_differ():
    tree = fdt.read(blob(node(b"", prop(0)) + END, ABC))
    assert tree.root.get("abc") == b""
    assert tree.root.strings("abc") == ()
    assert tree.root.cell("abc") is None
    assert tree.root.get("def") is None
    assert not tree.root.has("def")


def test_the_first_of_two_properties_with_the_same_name_is_used():
    data = blob(node(b"", prop(0, b"1st\0"), prop(0, b"2nd\0")) + END, b"abc\0")
    tree = fdt.read(data)
    assert tree.root.properties == {"abc": b"1st\0"}
    assert tree.root.get("abc") == b"1st\0"
    assert [(odd.kind, odd.node, odd.detail) for odd in tree.oddities] == [
        ("duplicate-property", 0, "abc")
    ]


def test_one_name_at_two_places_of_the_strings_block_is_one_name():
    data = blob(node(b"", prop(0, b"1st\0"), prop(4, b"2nd\0")) + END, b"abc\0abc\0")
    tree = fdt.read(data)
    assert tree.root.properties == {"abc": b"1st\0"}
    assert tree.root.get("abc") == b"1st\0"
    assert [odd.kind for odd in tree.oddities] == ["duplicate-property"]


def test_two_nodes_with_one_path_are_kept_and_reported():
    tree = fdt.read(blob(node(b"", node(b"a", prop(0, b"x")), node(b"a")) + END, ABC))
    assert [each.path for each in tree] == ["/", "/a", "/a"]
    assert tree.find("/a").index == 1
    assert [(odd.kind, odd.node) for odd in tree.oddities] == [("duplicate-node", 2)]


def test_equal_names_below_different_parents_are_in_order():
    tree = fdt.read(blob(node(b"", node(b"a", node(b"x")), node(b"b", node(b"x"))) + END))
    assert not tree.oddities
    assert tree.find("/b/x").parent.path == "/b"


@pytest.mark.parametrize(
    ("length", "reads"), [(fdt.MAX_PROPERTY_NAME, True), (fdt.MAX_PROPERTY_NAME + 1, False)]
)
def test_names_have_a_bound_since_they_may_overlap(length, reads):
    data = blob(node(b"", prop(0, b"")) + END, b"a" * length + b"\0")
    if reads:
        assert fdt.read(data).root.has("a" * length)
        return
    with pytest.raises(InputError, match="a name with more than 1024 characters"):
        fdt.read(data)


NAMES = b"phandle\0linux,phandle\0"


def phandles(*values: tuple[int, bytes]) -> Tree:
    """A tree of one node ``n`` for each of the name offsets and values."""
    inside = (node(b"n%d" % at, prop(*value)) for at, value in enumerate(values))
    return fdt.read(blob(node(b"", *inside) + END, NAMES))


def test_a_phandle_by_either_name():
    tree = phandles((0, word(1)), (8, word(2)))
    assert [each.phandle for each in tree] == [0, 1, 2]
    assert tree.phandles == {1: 1, 2: 2}
    assert not tree.oddities


def test_both_names_with_one_value_are_in_order():
    tree = fdt.read(blob(node(b"", prop(8, word(7)), prop(0, word(7))) + END, NAMES))
    assert tree.root.phandle == 7
    assert not tree.oddities


@pytest.mark.parametrize(("first", "second", "kept"), [(0, 8, 5), (8, 0, 5)])
def test_the_first_of_two_phandles_in_a_node_is_used(first, second, kept):
    tree = fdt.read(blob(node(b"", prop(first, word(5)), prop(second, word(6))) + END, NAMES))
    assert tree.root.phandle == kept
    assert 6 not in tree.phandles
    assert [odd.kind for odd in tree.oddities] == ["two-phandles"]


def test_a_duplicate_phandle_resolves_to_the_first_node():
    tree = phandles((0, word(3)), (8, word(3)))
    assert tree.phandles == {3: 1}
    assert [(odd.kind, odd.node) for odd in tree.oddities] == [("duplicate-phandle", 2)]


@pytest.mark.parametrize("value", [b"", b"\0\0\1", word(0), word(0xFFFFFFFF)])
def test_an_invalid_phandle_is_reported(value):
    tree = phandles((0, value))
    assert not tree.phandles
    assert {odd.kind for odd in tree.oddities} == {"invalid-phandle"}


METADATA = [b"aliases", b"__symbols__", b"__fixups__", b"__local_fixups__", b"__overrides__"]


@pytest.mark.parametrize("name", METADATA)
def test_properties_of_metadata_nodes_are_not_in_the_columns(name):
    inside = node(name, prop(0, b"x"), node(b"deeper", prop(0, b"y")))
    tree = fdt.read(blob(node(b"", inside, node(b"dev", prop(0, b"z"))) + END, b"clocks\0"))
    assert [tree[index].path for index in tree.holders("clocks")] == ["/dev"]
    assert tree[1].properties == {"clocks": b"x"}
    assert tree[1].get("clocks") == b"x"
    assert tree[2].properties == {"clocks": b"y"}


def test_a_deeper_node_with_such_a_name_is_hardware():
    tree = fdt.read(blob(node(b"", node(b"soc", node(b"aliases", prop(0)))) + END, b"clocks\0"))
    assert list(tree.holders("clocks")) == [2]


def test_labels_come_from_symbols():
    names = b"uart0\0console\0lost\0serial0\0"
    symbols = node(
        b"__symbols__", prop(0, b"/serial@1\0"), prop(6, b"/serial@1\0"), prop(14, b"/gone\0")
    )
    aliases = node(b"aliases", prop(19, b"/serial@1\0"))
    tree = fdt.read(blob(node(b"", node(b"serial@1"), aliases, symbols) + END, names))
    serial = tree.find("/serial@1")
    assert serial.label == "uart0"
    assert tree.find("&uart0") == tree.find("uart0") == tree.find("serial0") == serial
    assert tree.find("/") == tree.root != serial
    assert tree.find("lost") is None
    assert tree.find("nobody") is None
    assert tree.find("/nowhere") is None
    assert not tree.is_overlay


@pytest.mark.parametrize("inside", [node(b"__fixups__"), node(b"fragment@0", node(b"__overlay__"))])
def test_an_overlay_is_recognised_by_its_nodes(inside):
    assert fdt.read(blob(node(b"", inside) + END)).is_overlay


STATES = {
    None: True, b"okay\0": True, b"ok\0": True, b"okay": True,
    b"disabled\0": False, b"": False, b"reserved\0": False, b"fail-1\0": False, b"OKAY\0": False,
}  # fmt: skip


@pytest.mark.parametrize("status", STATES, ids=str)
def test_status(status):
    own = b"" if status is None else prop(0, status)
    tree = fdt.read(blob(node(b"", node(b"bus", own, node(b"dev"))) + END, b"status\0"))
    assert tree.find("/bus").available is STATES[status]
    assert tree.find("/bus").enabled is STATES[status]
    assert tree.find("/bus/dev").available
    assert tree.find("/bus/dev").enabled is STATES[status]
    assert tree.root.enabled


def test_strings_and_cells():
    value = b"vendor,part\0generic\0"
    names = b"compatible\0reg\0"
    tree = fdt.read(blob(node(b"", prop(0, value), prop(11, word(1, 2) + b"x")) + END, names))
    assert tree.root.compatible == ("vendor,part", "generic")
    assert list(tree.root.cells("reg")) == [1, 2]
    assert tree.root.cell("reg") == 1


def test_a_word_of_the_value_is_never_taken_for_a_token():
    value = word(2, 9, 1, 3, 4)
    tree = fdt.read(blob(node(b"", prop(0, value), node(b"child")) + END, ABC))
    assert shape(tree) == [("/", {"abc": value}), ("/child", {})]


def test_a_changed_token_changes_the_answer():
    assert len(fdt.read(TREE)) == 2
    with pytest.raises(InputError):
        fdt.read(with_word(TREE, STRUCT_AT, 2))
    assert padded(b"abc") == ABC


def test_names_that_no_real_tree_has_are_shown_short():
    long, deep = b"x" * 100_000, b"d" * 200
    inner = node(deep, node(deep, node(deep, node(deep, node(deep, node(deep))))))
    tree = fdt.read(blob(node(b"", node(long, node(b"one")), node(long[:-1], inner)) + END))
    paths = [tree.path(index) for index in range(len(tree))]
    assert len(set(paths)) == len(tree) == 10
    assert max(map(len, paths)) <= 1024
    assert paths[1].startswith("/xxx")
    assert paths[2] == f"{paths[1]}/one"
    assert tree[1].name == paths[1][1:] != tree[3].name


@pytest.mark.parametrize("path", ["/", "/child", "/child/below", "", "child", "/none", "//", "/é"])
def test_a_node_is_found_by_its_path_without_all_others(path: str) -> None:
    # Two nodes of one name: the path of what is below the second names that.
    children = node(b"child"), node(b"child", node(b"below"))
    data = blob(node(b"", *children) + END)
    one, other = fdt.read(data), fdt.read(data)
    found, wanted = one.at_path(path), other.by_path.get(path)
    assert (found and found.index) == (wanted and wanted.index)
