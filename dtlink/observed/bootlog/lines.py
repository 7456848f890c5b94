"""The messages that tell of dependencies: one row each, for the forms of Linux 5.4 to 6.18.

A new kind of line is a row here, or in :mod:`dtlink.observed.bootlog.iommu_lines` and
:mod:`~dtlink.observed.bootlog.firmware_lines`, and a line in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from dtlink.observed.bootlog.firmware_lines import FIRMWARE_LINES
from dtlink.observed.bootlog.iommu_lines import IOMMU_LINES
from dtlink.observed.bootlog.message import DEVICE, Harm, Message, Topic

_DD = "drivers/base/dd.c"
_CORE = "drivers/base/core.c"
_DEFER = r"(?:error (?:-EPROBE_DEFER|-517)|probe deferral)(?:: | - )"
_DEBUG = "What the driver core's dynamic debug tells of its work."

PROBE_LINES = (
    Message(
        kind="probe-pending",
        topic=Topic.PROBE,
        needles=("deferred probe pending",),
        pattern=DEVICE + r"deferred probe pending(?:: *(?P<reason>.*))?",
        harm=Harm.HARMFUL,
        meaning="The device had not probed when the deferred probe timeout ran out.",
        source=f"{_DD}, deferred_probe_timeout_work_func()",
    ),
    Message(
        kind="wait-for-node",
        topic=Topic.PROBE,
        needles=("wait for supplier",),
        pattern=DEVICE + _DEFER + r"wait for supplier (?P<node>\S{1,512})",
        harm=Harm.DEPENDS,
        meaning="A supplier that the devicetree names is no device: no timeout ends this wait.",
        source=f"{_CORE}, device_links_check_suppliers()",
    ),
    Message(
        kind="wait-for-device",
        topic=Topic.PROBE,
        needles=("not ready",),
        pattern=DEVICE + _DEFER + r"supplier (?P<supplier>\S{1,200}) not ready",
        harm=Harm.DEPENDS,
        meaning="A supplier is a device, and has no driver yet.",
        source=f"{_CORE}, device_links_check_suppliers()",
    ),
    Message(
        kind="timeout-ignored",
        topic=Topic.PROBE,
        needles=("ignoring dependency",),
        pattern=DEVICE
        + r"(?:deferred probe timeout, ignoring dependency"
        + r"|ignoring dependency for device, assuming no driver)",
        harm=Harm.HARMFUL,
        meaning="The kernel gave up a supplier: an IOMMU (the device runs untranslated) or a power "
        "domain (its probe fails with -110).",
        source=f"{_DD}, driver_deferred_probe_check_state()",
    ),
    Message(
        kind="probe-failed",
        topic=Topic.PROBE,
        needles=("failed with error -",),
        pattern=r"(?:"
        + DEVICE
        + r"probe with driver \S{1,64} failed with error (?P<error>-\d{1,5})"
        + r"|(?<!\S)(?P<old_driver>\S{1,64}): probe of (?P<old_device>\S{1,200}) failed with error "
        r"(?P<old_error>-\d{1,5}))",
        harm=Harm.DEPENDS,
        meaning="A driver's probe failed; the kernel does not try again by itself.",
        source=f"{_DD}, call_driver_probe()",
    ),
    Message(
        kind="probe-declined",
        topic=Topic.PROBE,
        needles=("rejects match -",),
        pattern=r"(?:"
        + DEVICE
        + r"probe with driver \S{1,64} rejects match (?P<error>-\d{1,5})"
        + r"|(?<!\S)(?P<old_driver>\S{1,64}): probe of (?P<old_device>\S{1,200}) rejects match "
        r"(?P<old_error>-\d{1,5}))",
        harm=Harm.HARMLESS,
        meaning="A driver looked at a device and left it to others.",
        source=f"{_DD}, call_driver_probe()",
    ),
    Message(
        kind="driver-defers",
        topic=Topic.PROBE,
        needles=("requests probe deferral",),
        pattern=DEVICE + r"(?P<who>Driver|Device match)(?: \S{1,64})? requests probe deferral",
        harm=Harm.DEPENDS,
        meaning="A driver put its probe off, since something that it asked for is not there yet.",
        source=f"{_DD}, call_driver_probe(), __device_attach_driver()",
    ),
    Message(
        kind="put-off",
        topic=Topic.PROBE,
        needles=("Added to deferred list",),
        pattern=DEVICE + "Added to deferred list",
        harm=Harm.DEPENDS,
        meaning="A probe is put off until another device has bound.",
        source=f"{_DD}, driver_deferred_probe_add()",
    ),
    Message(
        kind="probing",
        topic=Topic.PROBE,
        needles=("really_probe: probing driver",),
        pattern=r"(?:(?<!\S)\S{1,64} (?P<device>\S{1,200}): )?bus: '[^']{1,64}': really_probe: "
        r"probing driver (?P<driver>\S{1,64}) with device(?: (?P<old_device>\S{1,200}))?",
        harm=Harm.HARMLESS,
        meaning=_DEBUG,
        source=f"{_DD}, really_probe()",
    ),
    Message(
        kind="bound",
        topic=Topic.PROBE,
        needles=("driver_bound: bound to device",),
        pattern=r"(?:(?<!\S)\S{1,64} (?P<device>\S{1,200}): )?driver: '(?P<driver>[^']{1,64})': "
        r"driver_bound: bound to device(?: '(?P<old_device>[^']{1,200})')?",
        harm=Harm.HARMLESS,
        meaning=_DEBUG,
        source=f"{_DD}, driver_bound()",
    ),
    Message(
        kind="probe-debug",
        topic=Topic.SYSTEM,
        needles=("_probe: ", "driver_probe_device: ", "async", "Removed from deferred list"),
        pattern=r"__driver_probe_device: matched device|really_probe: bound device"
        r"|probing driver \S{1,64} asynchronously|async attach completed: -?\d"
        r"|Removed from deferred list",
        harm=Harm.HARMLESS,
        meaning=_DEBUG,
    ),
    Message(
        kind="retry",
        topic=Topic.PROBE,
        needles=("Retrying from deferred list",),
        pattern=DEVICE + "Retrying from deferred list",
        harm=Harm.HARMLESS,
        meaning=_DEBUG,
    ),
    Message(
        kind="timeout-extended",
        topic=Topic.SYSTEM,
        needles=("deferred probe timeout by",),
        pattern=r"Extended deferred probe timeout by \d{1,9} secs",
        harm=Harm.HARMLESS,
        meaning="A driver was registered, and the deferred probe timeout began anew.",
        source=f"{_DD}, deferred_probe_extend_timeout()",
    ),
    Message(
        kind="init-probe",
        topic=Topic.SYSTEM,
        needles=("needed for running init",),
        pattern="Trying to probe devices needed for running init",
        harm=Harm.HARMLESS,
        meaning="The kernel tried once to do without suppliers that have no driver.",
        source=f"{_CORE}, wait_for_init_devices_probe()",
    ),
    Message(
        kind="error-defer",
        topic=Topic.PROBE,
        needles=("-517", "-EPROBE_DEFER"),
        pattern=DEVICE + r"(?P<reason>.{0,256}?(?:-517\b|-EPROBE_DEFER\b).{0,256})",
        harm=Harm.DEPENDS,
        meaning="A driver put its probe off (-EPROBE_DEFER, -517); harmless if it came later.",
        source="include/linux/errno.h",
    ),
)

LINK_LINES = (
    Message(
        kind="cycle",
        topic=Topic.LINKS,
        needles=("Fixed dependency cycle(s)", "Fixing up cyclic dependency"),
        pattern=r"(?P<node>\S{1,512}): (?:Fixed dependency cycle\(s\)"
        r"|Fixing up cyclic dependency) with (?P<of>\S{1,512})",
        harm=Harm.HARMLESS,
        meaning="Devices name each other as suppliers; the kernel orders the probes of none of "
        "them, and their drivers sort it out.",
        cure="dtlink cycles TREE lists the cycles, and what would break them",
        rule="cycle/supplier-cycle",
        source=f"{_CORE}, fw_devlink_create_devlink()",
    ),
    Message(
        kind="link-refused",
        topic=Topic.LINKS,
        needles=("Failed to create device link",),
        pattern=DEVICE
        + r"Failed to create device link (?:\((?P<flags>0x[0-9a-f]{1,8})\) )?with "
        + r"(?P<supplier>\S{1,200})",
        harm=Harm.DEPENDS,
        meaning="The kernel could not make a device link.",
        source=f"{_CORE}, fw_devlink_create_devlink(); include/linux/device.h, DL_FLAG_…",
    ),
    Message(
        kind="not-linking",
        topic=Topic.LINKS,
        needles=("Not linking",),
        pattern=DEVICE
        + r"Not linking (?P<node>\S{1,512}) - (?:might never become dev|dev might never probe"
        + r"|might never probe)",
        harm=Harm.HARMLESS,
        meaning="The supplier is served without a driver of its own (an interrupt controller, an "
        "early clock), so nobody waits for it.",
        source=f"{_CORE}, fw_devlink_create_devlink()",
    ),
    Message(
        kind="dummy-supply",
        topic=Topic.LINKS,
        needles=("using dummy regulator",),
        pattern=DEVICE + r"supply \S{1,64} not found, using dummy regulator",
        harm=Harm.HARMLESS,
        meaning="The device names no such supply: its driver gets one that is always on.",
        source="drivers/regulator/core.c, _regulator_get()",
    ),
    Message(
        kind="link-debug",
        topic=Topic.LINKS,
        needles=("Linked as a ", "Dropping the ", "Relaxing link"),
        pattern=r"Linked as a (?:fwnode |sync state only )?consumer to|Dropping the (?:fwnode )?"
        r"link (?:to|with)|Relaxing link with",
        harm=Harm.HARMLESS,
        meaning=_DEBUG,
    ),
    Message(
        kind="cycle-debug",
        topic=Topic.LINKS,
        needles=("cycle: ",),
        pattern=r"cycle: (?:depends on|child of|start|end)",
        harm=Harm.HARMLESS,
        meaning=_DEBUG,
    ),
    Message(
        kind="sync-state-pending",
        topic=Topic.SYNC_STATE,
        needles=("sync_state() pending due to",),
        pattern=DEVICE + r"sync_state\(\) pending due to (?P<consumer>\S{1,200})",
        harm=Harm.HARMFUL,
        meaning="A supplier keeps what the boot loader switched on, since a consumer has not "
        "probed.",
        source=f"{_CORE}, fw_devlink_dev_sync_state()",
    ),
    Message(
        kind="sync-state-forced",
        topic=Topic.SYNC_STATE,
        needles=("Forcing sync_state()",),
        pattern=DEVICE + r"Timed out\. Forcing sync_state\(\)",
        harm=Harm.DEPENDS,
        meaning="A supplier was told to drop what the boot loader had switched on, although a "
        "consumer has not probed: harmless unless that consumer runs already.",
        cure="give that consumer its driver earlier, or boot with fw_devlink.sync_state=strict",
        source=f"{_CORE}, fw_devlink_dev_sync_state()",
    ),
)

SYSTEM_LINES = (
    Message(
        kind="no-root",
        topic=Topic.SYSTEM,
        needles=("VFS: ", "ALERT! "),
        pattern=r"VFS: (?:Unable to mount root fs|Cannot open root device)"
        r"|Kernel panic - not syncing: VFS|ALERT! .{1,200} does not exist\.",
        harm=Harm.HARMFUL,
        meaning="The root file system was not found.",
        cure="see whether a device that the log shows waiting is the disk's controller, or is on "
        "the way to it (dtlink why TREE NODE)",
        source="init/do_mounts.c; initramfs-tools",
    ),
)


class Match(NamedTuple):
    """A line that a row takes, and what its named groups hold."""

    message: Message
    groups: Mapping[str, str]


#: All rows; the first that takes a line counts, and the one for any driver's words comes last.
MESSAGES = (
    *PROBE_LINES[:-1],
    *LINK_LINES,
    *IOMMU_LINES,
    *FIRMWARE_LINES,
    *SYSTEM_LINES,
    PROBE_LINES[-1],
)


@lru_cache(maxsize=1)
def _any_needle() -> re.Pattern[str]:
    needles = {needle for row in MESSAGES for needle in row.needles}
    return re.compile("|".join(map(re.escape, sorted(needles))))


def match(text: str) -> Match | None:
    """The row that a message belongs to; ``None`` for lines that are about something else.

    A form that changed between versions has groups ``old_…``: they are told under the new names.
    """
    if not _any_needle().search(text):
        return None
    for row in MESSAGES:
        found = row.form.search(text) if any(map(text.__contains__, row.needles)) else None
        if found:
            groups = {name: value for name, value in found.groupdict().items() if value is not None}
            return Match(row, {name.removeprefix("old_"): value for name, value in groups.items()})
    return None
