"""Properties of the reader that hold for every tree and for all bytes."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dtlink.board.tree import TreeBoard
from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.firmware.tree import METADATA_NODES, Tree
from tests.support.blobs import FIELDS, with_field
from tests.support.mutate import EXTREMES

GRAPHIC = "".join(map(chr, range(0x21, 0x7F)))
property_names = st.one_of(
    st.sampled_from(["clocks", "phandle", "#clock-cells", "interrupts", "status", "iommu-map"]),
    st.text(GRAPHIC, min_size=1, max_size=40),
)
node_names = st.one_of(
    st.sampled_from([name.decode() for name in METADATA_NODES]),
    st.text(GRAPHIC.replace("/", ""), min_size=1, max_size=40),
)
properties = st.dictionaries(property_names, st.binary(max_size=70), max_size=8)


def node(name: str, inside: dict[str, bytes], children: dict[str, SourceNode]) -> SourceNode:
    """A node whose children get their keys as names."""
    for key, child in children.items():
        child.name = key
    return SourceNode(name, inside, list(children.values()))


leaves = st.builds(lambda inside: node("", inside, {}), properties)
trees = st.recursive(
    leaves,
    lambda below: st.builds(
        lambda inside, children: node("", inside, children),
        properties,
        st.dictionaries(node_names, below, max_size=4),
    ),
    max_leaves=20,
)


def written(root: SourceNode, path: str = "") -> list[tuple[str, dict[str, bytes]]]:
    """The nodes of a tree to write, in blob order."""
    nodes = [(path or "/", root.properties)]
    for child in root.children:
        nodes += written(child, f"{path}/{child.name}")
    return nodes


def shape(tree: Tree) -> list[tuple[str, dict[str, bytes]]]:
    """The nodes of a tree that was read."""
    return [(each.path, dict(each.properties)) for each in tree]


@given(trees)
def test_what_was_written_is_read_back(root):
    tree = fdt.read(write(root))
    assert shape(tree) == written(root)
    assert [list(each.properties) for each in tree] == [list(own) for _, own in written(root)]
    assert not [odd for odd in tree.oddities if "phandle" not in odd.kind]


@given(trees)
def test_columns_have_the_same_values_as_the_nodes(root):
    tree = fdt.read(write(root))
    in_metadata = set()
    for each in tree:
        top = [above.name for above in each.ancestors][-2:-1] or [each.name]
        if each.parent and top[0].encode() in METADATA_NODES:
            in_metadata.add(each.index)
    hardware = {
        (name, each.index): value
        for each in tree
        if each.index not in in_metadata
        for name, value in each.properties.items()
    }
    columns = {
        (name, index): tree.value(at)
        for name, column in tree.columns.items()
        for index, at in column.items()
    }
    assert columns == hardware


def tree_or_error(data: bytes) -> None:
    """Read all of it; an :class:`InputError` is fine."""
    try:
        tree = fdt.read(data)
    except InputError:
        return
    assert len(shape(tree)) == len(tree)
    assert TreeBoard(tree).cycles is not None


@given(st.binary(max_size=400))
@example(b"")
@example(fdt.MAGIC)
@example(fdt.MAGIC + bytes(36))
@example(fdt.MAGIC + b"\xff" * 36)
def test_any_bytes_give_a_tree_or_an_input_error(data):
    tree_or_error(data)
    tree_or_error(fdt.MAGIC + data)


@given(trees, st.sampled_from(FIELDS), st.one_of(st.sampled_from(EXTREMES), st.integers(0, 2000)))
def test_any_header_gives_a_tree_or_an_input_error(root, name, value):
    tree_or_error(with_field(write(root), name, value))


@given(st.data())
@settings(max_examples=200)
def test_any_damage_gives_a_tree_or_an_input_error(data):
    blob = bytearray(write(data.draw(trees)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(blob) - 1))
        blob[at] = data.draw(st.integers(0, 255))
    tree_or_error(bytes(blob))
