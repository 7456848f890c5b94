"""The rules of the family bsa/: faults seeded into tables of our own, and into those of QEMU."""

from __future__ import annotations

import struct

import pytest

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import REQUIREMENTS
from dtlink.firmware.acpi.machine import Machine
from dtlink.links.id_ranges import IdRange
from dtlink.rules.bsa._reach import Way, ways
from dtlink.rules.bsa.device_id import is_simple
from dtlink.rules.catalogue import choose, ids, is_chosen
from dtlink.rules.model import Finding, Severity, Tables
from dtlink.rules.run import check
from tests.support.boards import SHARED
from tests.support.tables import machine

#: What complies with every rule of the family.
CLEAN = r"""
APIC
  gicd version=3
  its id=0
  its id=1
MCFG
  allocation base=0x4010000000 segment=0
  allocation base=0x5010000000 segment=1 end_bus=15
IORT
  its0: its-group ids=0
  its1: its-group ids=1
  one: smmu-v3 base=0x9050000
    map count=0xfffff output_base=0x100000 output=its0
  two: smmu-v3 base=0x9070000
    map count=0xffff output=its1
  rc0: root-complex segment=0
    map count=0xffff output_base=0x10000 output=one
  rc1: root-complex segment=1
    map count=0xfff output=two
  dma: named-component object_name="\_SB_.DMA0" coherent=1
    map output=one output_base=0x20 flags=1
  pmcg base=0x9052000 reference=one overflow_gsiv=80
  pmcg base=0x9072000 reference=two overflow_gsiv=81
"""


def lint(read: Machine) -> list[Finding]:
    checked = check(TablesBoard(read), choose(["bsa"], kind=Tables, tables=read.tables))
    assert checked.faults == []
    return checked.findings


def told(text: str) -> list[tuple[str, str]]:
    return [(each.rule, each.message) for each in lint(machine(text))]


def test_what_complies_is_silent() -> None:
    assert told(CLEAN) == []


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ("gicd version=3", "gicd version=2\n  msi-frame id=0", "bsa/gic-version", "a GICv2"),
        (
            "ids=1",
            "ids=0",
            "bsa/its-group",
            "ITS 0 is also in its-group",
        ),
        ("its-group ids=1", "its-group ids=1,1", "bsa/its-group", "ITS 1 is twice"),
        ("  its id=1\n", "  its id=1\n  its id=7\n", "bsa/its-group", "ITS 7 of the MADT is in no"),
        ("count=0xfff output=two", "count=0xeff output=two", "bsa/its-mapping", "0xf00 to 0xfff"),
        (
            "count=0xfffff output_base=0x100000",
            "count=0x18fff output_base=0x100000",
            "bsa/its-mapping",
            "0x9000 to 0xffff",
        ),
        ("end_bus=15", "end_bus=16", "bsa/its-mapping", "0x1000 to 0x10ff"),
        (
            "    map count=0xffff output=its1",
            (
                "    map count=0xff output=its1\n"
                "    map input_base=0x100 count=0xfeff output_base=0x300 output=its1"
            ),
            "bsa/device-id",
            "+0x0 for requester IDs 0x0 to 0xff, but +0x200 for 0x100 to 0xfff",
        ),
        (
            "map count=0xfff output=two",
            "map count=0xfff output_base=0x100 output=its1",
            "bsa/device-id",
            "0x0 to 0xfff to 0x100 at its-group",
        ),
        ("output_base=0x20 flags=1", "output_base=0x10020 flags=1", "bsa/stream-id", "0x10020"),
        (
            "map count=0xffff output_base=0x10000 output=one",
            "map output_base=0x10000 output=one flags=1",
            "bsa/stream-id",
            "all functions of root-complex",
        ),
        (
            "map output=one output_base=0x20",
            "map output=its0 output_base=0x20",
            "bsa/no-smmu",
            "DMA0",
        ),
        ("reference=two", "reference=one", "bsa/smmu-pmcg", "0x9070000"),
        (
            "two: smmu-v3 base=0x9070000",
            (
                "two: smmu base=0x9070000 model=3\n"
                "    global-interrupts gsiv=97\n    context-interrupt gsiv=128"
            ),
            "bsa/smmu-version-mix",
            "SMMUv2 (smmu@",
        ),
        (
            "two: smmu-v3 base=0x9070000",
            (
                "two: smmu base=0x9070000 model=2\n"
                "    global-interrupts gsiv=97\n    context-interrupt gsiv=128"
            ),
            "bsa/smmu-version",
            "is an SMMUv1",
        ),
        (
            "two: smmu-v3 base=0x9070000",
            (
                "two: smmu base=0x9070000 model=1\n    global-interrupts gsiv=97\n"
                "    context-interrupt gsiv=128\n    context-interrupt gsiv=128"
            ),
            "bsa/context-interrupts",
            "GSIV 128 of context interrupt 1",
        ),
    ],
)
def test_seeded_faults_are_found(old: str, new: str, rule: str, words: str) -> None:
    assert CLEAN.count(old) == 1
    found = told(CLEAN.replace(old, new))
    assert [message for name, message in found if name == rule and words in message], found


@pytest.mark.parametrize("entry", ["  its id=0\n", "  its id=1\n"])
def test_other_its_counts(entry: str) -> None:
    """A GICv3 with one ITS is enough for B_GIC_03; without any it is not."""
    one = told(CLEAN.replace(entry, ""))
    assert not [each for each in one if each[0] == "bsa/pcie-msi"]
    none = told(CLEAN.replace("  its id=0\n  its id=1\n", ""))
    assert [each[0] for each in none] == ["bsa/pcie-msi"]


def test_a_segment_without_a_root_complex() -> None:
    more = "segment=1 end_bus=15\n  allocation base=0x6010000000 segment=2"
    found = told(CLEAN.replace("segment=1 end_bus=15", more))
    assert found == [("bsa/its-mapping", "segment 2 of the MCFG has no root complex here")]


def test_one_component_may_have_an_id_twice() -> None:
    node = (
        'named-component object_name="\\_SB_.DMA0" coherent=1\n    map output=one output_base=0x20'
    )
    again = f"  {node} flags=1\n  pmcg base=0x9052000"
    assert told(CLEAN.replace("  pmcg base=0x9052000", again)) == []
    other = told(CLEAN.replace("  pmcg base=0x9052000", again.replace("DMA0", "DMA1")))
    assert [name for name, _ in other] == ["bsa/stream-id"]


@pytest.mark.parametrize(
    ("maps", "simple"),
    [
        ([(0, 0xFFFF, 0)], True),
        ([(0, 0xFFFF, 0x30000)], True),
        ([(0x8000, 0xFFFF, 0)], True),  # 15 bits of the requester ID
        ([(0, 0x7FFF, 0x10000), (0x8000, 0xFFFF, 0x18000)], True),
        ([(0, 0xFFFF, 0x8000)], False),
        ([(0, 0x7FFF, 0), (0x8000, 0xFFFF, 0x18000)], False),
        ([(0x100, 0x1FF, 0x4200), (0x200, 0x2FF, 0x4300)], False),
    ],
)
def test_one_constant_for_requester_ids(maps: list[tuple[int, int, int]], *, simple: bool) -> None:
    found = [
        Way(IdRange(first, last), None, None, None, device, single=False)
        for first, last, device in maps
    ]
    assert is_simple(found) is simple


def test_servers_rules_are_notes_and_all_say_what_is_broken() -> None:
    old = CLEAN.replace("reference=two", "reference=one").replace("ids=1", "ids=0")
    found = lint(machine(old))
    by_rule = {each.rule: each for each in found}
    assert by_rule["bsa/smmu-pmcg"].severity is Severity.INFO
    assert by_rule["bsa/its-group"].severity is Severity.WARNING
    assert "rule S_L7SM_03 of SBSA 8.0 (Arm DEN0029J), level 7" in by_rule["bsa/smmu-pmcg"].effect
    assert "rule ITS_02 of BSA 1.2 (Arm DEN0094E), level 1" in by_rule["bsa/its-group"].effect


def test_every_requirement_is_in_the_page_of_a_rule() -> None:
    pages = " ".join(rule.page for rule in choose(["bsa"]))
    assert [each.id for each in REQUIREMENTS if each.id not in pages] == []
    assert len({each.id for each in REQUIREMENTS}) == len(REQUIREMENTS)


def test_the_family_is_off_by_default() -> None:
    family = [each for each in ids() if each.startswith("bsa/")]
    assert len(family) == 11
    assert not [each for each in family if is_chosen(each, (), ())]
    assert all(is_chosen(each, ("default", "bsa"), ()) for each in family)
    assert not [each for each in choose(kind=Tables, tables={"IORT"}) if each.family == "bsa"]


def qemu() -> dict[str, bytes]:
    folder = SHARED / "tables" / "qemu" / "virt-smmuv3"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return {path.stem: path.read_bytes() for path in folder.glob("*.bin")}


def test_a_fault_seeded_into_tables_of_qemu() -> None:
    """An ITS of the MADT that changes its number is in no group, and the group has no ITS of it."""
    blobs = qemu()
    clean = lint(Machine.of(blobs))
    assert {each.rule for each in clean} == {"bsa/no-smmu", "bsa/smmu-pmcg"}
    madt = Machine.of(blobs).madt
    assert madt is not None
    entry = next(each for each in madt.entries if each.WORD == "its")
    damaged = bytearray(blobs["APIC"])
    struct.pack_into("<I", damaged, entry.start + 4, 9)
    found = lint(Machine.of({**blobs, "APIC": bytes(damaged)}))
    new = [each.message for each in found if each.rule == "bsa/its-group"]
    assert new == ["ITS 9 of the MADT is in no ITS group of the IORT"]


def test_the_ways_that_are_followed_are_bounded() -> None:
    """A mapping of each of 60 root complexes meets each of the SMMU's 2,000."""
    rows = "\n".join(
        f"    map input_base={2 * each} output_base={7 * each} output=its" for each in range(2000)
    )
    hosts = "\n".join(
        f"  root-complex segment={each}\n    map count=0xffff output=smmu" for each in range(60)
    )
    board = TablesBoard(
        machine(f"IORT\n  its: its-group ids=0\n  smmu: smmu-v3 base=0x9050000\n{rows}\n{hosts}\n")
    )
    table = board.machine.iort
    assert table is not None
    followed = [len(found) for _, found in ways(board)]
    assert 0 < len(followed) < 60
    assert sum(followed) <= len(table.data)
