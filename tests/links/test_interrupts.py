"""Interrupts, resolved as by the kernel."""

from __future__ import annotations

import random

import pytest

from dtlink.firmware.dts import read_text
from dtlink.links.interrupts import InterruptTree, Ways, steps_up
from dtlink.links.reference import UnresolvedReason
from tests.support.blobs import word
from tests.support.limits import at_most
from tests.support.links import failures, graph, links

GIC = "gic: gic { interrupt-controller; #interrupt-cells = <3>; #address-cells = <0>; };"
GPIO = "pio: pio { interrupt-controller; #interrupt-cells = <2>; };"


def suppliers(made, *names):
    """Supplier and arguments of each interrupt."""
    return [(link[1], link[3]) for link in links(made, *(names or ("interrupts",)))]


def test_the_parent_is_inherited():
    made = graph(f"interrupt-parent = <&gic>; {GIC} soc {{ dev {{ interrupts = <0 1 4>; }}; }};")
    assert links(made, "interrupts") == [("/soc/dev", "/gic", "interrupts[0]", (0, 1, 4))]


def test_the_nearest_parent_is_used():
    source = f"""
    interrupt-parent = <&gic>; {GIC} {GPIO}
    soc {{ interrupt-parent = <&pio>; one {{ interrupts = <7 1>; }}; }};
    two {{ interrupts = <0 1 4>; }};
    three {{ interrupt-parent = <&pio>; interrupts = <8 1 9 1>; }};
    """
    assert links(graph(source), "interrupts") == [
        ("/soc/one", "/pio", "interrupts[0]", (7, 1)),
        ("/two", "/gic", "interrupts[0]", (0, 1, 4)),
        ("/three", "/pio", "interrupts[0]", (8, 1)),
        ("/three", "/pio", "interrupts[1]", (9, 1)),
    ]


def test_an_ancestor_with_cells_is_the_parent_without_interrupt_parent():
    source = "bus { interrupt-controller; #interrupt-cells = <1>; dev { interrupts = <5>; }; };"
    assert suppliers(graph(source)) == [("/bus", (5,))]


def test_an_interrupt_parent_without_cells_is_skipped():
    source = f"""{GIC} bus: bus {{ interrupt-parent = <&gic>; }};
    dev {{ interrupt-parent = <&bus>; interrupts = <0 1 4>; }};"""
    assert suppliers(graph(source)) == [("/gic", (0, 1, 4))]


def test_a_controller_may_be_its_own_parent():
    source = f"interrupt-parent = <&gic>; {GIC}"
    made = graph(source, patch={"/gic:interrupts": word(1, 9, 4)})
    assert links(made, "interrupts") == [("/gic", "/gic", "interrupts[0]", (1, 9, 4))]


@pytest.mark.parametrize(
    "source",
    [
        "dev { interrupts = <1>; };",
        "interrupt-parent = <0x99>; dev { interrupts = <1>; };",
        """
        a: a { interrupt-parent = <&b>; }; b: b { interrupt-parent = <&a>; };
        dev { interrupt-parent = <&a>; interrupts = <1>; };
        """,
    ],
    ids=["none", "dangling", "a loop"],
)
def test_no_parent(source):
    made = graph(source)
    assert not links(made, "interrupts")
    assert (failures(made)[-1][0], failures(made)[-1][2]) == ("/dev", UnresolvedReason.NO_PARENT)


@pytest.mark.parametrize("value", [b"", b"\0\1"])
def test_an_interrupt_parent_of_less_than_a_cell_counts_as_missing(value):
    source = f"interrupt-parent = <&gic>; {GIC} dev {{ interrupts = <0 1 4>; }};"
    made = graph(source, patch={"/dev:interrupt-parent": value})
    assert suppliers(made) == [("/gic", (0, 1, 4))]


def test_a_truncated_specifier():
    made = graph(f"interrupt-parent = <&gic>; {GIC} dev {{ interrupts = <0 1 4 0 2>; }};")
    assert suppliers(made) == [("/gic", (0, 1, 4))]
    assert [each[1:3] for each in failures(made)] == [("interrupts[1]", UnresolvedReason.TRUNCATED)]


@pytest.mark.parametrize("width", [0, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_odd_widths_end_at_once(width):
    source = f"""bus {{ interrupt-controller; #interrupt-cells = <{width}>;
    dev {{ interrupts = <1 2>; }}; }};"""
    assert not links(graph(source), "interrupts")


def test_interrupts_extended_references_its_controllers():
    source = f"{GIC} {GPIO} dev {{ interrupts-extended = <&pio 7 1>, <&gic 0 1 4>; }};"
    assert links(graph(source)) == [
        ("/dev", "/pio", "interrupts-extended[0]", (7, 1)),
        ("/dev", "/gic", "interrupts-extended[1]", (0, 1, 4)),
    ]


def test_interrupts_extended_has_precedence():
    source = f"""interrupt-parent = <&gic>; {GIC} {GPIO}
    dev {{ interrupts = <0 1 4>; interrupts-extended = <&pio 7 1>; }};"""
    made = graph(source)
    assert {link[1] for link in links(made, "interrupts", "interrupts-extended")} == {"/pio"}


def test_interrupts_is_used_after_the_end_of_the_extended_list():
    source = f"""interrupt-parent = <&gic>; {GIC} {GPIO}
    dev {{ interrupts = <0 1 4 0 2 4>; interrupts-extended = <&pio 7 1>; }};"""
    made = graph(source)
    assert suppliers(made) == [("/pio", ()), ("/gic", (0, 2, 4))]


@pytest.mark.parametrize(
    ("value", "entry", "why"),
    [
        ("<0x99>", 0, UnresolvedReason.DANGLING),
        ("<&pio 7 1 0x99>", 1, UnresolvedReason.DANGLING),
        ("<&pio 7>", 0, UnresolvedReason.TRUNCATED),
        ("<&none>", 0, UnresolvedReason.NO_CELLS),
    ],
)
def test_faults_of_the_extended_list(value, entry, why):
    made = graph(f"{GPIO} none: none {{ }}; dev {{ interrupts-extended = {value}; }};")
    assert [each[:3] for each in failures(made)] == [("/dev", f"interrupts-extended[{entry}]", why)]


def test_in_5_10_the_extended_list_is_a_plain_one():
    made = graph(f"{GIC} dev {{ interrupts-extended = <&gic 0 1 4>; }};", (5, 10))
    assert suppliers(made, "interrupts-extended") == [("/gic", (0, 1, 4))]
    assert made.not_followed(made.references[0]) == ""


NEXUS = f"""
{GIC} {GPIO}
nexus: nexus {{
    #address-cells = <0>;
    #interrupt-cells = <2>;
    interrupt-map-mask = <0xf 0>;
    interrupt-map = <1 0 &gic 0 11 4>, <2 0 &pio 22 1>, <2 0 &gic 0 99 4>;
}};
"""


@pytest.mark.parametrize(
    ("specifier", "supplier"),
    [("1 0", "/gic"), ("1 7", "/gic"), ("0x31 0", "/gic"), ("2 0", "/pio"), ("3 0", None)],
)
def test_a_nexus_compares_masked_specifiers(specifier, supplier):
    made = graph(f"{NEXUS} dev {{ interrupt-parent = <&nexus>; interrupts = <{specifier}>; }};")
    assert [pair[0] for pair in suppliers(made)] == ([supplier] if supplier else [])


def test_without_a_mask_all_bits_are_compared():
    source = NEXUS.replace("interrupt-map-mask = <0xf 0>;", "")
    for specifier, count in (("1 0", 1), ("1 7", 0), ("0x31 0", 0)):
        made = graph(
            f"{source} dev {{ interrupt-parent = <&nexus>; interrupts = <{specifier}>; }};"
        )
        assert len(suppliers(made)) == count


def test_a_row_whose_parent_is_disabled_does_not_match():
    source = NEXUS.replace("pio: pio {", 'pio: pio { status = "disabled";')
    made = graph(f"{source} dev {{ interrupt-parent = <&nexus>; interrupts = <2 0>; }};")
    assert suppliers(made) == [("/gic", (2, 0))]


def test_the_entries_after_one_that_does_not_match_are_ignored():
    made = graph(f"{NEXUS} dev {{ interrupt-parent = <&nexus>; interrupts = <1 0 3 0 2 0>; }};")
    assert [pair[0] for pair in suppliers(made)] == ["/gic"]


def test_a_nexus_may_map_to_a_nexus():
    source = f"""{NEXUS}
    outer: outer {{
        #address-cells = <0>; #interrupt-cells = <1>; interrupt-map = <5 &nexus 2 0>;
    }};
    dev {{ interrupt-parent = <&outer>; interrupts = <5>; }};"""
    assert suppliers(graph(source)) == [("/pio", (5,))]


def test_a_map_that_references_itself_ends():
    source = """
    n: n { #address-cells = <0>; #interrupt-cells = <1>; interrupt-map = <5 &n 5>; };
    dev { interrupt-parent = <&n>; interrupts = <5>; };
    """
    assert suppliers(graph(source)) == [("/n", (5,))]


def test_a_ring_of_maps_ends():
    source = """
    m: m { #address-cells = <0>; #interrupt-cells = <1>; interrupt-map = <5 &n 5>; };
    n: n { #address-cells = <0>; #interrupt-cells = <1>; interrupt-map = <5 &m 5>; };
    dev { interrupt-parent = <&n>; interrupts = <5>; };
    """
    assert not suppliers(graph(source))


def test_a_controller_that_reads_its_own_map_is_an_end():
    source = f"""{GIC}
    n: n {{ interrupt-controller; compatible = "fsl,ls1088a-extirq"; #address-cells = <0>;
           #interrupt-cells = <1>; interrupt-map = <5 &gic 0 1 4>; }};
    dev {{ interrupt-parent = <&n>; interrupts = <5>; }};"""
    assert suppliers(graph(source)) == [("/n", (5,))]
    assert suppliers(graph(source.replace("fsl,ls1088a-extirq", "x"))) == [("/gic", (5,))]


def test_a_parent_that_is_neither_controller_nor_nexus_is_the_supplier_if_it_leads_to_one():
    source = f"""{GIC}
    pass: pass {{ #interrupt-cells = <3>; interrupt-parent = <&gic>; }};
    dev {{ interrupt-parent = <&pass>; interrupts = <0 1 4>; }};"""
    assert suppliers(graph(source)) == [("/pass", (0, 1, 4))]
    assert not suppliers(graph(source.replace("interrupt-parent = <&gic>;", "")))


PCI = f"""
{GIC}
pcie: pcie {{
    device_type = "pci";
    #address-cells = <3>; #size-cells = <2>;
    #interrupt-cells = <1>;
    interrupt-map-mask = <0xf800 0 0 7>;
    interrupt-map = <0x0800 0 0 1 &gic 0 11 4>, <0x1000 0 0 1 &gic 0 12 4>,
                    <0x1800 0 0 1 &its 1>;
    nic@1,0 {{ reg = <0x0800 0 0 0 0>; interrupts = <1>; }};
    nic@2,0 {{ reg = <0x1100 0 0 0 0>; interrupts = <1>; }};
    nic@3,0 {{ reg = <0x1800 0 0 0 0>; interrupts = <1>; }};
    nic@4,0 {{ reg = <0x2000 0 0 0 0>; interrupts = <1>; }};
}};
its: its {{ interrupt-controller; #interrupt-cells = <1>; }};
"""


def test_a_pci_host_maps_its_functions_by_address():
    made = graph(PCI)
    assert [link[:2] for link in links(made, "interrupts")] == [
        ("/pcie/nic@1,0", "/gic"),
        ("/pcie/nic@2,0", "/gic"),
        ("/pcie/nic@3,0", "/its"),
    ]
    assert links(made, "interrupt-map") == [
        ("/pcie", "/gic", "interrupt-map[0]", (0, 11, 4)),
        ("/pcie", "/gic", "interrupt-map[1]", (0, 12, 4)),
        ("/pcie", "/its", "interrupt-map[2]", (1,)),
    ]


def test_a_parent_with_address_cells_takes_them_from_the_row():
    source = PCI.replace("#address-cells = <0>;", "#address-cells = <2>;")
    source = source.replace("&gic 0 1", "&gic 0x10 0x20 0 1")
    assert links(graph(source), "interrupt-map")[0][3] == (0x10, 0x20, 0, 11, 4)
    assert [link[1] for link in links(graph(source), "interrupts")] == ["/gic", "/gic", "/its"]


@pytest.mark.parametrize("version", [(6, 6), (6, 12)])
def test_interrupt_map_by_version(version):
    made = graph(PCI, version)
    followed = [ref for ref in made.references if ref.binding.name == "interrupt-map"]
    assert all((made.not_followed(ref) == "") is (version >= (6, 10)) for ref in followed)
    assert followed


def test_a_map_is_read_up_to_its_first_bad_row():
    source = PCI.replace("<0x1000 0 0 1 &gic 0 12 4>", "<0x1000 0 0 1 0x99 0 12 4>")
    assert len(links(graph(source), "interrupt-map")) == 1


@pytest.mark.parametrize("cells", [0x10000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_huge_address_cells_take_no_memory(cells):
    source = PCI.replace("#address-cells = <3>", f"#address-cells = <{cells}>")
    assert not links(graph(source), "interrupts")
    source = PCI.replace("#address-cells = <0>", f"#address-cells = <{cells}>")
    assert not links(graph(source), "interrupt-map")


def test_large_maps_and_lists_are_read():
    rows, entries = 2_000, 4_000
    head = "gic: gic { interrupt-controller; #interrupt-cells = <2>; #address-cells = <0>; };"
    source = f"""{head}
    n: n {{ #address-cells = <0>; #interrupt-cells = <2>; r = <&gic>; }};
    dev {{ interrupt-parent = <&n>; }};"""
    phandle = graph(source).firmware.find("/gic").phandle
    table = b"".join(word(1, number, phandle, 1, number) for number in range(rows))
    wanted = b"".join(word(1, rows - 1 - number % rows) for number in range(entries))
    with at_most():
        made = graph(source, patch={"/n:interrupt-map": table, "/dev:interrupts": wanted})
        assert len(links(made, "interrupts")) == entries


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("0 0 0 2 0x99 0 2 4", UnresolvedReason.DANGLING),
        ("0 0 0 2 0x77 0 2 4", UnresolvedReason.NO_CELLS),
        ("0 0 0 2 &gic 0 2", UnresolvedReason.TRUNCATED),
        ("0 0 0 2", UnresolvedReason.LEFTOVER),
    ],
)
def test_a_bad_row_ends_an_interrupt_map_and_is_reported(second, why):
    made = graph(f"""
        gic: gic {{ interrupt-controller; #interrupt-cells = <3>; }};
        clock {{ phandle = <0x77>; }};
        pcie {{
            #address-cells = <3>; #size-cells = <2>; #interrupt-cells = <1>;
            interrupt-map = <0 0 0 1 &gic 0 1 4>, <{second}>;
        }};
    """)
    assert [link[2] for link in links(made, "interrupt-map")] == ["interrupt-map[0]"]
    assert [(item.why, item.entry) for item in made.unresolved] == [(why, 1)]


def test_ways_end_where_each_walk_ends():
    """Each node's way is walked once, whoever asks first: as steps_up() from that node alone."""
    rng = random.Random(19)  # noqa: S311
    for _ in range(50):
        size = rng.randrange(2, 12)
        nodes = "".join(
            f"n{number}: n{number} {{ interrupt-parent = <&n{rng.randrange(size)}>; }};"
            if rng.random() < 0.7
            else f"n{number}: n{number} {{ }};"
            for number in range(size)
        )
        tree = read_text(f"/ {{ {nodes} }};")
        ends = set(rng.sample(range(len(tree)), 2))
        ways = Ways(InterruptTree(tree), ends.__contains__)
        for node in rng.sample(range(len(tree)), len(tree)):
            steps = list(steps_up(tree, node))
            expected = next((step for step in steps if step[1] < 0 or step[1] in ends), None)
            assert ways.end(node) == expected
