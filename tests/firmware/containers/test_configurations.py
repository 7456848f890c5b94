"""Configurations of FIT images: a devicetree with overlays, as U-Boot applies them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import dtlink
from dtlink import engine
from dtlink.firmware.dts import read_text
from tests.support import images
from tests.support.packing import gzipped

BASE = """/dts-v1/; / { compatible = "acme,board"; model = "Base"; #address-cells = <1>;
  #size-cells = <1>;
  osc: clock { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>;
    phandle = <1>; };
  bus: soc { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>; ranges;
    phandle = <2>; };
  __symbols__ { osc = "/clock"; bus = "/soc"; }; };"""
#: A device whose clock is the base's, and one whose clock is nowhere.
GOOD = """/dts-v1/; /plugin/; &bus { serial@1000 { compatible = "ns16550a"; reg = <0x1000 0x100>;
  clocks = <&osc>; }; };"""
BAD = """/dts-v1/; /plugin/; &bus { serial@2000 { compatible = "ns16550a"; reg = <0x2000 0x100>;
  clocks = <0x99>; }; };"""
LOST = """/dts-v1/; /plugin/; &nowhere { status = "okay"; };"""


def blob(source: str) -> bytes:
    return read_text(source).blob


@pytest.fixture
def trees() -> dict[str, bytes]:
    return {
        "fdt-1": blob(BASE),
        "fdt-good": blob(GOOD),
        "fdt-bad": gzipped(blob(BAD)),
        "fdt-lost": blob(LOST),
    }


CONFIGURATIONS = {
    "conf-1": ["fdt-1"],
    "conf-2": ["fdt-1", "fdt-good"],
    "conf-3": ["fdt-1", "fdt-good", "fdt-bad"],
    "conf-4": ["fdt-1", "fdt-lost"],
}


def test_each_configuration_is_an_input(trees: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "fit.itb"
    path.write_bytes(images.fit(trees, CONFIGURATIONS))
    names = [each.member for each in engine.expand([str(path)])]
    assert names == [*trees, "#conf-2", "#conf-3", "#conf-4"]
    items = {each.member: each for each in dtlink.lint(path).inputs}
    assert not any(each.error for each in items.values())
    assert items["#conf-2"].model == "Base"
    assert items["#conf-2"].nodes > items["fdt-1"].nodes
    found = [(each.rule, each.subject.path) for each in items["#conf-3"].findings]
    assert ("phandle/dangling", "/soc/serial@2000") in found
    assert ("phandle/dangling", "/soc/serial@2000") not in [
        (each.rule, each.subject.path) for each in items["#conf-2"].findings
    ]
    assert items["#conf-3"].container["applies"] == CONFIGURATIONS["conf-3"]
    assert items["fdt-1"].container["configurations"] == list(CONFIGURATIONS)


def test_the_tree_is_what_fdtoverlay_makes(trees: dict[str, bytes], tmp_path: Path) -> None:
    if shutil.which("fdtoverlay") is None or shutil.which("dtc") is None:
        pytest.skip("fdtoverlay and dtc are not installed")
    path = tmp_path / "fit.itb"
    path.write_bytes(images.fit(trees, CONFIGURATIONS))
    for name, data in {
        "fdt-1": trees["fdt-1"],
        "good": trees["fdt-good"],
        "bad": blob(BAD),
    }.items():
        (tmp_path / f"{name}.dtb").write_bytes(data)
    merged = tmp_path / "merged.dtb"
    command = ["fdtoverlay", "-i", "fdt-1.dtb", "-o", "merged.dtb", "good.dtb", "bad.dtb"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    ours, theirs = dtlink.read_tree(f"{path}!#conf-3"), dtlink.read_tree(merged)
    content = [{node.path: dict(node.properties) for node in tree} for tree in (ours, theirs)]
    assert content[0] == content[1]


def test_a_configuration_of_an_image_that_is_damaged(
    trees: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "fit.itb"
    path.write_bytes(images.fit({**trees, "fdt-good": trees["fdt-good"][:60]}, CONFIGURATIONS))
    items = {each.member: each for each in dtlink.lint(path).inputs}
    assert items["fdt-1"].error is None
    for name in ("fdt-good", "#conf-2", "#conf-3"):
        assert items[name].error is not None, name
        assert not items[name].error.bug


def test_one_configuration_by_name(trees: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "fit.itb"
    path.write_bytes(images.fit(trees, CONFIGURATIONS))
    board = dtlink.Board.read(f"{path}!#conf-2")
    assert [link.consumer for link in board.links().links] == ["/soc/serial@1000"]
    entries = {each.name: each for each in dtlink.inspect(path).entries}
    assert entries["#conf-2"].form == "configuration"
    assert entries["#conf-2"].devicetree is not None
