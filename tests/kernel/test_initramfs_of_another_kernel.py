"""An initramfs whose modules are of another kernel than the one that is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.kernel.assumptions import assumed
from dtlink.kernel.facts import Paths, load

CONFIG = """\
#
# Automatically generated file; DO NOT EDIT.
# Linux/arm64 6.12.7 Kernel Configuration
#
CONFIG_ARM64=y
CONFIG_MODULES=y
CONFIG_MMC_BLOCK=m
"""
LISTING = "init\nlib/modules/%s/modules.dep\nlib/modules/%s/kernel/drivers/mmc/mmc_block.ko\n"


@pytest.mark.parametrize(
    ("folder", "is_its_own"),
    [("6.12.7", True), ("6.12.7-distro", True), ("6.12.70", False), ("6.11.0-distro", False)],
)
def test_modules_of_a_configuration(folder: str, is_its_own: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a row
    config, listing = tmp_path / "config", tmp_path / "listing"
    config.write_text(CONFIG)
    listing.write_text(LISTING % (folder, folder))
    facts = load(Paths(kernel=str(config), initramfs=str(listing)))
    assert facts.holds("mmc_block") is is_its_own
    said = assumed(facts, str(config))
    assert (f"whose modules are of {folder}, not 6.12.7" in said) is not is_its_own
