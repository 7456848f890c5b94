"""dtlink log."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dtlink.firmware.read import read
from dtlink.views.bounds import MOST
from tests.cli.conftest import Run
from tests.report.test_schema import SCHEMA, undescribed

HEAD = """\
[    0.000000] Linux version 6.12.1-x (a@b) (gcc 12) #1 SMP
[    0.000000] Machine model: dtlink fixture: phone SoC
[    0.000000] Kernel command line: console=ttyS0
"""
CYCLE = "[    0.100000] /a: Fixed dependency cycle(s) with /b\n"
WAITS = """\
[   13.100000] platform 1d87000.phy: deferred probe pending: platform: wait for supplier {ldo}
[   13.100000] platform 1d80000.ufshc: deferred probe pending: platform: supplier 1d87000.phy not \
ready
"""


@pytest.fixture
def dtb(fixtures: Path) -> Path:
    return fixtures / "phone-soc.dtb"


@pytest.fixture
def ldo(dtb: Path) -> str:
    return next(path for path in read(dtb).by_path if path.endswith("/ldo2"))


@pytest.fixture
def dmesg(tmp_path: Path, ldo: str) -> Path:
    path = tmp_path / "dmesg"
    path.write_text(HEAD + CYCLE + WAITS.replace("{ldo}", ldo))
    return path


def test_nothing_harmful(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dmesg"
    path.write_text(HEAD + CYCLE)
    result = run("log", path)
    assert result.exit_code == 0, result.output
    assert "no problems found (1 harmless line hidden, --all shows them)" in result.output
    assert "name each other" not in result.output
    shown = run("log", path, "--all").output
    assert "cycle  1 line, 1 cycle" in shown
    assert "name each other" in shown
    assert "line 4" in shown


def test_one_root_and_whom_it_takes_down(run: Run, dmesg: Path, dtb: Path, ldo: str) -> None:
    result = run("log", dmesg, "--dtb", dtb)
    assert result.exit_code == 1, result.output
    owner = ldo.rpartition("/")[0]
    assert f"no driver (likely)  {owner}" in result.output
    assert "1 cause, 2 devices affected · 1 harmless line hidden" in result.output
    assert "/soc@0/phy@1d87000 had not probed when the timeout ran out: " in result.output
    assert f'"wait for supplier {ldo}", no timeout ends this wait (line 5, 13.1 s)' in result.output
    assert "(through 1d87000.phy)" in result.output
    assert 'build the driver for "qcom,pm8150-rpmh-regulators"' in result.output
    assert "hint:    dtlink why TREE NODE" in result.output


def test_without_a_tree(run: Run, dmesg: Path, ldo: str) -> None:
    result = run("log", dmesg)
    assert result.exit_code == 1, result.output
    assert f"named by the log  {ldo}" in result.output
    assert "1d80000.ufshc had not probed" in result.output
    assert "--dtb" in result.output


def test_standard_input(run: Run, dmesg: Path, dtb: Path) -> None:
    result = run("log", "-", "--dtb", dtb, stdin=dmesg.read_bytes())
    assert result.exit_code == 1, result.output
    assert "1 cause" in result.output
    assert run("log", "-", "--dtb", "-", stdin=b"").exit_code == 2


def test_the_kernel_can_be_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dmesg"
    path.write_text(CYCLE)
    assert "does not name its kernel" in run("log", path).output
    assert "note" not in run("log", path, "--kernel-version", "6.1").output


@pytest.mark.parametrize("text", ["", "hello\n"])
def test_what_can_not_be_read(run: Run, tmp_path: Path, dtb: Path, text: str) -> None:
    path = tmp_path / "thing"
    path.write_text(text)
    result = run("log", path, "--dtb", dtb)
    assert result.exit_code == 2
    assert str(path) in result.output
    assert "Traceback" not in result.output
    assert run("log", tmp_path / "none").exit_code == 2


def test_a_tree_that_can_not_be_read(run: Run, dmesg: Path, tmp_path: Path) -> None:
    """The log is explained all the same, without it."""
    result = run("log", dmesg, "--dtb", tmp_path / "none.dtb")
    assert result.exit_code == 2
    assert "none.dtb: No such file" in result.output
    assert "1 cause" in result.output


def test_devices_beyond_the_first_are_counted(run: Run, tmp_path: Path) -> None:
    lines = [
        f"[   13.100000] platform d{n}: deferred probe pending: platform: supplier gone not ready\n"
        for n in range(20)
    ]
    path = tmp_path / "dmesg"
    path.write_text(HEAD + "".join(lines))
    assert "… and 12 more devices (--all)" in run("log", path).output
    assert "(--all)" not in run("log", path, "--all").output


def test_long_lists_are_cut_in_json_and_what_is_cut_is_counted(run: Run, tmp_path: Path) -> None:
    more = 50
    waits = (
        "[   13.100000] platform d{}: deferred probe pending: platform: supplier gone not ready\n"
    )
    fails = "[    2.000000] pmic {}-001b: probe with driver pmic failed with error -6\n"
    pairs = "[    0.100000] /a{}: Fixed dependency cycle(s) with /b\n"
    path = tmp_path / "dmesg"
    rows = (row.format(at) for row in (waits, fails, pairs) for at in range(MOST + more))
    path.write_text(HEAD + "".join(rows))
    document = json.loads(run("log", path, "--format", "json").stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    entry = document["inputs"][0]["log"]
    (cause,) = entry["causes"]
    assert (len(cause["victims"]), cause["left_out"]) == (MOST, {"victims": more})
    assert (len(entry["own_failures"]), entry["left_out"]) == (MOST, {"own_failures": more})
    harmless = next(each for each in entry["put_away"] if "left_out" in each)
    whole = sum(len(each["lines"]) for each in entry["put_away"])
    assert (whole, harmless["left_out"]) == (MOST, {"lines": more})


def test_what_is_not_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dmesg"
    path.write_text(
        HEAD
        + "[    1.000000] panel 2.panel: failed to get supply: -517\n"
        + "[    2.000000] pmic 1-001b: probe with driver pmic failed with error -6\n"
    )
    result = run("log", path)
    assert result.exit_code == 0
    assert "outcome not in the log (1)\n  2.panel" in result.output
    assert "failed for their own reasons (1)\n  1-001b" in result.output
    assert "no cause found, 1 undecided case, 1 failed probe" in result.output
    assert "devices_deferred" in result.output


def test_as_json(run: Run, dmesg: Path, dtb: Path, ldo: str, tmp_path: Path) -> None:
    result = run("log", dmesg, "--dtb", dtb, "--format", "json", "-o", tmp_path / "out.json")
    assert result.exit_code == 1, result.output
    document = json.loads((tmp_path / "out.json").read_text())
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [error.message for error in validator.iter_errors(document)] == []
    assert undescribed(document, SCHEMA, SCHEMA) == []
    assert document["kernel"]["version"] == "6.12"
    (entry,) = document["inputs"]
    assert entry["form"] == "log"
    told = entry["log"]
    assert (told["kernel"], told["lines"], told["tree"]) == ("6.12.1-x", 6, str(dtb))
    assert told["harmful"] is True
    assert told["told"] == {"explained": 2, "unclear": 0, "harmless": 1, "open": 0}
    (cause,) = told["causes"]
    assert (cause["root"], cause["confidence"]) == ("no-driver", "likely")
    assert cause["subject"] == ldo.rpartition("/")[0]
    assert [
        (victim["device"], victim["node"], victim["effect"], victim["via"])
        for victim in cause["victims"]
    ] == [
        ("1d87000.phy", "/soc@0/phy@1d87000", "pending", []),
        ("1d80000.ufshc", "/soc@0/ufshc@1d80000", "pending", ["1d87000.phy"]),
    ]
    assert [(item["kind"], item["cycles"]) for item in told["put_away"]] == [("cycle", 1)]


def test_a_kernel_without_a_tree(run: Run, dmesg: Path, fixtures: Path) -> None:
    result = run("log", dmesg, "--kernel", fixtures.parent / "kernel")
    assert result.exit_code == 1
    assert "--kernel and --initramfs have no effect without --dtb" in result.stderr


def test_a_kernel_names_the_driver_of_a_cause(run: Run, fixtures: Path) -> None:
    kernel = fixtures.parent / "kernel"
    guest = fixtures / "virtio-iommu-guest.dtb"
    result = run("log", kernel / "boot.log", "--dtb", guest, "--kernel", kernel)
    assert result.exit_code == 1
    assert "in this kernel: virtio_iommu, module (CONFIG_VIRTIO_IOMMU)" in result.stdout
    missing = run("log", kernel / "boot.log", "--dtb", guest, "--kernel", "/nonexistent")
    assert missing.exit_code == 2
    assert "/nonexistent: no such file" in missing.stderr


def test_the_clock_controller_that_is_not_built(run: Run, shared: Path) -> None:
    cases = shared / "cases"
    log, tree = cases / "log" / "r24-defer-517.log", cases / "dt" / "r24.dtb"
    result = run("log", log, "--dtb", tree, "--kernel", cases / "dt" / "r24.config")
    assert result.exit_code == 1
    assert "no driver  /soc/clock-controller@10000000" in result.stdout
    assert "/soc/ethernet@10090000 does not probe" in result.stdout
    assert "set CONFIG_CLK_SIFIVE_PRCI" in result.stdout
    undecided = run("log", log, "--dtb", tree).stdout
    assert "no problems found" not in undecided
    assert "waits for /soc/clock-controller@10000000" in undecided


def test_a_root_that_is_not_found(run: Run, shared: Path) -> None:
    cases = shared / "cases"
    result = run(
        *("log", cases / "log" / "r27-no-root.log", "--dtb", cases / "dt" / "r01-chosen.dtb"),
        *("--kernel", cases / "dt" / "r01.config"),
        *("--initramfs", cases / "dt" / "r01-initramfs.list"),
    )
    assert result.exit_code == 1
    assert "the initramfs lacks phy_rockchip_pcie (CONFIG_PHY_ROCKCHIP_PCIE)" in result.stdout
    assert "no root file system (through /pcie@f8000000)" in result.stdout
