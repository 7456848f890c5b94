"""``lint --lspci`` and ``--iomem``: options, keys of a configuration, the library, errors."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

import dtlink
from dtlink.testing.assemble import assemble
from tests.cli.conftest import Run

TABLES = """\
DMAR
  drhd base=0xfed90000
    endpoint hops="1c.0"
  drhd base=0xfed91000 flags=1
  rmrr base=0x7b800000 last=0x7fffffff
    endpoint hops="02.0"
"""
LSPCI = """\
00:02.0 VGA compatible controller [0300]: Intel Corporation Device [8086:0162]
\tControl: I/O+ Mem+ BusMaster+
\tCapabilities: <access denied>

00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:1e10] (rev c4)
\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0
\tCapabilities: <access denied>
"""
IOMEM = "00100000-7fffffff : System RAM\n"


class Machine:
    """A folder with the tables and what the machine shows."""

    def __init__(self, folder: Path) -> None:
        self.tables = folder / "tables"
        self.tables.mkdir()
        (self.tables / "DMAR.dat").write_bytes(assemble(TABLES)["DMAR"])
        self.lspci, self.iomem = folder / "lspci.txt", folder / "iomem.txt"
        self.lspci.write_text(LSPCI)
        self.iomem.write_text(IOMEM)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def rules(text: str) -> set[str]:
    return {each["rule"] for item in json.loads(text)["inputs"] for each in item["findings"]}


def test_what_the_machine_shows_is_asked(run: Run, machine: Machine) -> None:
    alone = run("lint", machine.tables, "--format", "json")
    assert (alone.exit_code, rules(alone.stdout)) == (0, set())
    given = ("--lspci", machine.lspci, "--iomem", machine.iomem)
    result = run("lint", machine.tables, *given, "--format", "json")
    assert result.exit_code == 1
    assert rules(result.stdout) == {"dmar/scope-type", "dmar/unreserved-region"}
    assert result.stderr == ""
    named = json.loads(result.stdout)["machine"]
    assert {option: [each["path"] for each in files] for option, files in named.items()} == {
        "lspci": [str(machine.lspci)],
        "iomem": [str(machine.iomem)],
    }
    assert named["lspci"][0]["sha256"] == sha256(LSPCI.encode()).hexdigest()
    assert "machine" not in json.loads(alone.stdout)


def test_the_listing_may_come_from_a_pipe(run: Run, machine: Machine) -> None:
    result = run("lint", machine.tables, "--lspci", "-", "--format", "json", stdin=LSPCI.encode())
    assert rules(result.stdout) == {"dmar/scope-type"}


def test_keys_of_a_configuration(run: Run, machine: Machine) -> None:
    config = machine.tables.parent / "dtlink.toml"
    config.write_text('lspci = "lspci.txt"\niomem = "iomem.txt"\n')
    result = run("lint", machine.tables, "--config", config, "--format", "json")
    assert rules(result.stdout) == {"dmar/scope-type", "dmar/unreserved-region"}


def test_the_library_takes_the_same(machine: Machine) -> None:
    board = dtlink.Board.read(machine.tables, lspci=machine.lspci, iomem=machine.iomem)
    found = {each.rule for each in board.lint().findings()}
    assert found == {"dmar/scope-type", "dmar/unreserved-region"}
    report = dtlink.lint(machine.tables, lspci=machine.lspci, config=False)
    assert {each.rule for each in report.findings()} == {"dmar/scope-type"}


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--lspci", "no listing\n", "no PCI function in it: the output of lspci -vvnn"),
        ("--iomem", "00000000-00000000 : Reserved\n", "all addresses are 0: only root"),
        ("--iomem", "", "no memory map in it: a copy of /proc/iomem"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_status_2(
    run: Run, machine: Machine, option: str, text: str, message: str
) -> None:
    path = machine.tables.parent / "wrong.txt"
    path.write_text(text)
    for given in (path, machine.tables.parent / "missing.txt"):
        result = run("lint", machine.tables, option, given)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"dtlink: {given}: ")
        assert result.stderr.count("\n") == 1
    assert message in run("lint", machine.tables, option, path).stderr


def test_a_listing_without_bridges_is_said(run: Run, machine: Machine) -> None:
    machine.lspci.write_text("".join(line for line in LSPCI.splitlines(True) if line[0] != "\t"))
    result = run("lint", machine.tables, "--lspci", machine.lspci)
    assert result.exit_code == 0
    assert f"{machine.lspci}: the bus numbers of bridges are missing" in result.stderr
