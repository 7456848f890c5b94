"""dtlink lint with a kernel."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run

KERNEL = ROOT / "fixtures" / "kernel"
GUEST = ROOT / "fixtures" / "tables" / "guest"


def test_a_late_iommu_on_acpi_and_on_a_devicetree(run: Run, fixtures: Path, tmp_path: Path) -> None:
    listing = tmp_path / "listing"
    listing.write_text("init\nlib/modules/x/kernel/a.ko\nlib/modules/x/modules.dep\n")
    args = ("--kernel", KERNEL, "--initramfs", listing, "--select", "module/iommu-late")
    result = run("lint", GUEST, fixtures / "virtio-iommu-guest.dtb", *args)
    assert "module virtio_iommu of the IOMMU is not in the initramfs" in result.stdout
    assert "for each, forever" in result.stdout
    assert "may run untranslated" in " ".join(result.stdout.split())
    timed = run("lint", GUEST, fixtures / "virtio-iommu-guest.dtb", *args, "--root-after", "19")
    assert "may run" not in " ".join(timed.stdout.split())
    soon = run("lint", fixtures / "virtio-iommu-guest.dtb", *args, "--root-after", "3")
    assert soon.stdout == ""
    assert run("lint", GUEST, *args, "--root-after", "-1").exit_code == 2


def test_a_kernel_that_can_not_be_read_is_told_once(run: Run, fixtures: Path) -> None:
    result = run("lint", GUEST, fixtures, "--kernel", "/nonexistent")
    assert result.exit_code == 2
    assert result.stderr.count("/nonexistent: no such file") == 1


def test_the_text_names_the_kernel_and_the_index(run: Run, tmp_path: Path) -> None:
    listing = tmp_path / "listing"
    listing.write_text("init\nlib/modules/x/kernel/a.ko\nlib/modules/x/modules.dep\n")
    args = ("lint", GUEST, "--kernel", KERNEL, "--initramfs", listing)
    result = run(*args)
    assert result.stdout.splitlines()[-1].startswith(
        "kernel 6.12.0: fw_devlink of 6.12, source index of 6.12."
    )
    other = run(*args, "--kernel-version", "6.1")
    assert "kernel 6.12.0: fw_devlink of 6.1, source index of 6.12." in other.stdout
    assert other.stderr.count("it is 6.12.0, but fw_devlink of 6.1 is modelled, as given") == 1


def test_without_a_kernel_the_family_says_nothing(run: Run, fixtures: Path) -> None:
    assert run("lint", GUEST, fixtures, "--select", "module", "--show", "info").stdout == ""


def test_the_kernels_identity_does_not_depend_on_where_one_stands(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was kept of an earlier run names no file by the working folder of that time."""
    monkeypatch.setenv("DTLINK_CACHE", str(tmp_path / "cache"))
    told = []
    for here, kernel in ((KERNEL.parent, KERNEL.name), (KERNEL, "."), (KERNEL, ".config")):
        monkeypatch.chdir(here)
        result = run("lint", GUEST, "--kernel", kernel, "--format", "json")
        told.append(json.loads(result.stdout)["kernel"]["sources"])
    assert [each["path"] for each in told[0]] == [".config"]
    assert told[0] == told[1] == told[2]
    assert told[0][0]["sha256"] == hashlib.sha256((KERNEL / ".config").read_bytes()).hexdigest()
