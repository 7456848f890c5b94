"""The table of log messages: each row reads its sample, in time, and names what there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dtlink.facts.loglines import HEADER_LINES, LOG_MESSAGES, Harm, match
from dtlink.observed.bootlog.read import MAX_LINE
from dtlink.observed.observation import Observation, ReportCollector
from dtlink.rules.catalogue import choose
from tests.support.limits import at_most

#: The groups that each kind's sample fills, as far as they matter.
GROUPS: dict[str, Mapping[str, str]] = {
    "probe-pending": {"device": "a.b", "reason": "platform: supplier c not ready"},
    "wait-for-node": {"device": "a.b", "node": "/soc/pin"},
    "wait-for-device": {"device": "a.b", "supplier": "c.d"},
    "pin-refused": {"device": "b.serial", "supplier": "a.pinctrl"},
    "component-deferred": {"device": "display-engine", "component": "1ee0000.hdmi"},
    "component-master": {"device": "display-engine"},
    "pin-bank-supply": {"device": "a.pinctrl", "bank": "A"},
    "timeout-ignored": {"driver": "of_serial", "device": "a.b"},
    "probe-failed": {"driver": "vc4_vec", "device": "3f806000.vec", "error": "-110"},
    "probe-declined": {"device": "soc", "error": "-19"},
    "driver-defers": {"who": "Device match"},
    "put-off": {"device": "a.b"},
    "probing": {"driver": "x", "device": "a.b"},
    "bound": {"driver": "x", "device": "a.b"},
    "probe-debug": {},
    "retry": {"device": "a.b"},
    "timeout-extended": {},
    "init-probe": {},
    "error-defer": {"device": "a.b"},
    "cycle": {"node": "/a", "of": "/b"},
    "link-refused": {"flags": "0x180", "supplier": "1502000.interconnect"},
    "not-linking": {"node": "/gic"},
    "dummy-supply": {},
    "link-debug": {},
    "cycle-debug": {},
    "sync-state-pending": {"device": "18200000.rsc:pd", "consumer": "ae90000.dp"},
    "sync-state-forced": {"device": "a.noc"},
    "no-root": {},
    "no-root-initramfs-tools": {},
    "no-root-dracut": {},
    "no-root-systemd": {},
    "no-root-mkinitcpio": {},
    "no-root-nixos": {},
    "root-wait": {},
    "context-fault": {"iommu": "15000000.iommu", "stream": "0x800", "address": "0x9c4b9000"},
    "smmu-event": {"event": "0x02"},
    "unknown-stream": {"stream": "0x4a0"},
    "global-fault": {},
    "fault-detail": {"record": "0x0000001000000002"},
    "mmu-masters": {"what": "SMMU"},
    "mmu-masters-mixed": {},
    "stream-range": {},
    "stream-taken": {"number": "256", "other": "0000:02:00.0"},
    "dma-overflow": {"device": "PNP0D10:00", "mask": "ffffffffffffffff", "limit": "7fffffff"},
    "no-map-entry": {"id": "0x8"},
    "iommu-group": {"device": "0000:00:03.0"},
    "stream-alias": {"device": "0000:02:00.0", "stream": "0x100", "other": "0000:01:00.0"},
    "rmrr-ineligible": {"device": "0000:04:00.1"},
    "direct-required": {"device": "0000:04:00.1"},
    "amd-event": {"event": "IO_PAGE_FAULT", "requester": "0000:04:00.3"},
    "vtd-fault": {"requester": "0000:03:00.0", "address": "bf450000", "reason": "0x05"},
    "vtd-interrupt": {"requester": "0000:01:05.0", "index": "2f", "reason": "0x26"},
    "vtd-fault-detail": {},
    "page-fault": {"iommu": "ff8f3f00.iommu", "address": "0x0000000000000000"},
    "stream-fault": {"iommu": "0000:00:01.0", "stream": "0x18"},
    "endpoint-fault": {"iommu": "virtio0", "endpoint": "16"},
    "amd-completion": {"iommu": "AMD-Vi"},
    "smmu-stuck": {"iommu": "1.iommu"},
    "smmu-error": {"iommu": "1.iommu"},
    "smmu-events-lost": {},
    "iort-conflict": {"id": "0x100"},
    "iort-workaround": {},
    "iort-frame": {},
    "iort-msi-mapping": {},
    "iort-single": {},
    "iort-null": {},
    "iort-index": {},
    "iort-its-index": {},
    "iort-rmr-align": {},
    "iort-rmr-empty": {},
    "iort-rmr-overlap": {},
    "iort-rmr-ids": {},
    "iort-address-limit": {},
    "dmar-unit-dead": {"address": "fed64000"},
    "dmar-unit": {},
    "dmar-no-unit": {},
    "dmar-frame": {},
    "dmar-affinity": {},
    "dmar-width": {},
    "dmar-reserved": {},
    "dmar-uncovered": {},
    "dmar-rmrr-bus": {},
    "dmar-scope-type": {},
    "dmar-scope-kind": {},
    "dmar-andd-handle": {},
    "dmar-andd-scope": {},
    "dmar-remap-off": {},
    "dmar-ioapic": {},
    "dmar-andd": {},
    "ivrs-checksum": {},
    "ivrs-ioapic": {},
    "ivrs-sb-ioapic": {},
    "ivrs-remap-off": {},
    "ivrs-hats": {},
    "ivrs-no-host-tables": {},
    "ivrs-features": {},
    "ivrs-hid": {},
    "ivrs-entry": {},
    "ivrs-base": {},
    "viot-frame": {},
    "x2apic-no-remapping": {},
    "x2apic-opt-out": {},
    "ivrs-ga-log": {},
    "msi-no-domain": {},
    "its-stuck": {},
    "vtd-invalidation": {"iommu": "DMAR", "what": "Time-out", "id": "300"},
    "vtd-invalidation-detail": {},
    "dmar-quickdata": {},
    "dmar-isoch": {"number": "8"},
    "dmar-source-id": {"number": "8"},
    "dmar-erratum": {},
    "vfio-no-remapping": {},
    "direct-failed": {"device": "0000:00:00.2"},
    "dma-ops-kept": {"device": "0000:01:00.0"},
    "ivrs-efr": {},
    "ivrs-uid": {"number": "1"},
    "smmu-strtab": {},
    "smmu-was-on": {},
    "smmu-no-irq": {},
    "smmu-coherency": {"value": "false"},
    "smmu-region": {"device": "1.iommu"},
    "smmu-rmr": {"stream": "0x100"},
    "smmu-context-irqs": {"number": "1", "most": "8"},
    "smmu-size": {},
    "its-absent": {"address": "0x0000000008080000"},
    "its-none": {},
    "viot-no-iommu": {},
    "rimt-no-iommu": {},
    "riscv-iommu-irqs": {"device": "RSCV0004:00"},
    "overlay-label": {"label": "i2c2"},
    "overlay-symbols": {},
    "overlay-fixup": {"error": "-22"},
    "overlay-target": {"fragment": "/fragment@0"},
    "overlay-twice": {"what": "property"},
    "overlay-cells": {"property": "#address-cells"},
    "overlay-empty": {},
    "overlay-leak": {},
    "reference-short": {"node": "/backlight", "wanted": "3", "had": "2"},
    "reference-cells": {"node": "/mmc@1000", "by": "/regulator"},
    "reference-phandle": {"node": "/mmc@1000", "phandle": "28673"},
}


def test_every_kind_has_its_groups() -> None:
    kinds = {row.kind for row in LOG_MESSAGES}
    assert set(GROUPS) == kinds, (
        f"GROUPS has the groups of each row's sample: add or remove {set(GROUPS) ^ kinds}"
    )


@pytest.mark.parametrize("row", LOG_MESSAGES, ids=lambda row: row.kind)
def test_sample(row: Any) -> None:
    found = match(f"xx {row.sample}")
    assert found is not None
    assert found.message is row
    names = GROUPS[row.kind] if "event: " not in row.needles else {"event": "F_TRANSLATION"}
    assert {name: found.groups.get(name) for name in names} == dict(names)


@pytest.mark.parametrize("row", LOG_MESSAGES, ids=lambda row: row.kind)
def test_other_forms(row: Any) -> None:
    groups = row.groups(row.sample).keys()
    for form in row.forms:
        found = match(form)
        assert found is not None
        assert found.message is row
        assert {"device", "iommu"} & groups <= found.groups.keys() | {"iommu"}


def observed(text: str) -> Observation | None:
    collector = ReportCollector()
    return collector.found if collector.line(text) else None


@pytest.mark.parametrize(
    ("kind", "member"),
    {
        "cycle": "cycles",
        "probe-pending": "deferred",
        "wait-for-node": "waits",
        "link-debug": "linked",
        "not-linking": "not_linked",
        "sync-state-pending": "sync_state",
        "release": "kernel",
        "command-line": "command_line",
        "model": "model",
        "pci-host": "pci_hosts",
    }.items(),
)
def test_what_a_report_of_a_board_keeps(kind: str, member: str) -> None:
    """One table for both readers: what explains a log also feeds ``devlink --observed``."""
    row = next(row for row in (*LOG_MESSAGES, *HEADER_LINES) if row.kind == kind)
    found = observed(f"[    1.000] {row.sample}")
    assert found is not None
    assert getattr(found, member)


def test_a_report_passes_over_other_messages() -> None:
    assert observed("x y: Linked as a fwnode consumer to z") is None
    assert observed("of_serial a.b: ignoring dependency for device, assuming no driver") is None


def test_both_forms_of_an_event() -> None:
    found = match("arm-smmu-v3 1.smmu: event: C_BAD_STREAMID client: (unassigned sid) sid: 0x10 x")
    assert found
    assert (found.groups["event"], found.groups["stream"]) == ("C_BAD_STREAMID", "0x10")


def test_rules_that_rows_name_exist() -> None:
    rules = {rule.id for rule in choose((), ())}
    unknown = {row.rule for row in LOG_MESSAGES if row.rule} - rules
    assert not unknown, f"{unknown}: no such rule: correct the rows in dtlink/facts/loglines/"


def test_harmful_rows_say_what_to_do_or_where_it_is_said() -> None:
    vague = [row.kind for row in LOG_MESSAGES if not row.meaning.endswith(".")]
    assert not vague, f"{vague}: the meaning is one sentence, with its full stop"
    bare = [row.kind for row in LOG_MESSAGES if not row.source and row.harm is not Harm.HARMLESS]
    assert not bare, f"{bare}: give the kernel file and function that print the line"


@pytest.mark.parametrize(
    "text",
    [
        "usb 1-1: new high-speed USB device number 2 using ehci-platform",
        "virtio_iommu virtio0: input address: 64 bits",
        "iommu: Default domain type: Translated",
        "x y: the supplier is not ready yet",
    ],
)
def test_what_is_about_something_else(text: str) -> None:
    assert match(text) is None


@pytest.mark.parametrize("row", LOG_MESSAGES, ids=lambda row: row.kind)
def test_rows_take_hostile_lines_in_time(row: Any) -> None:
    """No pattern backtracks over a long line."""
    for filler in ("a" * MAX_LINE, "a: " * (MAX_LINE // 3), "a a: " * (MAX_LINE // 5)):
        with at_most():
            row.form.search(filler + row.needles[0])
