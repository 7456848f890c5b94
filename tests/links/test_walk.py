"""The walkers of lists, endpoints and masters."""

from __future__ import annotations

import pytest

from dtlink.facts.binding import Origin
from dtlink.facts.kernels import KernelVersion
from dtlink.links.reference import Failure, Flaw, UnresolvedReason
from tests.support.blobs import word
from tests.support.links import SUPPLIERS, failures, graph, links, not_followed

ASSUMES, ENDS = [(5, 15), (6, 6), (6, 11), (6, 12), (6, 18)], [(5, 10), (6, 1)]


def clocks(value: str, version=(6, 12), patch=None):
    return graph(f"{SUPPLIERS} dev {{ clocks = {value}; }};", version, patch)


def flaws(made):
    return [link.reference.flaw for link in made.links]


def test_the_supplier_defines_how_many_cells_follow():
    made = clocks("<&c0>, <&c1 7>, <&c2 8 9>, <&c0>")
    assert links(made) == [
        ("/dev", "/clk0", "clocks[0]", ()),
        ("/dev", "/clk1", "clocks[1]", (7,)),
        ("/dev", "/clk2", "clocks[2]", (8, 9)),
        ("/dev", "/clk0", "clocks[3]", ()),
    ]
    assert not failures(made)
    assert not_followed(made) == [""] * 4


def test_a_reference_has_its_position():
    made = clocks("<&c1 7>, <&c2 8 9>")
    second = made.links[1]
    blob = made.firmware.blob
    assert blob[second.offset : second.offset + 12] == word(second.supplier.phandle, 8, 9)


def test_a_specifier_may_look_like_a_phandle():
    made = clocks("<&c2 1 2>, <&c0>")
    assert [link[1] for link in links(made)] == ["/clk2", "/clk0"]


def test_holes_are_skipped_and_no_kernel_reads_past_them():
    made = clocks("<0 &c0 0 0 &c1 7>")
    assert links(made) == [
        ("/dev", "/clk0", "clocks[1]", ()),
        ("/dev", "/clk1", "clocks[4]", (7,)),
    ]
    assert flaws(made) == [Flaw.AFTER_HOLE] * 2
    assert all("zero phandle" in why for why in not_followed(made))
    assert not failures(made)


def test_entries_before_a_hole_are_followed():
    made = clocks("<&c0 0 &c0>")
    assert not_followed(made)[0] == ""
    assert not_followed(made)[1]


@pytest.mark.parametrize("value", ["<0>", "<0 0 0>", "[]"])
def test_nothing_but_holes(value):
    made = clocks(value)
    assert not made.links
    assert not made.unresolved


def test_a_dangling_phandle_ends_the_list():
    made = clocks("<&c1 7 0x99 &c0>")
    assert [link[1] for link in links(made)] == ["/clk1"]
    assert failures(made) == [("/dev", "clocks[1]", UnresolvedReason.DANGLING, 0x99)]
    fault = Failure(made.firmware, made.unresolved[0])
    assert made.firmware.blob[fault.offset : fault.offset + 4] == word(0x99)
    assert fault.target is None


def test_an_unresolved_reference_of_an_overlay_has_no_node():
    made = clocks("<&c0 0xffffffff &c0>")
    assert [link[1] for link in links(made)] == ["/clk0"]
    assert failures(made) == [("/dev", "clocks[1]", UnresolvedReason.DANGLING, 0xFFFFFFFF)]


@pytest.mark.parametrize(
    ("value", "entry", "read"),
    [("<&c1>", "clocks[0]", 0), ("<&c2 1>", "clocks[0]", 0), ("<&c0 &c2 1>", "clocks[1]", 1)],
)
def test_too_few_cells(value, entry, read):
    made = clocks(value)
    assert len(made.links) == read
    assert [(found[1], found[2]) for found in failures(made)] == [
        (entry, UnresolvedReason.TRUNCATED)
    ]


@pytest.mark.parametrize("count", [0x10, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_huge_cell_count(count):
    made = graph(f"s: s {{ #clock-cells = <{count}>; }}; dev {{ clocks = <&s 1 2 3>; }};")
    assert not made.links
    assert [found[2] for found in failures(made)] == [UnresolvedReason.TRUNCATED]


@pytest.mark.parametrize("value", [b"", b"\0", b"\0\0\1"])
def test_a_cells_property_of_less_than_a_cell_counts_as_missing(value):
    made = graph("s: s { }; dev { clocks = <&s>; };", patch={"/s:#clock-cells": value})
    assert [found[2] for found in failures(made)] == [UnresolvedReason.NO_CELLS]


@pytest.mark.parametrize("extra", [1, 2, 3])
def test_bytes_left_over(extra):
    patch = {"/dev:clocks": word(1) + bytes(extra)}
    made = clocks("<1>; dummy = <&c0>", patch=patch)
    assert [link[1] for link in links(made)] == ["/clk0"]
    assert failures(made) == [("/dev", "clocks[1]", UnresolvedReason.LEFTOVER, extra)]


def test_a_string_where_phandles_belong():
    made = clocks('"osc"')
    assert not made.links
    assert failures(made)[0][2] is UnresolvedReason.DANGLING


def test_missing_cells_are_a_fault():
    made = clocks("<&none>")
    assert failures(made)[0][1:3] == ("clocks[0]", UnresolvedReason.NO_CELLS)
    assert Failure(made.firmware, made.unresolved[0]).target.path == "/none"


@pytest.mark.parametrize("version", ASSUMES)
def test_some_kernels_take_missing_cells_for_none(version):
    made = clocks("<&none &c1 7>", version)
    assert [link[1] for link in links(made)] == ["/none", "/clk1"]
    assert flaws(made) == [Flaw.ASSUMED_CELLS] * 2
    assert not_followed(made) == ["", ""]


@pytest.mark.parametrize("version", ENDS)
def test_others_end_the_list_there(version):
    made = clocks("<&c0 &none &c1 7>", version)
    why = not_followed(made)
    assert why[0] == ""
    assert all("lacks its cells property" in text for text in why[1:])


def test_entries_lost_after_missing_cells_are_reported_once():
    made = clocks("<&none 0x99 0x98>")
    assert [found[2] for found in failures(made)] == [UnresolvedReason.NO_CELLS]


@pytest.mark.parametrize("name", ["gpio", "gpios", "cd-gpios", "reset-gpio"])
def test_no_kernel_assumes_cells_of_gpios(name):
    made = graph(f"{SUPPLIERS} dev {{ {name} = <&none>; }};")
    assert all("lacks" in why for why in not_followed(made))
    assert [found[2] for found in failures(made)] == [UnresolvedReason.NO_CELLS]


@pytest.mark.parametrize(("name", "version"), [("msi-parent", (6, 12)), ("nvmem-cells", (6, 12))])
def test_where_the_binding_says_so_missing_cells_mean_none(name, version):
    made = graph(f"{SUPPLIERS} dev {{ {name} = <&none &none>; }};", version)
    assert len(made.links) == 2
    assert flaws(made) == [Flaw.NONE] * 2
    assert not made.unresolved


@pytest.mark.parametrize(
    ("version", "cells"), [((5, 10), 0), ((5, 15), 1), ((6, 1), 0), ((6, 6), 1), ((6, 12), 1)]
)
def test_nvmem_cells_by_version(version, cells):
    source = "s: s { #nvmem-cell-cells = <1>; }; dev { nvmem-cells = <&s 5>; };"
    made = graph(source, version)
    assert [len(link[3]) for link in links(made)] == [cells]


@pytest.mark.parametrize("name", ["vdd-supply", "vmmc-supply", "a-supply"])
def test_a_suffix_that_holds_bare_phandles(name):
    made = graph(f"{SUPPLIERS} dev {{ {name} = <&none>; }};")
    assert links(made) == [("/dev", "/none", f"{name}[0]", ())]
    assert made.links[0].binding.name == "*-supply"


@pytest.mark.parametrize("name", ["supply", "-supply", "vdd-supplying", "x,nr-gpios", "y-gpiosx"])
def test_what_only_looks_like_a_suffix(name):
    assert not graph(f"{SUPPLIERS} dev {{ {name} = <&none>; }};").references


@pytest.mark.parametrize("name", ["pinctrl-0", "pinctrl-8", "pinctrl-12"])
def test_a_prefix_with_a_number(name):
    made = graph(f"{SUPPLIERS} dev {{ {name} = <&none &c0>; }};")
    assert [link[1] for link in links(made)] == ["/none", "/clk0"]
    row = made.links[0].binding
    assert row.origin is Origin.KERNEL
    assert row.in_kernel(KernelVersion(6, 19)) is (name != "pinctrl-12")


@pytest.mark.parametrize("name", ["pinctrl-names", "pinctrl-", "pinctrl-x1"])
def test_what_only_looks_like_a_prefix(name):
    assert not graph(f"{SUPPLIERS} dev {{ {name} = <&none>; }};").references


def test_a_gpio_hog_references_no_suppliers():
    source = """
    g: gpio { #gpio-cells = <2>; hog { gpio-hog; gpios = <1 0>; }; };
    dev { gpios = <&g 1 0>; };
    """
    made = graph(source)
    assert [link[0] for link in links(made)] == ["/dev"]
    assert not made.unresolved


def test_disabled_consumers_are_left_out_by_default():
    source = f'{SUPPLIERS} bus {{ status = "disabled"; dev {{ clocks = <&c0>; }}; }};'
    assert not graph(source).references
    made = graph(source, disabled=True)
    assert len(made.links) == 1
    assert "consumer" in not_followed(made)[0]


def test_disabled_suppliers_are_linked_but_not_followed():
    made = clocks("<&off>")
    assert [link[1] for link in links(made)] == ["/off"]
    assert "disabled" in not_followed(made)[0]


def test_properties_of_vendors_are_left_out_on_demand():
    source = "s: s { }; dev { rockchip,grf = <&s>; };"
    assert len(graph(source).links) == 1
    assert not graph(source, vendor=False).references


@pytest.mark.parametrize("args", [0, 1, 5])
def test_a_row_that_takes_all_the_rest(args):
    cells = " 1" * args
    made = graph(f"s: s {{ }}; dev {{ syscon = <&s{cells}>; }};")
    assert links(made) == [("/dev", "/s", "syscon[0]", (1,) * args)]


def test_a_row_of_fixed_width():
    made = graph("s: s { }; dev { gpio-ranges = <&s 0 10 20>, <&s 1 11 21>; };")
    assert [link[3] for link in links(made)] == [(0, 10, 20), (1, 11, 21)]


def test_masters_reverse_the_link():
    source = """
    one: one { #stream-id-cells = <2>; };
    two: two { };
    smmu { mmu-masters = <&one 1 2 &two>; };
    """
    made = graph(source)
    assert links(made) == [
        ("/one", "/smmu", "mmu-masters[0]", (1, 2)),
        ("/two", "/smmu", "mmu-masters[1]", ()),
    ]
    assert {link.node.path for link in made.links} == {"/smmu"}


PORTS = """
    a { compatible = "a"; ports { port@0 { ea: endpoint { remote-endpoint = <&eb>; }; }; }; };
    b { compatible = "b"; inner { port { eb: endpoint { remote-endpoint = <&ea>; }; }; }; };
"""


@pytest.mark.parametrize(
    ("version", "pairs"),
    [
        ((5, 15), [("/a", "/b/inner/port/endpoint"), ("/b", "/a/ports/port@0/endpoint")]),
        ((6, 1), [("/a", "/b/inner"), ("/b", "/a")]),
        ((6, 6), [("/a", "/b/inner"), ("/b/inner", "/a")]),
        ((6, 12), [("/a", "/b/inner"), ("/b/inner", "/a")]),
    ],
)
def test_the_ends_of_an_endpoint_by_version(version, pairs):
    made = graph(PORTS, version)
    assert [link[:2] for link in links(made)] == pairs
    assert not_followed(made) == ["", ""]


def test_no_kernel_before_5_15_follows_endpoints():
    assert all("not a binding" in why for why in not_followed(graph(PORTS, (5, 10))))


@pytest.mark.parametrize("box", ["ports", "in-ports", "out-ports", "ports@0"])
def test_containers_of_ports_are_not_devices(box):
    source = f"""
    a {{ {box} {{ port {{ ea: endpoint {{ remote-endpoint = <&eb>; }}; }}; }}; }};
    b {{ port {{ eb: endpoint {{ }}; }}; }};
    """
    assert [link[:2] for link in links(graph(source))] == [("/a", "/b")]


def test_a_dangling_endpoint():
    made = graph("a { port { endpoint { remote-endpoint = <0x99>; }; }; };")
    assert failures(made)[0][1:] == ("remote-endpoint[0]", UnresolvedReason.DANGLING, 0x99)
    assert not made.links


def test_an_endpoint_without_owner_is_no_link():
    source = "e: endpoint { remote-endpoint = <&f>; }; a { port { f: endpoint { }; }; };"
    assert not graph(source).links


def test_a_disabled_node_on_the_way_hides_the_owner_of_6_1():
    source = """
    a { compatible = "a"; ports { status = "disabled"; port { e: endpoint { }; }; }; };
    b { compatible = "b"; port { endpoint { remote-endpoint = <&e>; }; }; };
    """
    made = graph(source, (6, 1))
    assert [link[:2] for link in links(made)] == [("/b", "/a")]


@pytest.mark.parametrize("name", ["iommus", "dmas"])
@pytest.mark.parametrize(
    ("version", "optional"), [((5, 10), False), ((6, 1), True), ((6, 12), True)]
)
def test_optional_rows(name, version, optional):
    cells = {"iommus": "#iommu-cells", "dmas": "#dma-cells"}[name]
    made = graph(f"s: s {{ {cells} = <0>; }}; dev {{ {name} = <&s>; }};", version)
    assert ("strict" in not_followed(made)[0]) is optional
