"""``dtlink modules`` for many boards, and for a root that the command line names."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dtlink.cli.modules import modules
from tests.support.boards import SHARED

CASES = SHARED / "cases" / "dt"

BOARD = """
/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <0>;
  mmc@1 { compatible = "rockchip,rk3288-dw-mshc"; reg = <1>; };
  EXTRA
};
"""
CONFIG = """#
# Automatically generated file; DO NOT EDIT.
# Linux/arm64 6.12.0 Kernel Configuration
#
CONFIG_MODULES=y
CONFIG_ARM64=y
CONFIG_MMC_BLOCK=y
CONFIG_EXT4_FS=y
CONFIG_MMC_DW_ROCKCHIP=m
CONFIG_MMC_DW=m
CONFIG_MMC_DW_PLTFM=m
CONFIG_MMC=y
# CONFIG_SATA_AHCI_PLATFORM is not set
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config").write_text(CONFIG)
    boards = tmp_path / "boards"
    boards.mkdir()
    (boards / "a.dts").write_text(BOARD.replace("EXTRA", ""))
    (boards / "b.dts").write_text(BOARD.replace("EXTRA", "").replace("mmc@1", "mmc@2"))
    no_driver = BOARD.replace("rockchip,rk3288-dw-mshc", "generic-ahci").replace("mmc@", "sata@")
    (boards / "c.dts").write_text(no_driver.replace("EXTRA", ""))
    (boards / "d.dts").write_text("/dts-v1/; / { };")
    return boards


def run(*args: object) -> Result:
    return CliRunner().invoke(modules, [str(arg) for arg in args])


def names(result: Result) -> list[str]:
    """The modules that are listed: an index may know the names of files, or may not."""
    rows = (row.partition("#")[0].strip() for row in result.stdout.splitlines())
    return [row.replace("-", "_") for row in rows if row]


def test_the_union_says_how_many_boards_need_each(folder: Path) -> None:
    result = run(folder, "--kernel", folder.parent / "config")
    assert result.exit_code == 0
    heading, *rest = result.stdout.splitlines()
    assert heading == (
        "# 1 module for 4 boards; 1 without a storage controller; 1 without a way to a disk"
    )
    assert names(result) == ["dw_mmc_rockchip"]
    assert rest[-1].endswith("  # 2 boards")
    assert f"# {folder}/d.dts: no storage controller was found" in rest
    (way,) = (row for row in rest if "c.dts" in row)
    assert "/sata@1 (not built: CONFIG_SATA_AHCI_PLATFORM is not set)" in way


def test_the_document_has_each_board(folder: Path) -> None:
    result = run(folder, "--kernel", folder.parent / "config", "--format", "json")
    document = json.loads(result.stdout)
    union = document["union"]
    assert [(row["name"], row["boards"]) for row in union["modules"]] == [("dw_mmc_rockchip", 2)]
    assert union["without_storage"] == [f"{folder}/d.dts"]
    assert [row["board"] for row in union["without_way"]] == [f"{folder}/c.dts"]
    complete = [[way["complete"] for way in each["modules"]["ways"]] for each in document["inputs"]]
    assert complete == [[True], [True], [False], []]


def test_several_processes_say_the_same(folder: Path) -> None:
    options = (folder, "--kernel", folder.parent / "config", "--format", "json")
    assert run(*options, "-j", 2).stdout == run(*options, "-j", 1).stdout


def test_a_bad_input_is_reported_and_the_others_are_listed(folder: Path) -> None:
    (folder / "bad.dtb").write_bytes(b"no tree")
    result = run(folder, "--kernel", folder.parent / "config")
    assert result.exit_code == 2
    assert "bad.dtb" in result.stderr
    assert names(result) == ["dw_mmc_rockchip"]


def test_strict_is_about_boards_that_cannot_get_to_a_disk(folder: Path) -> None:
    config = folder.parent / "config"
    assert run(folder, "--kernel", config, "--strict").exit_code == 1
    assert run(folder / "a.dts", folder / "b.dts", "--kernel", config, "--strict").exit_code == 0


def test_no_storage_is_one_line(folder: Path) -> None:
    options = (folder / "d.dts", "--kernel", folder.parent / "config")
    result = run(*options)
    assert (result.exit_code, result.stdout) == (0, "# no storage controller was found\n")
    assert run(*options, "--strict").exit_code == 1
    told = run(*options, "--cmdline", "root=/dev/nvme0n1")
    assert told.stdout == "# no controller for root=/dev/nvme0n1 was found\n"


def test_a_folder_without_boards_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("CONFIG_MODULES=y\n")
    result = run(tmp_path, "--kernel", tmp_path / "config")
    assert result.exit_code == 2
    assert "no devicetree" in result.stderr


def test_what_is_no_file_is_a_node(folder: Path) -> None:
    config = folder.parent / "config"
    both = run(folder / "a.dts", folder / "b.dts", "/mmc@1", "--kernel", config)
    assert both.exit_code == 2
    assert "no node, label or alias '/mmc@1'" in both.stderr
    assert run(folder / "a.dts", "/mmc@1", "--kernel", config).exit_code == 0
    assert run(folder / "a.dts", "--root", "/nowhere", "--kernel", config).exit_code == 2


CASE = ("dw_mmc_rockchip", "phy_rockchip_pcie", "nvme")


@pytest.mark.parametrize(
    ("cmdline", "found"),
    [
        (None, CASE),
        ("root=UUID=1", CASE),
        ("root=/dev/nvme0n1p2", CASE[1:]),
        ("root=/dev/mmcblk0p2", CASE[:1]),
    ],
)
def test_a_kernel_of_which_only_the_configuration_is_known(
    cmdline: str | None, found: tuple[str, ...]
) -> None:
    if not CASES.exists():
        pytest.skip(f"no {CASES}")
    given = () if cmdline is None else ("--cmdline", cmdline)
    options = ("--kernel", CASES / "r01.config", "--format", "modules.load", *given)
    result = run(CASES / "r01.dtb", *options)
    assert result.exit_code == 0
    assert names(result) == list(found)
