"""Messages about the probing of one device."""

from __future__ import annotations

from dtlink.facts.loglines.row import DEVICE, Harm, LogMessage, Topic

_DD = "drivers/base/dd.c"
_CORE = "drivers/base/core.c"
_DEFER = r"(?:error (?:-EPROBE_DEFER|-517)|probe deferral)(?:: | - )"
_DEBUG = "What the driver core reports of its work with dynamic debug."

PROBE_LINES = (
    LogMessage(
        kind="probe-pending",
        topic=Topic.PROBE,
        needles=("deferred probe pending",),
        pattern=DEVICE + r"deferred probe pending(?:: *(?P<reason>.*))?",
        harm=Harm.HARMFUL,
        sample="platform a.b: deferred probe pending: platform: supplier c not ready",
        forms=("platform a.b: deferred probe pending",),
        meaning="The device had not probed when the deferred probe timeout ran out.",
        source=f"{_DD}, deferred_probe_timeout_work_func()",
    ),
    LogMessage(
        kind="wait-for-node",
        topic=Topic.PROBE,
        needles=("wait for supplier",),
        pattern=DEVICE + _DEFER + r"wait for supplier (?P<node>\S{1,512})",
        harm=Harm.DEPENDS,
        sample="platform a.b: error -EPROBE_DEFER: wait for supplier /soc/pin",
        since="6.1",
        meaning="A supplier that the devicetree names is not a device: no timeout ends this wait.",
        source=f"{_CORE}, device_links_check_suppliers()",
    ),
    LogMessage(
        kind="wait-for-device",
        topic=Topic.PROBE,
        needles=("not ready",),
        pattern=DEVICE + _DEFER + r"supplier (?P<supplier>\S{1,200}) not ready",
        harm=Harm.DEPENDS,
        sample="platform a.b: probe deferral - supplier c.d not ready",
        since="6.1",
        meaning="A supplier is a device, and has no driver yet.",
        source=f"{_CORE}, device_links_check_suppliers()",
    ),
    LogMessage(
        kind="pin-refused",
        topic=Topic.PROBE,
        needles=("pin-",),
        pattern=r"(?<!\S)\S{1,64} (?P<supplier>\S{1,200}): pin-\d{1,5} "
        r"\((?P<device>(?![^()\s]{1,200}:\d{1,5}\))[^()\s]{1,200})\) status -517",
        harm=Harm.DEPENDS,
        sample="sun4i-pinctrl a.pinctrl: pin-198 (b.serial) status -517",
        until="6.1",
        meaning="A pin controller does not hand out a pin yet, so that its user is put off.",
        source="drivers/pinctrl/pinmux.c, pin_request()",
    ),
    LogMessage(
        kind="component-deferred",
        topic=Topic.PROBE,
        needles=("failed to bind ",),
        pattern=DEVICE
        + r"failed to bind (?P<component>\S{1,200}) \(ops [^()]{1,200}\): (?:-517|-EPROBE_DEFER)",
        harm=Harm.DEPENDS,
        sample="sun4i-drm display-engine: failed to bind 1ee0000.hdmi (ops hdmi_ops): -517",
        meaning="A device of several parts waits for what one of its parts lacks.",
        source="drivers/base/component.c, component_bind()",
    ),
    LogMessage(
        kind="component-master",
        topic=Topic.PROBE,
        needles=(" bind failed: ",),
        pattern=DEVICE + r"(?:master|adev) bind failed: -517",
        harm=Harm.DEPENDS,
        sample="sun4i-drm display-engine: adev bind failed: -517",
        forms=("sun4i-drm display-engine: master bind failed: -517",),
        meaning="A device of several parts is put off, for the part that was named before.",
        source="drivers/base/component.c, try_to_bring_up_aggregate_device()",
    ),
    LogMessage(
        kind="pin-bank-supply",
        topic=Topic.PROBE,
        needles=("get bank P",),
        pattern=DEVICE + r"(?:error -EPROBE_DEFER: )?Couldn't get bank P(?P<bank>[A-Z]) regulator",
        harm=Harm.DEPENDS,
        sample="sun4i-pinctrl a.pinctrl: Couldn't get bank PA regulator",
        meaning="A pin controller hands out no pin of a bank whose supply is not there yet.",
        source="drivers/pinctrl/sunxi/pinctrl-sunxi.c, sunxi_pmx_request()",
    ),
    LogMessage(
        kind="timeout-ignored",
        topic=Topic.PROBE,
        needles=("ignoring dependency",),
        pattern=DEVICE
        + r"(?:deferred probe timeout, ignoring dependency"
        + r"|ignoring dependency for device, assuming no driver)",
        harm=Harm.HARMFUL,
        sample="of_serial a.b: ignoring dependency for device, assuming no driver",
        meaning="The kernel gave up a supplier: an IOMMU (the device runs untranslated) or a power "
        "domain (its probe fails with -110).",
        source=f"{_DD}, driver_deferred_probe_check_state()",
    ),
    LogMessage(
        kind="probe-failed",
        topic=Topic.PROBE,
        needles=("failed with error -",),
        pattern=r"(?:"
        + DEVICE
        + r"probe with driver \S{1,64} failed with error (?P<error>-\d{1,5})"
        + r"|(?<!\S)(?P<old_driver>\S{1,64}): probe of (?P<old_device>\S{1,200}) failed with error "
        r"(?P<old_error>-\d{1,5}))",
        harm=Harm.DEPENDS,
        sample="vc4_vec: probe of 3f806000.vec failed with error -110",
        forms=("vc4_vec 3f806000.vec: probe with driver vc4_vec failed with error -110",),
        meaning="A driver's probe failed; the kernel does not try again by itself.",
        source=f"{_DD}, call_driver_probe()",
    ),
    LogMessage(
        kind="probe-declined",
        topic=Topic.PROBE,
        needles=("rejects match -",),
        pattern=r"(?:"
        + DEVICE
        + r"probe with driver \S{1,64} rejects match (?P<error>-\d{1,5})"
        + r"|(?<!\S)(?P<old_driver>\S{1,64}): probe of (?P<old_device>\S{1,200}) rejects match "
        r"(?P<old_error>-\d{1,5}))",
        harm=Harm.HARMLESS,
        sample="simple-pm-bus soc: probe with driver simple-pm-bus rejects match -19",
        forms=("simple-pm-bus: probe of soc rejects match -19",),
        meaning="A driver looked at a device and left it to others.",
        source=f"{_DD}, call_driver_probe()",
    ),
    LogMessage(
        kind="driver-defers",
        topic=Topic.PROBE,
        needles=("requests probe deferral",),
        pattern=DEVICE + r"(?P<who>Driver|Device match)(?: \S{1,64})? requests probe deferral",
        harm=Harm.DEPENDS,
        sample="amba a.b: Device match requests probe deferral",
        meaning="A driver put its probe off, since something that it asked for is not there yet.",
        source=f"{_DD}, call_driver_probe(), __device_attach_driver()",
    ),
    LogMessage(
        kind="put-off",
        topic=Topic.PROBE,
        needles=("Added to deferred list",),
        pattern=DEVICE + "Added to deferred list",
        harm=Harm.DEPENDS,
        sample="platform a.b: Added to deferred list",
        meaning="A probe is put off until another device has bound.",
        source=f"{_DD}, driver_deferred_probe_add()",
    ),
    LogMessage(
        kind="probing",
        topic=Topic.PROBE,
        needles=("really_probe: probing driver",),
        pattern=r"(?:(?<!\S)\S{1,64} (?P<device>\S{1,200}): )?bus: '[^']{1,64}': really_probe: "
        r"probing driver (?P<driver>\S{1,64}) with device(?: (?P<old_device>\S{1,200}))?",
        harm=Harm.HARMLESS,
        sample="bus: 'platform': really_probe: probing driver x with device a.b",
        forms=("platform a.b: bus: 'platform': really_probe: probing driver x with device",),
        meaning=_DEBUG,
        source=f"{_DD}, really_probe()",
    ),
    LogMessage(
        kind="bound",
        topic=Topic.PROBE,
        needles=("driver_bound: bound to device",),
        pattern=r"(?:(?<!\S)\S{1,64} (?P<device>\S{1,200}): )?driver: '(?P<driver>[^']{1,64})': "
        r"driver_bound: bound to device(?: '(?P<old_device>[^']{1,200})')?",
        harm=Harm.HARMLESS,
        sample="driver: 'x': driver_bound: bound to device 'a.b'",
        forms=("x a.b: driver: 'x': driver_bound: bound to device",),
        meaning=_DEBUG,
        source=f"{_DD}, driver_bound()",
    ),
    LogMessage(
        kind="probe-debug",
        topic=Topic.SYSTEM,
        needles=("_probe: ", "driver_probe_device: ", "async", "Removed from deferred list"),
        pattern=r"__driver_probe_device: matched device|really_probe: bound device"
        r"|probing driver \S{1,64} asynchronously|async attach completed: -?\d"
        r"|Removed from deferred list",
        harm=Harm.HARMLESS,
        sample="pci 0000:00:01.0: probing driver nvme asynchronously",
        meaning=_DEBUG,
    ),
    LogMessage(
        kind="retry",
        topic=Topic.PROBE,
        needles=("Retrying from deferred list",),
        pattern=DEVICE + "Retrying from deferred list",
        harm=Harm.HARMLESS,
        sample="platform a.b: Retrying from deferred list",
        meaning=_DEBUG,
    ),
    LogMessage(
        kind="timeout-extended",
        topic=Topic.SYSTEM,
        needles=("deferred probe timeout by",),
        pattern=r"Extended deferred probe timeout by \d{1,9} secs",
        harm=Harm.HARMLESS,
        sample="Extended deferred probe timeout by 10 secs",
        since="6.1",
        meaning="A driver was registered, and the deferred probe timeout began anew.",
        source=f"{_DD}, deferred_probe_extend_timeout()",
    ),
    LogMessage(
        kind="init-probe",
        topic=Topic.SYSTEM,
        needles=("needed for running init",),
        pattern="Trying to probe devices needed for running init",
        harm=Harm.HARMLESS,
        sample="Trying to probe devices needed for running init ...",
        since="6.1",
        meaning="The kernel tried once to do without suppliers that have no driver.",
        source=f"{_CORE}, wait_for_init_devices_probe()",
    ),
)

#: A driver's own words, with the error: it matches what rows for one message do too.
ANY_DRIVERS_LINE = LogMessage(
    kind="error-defer",
    topic=Topic.PROBE,
    needles=("-517", "-EPROBE_DEFER", "eferring probe", "efer probe", "efer the probe"),
    pattern=DEVICE
    + r"(?P<reason>.{0,256}?(?:-517\b|-EPROBE_DEFER\b|\b[Dd]efer(?:ring)? (?:the )?prob(?:e|ing)\b)"
    + r".{0,256})",
    harm=Harm.DEPENDS,
    sample="panel a.b: failed to get supply: -517",
    meaning="A driver put its probe off (-EPROBE_DEFER, -517); harmless if it came later.",
    source="include/linux/errno.h",
)
