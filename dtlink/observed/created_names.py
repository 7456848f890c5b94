"""Devices that drivers create on buses of their own: which nodes they belong to, by their names.

Each row is a form of names, with the kernel's function that gives them. A name that fits several
nodes is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node
    from dtlink.observed.naming import NodeNames


class CreatedName(NamedTuple):
    """A form of names, and the nodes that one of them may be of."""

    form: re.Pattern[str]
    nodes: Callable[[NodeNames, re.Match[str]], Iterable[Node | None]]


def created(names: NodeNames, device: str) -> str | None:
    """The node of a device of one of the forms; ``None``: of none, or of several nodes."""
    for row in _ROWS:
        if found := row.form.fullmatch(device):
            nodes = {node.path for node in row.nodes(names, found) if node and node.enabled}
            return nodes.pop() if len(nodes) == 1 else None
    return None


def _power_domain(names: NodeNames, found: re.Match[str]) -> Iterator[Node]:
    for group in names.called("pgc"):
        yield from _with_reg(group, int(found[1]))


def _sdio(names: NodeNames, found: re.Match[str]) -> Iterator[Node]:
    """A function of an SDIO card, or with address 0 the card, below its host."""
    number = int(found[2] or "0")
    aliased = names.aliased("mmc", int(found[1]))
    for host in [aliased] if aliased else names.unaliased("mmc"):
        yield from _with_reg(host, number)


def _spmi(names: NodeNames, found: re.Match[str]) -> Iterator[Node]:
    for bus in names.called("spmi"):
        yield from _with_reg(bus, int(found[2], 16))


def _dsi(names: NodeNames, found: re.Match[str]) -> Iterator[Node]:
    if host := names.at(found[1]):
        yield from _with_reg(host, int(found[2]))


def _serdev(names: NodeNames, found: re.Match[str]) -> Iterator[Node]:
    aliased = names.aliased("serial", int(found[1]))
    for port in [aliased] if aliased else names.called("serial"):
        yield from (child for child in port.children if child.compatible)


def _of_device(names: NodeNames, found: re.Match[str]) -> Iterator[Node | None]:
    yield names.at(found[1])


def _mdio(names: NodeNames, found: re.Match[str]) -> Iterator[Node]:
    """A PHY: the bus is named by its driver, mostly after the MAC or the MDIO controller."""
    bus, address = found[1], int(found[2], 16)
    for node in _mdio_buses(names, bus):
        yield from _with_reg(node, address)


def _mdio_buses(names: NodeNames, bus: str) -> Iterator[Node]:
    if mux := _MDIO_MUX.fullmatch(bus):
        selected = int(mux[1], 16)
        for node in names.with_property("mdio-parent-bus"):
            yield from _with_reg(node, selected)
        return
    head, _, number = bus.rpartition("-")
    owner = names.at(bus) or names.at(head)
    if owner is None and head in _MDIO_BY_ALIAS and number.isdecimal():
        owner = names.aliased("ethernet", int(number))
    if owner is None:
        yield from names.called("mdio")
        return
    yield owner
    yield from (child for child in owner.children if child.name.startswith("mdio"))


def _with_reg(parent: Node, value: int) -> Iterator[Node]:
    return (child for child in parent.children if child.cell("reg") == value)


_MDIO_MUX = re.compile(r"mdio_mux-[0-9a-f]+\.([0-9a-f]+)")
#: Drivers that number their bus by the alias of the Ethernet device (stmmac_platform.c,
#: stmmac_probe_config_dt()).
_MDIO_BY_ALIAS = ("stmmac",)


def _row(
    pattern: str, nodes: Callable[[NodeNames, re.Match[str]], Iterable[Node | None]]
) -> CreatedName:
    return CreatedName(re.compile(pattern), nodes)


_ROWS = (
    # drivers/pmdomain/imx/gpc.c, imx_gpc_probe(); gpcv2.c, imx_gpcv2_probe()
    _row(r"imx-pgc-(?:power-)?domain\.(\d{1,3})", _power_domain),
    # drivers/mmc/core/bus.c, mmc_add_card(); sdio_bus.c, sdio_add_func(), sdio_set_of_node()
    _row(r"mmc(\d{1,3}):[0-9a-f]{4}(?::(\d{1,2}))?", _sdio),
    # drivers/spmi/spmi.c, spmi_device_add()
    _row(r"(\d{1,3})-([0-9a-f]{2})", _spmi),
    # drivers/tty/serdev/core.c, serdev_device_add()
    _row(r"serial(\d{1,3})-0", _serdev),
    # drivers/phy/phy-core.c, phy_create()
    _row(r"phy-(.{1,200})\.\d{1,4}", _of_device),
    # drivers/pmdomain/core.c, genpd_dev_pm_attach_by_id()
    _row(r"genpd:\d{1,3}:(.{1,200})", _of_device),
    # include/linux/phy.h, PHY_ID_FMT; drivers/net/mdio/mdio-mux.c, mdio_mux_init()
    _row(r"(.{1,200}):([0-9a-f]{2})", _mdio),
    # drivers/gpu/drm/drm_mipi_dsi.c, mipi_dsi_device_add()
    _row(r"([0-9a-f]{1,16}\.[\w-]{1,60})\.([0-3])", _dsi),
)
