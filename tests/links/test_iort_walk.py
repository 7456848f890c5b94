"""The walk of an ID through an IORT: as it is specified, and as Linux does it."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtlink.firmware.acpi.iort import Iort, IortNode, ItsGroup, NamedComponent
from dtlink.links.acpi.iort_pieces import output, pieces
from dtlink.links.acpi.iort_walk import (
    MAX_STEPS,
    SMMUS,
    End,
    component_ids,
    component_msi,
    map_id,
    msi_of,
)
from dtlink.testing.assemble import assemble, label_offsets
from tests.support.tables import machine

SERVICES = """
IORT
  its: its-group ids=0
  other: its-group ids=1
  smmu: smmu-v3 base=0x9050000
    map count=0xffff output=its
"""


def table_of(text: str) -> Iort:
    table = machine(text).iort
    assert table is not None
    return table


def last(text: str) -> tuple[Iort, IortNode]:
    """A table, and the node that is written last in it."""
    table = table_of(text)
    return table, table.nodes[-1]


def requester(*maps: str, kind: str = "root-complex segment=0") -> tuple[Iort, IortNode]:
    return last(SERVICES + f"  {kind}\n" + "".join(f"    map {each}\n" for each in maps))


def ways(table: Iort, node: IortNode, *idents: int, linux: bool = True) -> list[tuple[str, int]]:
    """Where the MSIs of some IDs end, and with which ID there; ``-`` if at no ITS."""
    walks = [msi_of(table, node, ident, linux=linux) for ident in idents]
    return [(walk.found.identity if walk.found else "-", walk.id) for walk in walks]


def test_through_an_smmu_to_an_its() -> None:
    table, node = requester("input_base=0x100 count=0xff output_base=0x8000 output=smmu")
    walk = msi_of(table, node, 0x1FF)
    assert walk.end is End.FOUND
    assert [(step.node.WORD, step.id_in, step.id_out) for step in walk.steps] == [
        ("root-complex", 0x1FF, 0x80FF),
        ("smmu-v3", 0x80FF, 0x80FF),
    ]
    assert map_id(table, node, 0x1FF, SMMUS).id == 0x80FF
    assert [msi_of(table, node, ident).end for ident in (0xFF, 0x200)] == [End.UNMAPPED] * 2


def test_the_first_match_counts() -> None:
    table, node = requester(
        "input_base=0 count=0x1ff output=its",
        "input_base=0x100 count=0x1ff output_base=0x900 output=other",
    )
    assert ways(table, node, 0x100, 0x1FE, 0x1FF, 0x200) == [
        ("ITS 0", 0x100),
        ("ITS 0", 0x1FE),
        ("ITS 0", 0x1FF),
        ("ITS 1", 0xA00),
    ]


class TestOneTooMany:
    """Two ranges that share one ID, as where the count is the number of IDs."""

    FIRST, SECOND = (
        "input_base=0 count=0x100 output=its",
        "input_base=0x100 count=0xff output=other",
    )

    def test_linux_takes_the_range_that_begins_there(self) -> None:
        table, node = requester(self.FIRST, self.SECOND)
        assert ways(table, node, 0xFF, 0x100) == [("ITS 0", 0xFF), ("ITS 1", 0)]
        assert ways(table, node, 0xFF, 0x100, linux=False) == [("ITS 0", 0xFF), ("ITS 0", 0x100)]

    def test_in_the_other_order_the_first_match_is_that_range(self) -> None:
        table, node = requester(self.SECOND, self.FIRST)
        assert ways(table, node, 0x100) == ways(table, node, 0x100, linux=False) == [("ITS 1", 0)]

    def test_a_range_that_ends_there_too_does_not_take_it(self) -> None:
        table, node = requester(self.FIRST, "input_base=0x80 count=0x80 output=other")
        assert ways(table, node, 0x100) == [("ITS 0", 0x100)]

    def test_of_two_that_begin_there_the_first_takes_it(self) -> None:
        table, node = requester(self.FIRST, self.SECOND, "input_base=0x100 count=9 output=smmu")
        assert ways(table, node, 0x100) == [("ITS 1", 0)]

    def test_one_id_is_no_range_that_could_be_too_long(self) -> None:
        table, node = requester("input_base=0x100 count=0 output=its", self.SECOND)
        assert ways(table, node, 0x100) == [("ITS 0", 0)]

    def test_a_single_mapping_takes_it_as_well(self) -> None:
        table, node = requester(self.FIRST, "flags=1 output_base=7 output=other")
        assert ways(table, node, 0xFF, 0x100) == [("ITS 0", 0xFF), ("ITS 1", 7)]

    def test_a_range_that_names_nothing_is_forgotten_at_its_end(self) -> None:
        table, node = requester(
            "input_base=0x900 output=its",
            "input_base=0 count=0x100 output=0",
            "input_base=0x80 count=0x100 output=other",
        )
        assert msi_of(table, node, 0xFF).end is End.NOWHERE
        assert ways(table, node, 0x100) == [("ITS 1", 0x80)]


class TestSingleMapping:
    def test_on_a_root_complex_it_takes_every_id(self) -> None:
        table, node = requester(
            "count=0xff output=its",
            "flags=1 output_base=7 output=smmu",
            "count=0xffff output=other",
        )
        assert ways(table, node, 0xFE, 0x200, 0xFFFF) == [
            ("ITS 0", 0xFE),
            ("ITS 0", 7),
            ("ITS 0", 7),
        ]

    def test_on_an_smmu_it_is_skipped(self) -> None:
        table, node = last(
            """
            IORT
              its: its-group ids=0
              other: its-group ids=1
              smmu base=0x1000
                map flags=1 output=its
                map count=0xffff output=other
            """
        )
        assert ways(table, node, 5) == [("ITS 1", 5)]
        assert ways(table, node, 5, linux=False) == [("ITS 0", 0)]


class TestOwnMapping:
    """The entry of an SMMUv3 that is for its own MSIs takes no part in the translation."""

    TEXT = """
        IORT
          its: its-group ids=0
          smmu-v3 base=0x9050000 {fields} device_id_index=0
            map count=0xff output=its
            map input_base=0x100 count=0xff output_base=0x100 output=its
        """

    @pytest.mark.parametrize(
        ("fields", "found"),
        [
            # up to revision 4 the index counts unless all interrupts are wired
            ("node_revision=4", "-"),
            ("node_revision=4 event_gsiv=1 gerr_gsiv=2 sync_gsiv=3", "-"),
            ("node_revision=4 event_gsiv=1 pri_gsiv=4 gerr_gsiv=2 sync_gsiv=3", "ITS 0"),
            # revision 0 has no index, revision 5 a flag
            ("node_revision=0", "ITS 0"),
            ("node_revision=5", "ITS 0"),
            ("node_revision=5 node_flags=0x10", "-"),
        ],
    )
    def test_when_it_counts(self, fields: str, found: str) -> None:
        table, node = last(self.TEXT.format(fields=fields))
        assert [name for name, _ in ways(table, node, 0x80, 0x180)] == [found, "ITS 0"]

    def test_an_index_past_the_mappings_skips_none(self) -> None:
        text = self.TEXT.replace("index=0", "index=2").format(fields="node_revision=4")
        table, node = last(text)
        assert ways(table, node, 0x80) == [("ITS 0", 0x80)]


class TestNumbersOf32Bits:
    def test_a_range_past_the_last_number_takes_no_id(self) -> None:
        table, node = requester("input_base=0x10 count=0xfffffff0 output=its")
        assert ways(table, node, 0x10, 0xFFFFFFFF) == [("-", 0x10), ("-", 0xFFFFFFFF)]

    def test_a_range_up_to_the_last_number_is_fine(self) -> None:
        table, node = requester("input_base=0x10 count=0xffffffef output=its")
        assert ways(table, node, 0xFFFFFFFF) == [("ITS 0", 0xFFFFFFEF)]

    def test_an_output_past_the_last_number_begins_anew(self) -> None:
        table, node = requester("count=0xffff output_base=0xfffffff0 output=its")
        assert ways(table, node, 0xF, 0x10) == [("ITS 0", 0xFFFFFFFF), ("ITS 0", 0)]


class TestNamedComponent:
    def found(self, *maps: str) -> tuple[list[int], int | None]:
        """The stream IDs that Linux gives it, and the entry of its MSIs."""
        table, node = requester(*maps, kind='named-component object_name="\\_SB_.DMA0"')
        assert isinstance(node, NamedComponent)
        msi = component_msi(table, node)
        return [walk.id for walk in component_ids(table, node)], msi.entry if msi else None

    def test_it_has_the_stream_id_of_each_single_mapping(self) -> None:
        singles = [f"flags=1 output_base={ident} output=smmu" for ident in (3, 9)]
        assert self.found(*singles) == ([3, 9], 0)

    def test_a_range_ends_the_search_for_stream_ids_but_not_for_msis(self) -> None:
        one = "flags=1 output_base=3 output=smmu"
        assert self.found("output=smmu", one) == ([], 1)
        assert self.found(one, "output=smmu", one) == ([3], 0)

    def test_an_its_before_the_smmu_ends_the_search_for_stream_ids(self) -> None:
        its, smmu = "flags=1 output_base=3 output=its", "flags=1 output_base=3 output=smmu"
        assert self.found(its, smmu) == ([], 0)
        assert self.found(smmu, its) == ([3], 0)

    def test_smmus_of_two_drivers_end_it(self) -> None:
        table, node = last(
            """
            IORT
              one: smmu-v3 base=0x1000
              two: smmu base=0x2000
              named-component object_name="\\_SB_.DMA0"
                map flags=1 output_base=1 output=one
                map flags=1 output_base=2 output=two
            """
        )
        assert isinstance(node, NamedComponent)
        assert [walk.id for walk in component_ids(table, node)] == [1]


class TestCycles:
    def walk(self, shift: int) -> End:
        table, node = last(
            f"""
            IORT
              smmu: smmu-v3 base=0x9050000
                map count=0xffff output_base={shift} output=smmu
            """
        )
        return msi_of(table, node, 0xFFF0).end

    def test_an_id_that_comes_back_unchanged_goes_round_for_ever(self) -> None:
        assert self.walk(0) is End.LOOP

    def test_an_id_that_leaves_the_range_does_not(self) -> None:
        assert self.walk(1) is End.UNMAPPED

    def test_a_long_way_is_given_up(self) -> None:
        table, node = last("IORT\n smmu: smmu-v3\n  map count=0xffff output_base=1 output=smmu\n")
        walk = msi_of(table, node, 0)
        assert (walk.end, len(walk.steps)) == (End.LONG, MAX_STEPS)

    def test_two_nodes(self) -> None:
        table, node = last(
            """
            IORT
              smmu: smmu-v3 base=0x9050000
                map count=0xffff output=rc
              rc: root-complex segment=0
                map count=0xffff output=smmu
            """
        )
        assert msi_of(table, node, 3).end is End.LOOP
        assert map_id(table, node, 3, SMMUS).end is End.FOUND


def test_where_the_first_entry_names_nothing_linux_reads_no_further() -> None:
    table, node = requester("input_base=0x900 output=0", "count=0xff output=its")
    assert msi_of(table, node, 5).end is End.UNMAPPED
    assert ways(table, node, 5, linux=False) == [("ITS 0", 5)]


# The kernel's loop once more, plainly, on the bytes.

LETTERS = {"its-group": 0, "named-component": 1, "root-complex": 2, "smmu": 3, "smmu-v3": 4}


class Kernel(NamedTuple):
    """A table, as the kernel has it in memory."""

    data: bytes

    def u32(self, at: int) -> int:
        return int(struct.unpack_from("<I", self.data, at)[0])

    def own_index(self, node: int) -> int | None:
        """Which entry the kernel skips."""
        if self.data[node] != LETTERS["smmu-v3"] or self.data[node + 3] < 1:
            return None
        if self.data[node + 3] < 5:
            if all(self.u32(node + at) for at in (44, 48, 52, 56)):
                return None
        elif not self.u32(node + 24) & 16:
            return None
        index = self.u32(node + 64)
        return None if index >= self.u32(node + 8) else index

    def id_map(self, entry: int, kind: int, ident: int, overlap: int) -> tuple[str, int | None]:
        """What one entry does with an ID: ``no``, ``yes`` or ``again``; and the output."""
        base, count, out, _, flags = (self.u32(entry + at) for at in (0, 4, 8, 12, 16))
        if flags & 1:
            return ("yes", out) if kind in (1, 2) else ("no", None)
        end = base + count & 0xFFFFFFFF
        if ident < base or ident > end or (overlap and ident != base):
            return "no", None
        return (
            "again" if count > 0 and ident == end else "yes",
            out + ident - base & 0xFFFFFFFF,
        )

    def step(self, node: int, ident: int) -> tuple[int, int] | None:
        """The offset and the ID that one turn of the loop goes on with; ``None``: it ends."""
        number, array = self.u32(node + 8), self.u32(node + 12)
        if not number or not array or not self.u32(node + array + 12):
            return None
        rc, out_ref, output, target = "no", 0, ident, 0
        for index in range(number):
            if index == self.own_index(node):
                continue
            entry = node + array + 20 * index
            rc, given_id = self.id_map(entry, self.data[node], ident, out_ref)
            output = output if given_id is None else given_id
            target = self.u32(entry + 12)
            if rc == "yes":
                return target, output
            if rc == "again":
                out_ref = target
        return (out_ref, output) if out_ref else None

    def map_id(self, node: int, ident: int, kinds: set[int]) -> tuple[str, int, int]:
        """How the search ends, at which node and with which ID."""
        seen: list[tuple[int, int]] = []
        while self.data[node] not in kinds:
            if (node, ident) in seen:
                return "LOOP", node, ident
            if len(seen) == MAX_STEPS:
                return "LONG", node, ident
            seen.append((node, ident))
            step = self.step(node, ident)
            if step is None:
                return "UNMAPPED", node, ident
            target, ident = step
            if target == 0:
                return "NOWHERE", node, ident
            node = target
        return "FOUND", node, ident


NUMBERS = st.one_of(st.integers(0, 12), st.integers(0xFFFFFFF8, 0xFFFFFFFF))
ENTRIES = st.lists(
    st.builds(
        "input_base={} count={} output_base={} output={} flags={}".format,
        NUMBERS,
        NUMBERS,
        NUMBERS,
        st.sampled_from(("n0", "n1", "n2", "n3", "its", "its", "0")),
        st.sampled_from((0, 0, 0, 1)),
    ),
    max_size=6,
)
HEADS = st.sampled_from(
    (
        "root-complex",
        "smmu",
        "smmu-v3 node_revision=5",
        "smmu-v3 node_revision=5 node_flags=0x10 device_id_index=1",
        "smmu-v3 node_revision=3 device_id_index=0",
        "smmu-v3 node_revision=3 event_gsiv=1 pri_gsiv=1 gerr_gsiv=1 sync_gsiv=1",
    )
)
NODES = st.lists(st.tuples(HEADS, ENTRIES), min_size=4, max_size=4)


def written(nodes: list[tuple[str, list[str]]]) -> str:
    lines = ["IORT", "  its: its-group ids=0"]
    for number, (head, entries) in enumerate(nodes):
        lines += [f"  n{number}: {head}", *(f"    map {entry}" for entry in entries)]
    return "\n".join(lines)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NODES, st.lists(NUMBERS, min_size=4, max_size=4), st.booleans())
def test_the_walk_is_the_kernels(
    nodes: list[tuple[str, list[str]]],
    idents: list[int],
    to_smmu: bool,  # noqa: FBT001
) -> None:
    text = written(nodes)
    kernel, table = Kernel(assemble(text)["IORT"]), table_of(text)
    _, start = label_offsets(text)["n0"]
    for ident in idents:
        end, node, out = kernel.map_id(start, ident, {3, 4} if to_smmu else {0})
        kinds = SMMUS if to_smmu else (ItsGroup,)
        walk = map_id(table, table.by_offset[start], ident, kinds)
        assert (walk.end.name, walk.node.start, walk.id) == (end, node, out)


@settings(max_examples=150, deadline=None)
@given(ENTRIES, st.lists(NUMBERS, min_size=1, max_size=8))
def test_pieces_are_in_order_and_say_what_the_kernel_does(
    entries: list[str], idents: list[int]
) -> None:
    text = written([("root-complex", entries), ("smmu", []), ("smmu", []), ("smmu", [])])
    kernel, table = Kernel(assemble(text)["IORT"]), table_of(text)
    node = table.nodes[1]
    found = pieces(node)
    spans = [piece.span for piece in found]
    assert all(spans)
    assert all(one.last < two.first for one, two in pairwise(spans))
    for ident in idents:
        mine = [
            (mapping.output, output(mapping, ident))
            for span, mapping in found
            if span.first <= ident <= span.last
        ]
        step = kernel.step(node.start, ident)
        assert mine == ([] if step is None else [step])


def test_many_entries_take_no_quadratic_time() -> None:
    """3,270 ranges within each other: each of their ends and beginnings makes a piece."""
    maps = "\n".join(
        f"    map input_base={n} count={10_000 - 2 * n} output=its" for n in range(3270)
    )
    table = table_of(f"IORT\n  its: its-group ids=0\n  rc: root-complex\n{maps}\n")
    node = table.nodes[-1]
    assert len(node.mappings) == 3270
    assert len(pieces(node)) == 1
    assert msi_of(table, node, 3270).steps[0].mapping.entry == 0
