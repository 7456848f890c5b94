"""Devices whose drivers are known to provide what is referenced without cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.facts.known_providers import is_known_provider
from dtlink.facts.shipped import KNOWN_PROVIDERS, SOURCES
from dtlink.firmware import dts
from dtlink.kernel.source.index import SourceIndex
from tools.known_providers import known_providers


def test_the_list_is_that_of_the_shipped_indexes() -> None:
    assert Path(KNOWN_PROVIDERS).read_text() == known_providers(SourceIndex.every(SOURCES))


@pytest.mark.parametrize(
    ("compatible", "kind", "expected"),
    [
        (b"pwm-backlight\0", "backlight", True),
        (b"rockchip,rk3568-usb2phy\0", "external connector", True),
        (b"rockchip,rk3568-usb2phy\0vendor,other\0", "external connector", True),
        (b"vendor,other\0rockchip,rk3568-usb2phy\0", "external connector", False),
        (b"rockchip,rk3568-usb2phy\0", "backlight", False),
        (b"rockchip,rk3568-usb2ph\0", "external connector", False),
        (b"fixed-clock\0", "external connector", False),
        (b"", "external connector", False),
    ],
)
def test_known_providers(compatible: bytes, kind: str, expected: bool) -> None:  # noqa: FBT001
    assert is_known_provider(compatible, kind) is expected


_BOARD = """/dts-v1/;
/ {
    phy: phy@1000 { compatible = "%s"; reg = <0x1000>; };
    usb@2000 { compatible = "vendor,usb"; reg = <0x2000>; extcon = <&phy>; };
};
"""


@pytest.mark.parametrize(
    ("compatible", "asks"), [("rockchip,rk3568-usb2phy", False), ("vendor,unknown", True)]
)
def test_only_of_others_is_the_index_asked(compatible: str, asks: bool) -> None:  # noqa: FBT001
    board = TreeBoard(dts.read_text(_BOARD % compatible))
    assert bool(board.named_without_cells) is asks
