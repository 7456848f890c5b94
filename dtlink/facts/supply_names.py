"""Names of supplies and GPIOs: those that bindings and drivers know, and how misspelt ones look.

The names are those of the bindings of Linux 7.2 (Documentation/devicetree/bindings), and those
that the drivers of the shipped source indexes ask for; ``tools/supply_names.py`` lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from dtlink.facts.shipped import SUPPLY_NAMES, read_data
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: What follows the name of a supply or a GPIO, the longest first.
SUFFIXES: Final = ("-supply", "-gpios", "-gpio")
#: The supply and the GPIO of generic regulators, by suffix: the only ones that their drivers read
#: (drivers/regulator/fixed.c, of_get_fixed_voltage_config(), reg_fixed_voltage_probe();
#: gpio-regulator.c, of_get_gpio_regulator_config(); pwm-regulator.c, pwm_regulator_desc).
ONLY: Final[Mapping[str, Mapping[str, str]]] = {
    "-supply": {
        "regulator-fixed": "vin-supply",
        "regulator-fixed-clock": "vin-supply",
        "regulator-fixed-domain": "vin-supply",
        "regulator-gpio": "vin-supply",
        "pwm-regulator": "pwm-supply",
    },
    "-gpios": {"regulator-fixed": "gpios"},
    "-gpio": {"regulator-fixed": "gpio"},
}
#: GPIOs of which a device has one, and the devices whose drivers read more, as patterns of
#: ``compatible`` (Documentation/devicetree/bindings/gpio/gpio-consumer-common.yaml; drivers/gpio/
#: gpiolib.c, gpiod_get(): index 0; drivers/phy/phy-can-transceiver.c, can_transceiver_phy_probe();
#: drivers/regulator/lm363x-regulator.c, lm363x_regulator_of_get_enable_gpio();
#: drivers/mmc/core/pwrseq_simple.c, mmc_pwrseq_simple_probe(); drivers/pci/controller/
#: pcie-mt7621.c, mt7621_pcie_parse_port()).
SINGLE_GPIOS: Final[Mapping[str, tuple[str, ...]]] = {
    "enable-gpios": ("nxp,tj*", "ti,tcan*", "ti,lm36*"),
    "powerdown-gpios": (),
    "reset-gpios": ("mmc-pwrseq-simple", "mediatek,mt7621-pci*"),
    "wakeup-gpios": (),
}

#: No name has the character that stands for digits here.
_DIGITS: Final = dict.fromkeys(map(ord, "0123456789"), "\0")


def stem(name: str) -> str:
    """What is before the suffix of a supply's or a GPIO's property; empty: it is no such name."""
    return next((name[: -len(end)] for end in SUFFIXES if name.endswith(end)), "")


def without_numbers(name: str) -> str:
    """A name with each number as ``#``: what differs by a number only is taken for the same."""
    marked = name.translate(_DIGITS)
    while "\0\0" in marked:
        marked = marked.replace("\0\0", "\0")
    return marked.replace("\0", "#")


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(read_data(SUPPLY_NAMES).decode("ascii").split())


@lru_cache(maxsize=4096)
def is_known(name: str) -> bool:
    """Whether a binding or a driver knows a name, whatever numbers are in it."""
    return without_numbers(name) in _known()


def near(name: str, others: Iterable[str]) -> Iterator[str]:
    """Those of which ``name`` is a misspelling."""
    return (each for each in others if is_near(name, each))


def is_near(one: str, other: str) -> bool:
    """Whether names differ by one letter that is missing, added or another, or by two exchanged."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if at is None:
        return True
    if len(one) == len(other):
        swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
        return swapped or one[at + 1 :] == other[at + 1 :]
    longer, shorter = sorted((one, other), key=len, reverse=True)
    return longer[at + 1 :] == shorter[at:]


def slip(one: str, other: str) -> tuple[bool, str]:
    """How unlikely a misspelling is: another letter is less likely than two exchanged ones."""
    return sorted(one) != sorted(other) and len(one) == len(other), other
