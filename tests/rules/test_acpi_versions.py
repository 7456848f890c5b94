"""What rules find in ACPI tables, by the kernel's version."""

from __future__ import annotations

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.folder import read_folder
from dtlink.firmware.acpi.machine import Machine
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble
from tests.support.boards import SHARED

CASES = SHARED / "cases" / "acpi"
GICV5 = """
APIC
  its-translate-frame its=0 id={id}
IORT table_revision=0
  its: its-group ids=7
  root-complex segment=0
    map count=0xffff output=its
"""
#: An SMMUv3 of revision 5 without a valid index, and without a line for page requests.
INDEX = """
IORT table_revision=6
  its: its-group identifier=1 ids=0
  smmu: smmu-v3 identifier=2 node_revision=5 base=0x5000000 event_gsiv=74 gerr_gsiv=75
    map count=0xffff output=its
  root-complex identifier=3 node_revision=4 segment=0
    map count=0xffff output=smmu
"""
IWBS = """
IORT table_revision=7
  its: its-group identifier=1 ids=0
  iwb identifier=2 iwb_index=16 base=0x2f000000 object_name="\\_SB_.IWB0"
    map flags=1 output_base=0x10 output=its
  iwb identifier=3 iwb_index={index} base=0x2f040000 object_name="{name}"
    map flags=1 output_base=0x11 output=its
"""
RMR = """
IORT table_revision=5
  smmu: smmu-v3 identifier=1 base=0x9050000 event_gsiv=74 gerr_gsiv=75
  rmr identifier=2 node_revision=3
    descriptor base=0x80000000
    map output=smmu
"""
IDENTIFIERS = """
IORT table_revision=5
  smmu-v3 identifier=1 base=0x9050000 event_gsiv=74 gerr_gsiv=75
  smmu-v3 identifier=1 base=0x9090000 event_gsiv=76 gerr_gsiv=77
"""
IVRS = """
IVRS
  ivhd-11 base=0xfeb80000 efr={efr:#x} features={features}
    range device=8
    range-end device=0x9f
    {special}
"""
SPECIAL = "special handle=33 source={source:#x}"
MADT = "APIC\n  ioapic id=32 address=0xfec00000 gsi_base=0\n  ioapic id=33 gsi_base=24\n"
SOURCES = MADT + "IVRS\n  ivhd-11 base=0xfeb80000\n    all\n    special handle={0}\n"
OPT_OUT = 'DMAR flags=9\n  drhd base=0xfed90000 flags=1\n    ioapic enumeration_id=2 hops="1e.7"\n'
RIMT = """
RIMT
  iommu: iommu id=0 flags=1 segment=0 function=8 hardware_id="00101400"
  root-complex id=1 segment=0
    map count=0x10000 output=iommu
"""
VIOT = "VIOT\n  viommu: virtio-iommu-pci function=8\n  pci-range bdf_end=0xff output=viommu+1\n"


def lint(machine: Machine, version: str) -> list[Finding]:
    board = TablesBoard(machine, Settings(KernelVersion.parse(version)))
    families = ["acpi", "iort", "viot", "dmar", "ivrs", "rimt"]
    checked = check(board, choose(families))
    assert checked.faults == []
    return checked.findings


def told(text: str, version: str) -> list[tuple[str, str]]:
    found = lint(Machine.of(assemble(text)), version)
    return [(each.identity, each.severity.value) for each in found]


@pytest.mark.parametrize(
    ("text", "by_version"),
    [
        (
            GICV5.format(id=7),
            {"6.12": [("iort/its-not-in-madt", "info")], "7.0": []},
        ),
        (
            GICV5.format(id=8),
            {version: [("iort/its-not-in-madt", "error")] for version in ("6.12", "7.0")},
        ),
        (
            INDEX,
            {
                "5.10": [("iort/device-id-index", "error")],
                "6.1": [("iort/device-id-index", "error")],
                "6.2": [],
                "7.3": [],
            },
        ),
        (
            INDEX.replace("gerr_gsiv=75", "gerr_gsiv=75 pri_gsiv=76 sync_gsiv=77"),
            {"5.10": [], "6.12": []},
        ),
        (
            IWBS.format(index=16, name="\\_SB_.IWB1"),
            {
                "6.12": [("iort/duplicate-bridge", "warning")],
                "7.0": [("iort/duplicate-bridge", "error")],
            },
        ),
        (
            IWBS.format(index=17, name="\\_SB_.IWB17"),
            {
                "6.12": [("iort/component-name", "warning")],
                "7.0": [("iort/component-name", "error")],
            },
        ),
        (
            IWBS.format(index=17, name="\\_SB.IWB1"),
            {"7.2": [("iort/component-name", "error")]},
        ),
        (
            IWBS.format(index=17, name="\\_SB_.IWB0"),
            {"7.2": [("iort/duplicate-component", "warning")]},
        ),
        (
            RMR,
            {"5.15": [("iort/rmr-range", "warning")], "6.1": [("iort/rmr-range", "warning")]},
        ),
        (
            IVRS.format(efr=0, features=0, special=SPECIAL.format(source=0xA0)),
            {
                "6.12": [],
                "7.2": [("ivrs/beyond-device-table", "error")],
            },
        ),
        (
            IVRS.format(
                efr=0xC80,
                features=0,
                special="range device=0xa0\n    range-end device="
                "0xffff\n    " + SPECIAL.format(source=0xA0),
            ),
            {
                "6.12": [("ivrs/no-host-tables", "warning")],
                "7.2": [("ivrs/no-host-tables", "error")],
            },
        ),
        (
            IVRS.format(
                efr=0x1000000000090,
                features=1,
                special="select device=0xa0\n    " + SPECIAL.format(source=0xA0),
            ),
            {
                "6.12": [("ivrs/no-host-tables", "warning")],
                "7.2": [("ivrs/no-host-tables", "info")],
            },
        ),
        # The first I/O APIC elsewhere, the second at 00:14.0.
        (
            SOURCES.format("32 source=1\n    special handle=33 source=0xa0"),
            {
                "5.10": [],
                "6.1": [("ivrs/missing-ioapic", "error")],
                "7.2": [("ivrs/missing-ioapic", "error")],
                "7.3": [("ivrs/missing-ioapic", "warning")],
            },
        ),
        # At the ISA bridge.
        (
            SOURCES.format("32 source=0xa3\n    special handle=33 source=1"),
            {"7.2": [("ivrs/missing-ioapic", "error")], "7.3": []},
        ),
        # None for one of them: 5.10 forgives what comes before the one at 00:14.0.
        (
            SOURCES.format("33 source=0xa0"),
            {"5.10": [], "6.1": [("ivrs/missing-ioapic", "error")]},
        ),
        (
            SOURCES.format("32 source=0xa0"),
            {"5.10": [("ivrs/missing-ioapic", "error")], "6.1": [("ivrs/missing-ioapic", "error")]},
        ),
        (
            OPT_OUT,
            {
                "7.2": [("dmar/reserved-bits", "info")],
                "7.3": [("dmar/reserved-bits", "warning")],
            },
        ),
        (
            RIMT,
            {
                "6.12": [("rimt/iommu-in-own-range", "warning")],
                "6.18": [("rimt/iommu-in-own-range", "error")],
                "7.2": [("rimt/iommu-in-own-range", "warning")],
            },
        ),
        (
            VIOT,
            {
                "5.10": [("viot/illegal-target", "warning")],
                "5.15": [("viot/illegal-target", "error")],
            },
        ),
    ],
)
def test_findings_by_version(text: str, by_version: dict[str, list[tuple[str, str]]]) -> None:
    assert {version: told(text, version) for version in by_version} == by_version


@pytest.mark.parametrize(
    ("text", "version", "effect"),
    [
        (IDENTIFIERS, "6.1", "does not read these identifiers"),
        (IDENTIFIERS, "6.12", "NVDA200C"),
        (OPT_OUT, "6.12", "Linux 7.3 and later take bit 3 for an opt-out"),
        (OPT_OUT, "7.3", "uses no unit for DMA"),
        (RIMT, "6.12", "Linux reads the RIMT since 6.18; 6.12 does not"),
        (RIMT, "6.18", "ever probes"),
        (RIMT, "7.2", "deferred_probe_timeout"),
        (RMR, "5.15", "Linux reads RMR nodes since 6.0; 5.15 does not"),
        (INDEX, "6.1", "stream IDs 0x0 to 0xffff get no MSIs"),
    ],
)
def test_effects_by_version(text: str, version: str, effect: str) -> None:
    (finding,) = lint(Machine.of(assemble(text)), version)
    assert effect in finding.effect


@pytest.mark.parametrize(
    ("case", "version", "expected"),
    [
        ("gicv5-its", "7.2", set()),
        ("nv-5a3aea7d-old-kernel", "5.10", {("iort/device-id-index", "error")}),
        ("nv-5a3aea7d-old-kernel", "6.1", {("iort/device-id-index", "error")}),
        ("nv-5a3aea7d-old-kernel", "6.12", set()),
        (
            "edk2-13137-iwb",
            "7.2",
            {
                ("iort/component-name", "error"),
                ("iort/component-name", "warning"),
                ("iort/duplicate-bridge", "error"),
                ("iort/duplicate-identifier", "info"),
            },
        ),
        ("cb-ioapic-lpc", "7.2", {("ivrs/missing-ioapic", "error")}),
        ("cb-ioapic-lpc", "7.3", set()),
    ],
)
def test_cases(case: str, version: str, expected: set[tuple[str, str]]) -> None:
    if not (CASES / case).is_dir():
        pytest.skip(f"no {CASES / case}")
    found = lint(read_folder(str(CASES / case)), version)
    assert {(each.identity, each.severity.value) for each in found} == expected
