"""The links that an IORT tells of, and which of them Linux uses."""

from __future__ import annotations

import pytest

from dtlink.links.acpi import iort
from dtlink.links.acpi.link import TableLink
from dtlink.testing.assemble import label_offsets
from tests.support.tables import machine

SUPPLIERS = """
IORT {header}
  its: its-group ids=0
  other: its-group ids=1
  v3: smmu-v3 base=0x9050000
    map count=0xffff output_base=0x100000 output=its
  v2: smmu base=0x15000000
    map count=0x7fff output=other
"""


def links(text: str) -> list[TableLink]:
    return list(iort.links(machine(text)))


def of(consumer: str, *lines: str, header: str = "") -> list[TableLink]:
    """The links of one more node, which is told with its mappings."""
    text = SUPPLIERS.format(header=header) + f"  it: {consumer}\n"
    text += "".join(f"    {each}\n" for each in lines)
    _, start = label_offsets(text)["it"]
    return [told for told in links(text) if told.consumer.start == start]


def names(found: list[TableLink]) -> list[tuple[str, str]]:
    return [(told.binding.name, told.supplier.identity) for told in found]


def reasons(found: list[TableLink]) -> list[str]:
    return [told.why_not for told in found]


RC, NC = "root-complex segment=0", 'named-component object_name="\\_SB_.DMA0"'
V3, V2, ITS, OTHER = "0x9050000", "0x15000000", "ITS 0", "ITS 1"


@pytest.mark.parametrize(
    ("consumer", "entry", "expected"),
    [
        (RC, "map count=0xff output=v3", [("iort-iommu", V3), ("iort-msi", ITS)]),
        (RC, "map count=0xff output=v2", [("iort-iommu", V2), ("iort-msi", OTHER)]),
        (RC, "map count=0xff output=its", [("iort-msi", ITS)]),
        (NC, "map flags=1 output=v3", [("iort-iommu", V3), ("iort-msi", ITS)]),
        (NC, "map flags=1 output=v2", [("iort-iommu", V2), ("iort-msi", OTHER)]),
        (NC, "map flags=1 output=its", [("iort-msi", ITS)]),
        ("smmu base=0x1000", "map count=0xff output=its", [("iort-behind", ITS)]),
        ("pmcg base=0x1000", "map flags=1 output=its", [("iort-own-msi", ITS)]),
        ("rmr", "map output=v3", [("iort-reservation", V3)]),
        ("iwb base=0x1000", "map count=0xff output=its", [("iort-msi", ITS)]),
    ],
)
def test_every_legal_pair(consumer: str, entry: str, expected: list[tuple[str, str]]) -> None:
    assert names(of(consumer, entry)) == expected


@pytest.mark.parametrize(
    ("consumer", "entry"),
    [
        (RC, "map output=0"),
        (RC, "map output=v3+4"),
    ],
)
def test_no_link_to_nobody(consumer: str, entry: str) -> None:
    assert names(of(consumer, entry)) == []


@pytest.mark.parametrize(
    ("consumer", "entry", "target"),
    [
        ("rmr", "map output=its", ITS),
        ("pmcg base=0x1000", "map flags=1 output=v3", V3),
        ("iwb base=0x1000", "map output=v3", V3),
    ],
)
def test_a_target_that_may_be_none_is_marked(consumer: str, entry: str, target: str) -> None:
    (link,) = of(consumer, entry)
    assert names([link]) == [("iort-illegal", target)]
    assert link.why_not


class TestThrough:
    """What is behind an SMMU has the ITS that the SMMU maps its stream IDs to."""

    def test_device_ids(self) -> None:
        _, msi = of(RC, "map input_base=0x100 count=0xff output_base=0x8000 output=v3")
        assert msi.inputs == range(0x100, 0x200)
        assert msi.output == 0x108000
        assert msi.through is not None
        assert msi.through.identity == V3
        assert msi.entry.MEMBER == "mappings"

    def test_only_where_the_stream_ids_of_both_meet(self) -> None:
        _, msi = of(RC, "map count=0xffff output_base=0x8000 output=v3")
        assert (msi.inputs, msi.output) == (range(0x8000), 0x108000)
        assert names(of(RC, "map count=0xff output_base=0x10000 output=v3")) == [("iort-iommu", V3)]

    def test_several_services(self) -> None:
        found = links(
            """
            IORT
              its: its-group ids=0
              other: its-group ids=1
              smmu: smmu-v3 base=0x1000
                map count=0xff output=its
                map input_base=0x100 count=0xff output_base=0x500 output=other
              root-complex segment=0
                map input_base=0x40 count=0x17f output_base=0x80 output=smmu
            """
        )
        told = [
            (each.supplier.identity, each.inputs, each.output) for each in found if each.through
        ]
        assert told == [
            (ITS, range(0x40, 0xC0), 0x80),
            (OTHER, range(0xC0, 0x1C0), 0x500),
        ]

    def test_a_component_has_one_id(self) -> None:
        _, msi = of(NC, "map flags=1 output_base=0x40 output=v3")
        assert (msi.inputs, msi.output) == (range(0), 0x100040)

    def test_the_entry_of_the_smmu_itself_is_for_nobody_else(self) -> None:
        found = links(
            """
            IORT
              its: its-group ids=0
              smmu: smmu-v3 base=0x1000 node_revision=4 device_id_index=1
                map count=0xff output=its
                map flags=1 output_base=0x900 output=its
              root-complex segment=0
                map count=0xff output=smmu
            """
        )
        assert names(found) == [
            ("iort-behind", ITS),
            ("iort-own-msi", ITS),
            ("iort-iommu", "0x1000"),
            ("iort-msi", ITS),
        ]
        assert reasons(found) == [""] * 4


class TestUnusedByLinux:
    def test_a_component_has_no_input_id(self) -> None:
        assert set(reasons(of(NC, "map count=3 output=v3"))) == {iort.RANGE}

    def test_a_component_after_a_range_or_an_its(self) -> None:
        single = "map flags=1 output=v2"
        found = of(NC, "map count=3 output=v3", single)
        assert reasons(found) == [iort.RANGE, iort.RANGE, iort.BEHIND_RANGE, ""]
        found = of(NC, "map flags=1 output=its", single)
        assert reasons(found) == ["", iort.BEHIND_RANGE, iort.SECOND_ITS]

    def test_a_component_takes_its_first_its(self) -> None:
        found = of(NC, "map flags=1 output=v3", "map flags=1 output=its")
        assert reasons(found) == ["", "", iort.SECOND_ITS]

    def test_the_second_root_complex_of_a_segment(self) -> None:
        text = SUPPLIERS.format(header="") + f"  {RC}\n    map output=its\n" * 2
        found = [told for told in links(text) if told.consumer.WORD == "root-complex"]
        assert reasons(found) == ["", iort.SECOND]

    @pytest.mark.parametrize(
        ("first", "second", "reason"),
        [
            (
                "map count=0xff output=its",
                "map input_base=0x80 count=0x7f output=other",
                iort.TAKEN,
            ),
            ("map count=0xff output=its", "map input_base=0x80 count=0x80 output=other", ""),
            # the last ID goes to the range that begins with it
            ("map count=0xff output=its", "map input_base=0xff output=other", ""),
            ("map flags=1 output=its", "map count=0xff output=other", iort.TAKEN),
            # two entries that together take all
            (
                "map count=0xff output=its\n    map input_base=0x100 count=0xff output=its",
                "map input_base=0x80 count=0xff output=other",
                iort.TAKEN,
            ),
            ("map count=0xff output=its", "map input_base=0x10000 output=other", iort.NO_REQUESTER),
            ("map output=its", "map input_base=9 count=0xffffffff output=other", iort.WRAPS),
            ("map output=0", "map count=0xff output=other", iort.NULL_FIRST),
        ],
    )
    def test_an_entry_that_no_id_comes_to(self, first: str, second: str, reason: str) -> None:
        assert reasons(of(RC, first, second))[-1] == reason

    def test_single_mappings_of_an_smmu(self) -> None:
        found = of("smmu base=0x1000", "map flags=1 output=its", "map count=0xff output=its")
        assert reasons(found) == [iort.SINGLE, ""]

    def test_an_smmu_whose_own_entry_is_a_range(self) -> None:
        found = of("smmu-v3 base=0x1000 node_revision=4", "map count=0xff output=its")
        assert (names(found), reasons(found)) == ([("iort-own-msi", ITS)], [iort.NOT_SINGLE])

    def test_a_counter(self) -> None:
        single = "map flags=1 output=its"
        assert reasons(of("pmcg base=0x1000 overflow_gsiv=9", single)) == [iort.WIRED]
        assert reasons(of("pmcg base=0x1000", "map output=its")) == [iort.NOT_SINGLE]

    def test_what_a_counter_counts_for(self) -> None:
        found = of("pmcg base=0x1000 overflow_gsiv=9 reference=v3")
        assert names(found) == [("iort-counts-for", V3)]
        assert names(of("pmcg base=0x1000 overflow_gsiv=9 reference=its")) == []

    def test_reserved_ranges_of_an_old_table(self) -> None:
        assert reasons(of("rmr", "map output=v3")) == [""]
        old = of("rmr", "map output=v3", header="table_revision=3")
        assert reasons(old) == [iort.OLD_RMR]


def test_links_are_not_more_than_the_table_has_bytes() -> None:
    """Each of many entries meets each of many behind the SMMU."""
    behind = "\n".join(f"    map input_base={n} output_base={n} output=its" for n in range(300))
    before = "\n".join("    map count=0xffff output=smmu" for _ in range(300))
    text = f"IORT\n  its: its-group\n  smmu: smmu-v3\n{behind}\n  root-complex\n{before}\n"
    found = links(text)
    assert 12_000 < len(found) <= len(machine(text).tables["IORT"].data) < 300 * 300
