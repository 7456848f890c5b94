"""Strings that name no driver of their own: plain buses, descriptions, cards' functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dtlink.boot.devlink.population import TRANSPARENT_BUSES
from dtlink.boot.drivers.options import by_option

if TYPE_CHECKING:
    from dtlink.facts.outcomes import Driver
    from dtlink.kernel.holdings.model import Holdings

#: What makes a device that needs no driver: a bus in name only, to which simple-pm-bus binds where
#: it is the first string, and does nothing (drivers/bus/simple-pm-bus.c, ONLY_BUS); registers that
#: others reach through the node (drivers/mfd/syscon.c, device_node_get_regmap()).
PLAIN = (*(each.decode("ascii") for each in TRANSPARENT_BUSES), "syscon")

#: Nodes that are read, by the kernel or by other devices' drivers; no driver binds to them even
#: where of_platform makes a device of them.
_DESCRIPTIONS = frozenset(
    (
        *("cache", "arm,idle-state", "domain-idle-state", "riscv,idle-state"),
        *("simple-battery", "shared-dma-pool", "restricted-dma-pool"),
    )
)
_POINTS = "operating-points"

#: Firmware that the kernel talks to from its start (drivers/firmware/psci/psci.c, psci_dt_init()).
FIRMWARE = ("arm,psci", "arm,psci-0.2", "arm,psci-1.0")

#: Functions of cards, which are found by what the card says: option and module.
_CARDS = {
    "mmc-card": ("MMC_BLOCK", "mmc_block"),
    "brcm,bcm4329-fmac": ("BRCMFMAC", "brcmfmac"),
    "marvell,sd8787": ("MWIFIEX_SDIO", "mwifiex_sdio"),
    "marvell,sd8897": ("MWIFIEX_SDIO", "mwifiex_sdio"),
    "marvell,sd8978": ("MWIFIEX_SDIO", "mwifiex_sdio"),
    "marvell,sd8997": ("MWIFIEX_SDIO", "mwifiex_sdio"),
    "qcom,ath10k": ("ATH10K_SDIO", "ath10k_sdio"),
}


def plain_word(names: Iterable[str]) -> str:
    """The first string that makes a device without a driver; empty if there is none."""
    return next((name for name in names if name in PLAIN or name in FIRMWARE), "")


def is_description(names: Iterable[str]) -> bool:
    """Whether a node only describes."""
    return any(name in _DESCRIPTIONS or _POINTS in name for name in names)


def card_driver(build: Holdings, names: Iterable[str]) -> Driver | None:
    """The driver of a card, or of a card's function, that a node below a host describes."""
    name = next((name for name in names if name in _CARDS), None)
    return by_option(build, *_CARDS[name], name) if name else None
