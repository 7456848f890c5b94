"""The ``compatible`` strings of which the kernel makes devices before there are drivers."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.facts.kernels import VersionRange, since

#: Buses whose children become devices together with them (Linux, drivers/of/platform.c,
#: of_default_bus_match_table).
TRANSPARENT_BUSES = (b"simple-bus", b"simple-mfd", b"isa", b"arm,amba-bus")

#: Memory that becomes a device before all others (drivers/of/platform.c, reserved_mem_matches),
#: from the first version on whose source was read and has it.
SERVED_MEMORY: Mapping[bytes, VersionRange] = {
    b"qcom,rmtfs-mem": since("5.10"),
    b"qcom,cmd-db": since("5.10"),
    b"ramoops": since("5.10"),
    b"nvmem-rmem": since("5.15"),
    b"phram": since("6.1"),
    b"qcom,smem": since("6.1"),
    b"google,open-dice": since("6.1"),
}

#: What simple-pm-bus binds to make devices of its children, one level (drivers/bus/simple-pm-bus.c,
#: simple_pm_bus_of_match).
POWERED_BUSES: Mapping[bytes, VersionRange] = {
    b"simple-pm-bus": since("5.10"),
    b"fsl,ls1021a-scfg": since("6.19"),
    b"fsl,ls1043a-scfg": since("6.19"),
    b"fsl,ls1046a-scfg": since("6.19"),
    b"fsl,ls1088a-isc": since("6.19"),
    b"fsl,ls2080a-isc": since("6.19"),
    b"fsl,lx2160a-isc": since("6.19"),
}
#: All of these.
BUSES = frozenset((*TRANSPARENT_BUSES, *POWERED_BUSES))
