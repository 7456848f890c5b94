"""ID mappings: what is told, how badly, and what stays silent because it is fine."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import DEFAULT
from dtlink.firmware.acpi.folder import read_folder
from dtlink.firmware.acpi.iort import ItsGroup, RootComplex
from dtlink.firmware.acpi.machine import Machine
from dtlink.links.acpi.iort_walk import SMMUS, End, map_id
from dtlink.rules.catalogue import choose
from dtlink.rules.iort._mappings import cycles
from dtlink.rules.model import Finding
from dtlink.rules.run import check
from tests.support.boards import SHARED
from tests.support.limits import at_most
from tests.support.tables import machine

RULES = (
    "bypassed-range",
    "dangling-output-reference",
    "device-id-index",
    "duplicate-root-complex",
    "id-wrap",
    "illegal-target",
    "input-overlap",
    "mapping-cycle",
    "no-its-mapping",
    "null-mapping",
    "off-by-one",
    "requester-id-range",
    "segment-not-in-mcfg",
    "segment-without-root-complex",
    "several-smmus",
    "single-mapping",
    "stream-id-range",
    "unused-component",
)

BASE = """
IORT
  its: its-group ids=0
  smmu: smmu-v3 base=0x9050000
    map count=0x3ffff output=its
  v2: smmu base=0x15000000
    map count=0x7fff output=its
"""
RC = "root-complex segment=0"
NC = 'named-component object_name="\\_SB_.DMA0"'
MADT = "APIC\n  gicd version=3\n  its id=0\n"


def read(source: Machine, *names: str) -> list[Finding]:
    chosen = choose([f"iort/{name}" for name in names or RULES])
    checked = check(TablesBoard(source), chosen)
    assert checked.faults == []
    return checked.findings


def lint(text: str, *names: str) -> list[Finding]:
    return read(machine(text), *names)


def node(head: str, *maps: str) -> str:
    return f"  {head}\n" + "".join(f"    map {each}\n" for each in maps)


def table(*nodes: str, more: str = "") -> str:
    return BASE + "".join(nodes) + more


def mcfg(*rows: str) -> str:
    return "MCFG\n" + "".join(f"  allocation {row}\n" for row in rows)


def told(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.identity.partition("/")[2], finding.severity.value) for finding in found]


def test_a_right_table_is_fine() -> None:
    text = table(
        node(RC, "count=0xffff output=smmu"),
        node("root-complex segment=1", "count=0xffff output_base=0x10000 output=smmu"),
        node("root-complex segment=2", "count=0xffff output_base=0x60000 output=its"),
        node(NC, "flags=1 output_base=0x40 output=v2", "flags=1 output_base=0x40 output=its"),
        # a component with a limit and no mappings, and a counter with a wired interrupt
        node('named-component object_name="\\_SB_.DMA1" address_limit=30'),
        node("pmcg base=0x90a0000 overflow_gsiv=9 reference=smmu"),
        more=MADT + mcfg("segment=0", "segment=1", "segment=2"),
    )
    assert told(lint(text)) == []


class TestDangling:
    RULE = "dangling-output-reference"

    def test_one_finding_a_node_and_cause(self) -> None:
        some = ("output=0", "output=smmu+4", "output=0", "output=0x100000")
        found = lint(table(node(RC, *some)), self.RULE)
        assert [(f.index, f.severity.value) for f in found] == [(0, "error"), (1, "error")]
        assert "mappings[0] and 1 more of" in found[0].message
        assert "the first is 0x4c, which is inside smmu-v3@0x48" in found[1].message

    @pytest.mark.parametrize(
        ("consumer", "maps", "said"),
        [
            (RC, ("output=0", "output=its"), "maps no ID of this node"),
            (RC, ("output=its", "input_base=5 output=0"), "the first entry only"),
            (NC, ("flags=1 output=0",), "no stream ID from this entry on"),
            ("pmcg base=0x1000", ("flags=1 output=0",), "Invalid MSI mapping"),
            ("rmr", ("output=0",), "reserves nothing"),
            (RC, ("output=7",), "takes the bytes there for a node"),
        ],
    )
    def test_what_linux_does(self, consumer: str, maps: tuple[str, ...], said: str) -> None:
        (found,) = lint(table(node(consumer, *maps)), self.RULE)
        assert said in found.effect

    def test_only_fitting_nodes_are_proposed(self) -> None:
        (found,) = lint(table(node("rmr", "output=0")), self.RULE)
        assert "smmu" in found.fix.text
        assert "its-group" not in found.fix.text


class TestIllegalTarget:
    @pytest.mark.parametrize(
        ("consumer", "entry", "severity"),
        [
            # Linux goes on there, and comes to an ITS
            ("smmu base=0x1000", "count=0xff output=smmu", "warning"),
            (RC, "count=0xff output=other", "warning"),
            # … or to nothing
            ("smmu base=0x1000", "count=0xff output_base=0x80000 output=smmu", "error"),
            (RC, "count=0xff output=dma", "error"),
            (RC, "count=0xff output=counter", "error"),
            (NC, "flags=1 output=rmr", "error"),
            ("rmr", "output=its", "error"),
            ("pmcg base=0x1000", "flags=1 output=smmu", "warning"),
            ("iwb base=0x1000", "output=smmu", "warning"),
        ],
    )
    def test_whom_nobody_may_name(self, consumer: str, entry: str, severity: str) -> None:
        text = table(
            node("other: root-complex segment=7", "count=0xff output=its"),
            node('dma: named-component object_name="\\_SB_.DMA9"'),
            node("counter: pmcg base=0x3000", "flags=1 output=its"),
            node("rmr: rmr"),
            node(consumer, entry),
        )
        assert told(lint(text, "illegal-target")) == [("illegal-target", severity)]

    def test_one_finding_for_each_kind(self) -> None:
        text = table(
            node("one: root-complex segment=1"),
            node("two: root-complex segment=2"),
            node(RC, "output=one", "input_base=5 output=two", "input_base=6 output=its"),
        )
        (found,) = lint(text, "illegal-target")
        assert found.message.startswith("mappings[0] and 1 more of root-complex@")

    def test_a_counter_with_a_wired_interrupt_uses_no_mapping(self) -> None:
        text = table(node("pmcg base=0x1000 overflow_gsiv=9", "flags=1 output=smmu"))
        assert lint(text, "illegal-target") == []

    def test_an_unknown_type_is_left_alone(self) -> None:
        text = table(node("new: node type=9"), node(RC, "output=new"))
        assert lint(text, "illegal-target") == []


class TestCycle:
    def found(self, *nodes: str) -> list[Finding]:
        return lint("IORT\n  its: its-group\n" + "".join(nodes), "mapping-cycle", "illegal-target")

    def test_an_id_that_comes_back(self) -> None:
        found = self.found(
            node("a: smmu-v3 base=1", "count=0xffff output=b"),
            node("b: smmu-v3 base=2", "count=0xffff output=a"),
            node(RC, "input_base=0x300 count=0xff output=a"),
        )
        assert told(found) == [("mapping-cycle", "error")]
        assert "leads back to it, through smmu-v3@" in found[0].message
        assert "MSI controller of ID 0x300 of root-complex@" in found[0].effect

    def test_an_id_that_leaves_the_ranges(self) -> None:
        found = self.found(
            node("a: smmu-v3 base=1", "count=0xff output_base=0x80 output=a"),
            node(RC, "count=0xff output=a"),
        )
        assert told(found) == [("mapping-cycle", "warning")]

    def test_nobody_whose_ids_go_there(self) -> None:
        assert told(self.found(node("a: smmu-v3 base=1", "count=0xff output=a"))) == [
            ("mapping-cycle", "warning")
        ]

    def test_ids_that_no_function_has(self) -> None:
        found = self.found(
            node("a: smmu-v3 base=1", "count=0xff output=a"),
            node(RC, "input_base=0x10000 count=0xff output=a"),
        )
        assert told(found) == [("mapping-cycle", "warning")]

    def test_only_a_part_of_the_ids(self) -> None:
        found = self.found(
            node(
                "a: smmu-v3 base=1",
                "count=0xff output=its",
                "input_base=0x900 output_base=0x900 output=a",
            ),
            node(RC, "count=0xffff output=a"),
        )
        assert "ID 0x900 of" in found[0].effect

    def test_a_component(self) -> None:
        found = self.found(
            node("a: smmu-v3 base=1", "count=0xff output=a"), node(NC, "flags=1 output=a")
        )
        assert told(found) == [("mapping-cycle", "error")]
        assert "of named-component@" in found[0].effect

    def test_a_root_complex_that_names_itself(self) -> None:
        found = self.found(node("rc: root-complex segment=0", "count=0xff output=rc"))
        assert told(found) == [("mapping-cycle", "error")]
        assert "the IOMMU of ID 0x0" in found[0].effect

    def test_skipped_entries_make_no_cycle(self) -> None:
        own = "smmu-v3 node_revision=5 node_flags=0x10 device_id_index=0 base=1"
        assert told(self.found(node(f"a: {own}", "count=0xff output=a"))) == [
            ("illegal-target", "warning")
        ]
        assert [
            rule for rule, _ in told(self.found(node("a: smmu base=1", "flags=1 output=a")))
        ] == ["illegal-target"]


class TestOverlap:
    def found(self, *maps: str, head: str = RC) -> list[tuple[str, str]]:
        return told(lint(table(node(head, *maps)), "input-overlap", "off-by-one"))

    @pytest.mark.parametrize(
        ("maps", "expected"),
        [
            (("count=0xff output=smmu", "input_base=0x100 output=its"), []),
            (
                ("count=0x100 output=smmu", "input_base=0x100 count=0xff output=its"),
                [("off-by-one", "warning")],
            ),
            # the one that begins there stands first: everybody takes it
            (
                ("input_base=0x100 count=0xff output=its", "count=0x100 output=smmu"),
                [("off-by-one", "info")],
            ),
            # both say the same of the ID they share
            (
                ("count=0x100 output=smmu", "input_base=0x100 output_base=0x100 output=smmu"),
                [("off-by-one", "info")],
            ),
            (
                ("count=0x101 output=smmu", "input_base=0x100 count=0xff output=its"),
                [("input-overlap", "warning")],
            ),
            # one ID within another's range is no count too many
            (
                ("count=0x1ff output=smmu", "input_base=0x100 output=its"),
                [("input-overlap", "warning")],
            ),
            (
                ("input_base=0x100 output=smmu", "input_base=0x100 count=0xff output=its"),
                [("input-overlap", "warning")],
            ),
            # said twice
            (("count=0x1ff output=smmu", "count=0xff output=smmu"), []),
            # beyond all requester IDs
            (("count=0x10000 output=smmu",), [("off-by-one", "info")]),
            (
                ("count=0x10000 output=smmu", "input_base=0x10000 count=0xff output=its"),
                [("off-by-one", "info")],
            ),
            (("count=0xffffffff output=smmu",), []),
        ],
    )
    def test_ranges(self, maps: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
        assert self.found(*maps) == expected

    def test_components(self) -> None:
        maps = ("count=0x100 output=smmu", "input_base=0x100 count=0xff output=v2")
        assert self.found(*maps, head=NC) == [("off-by-one", "info")]
        maps = ("count=0x1ff output=smmu", "input_base=0x100 count=0xff output=v2")
        assert self.found(*maps, head=NC) == [("input-overlap", "info")]
        singles = ("flags=1 output=smmu", "flags=1 output_base=1 output=smmu")
        assert self.found(*singles, head=NC) == []

    def test_the_worst_is_told(self) -> None:
        harmless = ("input_base=0x100 count=0xff output=its", "count=0x100 output=smmu")
        worse = ("input_base=0x300 count=0x100 output=its", "input_base=0x400 output=smmu")
        (found,) = lint(table(node(RC, *harmless, *worse)), "off-by-one")
        assert (found.index, found.severity.value) == (2, "warning")
        assert found.fix.text == "Set count of mappings[2] to 0xff, mappings[1] to 0xff."

    def test_all_are_in_one_finding(self) -> None:
        steps = (
            f"input_base={n << 8} count=0x100 output_base={n << 8} output={('its', 'smmu')[n % 2]}"
            for n in range(6)
        )
        (found,) = lint(table(node(RC, *steps)), "off-by-one")
        assert ", and 4 more are like this" in found.message
        assert found.fix.text == (
            "Set count of mappings[0] to 0xff, mappings[1] to 0xff, mappings[2] to 0xff and 2 more."
        )


class TestNumbers:
    @pytest.mark.parametrize(
        ("entry", "expected"),
        [
            ("count=0xffffffff output=smmu", []),
            ("input_base=1 count=0xffffffff output=smmu", [("id-wrap", "error")]),
            ("count=0xffff output_base=0xffff8000 output=smmu", [("id-wrap", "warning")]),
            # theirs come out right, and nobody has the others
            ("count=0xfffffffe output_base=0x10000 output=smmu", [("id-wrap", "info")]),
            ("flags=1 count=0xffffffff input_base=1 output_base=0xfffffff0 output=smmu", []),
        ],
    )
    def test_wrap(self, entry: str, expected: list[tuple[str, str]]) -> None:
        assert told(lint(table(node(RC, entry)), "id-wrap")) == expected

    @pytest.mark.parametrize(
        ("segment", "maps", "severity"),
        [
            (1, ("input_base=0x10000 count=0xffff output=smmu",), "error"),
            # numbers that only some driver knows, or one mapping too many
            (0, ("input_base=0x87030000 count=0x7f output=v2",), "warning"),
            (1, ("count=0xffff output=its", "input_base=0x10000 output=its"), "warning"),
        ],
    )
    def test_requester_ids(self, segment: int, maps: tuple[str, ...], severity: str) -> None:
        text = table(node(f"root-complex segment={segment}", *maps))
        assert told(lint(text, "requester-id-range")) == [("requester-id-range", severity)]

    @pytest.mark.parametrize(
        ("model", "ident", "said"),
        [
            (3, "0xffff", None),
            (3, "0x10480", "stream ID 0x480 with the mask 0x1"),
            (0, "0x7fff", None),
            (0, "0x8000", "out of range for SMMU (0x7fff)"),
        ],
    )
    def test_stream_ids(self, model: int, ident: str, said: str | None) -> None:
        text = f"IORT\n  smmu: smmu base=1 model={model}\n" + node(
            NC, f"flags=1 output_base={ident} output=smmu"
        )
        found = lint(text, "stream-id-range")
        assert [said in f.effect for f in found if said] == [True] * bool(said)
        assert bool(found) == bool(said)

    def test_an_smmu_v3_may_have_as_many_as_it_likes(self) -> None:
        text = table(node(RC, "count=0xffff output_base=0x70000 output=smmu"))
        assert lint(text, "stream-id-range") == []


def test_an_offset_without_a_count_is_fine() -> None:
    assert lint(table(node(f"{RC} mapping_offset=40")), "null-mapping") == []
    assert lint(table(node("rmr mapping_offset=0", "output=smmu")), "null-mapping") == []
    (found,) = lint(table(node("smmu base=1 mapping_offset=0", "output=its")), "null-mapping")
    assert "behind it gets no MSI controller" in found.effect


class TestSingle:
    def test_on_an_smmu_that_has_ranges_too(self) -> None:
        maps = ("flags=1 output=its", "count=0xff output=its")
        found = lint(table(node("smmu base=0x1000", *maps)), "single-mapping")
        assert told(found) == [("single-mapping", "warning")]
        assert "node type 3" in found[0].effect

    def test_on_an_smmu_where_it_leads_nowhere(self) -> None:
        found = lint(table(node("smmu base=0x1000", "flags=1 output=0")), "single-mapping")
        assert told(found) == [("single-mapping", "warning")]

    def test_the_own_entry_of_an_smmu_v3_is_meant_so(self) -> None:
        head = "smmu-v3 base=0x1000 node_revision=5 node_flags={} device_id_index=0"
        maps = ("flags=1 output=its", "count=0xff output=its")
        assert lint(table(node(head.format("0x10"), *maps)), "single-mapping") == []
        found = lint(table(node(head.format("0"), *maps)), "single-mapping")
        assert told(found) == [("single-mapping", "warning")]

    def test_a_root_complex(self) -> None:
        last = ("count=0xff output=smmu", "flags=1 output_base=9 output=its")
        assert lint(table(node(RC, *last)), "single-mapping") == []
        (found,) = lint(table(node(RC, *reversed(last))), "single-mapping")
        assert (found.index, found.severity.value) == (0, "warning")

    def test_a_counter(self) -> None:
        head = "pmcg base=0x1000 overflow_gsiv={}"
        assert lint(table(node(head.format(0), "flags=1 output=its")), "single-mapping") == []
        assert lint(table(node(head.format(9), "output=its")), "single-mapping") == []
        found = lint(table(node(head.format(0), "output=its")), "single-mapping")
        assert told(found) == [("single-mapping", "warning")]

    def test_counts_are_told_once(self) -> None:
        some = [node(NC.replace("0", str(n)), "flags=1 count=1 output=smmu") for n in range(5)]
        (found,) = lint(table(*some), "single-mapping")
        assert found.severity.value == "info"
        assert found.message.startswith("5 single mappings have a count")


class TestComponents:
    def test_ranges_only_are_told_once(self) -> None:
        some = [node(NC.replace("0", str(n)), "input_base=7 output=v2") for n in range(5)]
        (found,) = lint(table(*some), "unused-component")
        assert (found.subject.path, found.severity.value) == ("IORT/header", "info")
        assert found.message.startswith("5 named components have ranges of IDs")

    @pytest.mark.parametrize(
        ("maps", "index"),
        [
            (
                ("flags=1 output=smmu", "flags=1 output_base=1 output=smmu", "flags=1 output=its"),
                None,
            ),
            (("flags=1 output=its", "flags=1 output=smmu"), 1),
            (("flags=1 output=smmu", "output=smmu", "flags=1 output_base=1 output=smmu"), 2),
            # these ends are other rules' to tell
            (("flags=1 output=0", "flags=1 output=smmu"), None),
            (("flags=1 output=smmu", "flags=1 output=v2", "flags=1 output=smmu"), None),
        ],
    )
    def test_order(self, maps: tuple[str, ...], index: int | None) -> None:
        found = lint(table(node(NC, *maps)), "unused-component")
        assert [f.index for f in found] == ([] if index is None else [index])

    def test_two_smmus(self) -> None:
        one, other = "flags=1 output=smmu", "flags=1 output_base=1 output={}"
        more = node("last: smmu-v3 base=0x90a0000")
        same = lint(table(more, node(NC, one, other.format("last"))), "several-smmus")
        assert told(same) == [("several-smmus", "warning")]
        drivers = lint(table(node(NC, one, other.format("v2"))), "several-smmus")
        assert told(drivers) == [("several-smmus", "error")]
        # a root complex has functions behind each
        functions = ("count=0xff output=smmu", "input_base=0x100 output=v2")
        assert lint(table(node(RC, *functions)), "several-smmus") == []


class TestDeviceIdIndex:
    WIRED = "event_gsiv=1 pri_gsiv=2 gerr_gsiv=3 sync_gsiv=4"

    @pytest.mark.parametrize(
        ("fields", "maps", "severity"),
        [
            ("node_revision=0", ("count=0xff output=its",), None),
            (f"node_revision=4 {WIRED}", ("count=0xff output=its",), None),
            ("node_revision=5", ("count=0xff output=its",), None),
            ("node_revision=4 event_gsiv=1 gerr_gsiv=3", ("count=0xff output=its",), "error"),
            ("node_revision=5 node_flags=0x10", ("count=0xff output=its",), "error"),
            # another range has the IDs
            (
                "node_revision=5 node_flags=0x10",
                ("count=0xff output=its", "count=0x1ff output=its"),
                "warning",
            ),
            ("node_revision=5 node_flags=0x10", ("flags=1 output=its", "count=9 output=its"), None),
            ("node_revision=4", (), "warning"),
            ("node_revision=4 event_gsiv=1 gerr_gsiv=3", (), "info"),
            (
                "node_revision=5 node_flags=0x10 device_id_index=2",
                ("flags=1 output=its",),
                "warning",
            ),
        ],
    )
    def test_index(self, fields: str, maps: tuple[str, ...], severity: str | None) -> None:
        found = lint(table(node(f"smmu-v3 base=0x1000 {fields}", *maps)), "device-id-index")
        assert [f.severity.value for f in found] == ([severity] if severity else [])

    def test_it_says_why_the_index_is_valid(self) -> None:
        head = "smmu-v3 base=0x1000 node_revision=4 event_gsiv=1"
        (found,) = lint(table(node(head, "count=0xff output=its")), "device-id-index")
        assert "the PRI, global error and sync interrupts are 0" in found.message
        assert "stream IDs 0x0 to 0xff get no MSIs" in found.effect
        assert "no gerr irq" in found.effect
        assert "no evtq irq" not in found.effect


class TestSegments:
    NAMES = ("segment-not-in-mcfg", "segment-without-root-complex")

    def found(self, more: str, *nodes: str) -> list[tuple[str, str]]:
        return told(lint(table(*nodes, more=more), *self.NAMES))

    def test_without_an_mcfg_nothing_is_known(self) -> None:
        assert self.found("", node(RC, "output=its")) == []

    def test_many_are_told_once(self) -> None:
        some = [node(f"root-complex segment={n}", "output=its") for n in range(1, 7)]
        (found,) = lint(table(*some, more=mcfg("segment=9")), self.NAMES[0])
        assert found.message.startswith("segments 1, 2, 3 and 3 more of root-complex@")
        assert " and 3 more are not in the MCFG, which has 9" in found.message
        assert found.confidence.value == "likely"

    def test_an_mcfg_without_any_segment(self) -> None:
        (found,) = lint(table(node(RC, "output=its"), more="MCFG\n"), *self.NAMES)
        assert "which has no entry" in found.message

    def test_what_the_others_have_decides(self) -> None:
        host = node(RC, "count=0xffff output=smmu")
        two = mcfg("segment=0", "segment=1")
        assert self.found(two, host) == [(self.NAMES[1], "warning")]
        # no requester ID goes to an SMMU or an ITS here either
        handles = node(RC, "input_base=0x87030000 count=0x7f output=v2")
        assert self.found(two + "APIC\n", handles) == [(self.NAMES[1], "info")]
        assert told(lint("IORT\n" + node(RC) + two + "APIC\n", *self.NAMES)) == []

    def test_frames_serve_all_segments(self) -> None:
        host = node(RC, "count=0xffff output=its")
        two = mcfg("segment=0", "segment=1")
        frame = "APIC\n  its id=0\n  msi-frame base=0x8020000\n"
        assert self.found(two + frame, host) == [(self.NAMES[1], "info")]
        assert self.found(two + MADT, host) == [(self.NAMES[1], "warning")]


class TestDuplicateRootComplex:
    def found(self, second: str) -> list[tuple[str, str]]:
        first = node(RC, "count=0xff output=smmu")
        return told(lint(table(first, node(RC, second)), "duplicate-root-complex"))

    def test_second(self) -> None:
        assert self.found("count=0x1ff output=smmu") == [("duplicate-root-complex", "error")]
        assert self.found("count=0x7f output=its") == [("duplicate-root-complex", "warning")]
        assert self.found("count=0xff output=smmu") == []


class TestBypass:
    MAPS = ("count=0xff output=smmu", "input_base=0x100 count=0xfeff output_base=0x100 output=its")

    def test_only_buses_that_there_are(self) -> None:
        host = node(RC, *self.MAPS)
        assert told(lint(table(host), "bypassed-range")) == [("bypassed-range", "info")]
        one, two = mcfg("segment=0 end_bus=0"), mcfg("segment=0 end_bus=1")
        assert lint(table(host, more=one), "bypassed-range") == []
        (found,) = lint(table(host, more=two), "bypassed-range")
        assert found.message.startswith("requester IDs 0x100 to 0x1ff of root-complex@")

    def test_a_segment_without_any_smmu_is_fine(self) -> None:
        text = table(
            node(RC, "count=0xffff output=its"), node("root-complex segment=1", "output=smmu")
        )
        assert lint(text, "bypassed-range") == []


class TestNoIts:
    def found(self, *nodes: str, madt: str = MADT, base: str = BASE) -> list[Finding]:
        return lint(base + "".join(nodes) + madt, "no-its-mapping")

    def test_stream_ids_that_the_smmu_does_not_map(self) -> None:
        (found,) = self.found(node(RC, "count=0xffff output_base=0x38000 output=smmu"))
        assert found.message.startswith("requester IDs 0x8000 to 0xffff of root-complex@")
        assert told([found]) == [("no-its-mapping", "warning")]

    def test_a_root_complex_without_mappings(self) -> None:
        (found,) = self.found(node(RC), node("root-complex segment=1"))
        assert found.message.endswith("have no mapping, and 1 more root complex is like it")

    @pytest.mark.parametrize(
        "madt", ["", "APIC\n  gicd version=2\n", MADT + "  msi-frame base=0x8020000\n"]
    )
    def test_a_machine_without_its_or_with_frames(self, madt: str) -> None:
        assert self.found(node(RC), madt=madt) == []

    @pytest.mark.parametrize(
        "entry",
        ["flags=1 output=its", "count=9 output=0", "input_base=9 count=0xffffffff output=its"],
    )
    def test_what_is_wrong_with_the_smmu_is_told_elsewhere(self, entry: str) -> None:
        base = "IORT\n  its: its-group ids=0\n  smmu: smmu base=1\n" + f"    map {entry}\n"
        assert self.found(node(RC, "count=0xff output=smmu"), base=base) == []


def test_machines_that_boot_have_no_error() -> None:
    """And each virtual machine with an SMMU and buses that bypass it counts one ID too many."""
    folders = [
        each for each in (SHARED / "tables").glob("*/*") if list(each.glob("[Ii][Oo][Rr][Tt].*"))
    ]
    folders = [each for each in folders if each.parent.name in ("qemu", "retail")]
    if not folders:
        pytest.skip(f"no tables of real machines in {SHARED} (set DTLINK_SHARED)")
    for folder in folders:
        found = told(read(read_folder(str(folder))))
        assert [each for each in found if each[1] == "error"] == []
        assert [rule for rule, _ in found].count("bypassed-range") <= 1
        if ("bypassed-range", "info") in found:
            assert {("off-by-one", "warning"), ("input-overlap", "warning")} & set(found)


NUMBERS = st.one_of(st.integers(0, 5), st.integers(0xFFFFFFFD, 0xFFFFFFFF))
ENTRY = st.builds(
    "input_base={} count={} output_base={} output={} flags={}".format,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.sampled_from(("n0", "n1", "n2", "n3", "its", "its", "0", "3")),
    st.sampled_from((0, 0, 0, 1)),
)
HEAD = st.sampled_from(
    (
        "root-complex segment=0",
        "root-complex segment=1",
        NC,
        "smmu base=1",
        "smmu-v3 base=2 node_revision=3",
        "smmu-v3 base=2 node_revision=5",
        "pmcg base=3",
        "rmr",
        "node type=9",
    )
)
NODES = st.lists(st.tuples(HEAD, st.lists(ENTRY, max_size=5)), min_size=4, max_size=4)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NODES)
def test_no_table_makes_a_rule_raise_and_no_mapping_is_told_as_cycle_and_as_stray(
    nodes: list[tuple[str, list[str]]],
) -> None:
    text = "IORT\n  its: its-group ids=0\n" + "".join(
        node(f"n{number}: {head}", *maps) for number, (head, maps) in enumerate(nodes)
    )
    read_machine = machine(text + MADT + mcfg("segment=0"))
    found = read(read_machine)
    places = [(f.subject.path, f.index) for f in found if f.rule.endswith(("-cycle", "-target"))]
    assert len(places) == len(set(places))
    iort = read_machine.iort
    assert iort is not None
    inside = {node.start for cycle in cycles(iort, DEFAULT) for node in cycle.nodes}
    for host in (each for each in iort.nodes if isinstance(each, RootComplex)):
        for ident in range(6):
            for kinds in (SMMUS, (ItsGroup,)):
                walk = map_id(iort, host, ident, kinds)
                assert inside or walk.end not in (End.LOOP, End.LONG)


def hostile(kind: str) -> str:
    """A table of some 200 kB that is meant to keep a reader busy."""
    many = range(1500)
    if kind == "overlaps":
        maps = [f"input_base={n} count={9000 - n} output=smmu" for n in many]
        return table(*(node(f"root-complex segment={n}", *maps) for n in range(3)), more=MADT)
    if kind == "cycle":
        maps = ["count=0xffff output_base=1 output=a"] * 750
        return "IORT\n  its: its-group\n" + node("a: smmu-v3", *maps) + node(RC, *maps)
    if kind == "cycles":
        return "IORT\n" + "".join(
            node(f"a{n}: smmu-v3", f"count=0xffff output_base=1 output=a{n}") for n in many
        )
    maps = ["flags=1 output_base=1 output=smmu", "flags=1 output_base=2 output=v2"] * 750
    return table(*(node(NC, *maps) for _ in range(3)))


@pytest.mark.parametrize("kind", ["overlaps", "cycle", "cycles", "components"])
def test_no_table_keeps_the_rules_busy(kind: str) -> None:
    source = machine(hostile(kind))
    with at_most():
        read(source)
