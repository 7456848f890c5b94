"""Which suppliers a driver means by its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.observed.bootlog.suppliers import Need

#: What a driver calls a supplier, and how the bindings are named that give one.
_WORDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("clock", "clk"), ("clocks",)),
    (("gpio", "reset-gpio"), ("gpio", "gpios", "*-gpio", "*-gpios")),
    (("regulator", "vcc", "vdd", "supply", "supplies"), ("*-supply",)),
    (("phy",), ("phys", "phy-handle", "usb-phy", "fsl,usbphy")),
    (("reset",), ("resets",)),
    (("power domain", "power-domain", "genpd"), ("power-domains",)),
    (("smmu", "iommu"), ("iommus", "iommu-map")),
    (("bridge", "panel", "endpoint", "drm"), ("remote-endpoint", "panel")),
    (("backlight",), ("backlight",)),
    (("pwm",), ("pwms",)),
    (("mbox", "mailbox"), ("mboxes",)),
    (("nvmem", "cell", "mac address"), ("nvmem-cells", "nvmem")),
    (("dma",), ("dmas",)),
    (("interconnect", "icc", "path"), ("interconnects",)),
    (("extcon",), ("extcon",)),
    (("channel", "adc", "iio"), ("io-channels",)),
    (("pin", "pinctrl"), ("pinctrl-*",)),
    (("mux",), ("mux-controls",)),
    (("card", "codec", "dai", "snd_soc"), ("sound-dai", "audio-codec", "ssi-controller")),
    (("irq", "interrupt"), ("interrupts", "interrupts-extended")),
)


def meant(needs: Sequence[Need], words: str) -> list[Need]:
    """The suppliers that a driver's words are about."""
    for spoken, bindings in _WORDS:
        if any(word in words for word in spoken):
            found = [need for need in needs if is_named(need.binding, bindings)]
            if found:
                return found
    return []


def is_named(binding: str, names: Sequence[str]) -> bool:
    """Whether a binding is one of those named; ``pinctrl-*`` stands for all that begin so."""
    return any(
        binding == name or (name.endswith("*") and binding.startswith(name[:-1])) for name in names
    )
