"""Messages about device links, their cycles and sync_state()."""

from __future__ import annotations

from dtlink.facts.loglines.row import DEVICE, Harm, LogMessage, Topic

_CORE = "drivers/base/core.c"
_DEBUG = "What the driver core reports of its work with dynamic debug."

LINK_LINES = (
    LogMessage(
        kind="cycle",
        topic=Topic.LINKS,
        needles=("Fixed dependency cycle(s)", "Fixing up cyclic dependency"),
        pattern=r"(?P<node>\S{1,512}): (?:Fixed dependency cycle\(s\)"
        r"|Fixing up cyclic dependency) with (?P<of>\S{1,512})",
        harm=Harm.HARMLESS,
        sample="/a: Fixed dependency cycle(s) with /b",
        since="6.1",
        meaning="Devices name each other as suppliers; the kernel orders the probes of none of "
        "them, and their drivers sort it out.",
        cure="dtlink cycles TREE lists the cycles, and what would break them",
        rule="cycle/supplier-cycle",
        source=f"{_CORE}, fw_devlink_create_devlink()",
    ),
    LogMessage(
        kind="link-refused",
        topic=Topic.LINKS,
        needles=("Failed to create device link",),
        pattern=DEVICE
        + r"Failed to create device link (?:\((?P<flags>0x[0-9a-f]{1,8})\) )?with "
        + r"(?:supplier )?(?P<supplier>\S{1,200})",
        harm=Harm.DEPENDS,
        sample="arm-smmu 15000000.iommu: Failed to create device link (0x180) with "
        "1502000.interconnect",
        forms=(
            "platform a.b: Failed to create device link (0x180) with supplier c.d for /soc/e@1",
        ),
        since="6.1",
        meaning="The kernel could not make a device link.",
        source=f"{_CORE}, fw_devlink_create_devlink(); include/linux/device.h, DL_FLAG_…",
    ),
    LogMessage(
        kind="not-linking",
        topic=Topic.LINKS,
        needles=("Not linking",),
        pattern=DEVICE
        + r"Not linking (?P<node>\S{1,512}) - (?:might never become dev|dev might never probe"
        + r"|might never probe)",
        harm=Harm.HARMLESS,
        sample="platform a: Not linking /gic - might never become dev",
        since="6.1",
        meaning="The supplier is served without a driver of its own (an interrupt controller, an "
        "early clock), so no device waits for it.",
        source=f"{_CORE}, fw_devlink_create_devlink()",
    ),
    LogMessage(
        kind="dummy-supply",
        topic=Topic.LINKS,
        needles=("using dummy regulator",),
        pattern=DEVICE + r"supply \S{1,64} not found, using dummy regulator",
        harm=Harm.HARMLESS,
        sample="dwc2 a.usb: supply vusb_d not found, using dummy regulator",
        meaning="The device names no such supply: its driver gets one that is always on.",
        source="drivers/regulator/core.c, _regulator_get()",
    ),
    LogMessage(
        kind="link-debug",
        topic=Topic.LINKS,
        needles=("Linked as a ", "Dropping the ", "Relaxing link"),
        pattern=DEVICE
        + r"Linked as a (?P<sync_state_only>sync state only )?consumer to (?P<supplier>\S{1,200})"
        + r"|Linked as a (?:fwnode )?consumer to|Dropping the (?:fwnode )?link (?:to|with)"
        + r"|Relaxing link with",
        harm=Harm.HARMLESS,
        sample="platform a: Linked as a sync state only consumer to b",
        meaning=_DEBUG,
    ),
    LogMessage(
        kind="cycle-debug",
        topic=Topic.LINKS,
        needles=("cycle: ",),
        pattern=r"cycle: (?:depends on|child of|start|end)",
        harm=Harm.HARMLESS,
        sample="/a: cycle: depends on /b",
        meaning=_DEBUG,
    ),
    LogMessage(
        kind="sync-state-pending",
        topic=Topic.SYNC_STATE,
        needles=("sync_state() pending due to",),
        pattern=DEVICE + r"sync_state\(\) pending due to (?P<consumer>\S{1,200})",
        harm=Harm.HARMFUL,
        sample="qcom-rpmhpd 18200000.rsc:pd: sync_state() pending due to ae90000.dp",
        since="6.12",
        meaning="A supplier keeps what the boot loader switched on, since a consumer has not "
        "probed.",
        source=f"{_CORE}, fw_devlink_dev_sync_state()",
    ),
    LogMessage(
        kind="sync-state-forced",
        topic=Topic.SYNC_STATE,
        needles=("Forcing sync_state()",),
        pattern=DEVICE + r"Timed out\. Forcing sync_state\(\)",
        harm=Harm.DEPENDS,
        sample="qnoc a.noc: Timed out. Forcing sync_state()",
        since="6.12",
        meaning="A supplier was made to drop what the boot loader had switched on, although a "
        "consumer has not probed: harmless unless that consumer runs already.",
        cure="give that consumer its driver earlier, or boot with fw_devlink.sync_state=strict",
        source=f"{_CORE}, fw_devlink_dev_sync_state()",
    ),
)
