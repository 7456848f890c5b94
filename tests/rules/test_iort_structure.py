"""Edges of the rules about an IORT's structure and the fields of its nodes."""

from __future__ import annotations

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.rules.run import check
from tests.support.limits import at_most
from tests.support.tables import machine

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def found(
    rule: str,
    text: str,
    *,
    version: KernelVersion = DEFAULT,
    paths: frozenset[str] | None = None,
) -> list[Finding]:
    read = machine(text)
    read.device_paths = paths
    checked = check(TablesBoard(read, Settings(version)), choose([f"iort/{rule}"]))
    assert checked.faults == []
    return checked.findings


def severities(rule: str, text: str) -> list[Severity]:
    return [finding.severity for finding in found(rule, text)]


V3 = "smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75"
PMCG = "pmcg node_revision=1 reference=smmu"


# Revisions


@pytest.mark.parametrize(
    ("revision", "expected"),
    [(0, []), (1, [WARNING]), (2, [WARNING]), (3, []), (4, [WARNING]), (5, []), (6, []), (7, [])],
)
def test_revisions_of_the_table(revision: int, expected: list[Severity]) -> None:
    assert severities("withdrawn-revision", f"IORT table_revision={revision}") == expected


def test_a_later_revision_is_only_worth_knowing() -> None:
    (finding,) = found("withdrawn-revision", "IORT table_revision=8")
    assert (finding.severity, finding.confidence) == (INFO, Confidence.LIKELY)


def test_a_withdrawn_rmr_is_told_once_with_its_table() -> None:
    rmrs = "\n  rmr node_revision=2\n  rmr node_revision=2"
    (finding,) = found("withdrawn-revision", "IORT table_revision=4" + rmrs)
    assert finding.subject.path == "IORT/header"
    (finding,) = found("withdrawn-revision", "IORT table_revision=5" + rmrs)
    assert finding.property_name == "node_revision"
    assert len(finding.related) == 1


def test_revisions_that_the_nodes_have_are_fine() -> None:
    latest = {"its-group": 1, "named-component": 4, "root-complex": 4, "smmu": 3, "smmu-v3": 5}
    rows = [f"\n  {word} node_revision={number}" for word, number in latest.items()]
    assert found("node-revision", "IORT" + "".join(rows)) == []
    # A later table may have later nodes, and of some types the latest is not known.
    assert found("node-revision", "IORT table_revision=8\n  smmu-v3 node_revision=9") == []
    assert found("node-revision", "IORT table_revision=7\n  iwb node_revision=9") == []


def test_a_revision_that_many_nodes_have_is_told_once() -> None:
    (finding,) = found("node-revision", "IORT" + "\n  its-group node_revision=2" * 5)
    assert "and 2 more" in finding.message
    assert len(finding.related) == 4


# Frames


def test_a_length_of_0_says_what_linux_does() -> None:
    (finding,) = found("node-frame", "IORT node_count=3\n  its-group ids=0\n  its-group length=0")
    assert finding.severity is ERROR
    assert "visits the same node again" in finding.effect


def test_missing_nodes_taint_but_do_not_break() -> None:
    (finding,) = found("node-frame", "IORT node_count=3\n  its-group ids=0")
    assert (finding.severity, finding.subject.path) == (WARNING, "IORT/header")
    assert "2 more nodes" in finding.message


@pytest.mark.parametrize(
    ("node", "severity"),
    [
        ("its-group ids=0 id_count=2", WARNING),
        ("its-group id_count=2", ERROR),
        ("smmu pmu_count=2 pmu_offset=60", WARNING),
        ("smmu context_count=2 context_offset=60", ERROR),
        ("smmu global_offset=16", ERROR),
    ],
)
def test_arrays_by_what_linux_reads_of_them(node: str, severity: Severity) -> None:
    assert severities("node-frame", f"IORT\n  {node}") == [severity]


def test_arrays_that_overlap() -> None:
    text = """
        IORT
          smmu: smmu-v3 base=0x9050000
          rmr node_revision=3 descriptor_offset=28 mapping_offset=40
            descriptor base=0x10000 length=0x10000
            map flags=1 output=smmu
        """
    (finding,) = found("node-frame", text)
    assert (finding.severity, finding.property_name) == (ERROR, "mapping_offset")


def test_context_interrupts_may_take_the_second_half_of_the_global_ones() -> None:
    node = "smmu global_offset=60 context_offset=68 context_count=2 mapping_count=0"
    text = f"IORT\n  {node}\n    global-interrupts gsiv=97\n    context-interrupt gsiv=98"
    assert found("node-frame", text) == []


def test_an_smmu_that_lacks_interrupts_has_no_broken_frame() -> None:
    assert found("node-frame", "IORT\n  smmu base=0x1000000") == []


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("root-complex node_revision=0 size=32 length=32", []),
        ("root-complex node_revision=1 size=36 length=36", []),
        ("root-complex node_revision=4 size=32 length=32", [ERROR]),
        ("smmu-v3 node_revision=0 size=60 length=60", []),
        ("smmu-v3 node_revision=4 size=60 length=60", [ERROR]),
        ("pmcg node_revision=0 size=32 length=32", []),
        ("pmcg node_revision=1 size=32 length=32", [WARNING]),
        ("root-complex node_revision=4 size=24 length=24", []),  # node-frame tells it
    ],
)
def test_fields_that_the_revision_promises(node: str, expected: list[Severity]) -> None:
    assert severities("missing-field", f"IORT\n  {node}\n  its-group ids=0") == expected


def test_padding_is_no_gap() -> None:
    padded = "IORT node_offset=52\n  its-group gap=4 ids=0 size=32 length=32"
    assert found("gap", padded) == []
    assert found("gap", "IORT size=100 length=100\n  its-group ids=0") == []


def test_a_mapping_that_is_not_counted() -> None:
    text = """
        IORT
          its: its-group ids=0
          root-complex segment=0 mapping_count=1
            map count=0xff output=its
            map input_base=0x100 count=0xff output=its
        """
    (finding,) = found("gap", text)
    assert (finding.severity, finding.property_name) == (WARNING, "mapping_count")


def test_other_bytes_that_belong_to_nothing() -> None:
    text = "IORT node_count=1\n  its-group ids=0\n  node type=0xee identifier=5"
    assert severities("gap", text) == [INFO]
    # The header's node_offset leaves out a node.
    skipped = "IORT node_offset=72 node_count=1\n  its-group ids=5\n  its-group ids=0"
    assert severities("gap", skipped) == [INFO]


def test_a_later_node_may_have_more_fields() -> None:
    text = "IORT\n  smmu-v3 node_revision=6 size=68 length=88\n  its-group node_revision=9 ids=1"
    assert found("gap", text) == []


def test_a_type_of_a_later_document_is_only_worth_knowing() -> None:
    assert severities("unknown-node-type", "IORT table_revision=7\n  node type=8") == [WARNING]
    assert severities("unknown-node-type", "IORT table_revision=8\n  node type=8") == [INFO]
    assert found("unknown-node-type", "IORT table_revision=7\n  iwb") == []


# ITS groups


def test_a_group_that_nothing_leads_to() -> None:
    assert severities("its-group", "IORT\n  its-group") == [INFO]


def test_a_group_of_several_and_one_with_mappings() -> None:
    text = """
        IORT
          smmu: smmu-v3 base=0x9050000
          its-group ids=1,2
          its-group ids=3
            map output=smmu
        """
    assert severities("its-group", text) == [WARNING, INFO]


MADT = "APIC\n  gicd version=3\n  its id=7\n"
USED = "\n  root-complex segment=0\n    map count=0xffff output=its"


def test_an_its_that_the_madt_lacks() -> None:
    assert found("its-not-in-madt", "IORT\n  its: its-group ids=0" + USED) == []
    assert severities("its-not-in-madt", MADT + "IORT\n  its: its-group ids=0" + USED) == [ERROR]
    assert severities("its-not-in-madt", MADT + "IORT\n  its: its-group ids=0") == [INFO]
    assert found("its-not-in-madt", MADT + "IORT\n  its: its-group ids=7" + USED) == []


def test_linux_asks_for_the_first_its_of_a_group_only() -> None:
    assert severities("its-not-in-madt", MADT + "IORT\n  its: its-group ids=7,0" + USED) == [INFO]
    assert severities("its-not-in-madt", MADT + "IORT\n  its: its-group ids=0,7" + USED) == [ERROR]


def test_msi_frames_stand_in_for_a_missing_its() -> None:
    madt = "APIC\n  gicd version=2\n  msi-frame\n"
    (finding,) = found("its-not-in-madt", madt + "IORT\n  its: its-group ids=0" + USED)
    assert finding.severity is INFO
    assert "GICv2m" in finding.effect


# Fields


def test_flags_of_named_components_are_no_reserved_bits() -> None:
    stall = 'IORT\n  named-component object_name="\\_SB_.DEV0" node_flags=0x29'
    assert found("reserved-bits", stall) == []


def test_bits_that_a_later_revision_has() -> None:
    text = "IORT\n  smmu-v3 node_revision={} node_flags=0x10"
    assert found("reserved-bits", text.format(5)) == []
    assert severities("reserved-bits", text.format(4)) == [INFO]
    (finding,) = found("reserved-bits", "IORT\n  smmu-v3 node_revision=0 node_flags=8")
    assert finding.effect == "Linux reads the proximity domain whatever the node's revision"
    assert not finding.fix.edits, "the revision may be what is wrong"


def test_identifiers_before_there_were_any() -> None:
    text = "IORT table_revision={}\n  its-group ids=0 identifier=3"
    assert severities("reserved-bits", text.format(0)) == [INFO]
    assert found("reserved-bits", text.format(3)) == []


def test_an_interrupt_whose_flags_are_not_exactly_1() -> None:
    text = (
        "IORT\n  smmu\n    global-interrupts gsiv=97 flags=3\n    context-interrupt gsiv=98 flags=5"
    )
    findings = found("reserved-bits", text)
    assert [finding.property_name for finding in findings] == [
        "global_interrupts",
        "context_interrupts",
    ]
    assert all("level-triggered" in finding.effect for finding in findings)


def test_the_same_bits_of_many_nodes_are_one_finding() -> None:
    component = '\n  named-component object_name="\\_SB_.D{:03}" hints=0xf0'
    (finding,) = found("reserved-bits", "IORT" + "".join(map(component.format, range(40))))
    assert "and 37 more" in finding.message
    assert len(finding.related) == 32


@pytest.mark.parametrize(("attribute", "count"), [(0, 0), (5, 0), (6, 1), (255, 1)])
def test_memory_attributes_of_an_rmr(attribute: int, count: int) -> None:
    text = f"IORT\n  rmr node_revision=3 node_flags={attribute << 2}"
    assert len(found("reserved-bits", text)) == count


@pytest.mark.parametrize(
    ("coherent", "flags", "count"),
    [
        (0, 0, 0),
        (0, 1, 0),
        (0, 2, 0),
        (0, 3, 1),
        (1, 0, 1),
        (1, 1, 0),
        (1, 2, 1),
        (1, 3, 0),
        (1, 7, 0),
        (2, 1, 1),
    ],
)
def test_memory_attributes(coherent: int, flags: int, count: int) -> None:
    text = f"IORT\n  root-complex coherent={coherent} memory_flags={flags}"
    assert len(found("memory-attributes", text)) == count


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("root-complex node_revision=0 address_limit=0", []),
        ("root-complex node_revision=1 address_limit=0 mapping_offset=32", []),
        ("root-complex node_revision=1 address_limit=0", [WARNING]),
        ("root-complex node_revision=1 address_limit=65", [WARNING]),
        ('named-component object_name="\\_SB_.DEV0" address_limit=0', [WARNING]),
        ('named-component object_name="\\_SB_.DEV0" address_limit=30', []),
    ],
)
def test_address_limits(node: str, expected: list[Severity]) -> None:
    assert severities("address-limit", f"IORT\n  {node}") == expected


# Names


def named(name: str, fields: str = "") -> str:
    component = f'named-component object_name="{name}" {fields}'
    return f"IORT\n  smmu-v3\n  {component}\n    map flags=1 output=48"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (r"\_SB_.GPU0", []),
        (r"\GPU0", []),
        (r"\_SB_.PCI0.DEV_", []),
        (r"\_SB.GPU0", [WARNING]),
        (r"\_SB_.GPU", [WARNING]),
        (r"GPU0", [ERROR]),
        (r"_SB_.GPU0", [ERROR]),
        (r"\_SB_.QSPI0", [WARNING]),  # no device can have the name
        (r"\QSPI0", [WARNING]),
        (r"\_SB_.gpu0", [ERROR]),
        (r"\_SB_..GPU0", [ERROR]),
        (r"\_SB_.0GPU", [ERROR]),
        ("\\", [ERROR]),
        ("", [ERROR]),
    ],
)
def test_names(name: str, expected: list[Severity]) -> None:
    assert severities("component-name", named(name)) == expected


def test_an_empty_name_without_mappings_misleads_nobody() -> None:
    assert severities("component-name", 'IORT\n  named-component object_name=""') == [WARNING]


def test_a_name_without_its_end() -> None:
    # Ten characters from byte 29 on: the byte that should be 0 is the first mapping's.
    text = named(r"\_SB_.GPU0", "mapping_count=1 mapping_offset=39")
    assert severities("component-name", text) == [WARNING]
    text = named(r"\_SB_.GPU0", "mapping_count=1 mapping_offset=36")
    assert severities("component-name", text) == [ERROR]


def test_names_without_underscores_are_one_finding() -> None:
    rows = [f'\n  named-component object_name="\\_SB.DV{number:02}"' for number in range(40)]
    (finding,) = found("component-name", "IORT" + "".join(rows))
    assert "and 37 more" in finding.message
    assert r'"\_SB_.DV00"' in finding.fix.text


def test_names_by_the_devices_that_there_are() -> None:
    paths = frozenset((r"\_SB_.GPU0", r"\_SB.UFS0"))
    assert found("component-name", named(r"\_SB_.GPU0"), paths=paths) == []
    assert found("component-name", named(r"\_SB_.UFS0"), paths=paths) == []
    (finding,) = found("component-name", named(r"\_SB_.USB0"), paths=paths)
    assert (finding.severity, finding.confidence) == (WARNING, Confidence.LIKELY)


def components(*names: str) -> str:
    return "IORT" + "".join(f'\n  named-component object_name="{name}"' for name in names)


def test_absent_components_are_one_finding_with_the_paths_that_there_are() -> None:
    absent = [rf"\_SB.DV{number:02}" for number in range(32)]
    paths = frozenset((r"\_SB_.GPU0", r"\_SB_.URS0.USB0", r"\_SB_.PCI0.A___.NIC0"))
    text = components(r"\_SB_.GPU0", *absent, r"\_SB.USB0", r"\_SB_.PCI0.NIC0")
    (finding,) = found("component-name", text, paths=paths)
    assert "and 31 more refer to devices that the namespace does not have" in finding.message
    assert finding.fix.text == (
        r'Set object_name to "\_SB_.URS0.USB0" for \_SB.USB0, '
        r'"\_SB_.PCI0.A___.NIC0" for \_SB_.PCI0.NIC0. '
        "Remove the nodes of devices that the platform does not have."
    )
    assert (finding.severity, finding.confidence) == (WARNING, Confidence.LIKELY)


@pytest.mark.parametrize(
    "paths",
    [
        (r"\_SB_.URS0.USB0", r"\_SB_.URS1.USB0"),  # two are possible
        (r"\_SB_.URS0.USB0", r"\_SB_.GPU0.USB1"),  # another node has it
        (r"\USB0",),  # not below \_SB_
        (r"\_SB_.USB0.RHUB",),
    ],
)
def test_a_path_that_may_not_be_meant(paths: tuple[str, ...]) -> None:
    text = components(
        r"\_SB_.USB0", r"\_SB_.URS0.USB0" if r"\_SB_.GPU0.USB1" in paths else "\\GPU0"
    )
    (finding,) = found("component-name", text, paths=frozenset((*paths, r"\GPU0")))
    assert "namespace has no such device" in finding.message
    assert finding.fix.text.startswith("Remove the nodes of devices that the platform does not")


def test_names_that_no_device_can_have_are_one_finding() -> None:
    (finding,) = found("component-name", components(r"\_SB.QSPI0", r"\_SB.QSPI1", r"\_SB_.OK00"))
    assert "have segments of more than four characters" in finding.message


def test_a_name_is_the_same_with_and_without_underscores() -> None:
    text = r"""
        IORT
          named-component object_name="\_SB.GPU0"
          named-component object_name="\_SB_.GPU0"
          named-component object_name="\_SB_.GPU0"
          named-component object_name=""
          named-component object_name=""
        """
    (finding,) = found("duplicate-component", text)
    assert len(finding.related) == 2


def test_identifiers_count_from_revision_3_on() -> None:
    text = "IORT table_revision={}\n  its-group ids=0\n  root-complex"
    assert found("duplicate-identifier", text.format(0)) == []
    assert severities("duplicate-identifier", text.format(3)) == [INFO]


# SMMUs


def test_an_unknown_smmu_v3_is_driven_as_a_generic_one() -> None:
    assert severities("smmu-model", "IORT\n  smmu-v3 model=3") == [INFO]
    assert found("smmu-model", "IORT\n  smmu-v3 model=2\n  smmu model=5") == []


@pytest.mark.parametrize(
    ("held", "severity", "field"),
    [
        ("", ERROR, "context_count"),
        ("\n    global-interrupts gsiv=97", ERROR, "context_count"),
        ("\n    context-interrupt gsiv=98", WARNING, "global_offset"),
    ],
)
def test_interrupts_of_an_smmu(held: str, severity: Severity, field: str) -> None:
    (finding,) = found("smmu-interrupts", "IORT\n  smmu base=0x1000000" + held)
    assert (finding.severity, finding.property_name) == (severity, field)


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ("node_revision=0 event_gsiv=74 gerr_gsiv=75", 0),  # page requests are optional
        ("node_revision=0 event_gsiv=74", 1),
        ("node_revision=0", 1),
        ("node_revision=4", 0),  # it sends MSIs
        ("node_revision=5", 1),
        ("node_revision=5 node_flags=0x10", 0),
    ],
)
def test_interrupts_of_an_smmu_v3(fields: str, count: int) -> None:
    assert len(found("smmu-interrupts", f"IORT\n  smmu-v3 base=0x9050000 {fields}")) == count


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ("event_gsiv=74 gerr_gsiv=75 pri_gsiv=76 sync_gsiv=74", 0),
        ("event_gsiv=74 gerr_gsiv=74 pri_gsiv=74 sync_gsiv=74", 1),
        ("event_gsiv=74 gerr_gsiv=74 pri_gsiv=74 sync_gsiv=74 model=2", 0),
        ("event_gsiv=74 gerr_gsiv=74 pri_gsiv=76 sync_gsiv=77 model=2", 1),
        ("model=2", 0),
    ],
)
def test_lines_of_an_smmu_v3(fields: str, count: int) -> None:
    assert len(found("shared-gsiv", f"IORT\n  smmu-v3 node_revision=0 {fields}")) == count


def test_lines_of_two_smmus() -> None:
    node = "\n  smmu-v3 node_revision={} event_gsiv=74 gerr_gsiv={}"
    (finding,) = found("shared-gsiv", "IORT" + node.format(0, 75) + node.format(0, 76))
    assert (finding.property_name, finding.confidence) == ("event_gsiv", Confidence.SURE)
    # A mapping of its own lets it send MSIs, and then the lines do not matter.
    (finding,) = found("shared-gsiv", "IORT" + node.format(4, 75) + node.format(4, 76))
    assert finding.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    ("gsiv", "count"),
    [
        (0, 0),
        (15, 1),
        (16, 1),
        (31, 1),
        (32, 0),
        (1019, 0),
        (1020, 1),
        (4095, 1),
        (4096, 0),
        (5119, 0),
        (5120, 1),
    ],
)
def test_numbers_of_interrupts(gsiv: int, count: int) -> None:
    text = f"IORT\n  {PMCG} overflow_gsiv={gsiv}\n  smmu: smmu-v3 pri_gsiv={gsiv}"
    assert len(found("illegal-gsiv", text)) == 2 * count


def test_a_gic_v5_numbers_otherwise() -> None:
    text = "IORT table_revision={}\n  smmu-v3 event_gsiv=3"
    assert len(found("illegal-gsiv", text.format(6))) == 1
    assert found("illegal-gsiv", text.format(7)) == []
    assert len(found("illegal-gsiv", "APIC\n  gicd version=3\n" + text.format(7))) == 1


def test_context_interrupt_0_is_none_that_there_can_be() -> None:
    text = "IORT\n  smmu\n    global-interrupts gsiv=97\n    context-interrupt gsiv=0"
    (finding,) = found("illegal-gsiv", text)
    assert (finding.property_name, finding.index) == ("context_interrupts", 0)
    assert '"[Firmware Bug]: Illegal GSI0 translation request"' in finding.effect


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("smmu base=0x1000000 span=0x10000", []),
        ("smmu base=0x1000000 span=0", [ERROR]),
        ("smmu base=0xffffffffffff0000 span=0x10000", []),
        ("smmu base=0xffffffffffff0000 span=0x20000", [ERROR]),
        ("smmu base=0", [WARNING]),
        ("smmu-v3 base=0", [WARNING]),
        ("smmu-v3 base=0x9051000", [ERROR]),
        ("smmu-v3 base=0xffffffffffff0000", [ERROR]),
    ],
)
def test_windows(node: str, expected: list[Severity]) -> None:
    assert severities("smmu-window", f"IORT\n  {node}") == expected


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (("smmu-v3 base=0x100000", "smmu-v3 base=0x120000"), []),
        (("smmu-v3 base=0x100000", "smmu-v3 base=0x110000"), [ERROR]),
        (("smmu-v3 base=0x100000 model=2", "smmu-v3 base=0x110000"), []),
        (("smmu-v3 base=0x100000", "smmu-v3 base=0x100000"), [ERROR]),
        (("smmu-v3 base=0", "smmu-v3 base=0"), []),  # smmu-window tells it
        (("smmu base=0x100000 span=0x20000", "smmu base=0x110000 span=0x20000"), [ERROR]),
        (("smmu base=0x100000 span=0x20000", "smmu base=0x110000 span=0x1000"), [ERROR]),
        (("smmu-v3 base=0x100000", "pmcg base=0x102000"), []),
        (("smmu-v3 base=0x100000", "pmcg base=0x100000"), [ERROR]),
        (("pmcg base=0x100000", "pmcg base=0x100000"), [WARNING]),
        (("pmcg base=0x100000 page1=0x100800 node_revision=1",), [ERROR]),
        (("pmcg base=0x100000 page1=0x100800 node_revision=0",), []),
        (("pmcg base=0x100000 page1=0x100000 node_revision=1",), []),
    ],
)
def test_windows_that_overlap(nodes: tuple[str, ...], expected: list[Severity]) -> None:
    text = "IORT" + "".join(f"\n  {node}" for node in nodes)
    assert severities("overlapping-windows", text) == expected


def test_the_later_node_of_the_table_loses() -> None:
    text = "IORT\n  smmu-v3 base=0x110000\n  smmu-v3 base=0x100000"
    (finding,) = found("overlapping-windows", text)
    assert "smmu-v3@0x74 (0x100000)" in finding.subject.path
    assert finding.related == ("IORT/smmu-v3@0x30 (0x110000)",)


DOMAIN = "IORT\n  smmu-v3 node_revision={} node_flags={} proximity_domain=1"


def test_domains() -> None:
    srat = "SRAT\n  gicc proximity_domain=0\n  gicc proximity_domain=1 flags={}\n"
    rule = "proximity-domain"
    assert found(rule, DOMAIN.format(4, 8)) == []  # no SRAT
    assert found(rule, "SRAT\n" + DOMAIN.format(4, 8)) == []  # nothing in it
    assert found(rule, srat.format(1) + DOMAIN.format(4, 8)) == []
    assert found(rule, srat.format(0) + DOMAIN.format(4, 0)) == []
    assert found(rule, srat.format(0) + DOMAIN.format(0, 8)) == []
    assert severities(rule, srat.format(0) + DOMAIN.format(4, 8)) == [WARNING]


def test_kernels_before_5_10_lose_all_later_smmus() -> None:
    text = "SRAT\n  gicc proximity_domain=0\n" + DOMAIN.format(4, 8)
    (old,) = found("proximity-domain", text, version=(5, 4))
    (new,) = found("proximity-domain", text, version=(5, 10))
    assert (old.severity, new.severity) == (ERROR, WARNING)
    assert "nor of any SMMU" in old.effect


# PMCGs


def pmcg(fields: str, mappings: int = 0) -> str:
    maps = "\n    map flags=1 output=its" * mappings
    return f"IORT\n  its: its-group ids=0\n  {V3}\n  {PMCG} base=0x9052000 {fields}{maps}"


@pytest.mark.parametrize(
    ("fields", "mappings", "expected"),
    [
        ("overflow_gsiv=78", 0, []),
        ("", 1, []),
        ("", 0, [WARNING]),
        ("overflow_gsiv=78", 1, [INFO]),
        ("", 2, [WARNING]),
        ("overflow_gsiv=78", 2, [WARNING]),
    ],
)
def test_the_interrupt_of_a_pmcg(fields: str, mappings: int, expected: list[Severity]) -> None:
    assert severities("pmcg-interrupt", pmcg(fields, mappings)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("node_revision=1 base=0x1000 page1=0x2000", []),
        ("node_revision=0 base=0x1000", []),
        ("node_revision=1 base=0x1000 page1=0", [INFO]),
        ("node_revision=1 base=0x1000 page1=0x1000", [INFO]),
        ("node_revision=1 base=0x1000 page1=0x2800", [WARNING]),
        ("node_revision=1 base=0x1800 page1=0x2000", [WARNING]),
        ("node_revision=1 base=0 page1=0x2000", [WARNING]),
    ],
)
def test_the_pages_of_a_pmcg(fields: str, expected: list[Severity]) -> None:
    assert severities("pmcg-pages", f"IORT\n  pmcg {fields}") == expected


@pytest.mark.parametrize(
    ("target", "count"),
    [("its", 1), ("rc", 0), ("nc", 0), ("old", 0), ("v3", 0), ("me", 1), ("0", 1), ("0xffff", 1)],
)
def test_whom_a_pmcg_counts_for(target: str, count: int) -> None:
    text = f"""
        IORT
          its: its-group ids=0
          rc: root-complex segment=0
          nc: named-component object_name="\\_SB_.DEV0"
          old: smmu base=0x1000000
          v3: smmu-v3 base=0x9050000
          me: pmcg base=0x9052000 reference={target}
        """
    assert len(found("pmcg-reference", text)) == count


# RMRs


def rmr(*descriptors: str) -> str:
    held = "".join(f"\n    descriptor {each}" for each in descriptors)
    return f"IORT table_revision=5\n  {V3}\n  rmr node_revision=3{held}\n    map output=smmu"


@pytest.mark.parametrize(
    ("descriptors", "said"),
    [
        (("base=0x10000 length=0x10000", "base=0x20000 length=0x10000"), []),
        (("base=0x10000 length=0",), ["of length 0"]),
        (("base=0x11000 length=0x10000",), ["not aligned"]),
        (("base=0x10000 length=0x1000",), ["not aligned"]),
        (("base=0xffffffffffff0000 length=0x10000",), []),
        (("base=0xffffffffffff0000 length=0x20000",), ["beyond the last address"]),
        (("base=0x20000 length=0x10000", "base=0x10000 length=0x20000"), ["overlap"]),
        (("base=0x10000 length=0", "base=0x10000 length=0x10000"), ["of length 0"]),
        (("base=0x10000 length=0", "base=0x20000 length=0"), ["2 ranges of length 0"]),
    ],
)
def test_ranges(descriptors: tuple[str, ...], said: list[str]) -> None:
    findings = found("rmr-range", rmr(*descriptors))
    assert len(findings) == len(said)
    assert all(words in finding.message for finding, words in zip(findings, said, strict=True))


def test_overlap_is_told_at_the_later_descriptor() -> None:
    (finding,) = found(
        "rmr-range", rmr("base=0x20000 length=0x10000", "base=0x10000 length=0x20000")
    )
    assert (finding.property_name, finding.index) == ("descriptors", 1)


def test_ranges_that_linux_does_not_read_are_told_by_one_rule() -> None:
    text = rmr("base=0x10000 length=0").replace("table_revision=5", "table_revision=3")
    assert found("rmr-range", text) == []
    assert severities("rmr-unread", text) == [WARNING]


def test_an_rmr_without_mappings_or_ranges() -> None:
    text = "IORT table_revision=5\n  rmr node_revision=3"
    (finding,) = found("rmr-unread", text)
    assert finding.property_name == "mapping_count"
    (finding,) = found("rmr-unread", rmr())
    assert finding.property_name == "descriptor_count"


# All of them


def test_a_table_of_many_nodes_takes_time_in_proportion() -> None:
    """A quadratic rule would take minutes."""
    head = "IORT\n  its-group ids=0\n  smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75"
    one = machine(head).tables["IORT"].data
    its, v3 = one[48:72], one[72:]
    nodes = (its + v3) * 5_000
    blob = bytearray(one[:48] + nodes)
    blob[4:8] = len(blob).to_bytes(4, "little")
    blob[36:40] = (10_000).to_bytes(4, "little")
    read = machine("APIC\n  its id=1\nSRAT\n  gicc\n")
    whole = type(read).of({"IORT": bytes(blob), **{k: v.data for k, v in read.tables.items()}})
    with at_most(60):
        checked = check(TablesBoard(whole), [rule for rule in choose(["iort"]) if rule.id in MINE])
    assert checked.faults == []
    assert checked.findings


MINE = {
    f"iort/{name}"
    for name in [
        "address-limit",
        "component-name",
        "duplicate-component",
        "duplicate-identifier",
        "gap",
        "illegal-gsiv",
        "its-group",
        "its-not-in-madt",
        "memory-attributes",
        "missing-field",
        "node-frame",
        "node-revision",
        "overlapping-windows",
        "pmcg-interrupt",
        "pmcg-pages",
        "pmcg-reference",
        "proximity-domain",
        "reserved-bits",
        "rmr-range",
        "rmr-unread",
        "shared-gsiv",
        "smmu-interrupts",
        "smmu-model",
        "smmu-window",
        "unknown-node-type",
        "withdrawn-revision",
    ]
}


# Platforms


@pytest.mark.parametrize(
    ("header", "node", "expected"),
    [
        ('oem_id="HPX" creator_id="QCOM"', "smmu base=0x15000000", [WARNING]),
        ('oem_id="LENOVO" oem_table_id="CB-01" oem_revision=0x8380 creator_id="QCOM"', "", []),
        (
            'oem_id="LENOVO" oem_table_id="CB-01" oem_revision=0x8380 creator_id="QCOM"',
            "smmu base=0x15000000\n  smmu base=0x3da0000",
            [WARNING],
        ),
        (
            'oem_id="LENOVO" oem_table_id="CB-01" oem_revision=0x8180 creator_id="QCOM"',
            "smmu base=0x15000000",
            [],
        ),
        ('oem_id="QCOM"', "smmu-v3 base=0x15000000", []),
        ("", "smmu base=0x15000000", []),
        # IDs of a vendor's own: the SMMUs are where sc8280xp and x1e80100 have theirs.
        ('oem_id="HPQOEM"', "smmu base=0x15000000\n  smmu base=0x3da0000", [WARNING]),
        ('oem_id="HPQOEM"', "smmu base=0x15000000\n  smmu base=0x2b400000", []),
        (
            'oem_id="LENOVO" oem_table_id="CB-01" oem_revision=0x8180 creator_id="PTEC"',
            "smmu base=0x15000000\n  smmu base=0x2ca0000",
            [],
        ),
    ],
)
def test_qualcomm_platforms(header: str, node: str, expected: list[Severity]) -> None:
    assert severities("qualcomm-platform", f"IORT {header}\n  {node}\n") == expected


# Names of devices


@pytest.mark.parametrize(
    ("mapping", "expected", "text"),
    [
        ("map flags=1 output=smmu", WARNING, "no SMMU, no MSIs, no address limit"),
        ("map count=3 output=smmu", INFO, "it gets no SMMU and no MSIs by any name"),
        ("", WARNING, "no address limit"),
    ],
)
def test_what_a_name_of_short_segments_costs(mapping: str, expected: Severity, text: str) -> None:
    """Ranges of IDs give a device no SMMU on Linux, whatever the name."""
    table = machine(f'IORT\n  {V3}\n  named-component object_name="\\_SB.GPU0"\n    {mapping}\n')
    [finding] = check(TablesBoard(table), choose(["acpi/device-name"])).findings
    assert finding.severity is expected
    assert text in finding.effect
