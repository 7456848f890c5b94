"""What IOMMUs and the readers of their tables write: what each line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.firmware import read
from dtlink.observed.bootlog.explain import explain
from dtlink.observed.bootlog.model import CauseKind, DeviceEffect, Explanation
from dtlink.observed.bootlog.read import parse, read_log

HEAD = "[    0.000000] Linux version 6.12.0 (a@b) (gcc 12) #1 SMP\n"


def told(*lines: str) -> Explanation:
    text = "".join(f"[    1.00000{number}] {line}\n" for number, line in enumerate(lines))
    return explain(parse((HEAD + text).encode()))


@pytest.mark.parametrize(
    ("line", "device", "effect", "words"),
    [
        (
            "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:c4:00.3 domain=0x0 address=0x1 f=0x2]",
            "0000:c4:00.3",
            DeviceEffect.REFUSED,
            "not mapped",
        ),
        (
            "nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000c address=0x9 f=0]",
            "0000:01:00.0",
            DeviceEffect.REFUSED,
            "not mapped",
        ),
        (
            "AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=03:00.0 address=0x103a]",
            "0000:03:00.0",
            DeviceEffect.REFUSED,
            "ATS invalidation",
        ),
        (
            "DMAR: [DMA Read] Request device [00:02.0] PASID fff fault addr ff [fault reason 06]",
            "0000:00:02.0",
            DeviceEffect.REFUSED,
            "not mapped for reading",
        ),
        (
            "DMAR: [DMA Write X] Request device [10001:01:00.0] fault addr 0 [fault reason 0x2]",
            "10001:01:00.0",
            DeviceEffect.REFUSED,
            "no domain is attached",
        ),
        (
            "DMAR: [INTR-REMAP] Request device [f0:1f.0] fault index 1e [fault reason 34]",
            "0000:f0:1f.0",
            DeviceEffect.BLOCKED,
            "not present",
        ),
        ("AMD-Vi: Completion-Wait loop timed out", "AMD-Vi", DeviceEffect.STUCK, "completes"),
        (
            "AMD-Vi: IOMMU 0000:00:00.2: Completion-Wait loop timed out",
            "AMD-Vi",
            DeviceEffect.STUCK,
            "completes",
        ),
        (
            "arm-smmu-v3 arm-smmu-v3.1.auto: CMD_SYNC timeout at 0x10 [hwprod 0x1, hwcons 0x0]",
            "arm-smmu-v3.1.auto",
            DeviceEffect.STUCK,
            "completes",
        ),
        (
            "arm-smmu-v3 2b400000.iommu: CMDQ error (cons 0x0300001f): Unknown",
            "2b400000.iommu",
            DeviceEffect.STUCK,
            "error of its own",
        ),
    ],
)
def test_what_an_iommu_refused(line: str, device: str, effect: DeviceEffect, words: str) -> None:
    (cause,) = told(line, line).causes
    (victim,) = cause.victims
    assert cause.origin.root is CauseKind.FAULT
    assert (victim.device, victim.effect, victim.lines) == (device, effect, 2)
    assert words in cause.origin.detail
    assert cause.origin.cure


def test_who_uses_the_iommu_that_reports_a_fault(shared: Path) -> None:
    tree = read.read(shared / "corpus" / "arm64" / "rockchip" / "rk3399-rockpro64.dtb")
    line = "[    4.000000] rk_iommu ff8f3f00.iommu: Page fault at 0x0000000000000000 of type read\n"
    (cause,) = explain(parse((HEAD + line).encode()), tree).causes
    assert cause.origin.subject == "/iommu@ff8f3f00"
    assert cause.origin.detail.endswith("; the tree gives it to /vop@ff8f0000")
    assert cause.victims[0].effect is DeviceEffect.REFUSED


def test_a_consequence_is_no_cause_of_its_own() -> None:
    first = "AMD-Vi: [Firmware Bug]: : IOAPIC[33] not in IVRS table"
    (cause,) = told(first, "AMD-Vi: Disabling interrupt remapping").causes
    assert cause.origin.rule == "ivrs/missing-ioapic"
    assert cause.victims[0].lines == 2
    (alone,) = told("AMD-Vi: Disabling interrupt remapping").causes
    assert "does without interrupt remapping" in alone.origin.detail


def test_mappings_that_overlap_by_one_id_and_by_more() -> None:
    conflict = "ACPI: IORT: [Firmware Bug]: [map (ptrval)] conflicting mapping for input ID 0x100"
    one = "ACPI: IORT: [Firmware Bug]: applying workaround."
    assert [cause.origin.rule for cause in told(conflict, one).causes] == ["iort/off-by-one"]
    assert [cause.origin.rule for cause in told(conflict).causes] == ["iort/input-overlap"]
    both = told(conflict, one, conflict, conflict, one).causes
    assert {cause.origin.rule for cause in both} == {"iort/off-by-one", "iort/input-overlap"}


def test_reserved_regions_that_nothing_covers_and_that_are_misshapen() -> None:
    bad = "DMAR: [Firmware Bug]: Your BIOS is broken; bad RMRR [{}]"
    why = "DMAR: [Firmware Bug]: No firmware reserved region can cover this RMRR [{}], contact"
    (cause,) = told(why.format("0x1000-0x1fff"), bad.format("0x1000-0x1fff")).causes
    assert "memory map covers" in cause.origin.detail
    (alone,) = told(bad.format("0x1fff-0x1000")).causes
    assert alone.origin.rule == "dmar/reserved-region"


def test_a_device_that_no_guest_gets() -> None:
    first = "vfio-pci 0000:04:00.1: DMAR: Device is ineligible for IOMMU domain attach due to "
    first += "platform RMRR requirement.  Contact your platform vendor."
    (cause,) = told(first).causes
    assert cause.victims[0].effect is DeviceEffect.NO_GUEST
    assert cause.victims[0].effect.is_mild


#: The lines of the case that a cause is about, in their order, and words of what is said.
LINES = {
    2: "memory map covers",
    4: "registers are not where it says",
    5: "no interrupt is remapped",
    6: "no interrupt is remapped",
    7: "no interrupt is remapped",
    9: "HATS",
    11: "the kernel takes the other mapping",
    12: "address limit of 0",
    13: "one stream ID",
    14: "does not give the device to a guest",
    16: "not mapped",
    17: "another source ID",
    18: "not mapped for writing",
}


def test_all_lines_of_the_case(shared: Path) -> None:
    found = explain(read_log(str(shared / "cases" / "log" / "iommu-lines.log")))
    details = {cause.victims[0].line: cause.origin.detail for cause in found.causes}
    assert details.keys() == LINES.keys()
    assert [line for line, words in LINES.items() if words not in details[line]] == []
    lines = sum(victim.lines for cause in found.causes for victim in cause.victims)
    assert lines == 18 - 1 - 1, "all but the first, and the one that another explains"


@pytest.mark.parametrize(
    ("name", "words", "rule"),
    [
        ("iort-workaround", "takes the other mapping", "iort/off-by-one"),
        ("linux-surface-478", "No entry of the firmware's memory map covers", ""),
    ],
)
def test_cases(shared: Path, name: str, words: str, rule: str) -> None:
    (cause,) = explain(read_log(str(shared / "cases" / "log" / f"{name}.log"))).causes
    assert words in cause.origin.detail
    assert cause.origin.rule == rule
