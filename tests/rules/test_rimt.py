"""The rules on RIMT tables: where they speak, and where they must not."""

from __future__ import annotations

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.machine import Machine
from dtlink.report.model import identified
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble

IOMMU = 'RIMT\n  iommu: iommu hardware_id="RSCV0004" base=0x3010000\n'
PCIE = 'RIMT\n  iommu: iommu hardware_id="00101400" flags=1 function=8\n'
ROOT = "  root-complex segment=0\n"


#: The first kernel that reads the table.
READING = KernelVersion(6, 18)


def lint(
    text: str, paths: frozenset[str] | None = None, version: KernelVersion = READING
) -> list[Finding]:
    machine = Machine.of(assemble(text))
    machine.device_paths = paths
    checked = check(TablesBoard(machine, Settings(version)), choose(["rimt"]))
    assert checked.faults == []
    return checked.findings


def told(text: str) -> list[tuple[str, str]]:
    return [(each.identity.removeprefix("rimt/"), each.severity.value) for each in lint(text)]


@pytest.mark.parametrize(
    "text",
    [
        # A table as QEMU's virt machine writes it, with either IOMMU.
        IOMMU + ROOT + "    map count=0xffff output=iommu\n",
        PCIE + ROOT + "    map source_base=9 count=0xfff7 output_base=9 output=iommu\n",
        # Ranges that go on with the device IDs: it does not matter which entry has the boundary.
        IOMMU
        + ROOT
        + "    map count=0x100 output=iommu\n"
        + "    map source_base=0x100 count=0x100 output_base=0x100 output=iommu\n",
        # Overlaps that say the same.
        IOMMU + ROOT + "    map count=0x100 output=iommu\n    map count=0x200 output=iommu\n",
        # No mapping: no IOMMU.
        IOMMU + ROOT,
        # Root complexes of several segments, and a platform device with several IDs.
        IOMMU
        + ROOT
        + "    map count=0x10000 output=iommu\n  root-complex segment=1\n"
        + "    map count=0x10000 output_base=0x10000 output=iommu\n"
        + '  platform-device object_name="\\_SB_.COM0"\n    map count=4 output=iommu\n',
        # All buses.
        IOMMU + ROOT + "    map source_base=0 count=0x10000 output_base=0xff0000 output=iommu\n",
    ],
)
def test_legal_tables_are_silent(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (IOMMU + ROOT + "    map count=1 output=0\n", ("illegal-target", "error")),
        (
            IOMMU + "  rc: root-complex segment=0\n    map count=1 output=rc\n",
            ("illegal-target", "error"),
        ),
        (IOMMU + ROOT + "    map count=0 output=iommu\n", ("id-range", "warning")),
        (IOMMU + ROOT + "    map count=0x10001 output=iommu\n", ("id-range", "warning")),
        (
            IOMMU + ROOT + "    map count=2 output_base=0xffffff output=iommu\n",
            ("id-range", "warning"),
        ),
        (
            IOMMU
            + ROOT
            + "    map count=0x100 output=iommu\n"
            + "    map source_base=0xff count=1 output=iommu\n",
            ("input-overlap", "warning"),
        ),
        (
            IOMMU
            + ROOT
            + "    map count=0x100 output=iommu\n"
            + "    map source_base=0x100 count=1 output_base=0x800 output=iommu\n",
            ("boundary-id", "warning"),
        ),
        (IOMMU + ROOT + ROOT, ("duplicate-root-complex", "warning")),
        (PCIE + "  iommu flags=1 function=8\n", ("duplicate-iommu", "error")),
        (PCIE + ROOT + "    map count=9 output=iommu\n", ("iommu-in-own-range", "error")),
        (IOMMU + '  platform-device object_name="COM0"\n', ("device-name", "error")),
        ("RIMT node_count=3\n  iommu base=0x1000\n", ("frame", "error")),
    ],
)
def test_faults(text: str, expected: tuple[str, str]) -> None:
    assert told(text) == [expected]


def test_an_iommu_may_be_behind_another() -> None:
    text = PCIE + "  other: iommu base=0x1000\n" + ROOT + "    map count=0x10000 output=other\n"
    assert told(text) == []


def test_segments_of_the_mcfg() -> None:
    mcfg = "MCFG\n  allocation segment=0\n"
    assert told(mcfg + IOMMU + "  root-complex segment=1\n") == [("unknown-segment", "warning")]
    assert told(mcfg + PCIE.replace("flags=1", "flags=1 segment=1")) == [
        ("unknown-segment", "error")
    ]
    assert told("MCFG\n" + IOMMU + "  root-complex segment=1\n") == []


def test_devices_that_the_namespace_does_not_have() -> None:
    text = IOMMU + '  platform-device object_name="\\_SB_.COM0"\n'
    assert lint(text, frozenset(("\\_SB_.COM0",))) == []
    (finding,) = lint(text, frozenset(("\\_SB_.COM1",)))
    assert (finding.identity, finding.severity.value) == ("rimt/device-name", "warning")


def test_one_boundary_finding_a_node() -> None:
    rows = "".join(
        f"    map source_base={base} count=16 output_base={base * 2} output=iommu\n"
        for base in range(0, 160, 16)
    )
    (finding,) = lint(IOMMU + ROOT + rows)
    assert "(and 8 more)" in finding.message
    falling = "".join(reversed(rows.splitlines(keepends=True)))
    assert lint(IOMMU + ROOT + falling) == []


# What no rule reported before the checks held for every table.


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (IOMMU.replace("RIMT", "RIMT reserved=1") + ROOT, "reserved"),
        (IOMMU.rstrip() + " flags=0x80\n" + ROOT, "flags"),
        (IOMMU.rstrip() + " node_reserved=1\n" + ROOT, "node_reserved"),
        (IOMMU + ROOT.rstrip() + " reserved=1\n", "reserved"),
        (IOMMU + ROOT.rstrip() + " flags=0x10\n", "flags"),
        (IOMMU + ROOT + "    map count=1 flags=0x10 output=iommu\n", "mappings"),
        (IOMMU + "    wire gsi=33 flags=4\n" + ROOT, "wires"),
    ],
)
def test_every_reserved_mask_is_read(text: str, field: str) -> None:
    (finding,) = lint(text)
    assert (finding.rule, finding.identity) == ("acpi/reserved-bits", "rimt/reserved-bits")
    assert (finding.severity.value, finding.property_name) == ("info", field)


def test_an_unknown_node_type_is_reported() -> None:
    (finding,) = lint(IOMMU + ROOT + "  odd: node type=9\n")
    assert (finding.rule, finding.identity) == ("acpi/unknown-type", "rimt/unknown-type")
    assert finding.severity.value == "warning"
    assert "skips such nodes: what they describe has no effect" in finding.effect


def test_faults_of_one_node_with_one_fingerprint_are_numbered() -> None:
    text = IOMMU + ROOT + "    map count=1 output=gpu\n    map source_base=9 count=1 output=0x38\n"
    found = lint(text + '  gpu: platform-device object_name="\\_SB_.GPU0"\n')
    rules = [each.rule for each in found]
    assert rules == ["acpi/dangling-reference", "acpi/illegal-target"]
    first, second = (fingerprint for fingerprint, _ in identified(found))
    assert second == f"{first}-2"
