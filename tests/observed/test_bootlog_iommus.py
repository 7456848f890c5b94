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
        (
            "DMAR: [DMA Write NO_PASID] Request device [0x00:0x1f.3] fault addr 9 [fault reason 7]",
            "0000:00:1f.3",
            DeviceEffect.REFUSED,
            "points to an invalid address",
        ),
        (
            "DMAR: [DMA Read PASID 1] Request device [0000:00:04.0] fault addr 9 [fault reason 89]",
            "0000:00:04.0",
            DeviceEffect.REFUSED,
            "no entry for it",
        ),
        (
            "ILLEGAL_DEV_TABLE_ENTRY device=02:00.0 address=0x00000000000000f0 flags=0x0280]",
            "0000:02:00.0",
            DeviceEffect.REFUSED,
            "device table is invalid",
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


@pytest.mark.parametrize("reason", ["0z05", "5f", "0x", "\N{ARABIC-INDIC DIGIT FIVE}", "123456789"])
def test_a_reason_that_is_no_number_is_not_read(reason: str) -> None:
    line = f"DMAR: [DMA Read] Request device [00:02.0] fault addr 9 [fault reason {reason}]"
    assert not told(line).causes


@pytest.mark.parametrize(
    ("line", "device", "effect", "words"),
    [
        (
            "Your BIOS is broken; DMAR reported at address fed90000 returns all ones!",
            "the DMAR",
            DeviceEffect.UNUSED,
            "switched off in the firmware's setup",
        ),
        (
            "sdhci-acpi ACME0001:00: swiotlb addr 0x110+4096 overflow (mask ffff, bus limit ff).",
            "ACME0001:00",
            DeviceEffect.REFUSED,
            "swiotlb=force",
        ),
        (
            "WARNING: drivers/pci/msi/msi.h:121 at pci_msi_legacy_setup_msi_irqs+0x9/0x10, CPU#3",
            "a PCI device",
            DeviceEffect.NO_MSI,
            "dmar/uncovered",
        ),
        ("ITS cmd its_build_mapc_cmd failed", "the ITS", DeviceEffect.STUCK, "dma-noncoherent"),
    ],
)
def test_what_is_described_or_set_up_wrongly(
    line: str, device: str, effect: DeviceEffect, words: str
) -> None:
    found = told(line, line)
    (cause,) = found.causes
    (victim,) = cause.victims
    assert cause.origin.root is CauseKind.DESCRIPTION
    assert (victim.device, victim.effect, victim.lines) == (device, effect, 2)
    assert words in cause.origin.cure


def test_who_sent_what_an_smmu_refused_and_what_to_do() -> None:
    """An event in both forms is one cause, and the second one names the device."""
    record = [
        f"arm-smmu-v3 arm-smmu-v3.2.auto: \t0x{word:016x}" for word in (0x3000000013, 0, 0, 0)
    ]
    event = (
        "arm-smmu-v3 arm-smmu-v3.2.auto: event: F_PERMISSION client: 0000:00:06.0 sid: 0x30 ssid: "
        "0x0 iova: 0x9 ipa: 0x0"
    )
    found = told("arm-smmu-v3 arm-smmu-v3.2.auto: event 0x13 received:", *record, event)
    (cause,) = found.causes
    (victim,) = cause.victims
    assert (victim.device, victim.lines) == ("0000:00:06.0", 2)
    assert cause.origin.subject == "arm-smmu-v3.2.auto, stream ID 0x30"
    assert "driver has not mapped the address" in cause.origin.cure
    assert not any("--dtb" in hint for hint in found.look_at)
    (other,) = told(event.replace("F_PERMISSION", "C_BAD_STREAMID")).causes
    assert other.victims[0].device == "0000:00:06.0"
    assert "iommu-map" in other.origin.cure


@pytest.mark.parametrize(
    ("line", "device", "effect"),
    [
        (
            "DMAR: VT-d detected Invalidation Queue Error: Reason 3",
            "DMAR",
            DeviceEffect.STUCK,
        ),
        (
            "vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param",
            "the device",
            DeviceEffect.NO_GUEST,
        ),
        (
            "Failed to set up IOMMU for device ACME0002:00; retaining platform DMA ops",
            "ACME0002:00",
            DeviceEffect.UNTRANSLATED,
        ),
        (
            "arm-smmu 5000000.iommu: found only 2 context irq(s) but 24 required",
            "5000000.iommu",
            DeviceEffect.UNUSED,
        ),
        (
            "riscv,iommu RSCV0004:01: error -ENODEV: no IRQ resources provided",
            "RSCV0004:01",
            DeviceEffect.UNUSED,
        ),
        (
            "ITS@0x0000000008080000: No ITS detected, giving up",
            "the ITS",
            DeviceEffect.MISDESCRIBED,
        ),
        ("ACPI: RIMT: Could not find IOMMU node in RIMT", "the RIMT", DeviceEffect.MISDESCRIBED),
    ],
)
def test_what_is_not_set_up(line: str, device: str, effect: DeviceEffect) -> None:
    (cause,) = told(line).causes
    (victim,) = cause.victims
    assert (victim.device, victim.effect) == (device, effect)
    assert cause.origin.cure


def test_a_refused_guest_is_the_consequence_of_remapping_that_is_off() -> None:
    refused = "vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module"
    (cause,) = told("AMD-Vi: [Firmware Bug]: : IOAPIC[4] not in IVRS table", refused).causes
    assert cause.origin.rule == "ivrs/missing-ioapic"
    assert cause.victims[0].lines == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x2apic: IRQ remapping doesn't support X2APIC mode", "CONFIG_IRQ_REMAP"),
        (
            "DMAR-IR: x2apic is disabled because BIOS sets x2apic opt out bit.",
            "bit 1 of the DMAR's flags",
        ),
        (
            "WARNING: CPU: 1 PID: 1 at drivers/iommu/amd/init.c:77 iommu_ga_log_enable+0x1/0x2",
            "amd_iommu_intr=legacy",
        ),
    ],
)
def test_what_matters_to_some_machines_only(line: str, words: str) -> None:
    """It is no cause, but it is shown, with what to do."""
    found = told(line)
    assert not found.causes
    (case,) = found.open
    assert words in case.meaning
    assert not [hint for hint in found.look_at if "devices_deferred" in hint]


def test_a_machine_with_acpi_is_not_asked_for_its_tree() -> None:
    stuck = "ITS queue timeout (64 1)"
    assert any("--dtb" in hint for hint in told(stuck).look_at)
    for line in ("BIOS-e820: [mem 0x0-0xfff] usable", "xhci-hcd PNP0D10:00: xHCI Host Controller"):
        assert not any("--dtb" in hint for hint in told(line, stuck).look_at)


def test_vt_d_that_is_there_and_not_used() -> None:
    units = "DMAR: DRHD base: 0x000000fed91000 flags: 0x1"
    init = "Run /sbin/init as init process"
    (note,) = told(units, init).notes
    assert note.startswith("line 2: ")
    assert "intel_iommu=on" in note
    assert not told(units).notes  # it may be switched on below
    assert not told(units, "DMAR: Intel(R) Virtualization Technology for Directed I/O", init).notes
    for option in ("iommu=off", "intel_iommu=off", "intel_iommu=off,sm_on"):
        assert not told(f"Kernel command line: ro {option}", units, init).notes


def test_a_kernel_that_is_too_old_is_said_to_print_other_messages() -> None:
    (note,) = explain(parse(HEAD.replace("6.12.0", "4.15.0").encode())).notes
    assert "messages that only other kernels print" in note


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
