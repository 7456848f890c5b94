"""Real boards whose disk needs a PMIC's regulators: the list of modules, and an initramfs without.

The boards, the kernel and the listings are beside the checkout.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.boards import SHARED

CASES = SHARED / "cases" / "truth" / "mfd-cells"
KERNEL = SHARED / "kernel" / "debian-7.2-arm64"
PINE64 = SHARED / "corpus" / "k72" / "allwinner" / "sun50i-a64-pine64-plus.dtb"
ROCK5 = SHARED / "corpus" / "arm64" / "rockchip" / "rk3588-rock-5b.dtb"
IMX8MP = SHARED / "corpus" / "arm64" / "freescale" / "imx8mp-evk.dtb"


@pytest.fixture(autouse=True)
def needed() -> None:
    for path in (CASES, KERNEL, PINE64, ROCK5, IMX8MP):
        if not path.exists():
            pytest.skip(f"no {path} (set DTLINK_SHARED)")


@pytest.mark.parametrize(
    ("board", "node", "module"),
    [
        (PINE64, "/soc/mmc@1c0f000", "axp20x-regulator"),
        (ROCK5, "/mmc@fe2c0000", "rk808-regulator"),
    ],
)
def test_the_list_has_the_regulators_driver(run: Run, board: Path, node: str, module: str) -> None:
    lines = run("modules", board, node, "--kernel", KERNEL).stdout.splitlines()
    (line,) = [line for line in lines if line.split()[0] == module]
    assert f"{module}, created by the driver of /" in line
    assert "perhaps" not in line
    # Of the other cells none is needed for a disk.
    assert sum("created by" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("board", "module"), [(PINE64, "axp20x_regulator"), (ROCK5, "rk808_regulator")]
)
def test_an_initramfs_of_everything_else(run: Run, board: Path, module: str) -> None:
    image = CASES / f"{board.stem}.lsinitramfs"
    result = run("lint", board, "--kernel", KERNEL, "--initramfs", image)
    assert f"the initramfs lacks {module} (CONFIG_REGULATOR_" in result.stdout
    assert "cannot probe before the root filesystem is mounted" in result.stdout


def test_an_interconnect_without_a_driver(run: Run) -> None:
    result = run("lint", IMX8MP, "--kernel", KERNEL)
    assert "no driver for imx8mp-interconnect (a device that the driver of" in result.stdout
    assert "CONFIG_INTERCONNECT_IMX8MP is not set" in result.stdout
