"""A board: each part of it is computed once, whichever rule, command or view asks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink.board.boards import board_of
from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.board.tree import TreeBoard
from dtlink.boot.devlink import predict as prediction
from dtlink.boot.devlink.effects import LinkEffect
from dtlink.boot.devlink.model import Device, FwnodeLink, LinkedPair, Prediction, PropertyEntry
from dtlink.boot.devlink.ordering import Ordering
from dtlink.boot.roles import Role
from dtlink.cli.main import cli
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.profile import KernelProfile
from dtlink.firmware import dts
from dtlink.firmware.acpi.machine import Machine
from dtlink.links import extract as extraction
from dtlink.testing.assemble import assemble
from dtlink.testing.sketch import sketch
from tests.support.boards import FIXTURES

PHONE = FIXTURES / "phone-soc.dtb"
CONFIG = "CONFIG_MODULES=y\nCONFIG_SCSI_UFS_QCOM=m\nCONFIG_ARM_SMMU=m\nCONFIG_MMC_SDHCI=m\n"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a tree was walked and a boot predicted."""
    counts: Counter[str] = Counter()

    def counted(module: object, name: str) -> None:
        whole = getattr(module, name)

        def call(*args: object, **options: object) -> object:
            counts[name] += 1
            return whole(*args, **options)

        monkeypatch.setattr(module, name, call)

    counted(prediction, "simulate")
    counted(extraction, "extract")
    return counts


@pytest.fixture
def kernel(tmp_path: Path) -> str:
    path = tmp_path / "config"
    path.write_text(CONFIG)
    return str(path)


def run(*args: object) -> str:
    done = CliRunner().invoke(cli, [str(each) for each in args])
    assert done.exit_code < 2, done.output
    return done.stdout


def test_lint_with_a_kernel_predicts_once_and_walks_no_property_twice(
    calls: Counter[str], kernel: str
) -> None:
    run("lint", PHONE, "--kernel", kernel, "--format", "json")
    # Once the properties that the kernel links, and once those of single vendors.
    assert calls == {"simulate": 1, "extract": 2}


def test_another_kernel_to_compare_with_is_predicted_once_more(calls: Counter[str]) -> None:
    run("lint", PHONE, "--against", "5.15", "--format", "json")
    assert calls == {"simulate": 2, "extract": 2}


def test_diff_predicts_once_for_each_side(calls: Counter[str], kernel: str, tmp_path: Path) -> None:
    other = tmp_path / "other.dtb"
    data = PHONE.read_bytes()
    other.write_bytes(data + bytes(4))  # no tree of the same bytes, which would not be looked at
    run("diff", PHONE, other, "--kernel", kernel, "--format", "json")
    # Of each, also what only vendors know: links are listed, and rules do not ask for it.
    assert calls == {"simulate": 2, "extract": 4}


@pytest.mark.parametrize("command", ["cycles", "order", "modules", "devlink"])
def test_a_command_predicts_once(command: str, calls: Counter[str], kernel: str) -> None:
    named = ["--kernel", kernel] if command == "modules" else []
    run(command, PHONE, *named)
    assert calls == {"simulate": 1, "extract": 2 if named else 1}


def test_no_part_is_computed_unless_it_is_asked_for(calls: Counter[str]) -> None:
    TreeBoard(dts.read_text("/ { };"), Settings(kernel="nowhere"))
    assert not calls


def test_the_factory_knows_both_kinds_of_firmware() -> None:
    settings = Settings(KernelVersion(6, 1))
    tree = board_of(dts.read_text("/ { };"), settings)
    tables = board_of(Machine.of(assemble("VIOT")), settings)
    assert (type(tree), type(tables)) == (TreeBoard, TablesBoard)
    assert tree.settings is tables.settings is settings


# The command line


TWO = '/ { chosen { bootargs = "fw_devlink=off quiet", "fw_devlink=on root=/dev/nvme0n1"; }; };'


def test_of_several_bootargs_the_first_counts_for_all(tmp_path: Path) -> None:
    """strscpy() of the property ends at the first NUL."""
    on = TreeBoard(dts.read_text(TWO))
    assert (on.bootargs, on.command_line) == (
        "fw_devlink=off quiet",
        CommandLine(fw_devlink="off"),
    )
    path = tmp_path / "board.dts"
    path.write_text(f"/dts-v1/; {TWO}")
    (item,) = json.loads(run("devlink", path, "--format", "json"))["inputs"]
    assert item["devlink"]["parsed_nodes"] == []
    assert "fw_devlink=off" in run("devlink", path)


DISKS = """
/ {
  chosen { bootargs = "BOOTARGS"; };
  soc {
    compatible = "simple-bus"; ranges;
    mmc@1 { compatible = "v,mmc"; };
    ethernet@2 { compatible = "v,net"; };
    sata@3 { compatible = "v,sata"; };
  };
};
"""


@pytest.mark.parametrize(
    ("bootargs", "cmdline", "media"),
    [
        ("", None, {"mmc@1", "sata@3"}),
        ("root=/dev/mmcblk0p2", None, {"mmc@1"}),
        ("root=/dev/mmcblk0p2", "root=/dev/sda1", {"sata@3"}),
        ("root=/dev/mmcblk0p2", "root=/dev/nfs", {"ethernet@2"}),
        ("root=/dev/mmcblk0p2", "quiet", {"mmc@1", "sata@3"}),
        ("root=/dev/sda1 root=/dev/mmcblk0p2", None, {"mmc@1"}),
    ],
)
def test_root_of_the_command_line_decides_roles(
    bootargs: str, cmdline: str | None, media: set[str]
) -> None:
    line = None if cmdline is None else CommandLine.parse(cmdline)
    tree = dts.read_text(DISKS.replace("BOOTARGS", bootargs))
    on = TreeBoard(tree, Settings(cmdline=line))
    roots = {node.name for node in tree if on.roles.of(node.index) is Role.ROOT}
    assert roots == media


def test_rules_about_modules_hear_of_root_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "board.dts"
    path.write_text(f"/dts-v1/; {DISKS.replace('BOOTARGS', 'root=/dev/mmcblk0p2')}")
    facts = sketch("off MMC drivers/mmc/host/v-mmc.c v,mmc\nbuilt-in SATA drivers/ata/v.c v,sata")
    for line, found in (("root=/dev/sda1", set()), (None, {"/soc/mmc@1"})):
        cmdline = None if line is None else CommandLine.parse(line)
        on = TreeBoard(dts.read_file(str(path)), Settings(cmdline=cmdline), facts=facts)
        lacking = {on.tree.path(node) for row in on.missing_drivers for node in row.suppliers}
        assert lacking == found


FRAME = """
/ {
  clk: clk { compatible = "v,clk"; #clock-cells = <0>; };
  chosen { framebuffer { compatible = "simple-framebuffer"; clocks = <&clk>; }; };
};
"""


@pytest.mark.parametrize(("line", "count"), [("", 1), ("clk_ignore_unused", 0), ("quiet", 1)])
def test_what_keeps_unused_clocks_on_may_be_on_the_command_line(line: str, count: int) -> None:
    from dtlink.rules.module.unused_cleanup import unused_cleanup

    facts = sketch("module FB drivers/video/simplefb.c simple-framebuffer")
    settings = Settings(cmdline=CommandLine.parse(line))
    on = TreeBoard(dts.read_text(FRAME), settings, facts=facts)
    assert len(list(unused_cleanup.check(on))) == count


def test_a_command_line_decides_for_tables_too() -> None:
    source = """
    IORT
      smmu: smmu-v3 base=0x9050000
      root-complex segment=0
        map count=0xffff output=smmu
    """
    facts = sketch("config ARM_SMMU_V3=y")
    plain = TablesBoard(Machine.of(assemble(source)), facts=facts)
    line = CommandLine.parse("initcall_blacklist=arm_smmu_driver_init")
    without = TablesBoard(Machine.of(assemble(source)), Settings(cmdline=line), facts=facts)
    assert plain.timeline is not None
    assert without.timeline is not None
    ends = [[each.comes.name for each in on.timeline.waits] for on in (plain, without)]
    assert ends == [["INITCALL"], ["NEVER"]]


# Ordering


def test_a_device_link_that_was_relaxed_is_not_ordered_when_it_is_gone() -> None:
    link = FwnodeLink("/a", "/b", False, False, (PropertyEntry("/a", "clocks", 0),), False, False)
    made = Prediction(
        kernel_version="6.12",
        view="full",
        devices=[Device("/a", "platform", "any"), Device("/b", "platform", "any")],
        parsed_nodes=["/a", "/b"],
        fwnode_links=[link],
        device_links=[],
        cycles=[],
        waiting=[],
        not_linked=[],
        refused=[],
        relaxed=[LinkedPair("/a", "/b")],
    )
    ordering = Ordering(made, KernelProfile.of())
    assert ordering.relaxes("/a", "/b")
    assert [ends for ends, _ in ordering.of(LinkEffect.RELAXED)] == [("/a", "/b")]
