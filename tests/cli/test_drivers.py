"""dtlink drivers: who drives each device in one kernel."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run
from tests.support.boards import SHARED

KERNEL = ROOT / "fixtures" / "kernel"


@pytest.fixture
def guest(fixtures: Path) -> Path:
    return fixtures / "virtio-iommu-guest.dtb"


def test_states_by_configuration(run: Run, guest: Path) -> None:
    result = run("drivers", guest, "--kernel", KERNEL, "--format", "json")
    assert result.exit_code == 0, result.output
    part = json.loads(result.stdout)["inputs"][0]["drivers"]
    found = {entry["node"]: entry for entry in part["nodes"]}
    iommu = found["/pcie@4010000000/iommu@1,0"]
    assert (iommu["state"], iommu["modules"], iommu["config"]) == (
        "module",
        ["virtio_iommu"],
        "VIRTIO_IOMMU",
    )
    assert found["/pcie@4010000000"]["state"] == "built in"
    assert found["/rtc@9010000"]["state"] == "not built"
    assert sum(part["states"].values()) == len(part["nodes"])


def test_an_initramfs_tells_what_is_in_it(run: Run, guest: Path, tmp_path: Path) -> None:
    listing = tmp_path / "modules.load"
    listing.write_text("virtio_iommu.ko\n")
    text = run("drivers", guest, "--kernel", KERNEL, "--initramfs", listing, "--state", "module")
    assert "module virtio_iommu  CONFIG_VIRTIO_IOMMU  (in the initramfs)" in text.stdout
    assert "not built  CONFIG" not in text.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "--kernel is needed"),
        (["--initramfs", "x"], "need --kernel"),
        (["--kernel", "/nonexistent"], "/nonexistent"),
        (["--kernel", str(KERNEL), "--initramfs", "/nonexistent"], "/nonexistent"),
    ],
)
def test_what_can_not_be_asked(run: Run, guest: Path, args: list[str], message: str) -> None:
    result = run("drivers", guest, *args)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_real_kernel_knows_nearly_all(run: Run) -> None:
    kernel = SHARED / "kernel" / "debian-6.12-arm64"
    boards = sorted((SHARED / "corpus" / "arm64").rglob("sdm845-db845c.dtb"))
    if not kernel.is_dir() or not boards:
        pytest.skip(f"no real kernel or board in {SHARED}")
    result = run("drivers", boards[0], "--kernel", kernel, "--format", "json")
    states = json.loads(result.stdout)["inputs"][0]["drivers"]["states"]
    assert states["unknown"] / sum(states.values()) < 0.05
    assert states["module"] > 100


def test_why_marks_what_the_kernel_lacks(run: Run, guest: Path) -> None:
    args = ("why", guest, "/pcie@4010000000/iommu@1,0", "--kernel", KERNEL)
    text = run(*args).stdout
    assert "virtio_iommu, module" in text
    assert "built in" in text
    part = json.loads(run(*args, "--format", "json").stdout)["inputs"][0]["why"]
    assert part["driver"]["state"] == "module"
    (host,) = (each for each in part["suppliers"] if each["property"] is None)
    assert host["driver"]["culprit"] is False
    lacking = run("why", guest, "/rtc@9010000", "--kernel", KERNEL).stdout
    assert "NOT BUILT (CONFIG_RTC_DRV_PL031 is off)  ← missing" in lacking


def test_a_savedefconfig_leaves_open_what_it_does_not_list(
    run: Run, guest: Path, tmp_path: Path
) -> None:
    part = tmp_path / "defconfig"
    part.write_text("CONFIG_VIRTIO_IOMMU=m\nCONFIG_PCI_HOST_GENERIC=y\n")
    result = run("drivers", guest, "--kernel", part)
    assert re.search(r"^/rtc@9010000 +unknown", result.stdout, re.MULTILINE)
    assert "module virtio_iommu" in result.stdout
    assert result.stderr.count("a savedefconfig or a fragment") == 1
    lacking = run("why", guest, "/rtc@9010000", "--kernel", part)
    assert "NOT BUILT" not in lacking.stdout


def test_a_version_that_is_assumed_makes_nothing_certain(run: Run, tmp_path: Path) -> None:
    board, part = tmp_path / "board.dts", tmp_path / "defconfig"
    board.write_text('/dts-v1/;\n/ { dev { compatible = "vendor,of-a-newer-kernel"; }; };\n')
    part.write_text("CONFIG_ARM64=y\n")
    text = run("drivers", board, "--kernel", part).stdout
    assert re.search(r"^/dev +unknown", text, re.MULTILINE)
    given = run("drivers", board, "--kernel", part, "--kernel-version", "6.12").stdout
    assert re.search(r"^/dev +no driver", given, re.MULTILINE)
