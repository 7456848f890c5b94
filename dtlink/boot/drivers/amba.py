"""Drivers of AMBA devices, which are matched by what the device says of itself.

A node with ``arm,primecell`` becomes an AMBA device (drivers/of/platform.c,
of_amba_device_create()). Its driver is found by the peripheral id that the kernel reads from the
device, or from ``arm,primecell-periphid`` (drivers/amba/bus.c, amba_match()), never by
``compatible``. But the bindings tie each string to a kind of device, and so to an id.
"""

from __future__ import annotations

from dtlink.boot.drivers.options import by_option
from dtlink.facts.outcomes import Driver, State
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtlink.kernel.holdings.model import Holdings

_PART = 0x000FFFFF
_NO_REVISION = 0x00FFFFFF


class AmbaDriver(NamedTuple):
    """One row: a driver, what its ``struct amba_id`` take, and what its devices are called."""

    module: str
    symbol: str
    compatibles: tuple[str, ...]
    ids: tuple[tuple[int, int], ...]
    """Peripheral ids with their masks; only those of one kind of device."""


def _row(module: str, symbol: str, names: str, *parts: int, mask: int = _PART) -> AmbaDriver:
    return AmbaDriver(module, symbol, tuple(names.split()), tuple((id_, mask) for id_ in parts))


#: Linux 6.12; the files are those of the modules' names.
DRIVERS = (
    _row("amba_pl010", "SERIAL_AMBA_PL010", "arm,pl010", 0x41010),
    _row("amba_pl011", "SERIAL_AMBA_PL011", "arm,pl011", 0x41011),
    _row("spi_pl022", "SPI_PL022", "arm,pl022", 0x41022),
    _row("rtc_pl030", "RTC_DRV_PL030", "arm,pl030", 0x41030),
    _row("rtc_pl031", "RTC_DRV_PL031", "arm,pl031", 0x41031),
    _row("snd_aaci", "SND_ARMAACI", "arm,pl041", 0x41041),
    _row("ambakmi", "SERIO_AMBAKMI", "arm,pl050", 0x41050),
    _row("gpio_pl061", "GPIO_PL061", "arm,pl061", 0x41061),
    _row("amba_pl08x", "AMBA_PL08X", "arm,pl080 arm,pl081", 0x41080, 0x41081),
    _row("pl111_drm", "DRM_PL111", "arm,pl110 arm,pl111", 0x41110, 0x41111),
    _row("pl172", "ARM_PL172_MPMC", "arm,pl172 arm,pl175 arm,pl176"),
    _row("armmmci", "MMC_ARMMMCI", "arm,pl180 arm,pl181 arm,pl18x st,stm32-sdmmc2", 0x41181),
    _row("pl320_ipc", "PL320_MBOX", "arm,pl320", 0x41320),
    _row("pl330", "PL330_DMA", "arm,pl330", 0x41330),
    _row("pl353_smc", "PL353_SMC", "arm,pl353-smc-r2p1", 0x41353),
    _row("sp805_wdt", "ARM_SP805_WATCHDOG", "arm,sp805", 0x141805, 0x1BB824, mask=_NO_REVISION),
    # Both drivers take the id, and ask for their own string (drivers/mailbox/arm_mhu*.c).
    _row("arm_mhu", "ARM_MHU", "arm,mhu"),
    _row("arm_mhu_db", "ARM_MHU", "arm,mhu-doorbell"),
    _row("arm_mhuv2", "ARM_MHU_V2", "arm,mhuv2-tx arm,mhuv2-rx", 0xBB0D1, 0xBB076),
    _row("i2c_nomadik", "I2C_NOMADIK", "st,nomadik-i2c stericsson,db8500-i2c"),
    _row("coresight_tmc", "CORESIGHT_LINK_AND_SINK_TMC", "arm,coresight-tmc", 0xBB961, 0xBB9E8),
    _row("coresight_tpiu", "CORESIGHT_SINK_TPIU", "arm,coresight-tpiu", 0xBB912, 0xBB9E7),
    _row("coresight_etb10", "CORESIGHT_SINK_ETBV10", "arm,coresight-etb10", 0xBB907),
    _row(
        "coresight_funnel",
        "CORESIGHT_LINKS_AND_SINKS",
        "arm,coresight-dynamic-funnel arm,coresight-funnel",
        *(0xBB908, 0xBB9EB),
    ),
    _row(
        "coresight_replicator",
        "CORESIGHT_LINKS_AND_SINKS",
        "arm,coresight-dynamic-replicator",
        *(0xBB909, 0xBB9EC),
    ),
    _row("coresight_etm3x", "CORESIGHT_SOURCE_ETM3X", "arm,coresight-etm3x"),
    _row("coresight_etm4x", "CORESIGHT_SOURCE_ETM4X", "arm,coresight-etm4x"),
    _row("coresight_stm", "CORESIGHT_STM", "arm,coresight-stm", 0xBB962, 0xBB963),
    _row("coresight_cpu_debug", "CORESIGHT_CPU_DEBUG", "arm,coresight-cpu-debug"),
    _row("coresight_catu", "CORESIGHT_CATU", "arm,coresight-catu", 0xBB9EE),
    _row("coresight_cti", "CORESIGHT_CTI", "arm,coresight-cti arm,coresight-cti-v8-arch"),
    _row("coresight_tpdm", "CORESIGHT_TPDM", "qcom,coresight-tpdm"),
    _row("coresight_tpda", "CORESIGHT_TPDA", "qcom,coresight-tpda"),
)
_BY_NAME = {name: row for row in DRIVERS for name in row.compatibles}
PRIMECELL = "arm,primecell"


def amba_driver(build: Holdings, names: Iterable[str], periphid: int | None) -> Driver:
    """The driver of an AMBA device, by its id if the node has it, else by its strings."""
    if periphid is not None and (found := _by_id(build, periphid)):
        return found
    name = next((name for name in names if name in _BY_NAME), None)
    if name is None:
        return Driver(State.UNKNOWN, by=PRIMECELL)
    row = _BY_NAME[name]
    return by_option(build, row.symbol, row.module, name)


def _by_id(build: Holdings, periphid: int) -> Driver | None:
    alias = f"amba:d{periphid:08X}"
    row = next((row for row in DRIVERS for id_, mask in row.ids if periphid & mask == id_), None)
    if row is not None:
        return by_option(build, row.symbol, row.module, alias)
    modules = build.modules_for(alias)
    return Driver(State.MODULE, modules, by=alias) if modules else None
