"""Devices whose drivers are tried once, when they are registered."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.facts.kernels import KernelVersion
from dtlink.facts.tried_once import is_tried_once, tried_once_in
from tools.tried_once import _is_once


@pytest.mark.parametrize(
    ("compatible", "version", "versions"),
    [
        ("microchip,sam9x60-ebi", "6.12", ("6.12",)),
        ("microchip,sam9x60-ebi", "6.6", ("6.1", "6.12")),
        ("microchip,sam9x60-ebi", "7.0", ("6.12",)),
        ("microchip,sam9x60-ebi", "7.2", ()),
        ("fsl,imx21-wdt", "7.2", ("7.2",)),
        ("fsl,imx6q-gpio", "6.12", ()),
    ],
)
def test_versions(compatible: str, version: str, versions: tuple[str, ...]) -> None:
    assert tried_once_in(compatible, KernelVersion.parse(version)) == versions
    if version in ("6.12", "7.2"):
        assert is_tried_once(compatible, KernelVersion.parse(version)) is bool(versions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("module_platform_driver_probe(x, x_probe);", True),
        ("return platform_driver_probe(&x, x_probe);", True),
        ("module_platform_driver(x);", False),
        ("module_platform_driver_probe(x, p); module_platform_driver(y);", False),
        ("", False),
    ],
)
def test_how_a_driver_is_registered(text: str, expected: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a row
    path = tmp_path / "driver.c"
    path.write_text(text)
    assert _is_once(path) is expected
