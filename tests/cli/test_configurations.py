"""Bare configurations: of the index's version, of another, and parts of one; from beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.boards import SHARED

CASES = SHARED / "cases" / "dt"


@pytest.fixture
def cases() -> Path:
    if not CASES.is_dir():
        pytest.skip(f"no {CASES} (set DTLINK_SHARED)")
    return CASES


@pytest.mark.parametrize(("config", "version"), [("r01.config", "6.12"), ("r03-6.1.config", "6.1")])
def test_a_configuration_is_answered_by_the_index_of_its_version(
    run: Run, cases: Path, config: str, version: str
) -> None:
    board, kernel = cases / "r01-chosen.dtb", cases / config
    found = re.sub(r" {2,}", "  ", run("drivers", board, "--kernel", kernel).stdout)
    assert "pcie-phy  module phy_rockchip_pcie  CONFIG_PHY_ROCKCHIP_PCIE" in found
    assert "/pcie@f8000000  built in  CONFIG_PCIE_ROCKCHIP_HOST" in found
    modules = run("modules", board, "--kernel", kernel)
    assert "dw_mmc-rockchip" in modules.stdout
    assert "only a configuration: dependencies between modules are not known" in modules.stderr
    image = cases / "r01-initramfs.list"
    text = run("lint", board, "--kernel", kernel, "--initramfs", image).stdout
    assert "the initramfs lacks phy_rockchip_pcie (CONFIG_PHY_ROCKCHIP_PCIE)" in text
    assert f"fw_devlink of {version}, source index of {version}." in text


def test_a_part_of_a_configuration_leaves_open_what_it_does_not_list(run: Run, cases: Path) -> None:
    why = ("why", cases / "r17-nfs-phy-clock.dtb", "/soc/ethernet@3000")
    result = run(*why, "--kernel", cases / "r04-defconfig")
    assert "NOT BUILT" not in result.stdout
    assert "unknown (CONFIG_PHYLIB is not listed)" in result.stdout
    assert "a savedefconfig or a fragment" in result.stderr
    assert "make olddefconfig" in result.stderr
    modules = run("modules", cases / "r01-chosen.dtb", "--kernel", cases / "r04-defconfig")
    assert "(unknown: CONFIG_MMC_DW_ROCKCHIP is not listed)" in modules.stdout
