"""ID maps and specifier nexus maps."""

from __future__ import annotations

import pytest

from dtlink.links.maps import read_id_map
from dtlink.links.reference import Failure, UnresolvedReason
from tests.support.blobs import word
from tests.support.links import failures, graph, links, not_followed

HEAD = """
    one: one { #iommu-cells = <1>; };
    two: two { #iommu-cells = <2>; };
    zero: zero { #iommu-cells = <0>; };
    its: its { #msi-cells = <1>; };
    bare: bare { };
"""


def host(inside: str, **options):
    return graph(f"{HEAD} pcie {{ {inside} }};", **options)


def rows(inside: str, name: str = "iommu-map"):
    made = host(inside)
    node = made.firmware.find("/pcie").index
    table = read_id_map(
        made.firmware, node, name, {"iommu-map": "#iommu-cells"}.get(name, "#msi-cells")
    )
    return table, made.firmware


def test_the_classic_form():
    table, tree = rows("iommu-map = <0 &one 0x100 0x10>, <0x20 &bare 0x200 1>;")
    assert [(row.input_base, row.output, row.length) for row in table.entries] == [
        (0, (0x100,), 0x10),
        (0x20, (0x200,), 1),
    ]
    assert [tree.path(row.target) for row in table.entries] == ["/one", "/bare"]
    assert [(row.entry, row.cell) for row in table.entries] == [(0, 0), (1, 4)]
    assert (table.leftover, table.mask) == (0, 0xFFFFFFFF)


def test_the_classic_form_whatever_the_width_of_the_target():
    table, _ = rows("iommu-map = <0 &two 0x100 0x10>, <0x20 &two 0x200 1>;")
    assert [row.output for row in table.entries] == [(0x100,), (0x200,)]


@pytest.mark.parametrize(
    ("value", "outputs"),
    [
        ("<0 &two 1 2 0x10>", [(1, 2)]),
        ("<0 &two 1 2 0x10>, <0x10 &one 3 1>", [(1, 2), (3,)]),
        ("<0 &one 3 1>, <0x10 &two 1 2 0x10>", [(3,), (1, 2)]),
        ("<0 &zero 0x10>", [()]),
    ],
)
def test_the_form_that_follows_the_targets_cells(value, outputs):
    table, _ = rows(f"iommu-map = {value};")
    assert [row.output for row in table.entries] == outputs
    assert table.leftover == 0


def test_the_mask():
    table, _ = rows("iommu-map = <0 &one 0 1>; iommu-map-mask = <0xfff8>;")
    assert table.mask == 0xFFF8


def test_links_of_a_map():
    made = host("iommu-map = <0 &one 0x100 0x10>, <0x20 &two 0x200 1>;")
    assert links(made) == [
        ("/pcie", "/one", "iommu-map[0]", (0x100, 0x10)),
        ("/pcie", "/two", "iommu-map[1]", (0x200, 1)),
    ]
    assert all("strict" in why for why in not_followed(made))
    blob, link = made.firmware.blob, made.links[1]
    assert blob[link.offset : link.offset + 4] == word(link.supplier.phandle)


def test_the_kernel_does_not_follow_msi_map():
    made = host("msi-map = <0 &its 0 0x10000>;")
    assert [link[1] for link in links(made)] == ["/its"]
    assert "not a binding" in not_followed(made)[0]


def test_a_dangling_target_does_not_hide_the_rest():
    made = host("iommu-map = <0 &one 0 1>, <1 0x99 0 1>, <2 &one 0 1>;")
    assert [link[2] for link in links(made)] == ["iommu-map[0]", "iommu-map[2]"]
    assert failures(made) == [("/pcie", "iommu-map[1]", UnresolvedReason.DANGLING, 0x99)]
    fault = Failure(made.firmware, made.unresolved[0])
    assert made.firmware.blob[fault.offset : fault.offset + 4] == word(0x99)


@pytest.mark.parametrize(
    ("value", "entries"),
    [
        ("<0 0xffffffff 5 0 1>, <8 0xffffffff 6 0 1>", 0),
        ("<0 &two 1 2 0x10>, <8 0xffffffff 6 0 1>", 1),
        ("<0 0xffffffff 5 1>, <8 0xffffffff 6 1>", 2),
    ],
)
def test_the_width_of_a_target_in_the_base_of_an_overlay_is_not_known(value, entries):
    table, _ = rows(f"iommu-map = {value};")
    assert (len(table.entries), table.leftover) == (entries, 0)


@pytest.mark.parametrize(
    ("value", "leftover"), [("<0 &one 0 1 5>", 1), ("<0 &one 0 1 5 &one>", 2), ("<1>", 1)]
)
def test_cells_left_over(value, leftover):
    table, _ = rows(f"iommu-map = {value};")
    assert table.leftover == leftover
    made = host(f"iommu-map = {value};")
    assert [found[2] for found in failures(made)] == [UnresolvedReason.LEFTOVER]
    node = made.firmware.find("/pcie")
    end = node.offset("iommu-map") + len(node.get("iommu-map"))
    assert Failure(made.firmware, made.unresolved[0]).offset == end - 4 * leftover


def test_bytes_left_over():
    made = host("iommu-map = <0 &one 0 1>;")
    value = made.firmware.find("/pcie").get("iommu-map") + b"\1"
    made = host("x = <&one>;", patch={"/pcie:iommu-map": value})
    assert [found[2] for found in failures(made)] == [UnresolvedReason.LEFTOVER]


@pytest.mark.parametrize("cells", [0x100, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_huge_width(cells):
    source = f"big: big {{ #iommu-cells = <{cells}>; }}; pcie {{ iommu-map = <0 &big 1 2 3 4>; }};"
    made = graph(source)
    assert not made.links
    assert [found[2] for found in failures(made)] == [UnresolvedReason.LEFTOVER]


def test_an_empty_map():
    made = host("iommu-map;")
    assert not made.links
    assert not made.unresolved


GPIO = """
    soc: soc { #gpio-cells = <2>; };
    wide: wide { #gpio-cells = <3>; };
    bare: bare { };
"""


def connector(value: str, cells: str = "#gpio-cells = <2>;"):
    return graph(f"{GPIO} con {{ {cells} gpio-map = {value}; }};")


def test_the_parents_of_a_nexus():
    made = connector("<0 0 &soc 5 0>, <1 0 &wide 1 2 3>, <2 0 &soc 6 1>")
    assert links(made) == [
        ("/con", "/soc", "gpio-map[0]", (5, 0)),
        ("/con", "/wide", "gpio-map[1]", (1, 2, 3)),
        ("/con", "/soc", "gpio-map[2]", (6, 1)),
    ]
    assert not made.unresolved


@pytest.mark.parametrize(
    ("value", "read", "why"),
    [
        ("<0 0 &soc 5 0>, <1 0 0x99 6 0>", 1, UnresolvedReason.DANGLING),
        ("<0 0 &bare>", 0, UnresolvedReason.NO_CELLS),
        ("<0 0 &soc 5 0>, <1 0 &soc 6>", 1, UnresolvedReason.TRUNCATED),
    ],
)
def test_faults_of_a_nexus_map(value, read, why):
    made = connector(value)
    assert len(made.links) == read
    assert [found[2] for found in failures(made)] == [why]


def test_a_nexus_without_its_own_cells():
    assert [found[2] for found in failures(connector("<0 0 &soc 5 0>", ""))] == [
        UnresolvedReason.NO_CELLS
    ]


@pytest.mark.parametrize("cells", [0x100, 0xFFFFFFFF])
def test_a_nexus_with_huge_cells_reads_nothing(cells):
    assert not connector("<0 0 &soc 5 0>", f"#gpio-cells = <{cells}>;").links
