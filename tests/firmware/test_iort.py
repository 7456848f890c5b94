"""IORT: which fields a node has, and what its frames do to the reader; SRAT: its domains."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import (
    Iort,
    ItsGroup,
    NamedComponent,
    Pmcg,
    Rmr,
    RootComplex,
    Smmu,
    SmmuV3,
)
from dtlink.firmware.acpi.srat import Srat
from dtlink.firmware.acpi.table import FrameFault, FrameFaultKind
from dtlink.rules.catalogue import choose
from dtlink.rules.run import check
from tests.support.boards import SHARED
from tests.support.limits import at_most
from tests.support.tables import machine


def table(text: str) -> Iort:
    read = machine(text).iort
    assert read is not None
    return read


def troubles(text: str) -> list[tuple[FrameFaultKind, str]]:
    read = table(text)
    assert read.nodes is not None
    return [(trouble.kind, trouble.what) for trouble in read.frame_faults]


def first_trouble(text: str) -> FrameFault:
    read = table(text)
    assert read.nodes is not None
    return read.frame_faults[0]


# Which fields there are


def root_complex(rest: str) -> RootComplex:
    node = table(f"IORT\n  root-complex segment=3 address_limit=40 {rest}").nodes[0]
    assert isinstance(node, RootComplex)
    return node


def test_a_root_complex_has_the_fields_before_its_mappings() -> None:
    told = "node_revision=4 mapping_count=0 mapping_offset="
    fields = ("segment", "address_limit", "pasid_width", "reserved", "node_flags")
    assert [root_complex(told + "32").has(name) for name in fields] == [1, 0, 0, 0, 0]
    assert [root_complex(told + "36").has(name) for name in fields] == [1, 1, 1, 1, 0]
    assert [root_complex(told + "40").has(name) for name in fields] == [1, 1, 1, 1, 1]


def test_the_oldest_root_complex_reads_as_unlimited() -> None:
    node = root_complex("node_revision=0 mapping_offset=32")
    assert (node.segment, node.address_limit) == (3, 64)


@pytest.mark.parametrize(("revision", "limit"), [(0, 64), (1, 40)])
def test_the_limit_came_with_revision_1(revision: int, limit: int) -> None:
    assert root_complex(f"node_revision={revision}").address_limit == limit


def test_mappings_within_the_fields_end_no_fields() -> None:
    """Linux reads the segment wherever the mappings are said to be."""
    node = root_complex("mapping_count=1 mapping_offset=20")
    assert (node.segment, len(node.mappings)) == (3, 1)
    assert troubles("IORT\n  root-complex mapping_count=1 mapping_offset=20") == [
        (FrameFaultKind.BEYOND, "mapping array")
    ]


@pytest.mark.parametrize(
    "node",
    [
        "root-complex node_revision=0 size=32 length=32",
        "root-complex node_revision=1 size=36 length=36",
        "smmu-v3 node_revision=0 size=60 length=60",
        "pmcg node_revision=0 size=32 length=32",
    ],
)
def test_nodes_of_the_oldest_documents_are_whole(node: str) -> None:
    assert troubles(f"IORT\n  {node}\n  its-group ids=0") == []


def test_an_smmu_without_the_field_has_no_mapping_of_its_own() -> None:
    node = table("IORT\n  smmu-v3 node_revision=1 size=60 length=60").nodes[0]
    assert isinstance(node, SmmuV3)
    assert not node.has("device_id_index")
    assert node.own_mapping is None


def test_a_pmcg_of_revision_0_has_no_page_1() -> None:
    node = table("IORT\n  pmcg node_revision=0 page1=0x1000").nodes[0]
    assert isinstance(node, Pmcg)
    assert node.page1 == 0


def test_an_its_group_has_its_ids_whatever_it_says_of_mappings() -> None:
    node = table("IORT\n  its-group ids=4,5 mapping_offset=20").nodes[0]
    assert isinstance(node, ItsGroup)
    assert node.ids == (4, 5)


def test_a_name_ends_where_the_mappings_begin() -> None:
    text = r'IORT map: named-component object_name="\_SB_.GPU0" mapping_count=1 mapping_offset=36'
    node = table(text.replace(" map:", "\n ")).nodes[0]
    assert isinstance(node, NamedComponent)
    assert node.object_name == r"\_SB_.G"


def test_interrupts_by_their_offsets() -> None:
    node = table(
        """
        IORT
          smmu
            global-interrupts gsiv=97 flags=1
            context-interrupt gsiv=128
            context-interrupt gsiv=129
            pmu-interrupt gsiv=140
        """
    ).nodes[0]
    assert isinstance(node, Smmu)
    assert node.global_interrupts is not None
    assert (node.global_interrupts.gsiv, node.global_interrupts.flags) == (97, 1)
    assert [each.gsiv for each in node.context_interrupts] == [128, 129]
    assert [each.gsiv for each in node.pmu_interrupts] == [140]


def test_reserved_bits_of_fields_that_are_not_there_do_not_count() -> None:
    old = root_complex("node_revision=0 reserved=5 node_flags=6")
    assert list(old.nonzero_reserved()) == []
    new = root_complex("node_revision=4 pasid_width=0x35 reserved=5 node_flags=6")
    assert list(new.nonzero_reserved()) == [
        ("pasid_width", 0x20),
        ("reserved", 5),
        ("node_flags", 6),
    ]


# Frames


def test_the_first_node_need_not_follow_the_header() -> None:
    padded = table("IORT node_offset=52\n  its-group gap=4 ids=7\n  root-complex segment=1")
    assert [node.start for node in padded.nodes] == [52, 76]
    assert padded.frame_faults == []


def test_a_length_of_0_ends_the_walk() -> None:
    text = (
        "IORT node_count=0xffffffff\n  its-group ids=0\n  root-complex length=0\n  its-group ids=1"
    )
    trouble = first_trouble(text)
    assert (trouble.kind, trouble.what, trouble.length) == (FrameFaultKind.SHORT, "node", 0)
    assert len(table(text).nodes) == 1
    assert troubles(text) == [(FrameFaultKind.SHORT, "node")]


def test_a_node_shorter_than_its_header() -> None:
    read = table("IORT\n  node type=2 length=8 size=8\n  its-group ids=0")
    assert [node.start for node in read.nodes] == [48, 56]
    assert [(each.kind, each.length) for each in read.frame_faults] == [(FrameFaultKind.SHORT, 8)]


def test_a_node_beyond_the_table_is_told_once() -> None:
    text = "IORT\n  its-group ids=0\n  root-complex length=400 mapping_count=9 mapping_offset=200"
    trouble = first_trouble(text)
    assert (trouble.kind, trouble.length, trouble.room) == (FrameFaultKind.BEYOND, 400, 40)
    assert troubles(text) == [(FrameFaultKind.BEYOND, "node")]


def test_fewer_nodes_than_announced_are_told_beside_other_troubles() -> None:
    text = "IORT node_count=5\n  its-group ids=0 id_count=3\n  root-complex segment=0"
    assert troubles(text) == [(FrameFaultKind.BEYOND, "ITS ids"), (FrameFaultKind.MISSING, "node")]


@pytest.mark.parametrize(
    ("node", "what"),
    [
        ("its-group ids=1 id_count=0xffffffff", "ITS ids"),
        ("root-complex mapping_count=0xffffffff mapping_offset=40", "mapping array"),
        ("root-complex mapping_count=1 mapping_offset=0", "mapping array"),
        ("smmu context_count=1 context_offset=59", "context interrupts"),
        ("smmu pmu_count=1 pmu_offset=60", "PMU interrupts"),
        ("smmu global_offset=60", "global interrupts"),
        ("rmr descriptor_count=1 descriptor_offset=28", "descriptors"),
    ],
)
def test_arrays_that_do_not_lie_in_their_node(node: str, what: str) -> None:
    text = f"IORT\n  {node}"
    assert troubles(text) == [(FrameFaultKind.BEYOND, what)]


def test_only_whole_entries_are_read() -> None:
    node = table(
        """
        IORT
          rmr descriptor_count=0xffffffff mapping_count=0
            descriptor base=0x10000 length=0x10000
            descriptor base=0x20000 length=0x10000
        """
    ).nodes[0]
    assert isinstance(node, Rmr)
    assert [each.base for each in node.descriptors] == [0x10000, 0x20000]


def test_a_header_that_is_cut_off() -> None:
    assert troubles("IORT size=40 length=40") == [(FrameFaultKind.SHORT, "table")]


def test_a_first_node_within_the_header() -> None:
    assert troubles("IORT node_offset=44\n  its-group ids=0") == [
        (FrameFaultKind.SHORT, "first node")
    ]


BASE = """
IORT
  its: its-group ids=0
  smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
    map count=0xffff output=its
  old: smmu base=0x15000000
    global-interrupts gsiv=97
    context-interrupt gsiv=128
  root-complex segment=0
    map count=0xffff output=smmu
  gpu: named-component object_name="\\_SB_.GPU0"
    map flags=1 output=old
  pmcg base=0x9052000 reference=smmu overflow_gsiv=80
  rmr node_revision=3
    descriptor base=0x10000 length=0x10000
    map flags=1 output=smmu
"""


@given(
    st.lists(
        st.tuples(st.integers(36, 600), st.one_of(st.integers(0, 255), st.just(0), st.just(255))),
        max_size=12,
    ),
    st.integers(0, 600),
)
def test_whatever_the_bytes_are_every_rule_comes_to_an_end(
    changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(table(BASE).data)
    for at, byte in changes:
        data[at % len(data)] = byte
    data = data[: max(48, len(data) - cut)] if cut % 3 == 0 else data
    read = Iort(bytes(data))
    covered = [(node.start, node.end) for node in read.nodes]
    assert all(start < end <= len(data) for start, end in covered)
    assert all(before[1] <= after[0] for before, after in pairwise(covered))
    board = machine(BASE)
    board.tables["IORT"] = read  # type: ignore[index]
    with at_most(20):
        assert check(TablesBoard(board), choose(["iort"])).faults == []


# SRAT


def srat(text: str) -> Srat:
    read = machine(text).srat
    assert read is not None
    return read


def test_domains_of_what_is_enabled() -> None:
    read = srat(
        """
        SRAT
          gicc proximity_domain=0
          gicc proximity_domain=1 flags=0
          memory proximity_domain=2 base=0x40000000 span=0x1000
          memory proximity_domain=3 flags=2
          generic-initiator proximity_domain=4
          generic-port proximity_domain=5
          its proximity_domain=6 id=0
          x2apic proximity_domain=7
          rintc proximity_domain=8
          processor proximity_domain=9 domain_byte1=1
        """
    )
    assert read.domains == {0, 2, 4, 7, 8, 0x109}
    assert read.named == {0, 1, 2, 3, 4, 5, 6, 7, 8, 0x109}


def test_revision_1_has_domains_of_a_byte() -> None:
    entries = "\n  memory proximity_domain=0x102\n  processor proximity_domain=3 domain_byte1=1"
    assert srat("SRAT table_revision=1" + entries).domains == {2, 3}
    assert srat("SRAT table_revision=2" + entries).domains == {0x102, 0x103}


def test_an_entry_that_is_cut_off_names_no_domain() -> None:
    read = srat("SRAT\n  gicc proximity_domain=1 size=4\n")
    assert read.domains == frozenset()
    assert [trouble.kind for trouble in read.frame_faults] == [FrameFaultKind.SHORT]


@given(st.binary(max_size=200))
def test_an_srat_of_any_bytes_is_read(rest: bytes) -> None:
    data = b"SRAT" + (48 + len(rest)).to_bytes(4, "little") + b"\3" + bytes(39) + rest
    read = Srat(data)
    assert read.domains <= read.named


def test_real_tables_have_no_frame_troubles() -> None:
    files = [
        path
        for path in sorted((SHARED / "tables").glob("*/*/*"))
        if path.suffix.lower() in (".bin", ".dat", ".aml") and path.read_bytes()[:4] == b"IORT"
    ]
    if not files:
        pytest.skip(f"no real tables in {SHARED} (set DTLINK_SHARED)")
    for path in files:
        read = Iort(path.read_bytes())
        assert read.nodes, path
        assert read.frame_faults == [], path
        # The nodes fill the table.
        assert read.nodes[-1].end == len(read.data), path
        assert [bits for node in read.nodes for bits in node.nonzero_reserved()] == [], path
