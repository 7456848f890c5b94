"""How devicetree source is read: the options of every command that reads a tree."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from dtlink.cli.completion import VARIABLE
from dtlink.cli.main import cli
from dtlink.testing.assemble import assemble
from tests.cli.conftest import ROOT, Run
from tests.cli.test_diff import TABLES

#: A machine whose SoC is in a folder of headers, and whose SMMU is there if ``SMMU`` is defined.
BOARD = '/dts-v1/;\n#include "soc.dtsi"\n'
SOC = """
/ {
  #address-cells = <2>; #size-cells = <2>; compatible = "linux,dummy-virt"; model = "board";
#if SMMU == 2
  smmu: iommu@9050000 {
    compatible = "arm,smmu-v3"; reg = <0 0x9050000 0 0x20000>; #iommu-cells = <1>;
  };
#endif
  its: msi@8080000 {
    compatible = "arm,gic-v3-its"; reg = <0 0x8080000 0 0x20000>; msi-controller; #msi-cells = <1>;
  };
  pcie@10000000 {
    device_type = "pci"; #address-cells = <3>; #size-cells = <2>;
    reg = <0 0x10000000 0 0x10000000>; ranges; bus-range = <0 255>;
    iommu-map = <0 &smmu 0 0x10000>;
    msi-map = <0 &its 0 0x10000>;
  };
};
"""
KERNEL = ("--kernel", str(ROOT / "fixtures" / "kernel"))
LOG = str(ROOT / "fixtures" / "kernel" / "boot.log")
#: Commands, with ``{board}`` for the source.
COMMANDS = (
    ("lint", "{board}"),
    ("links", "{board}"),
    ("cycles", "{board}"),
    ("devlink", "{board}"),
    ("order", "{board}"),
    ("why", "{board}", "/pcie@10000000"),
    ("preprocess", "{board}"),
    ("diff", "{board}", "{board}"),
    ("diff", "--same-machine", "{board}", "{tables}"),
    ("drivers", "{board}", *KERNEL),
    ("modules", "{board}", "/pcie@10000000", *KERNEL),
    ("log", LOG, "--dtb", "{board}"),
)


class Machine(NamedTuple):
    """A board whose headers are elsewhere, and the machine's ACPI tables."""

    board: Path
    tables: Path
    headers: Path

    def words(self, command: tuple[str, ...]) -> list[str]:
        return [word.format(board=self.board, tables=self.tables) for word in command]

    @property
    def options(self) -> tuple[str, ...]:
        return "-I", str(self.headers), "--define", "SMMU=2"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = Machine(tmp_path / "boards/board.dts", tmp_path / "tables", tmp_path / "headers")
    for folder in (found.board.parent, found.tables, found.headers):
        folder.mkdir()
    found.board.write_text(BOARD)
    (found.headers / "soc.dtsi").write_text(SOC)
    for signature, data in assemble(TABLES).items():
        (found.tables / f"{signature}.bin").write_bytes(data)
    return found


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_that_reads_a_tree_takes_them(
    command: tuple[str, ...], run: Run, machine: Machine
) -> None:
    words = machine.words(command)
    without = run(*words)
    assert without.exit_code == 2, without.output
    assert "soc.dtsi" in without.stderr
    found = run(*words, *machine.options)
    assert found.exit_code < 2, found.output
    assert "soc.dtsi" not in found.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_reads_source_as_it_is_configured(
    command: tuple[str, ...], run: Run, machine: Machine
) -> None:
    configuration = machine.board.parent / "dtlink.toml"
    configuration.write_text('include = "../headers"\ndefine = ["SMMU=2"]\n')
    found = run(*machine.words(command))
    assert found.exit_code < 2, found.output
    assert "soc.dtsi" not in found.stderr


def test_the_command_line_wins_over_the_configuration(run: Run, machine: Machine) -> None:
    configuration = machine.board.parent / "dtlink.toml"
    configuration.write_text('include = "../headers"\ndefine = ["SMMU=2"]\n')
    assert "no node" not in run("why", machine.board, "/iommu@9050000").stderr
    other = run("why", machine.board, "/iommu@9050000", "-D", "SMMU=1")
    assert other.exit_code == 2
    assert "smmu" in other.stderr


def test_a_configuration_that_cannot_be_read_ends_the_command(run: Run, machine: Machine) -> None:
    configuration = machine.board.parent / "dtlink.toml"
    configuration.write_text("include = 1\n")
    found = run("cycles", machine.board)
    assert found.exit_code == 2
    assert "include: a path or an array of paths is needed" in found.stderr


@pytest.mark.parametrize("word", ["1X", "=1", "A B=1", "A(x)=x"])
def test_what_is_no_macro_is_a_usage_error(word: str, run: Run, machine: Machine) -> None:
    for command in ("lint", "cycles"):
        found = run(command, machine.board, "-D", word)
        assert found.exit_code == 2
        assert "a name is needed, or NAME=TEXT" in found.stderr


def test_a_header_outside_the_tree_has_to_be_allowed(run: Run, machine: Machine) -> None:
    machine.board.write_text('/dts-v1/;\n#include "../headers/soc.dtsi"\n')
    refused = run("order", machine.board, "-D", "SMMU=2")
    assert refused.exit_code == 2
    assert "outside the tree" in refused.stderr
    allowed = run("order", machine.board, "-D", "SMMU=2", "--allow-include", machine.headers)
    assert allowed.exit_code == 0, allowed.output


def test_nodes_are_completed_as_the_options_before_them_have_it(machine: Machine) -> None:
    words = ["dtlink", "why", *machine.options, str(machine.board), "/iommu"]
    env = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    result = CliRunner().invoke(cli, [], prog_name="dtlink", env={**env, VARIABLE: "bash_complete"})
    assert "/iommu@9050000" in result.stdout
