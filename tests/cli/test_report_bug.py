"""``dtlink report-bug``: the findings can be seen again, and nothing private is in the file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dtlink
from dtlink.api.bug.privacy import NAMES
from dtlink.api.bug.report import BugReport
from dtlink.api.bug.source import dts
from dtlink.cli.main import cli
from dtlink.firmware.fdt_write import SourceNode, cells, strings, write
from dtlink.firmware.overlay.nodes import editable
from tests.support.boards import EVERY, FIXTURES, need_corpus

MAC = bytes.fromhex("02c0ffee5a17")
SERIAL = "SN-9912-ZQ7"
SECRETS = {
    "bootargs": "root=UUID=0b6c1e3a-93ad-4f0e-8f5c-2f6b1c1ad1f5 user=ada.l pass=hunter2secret",
    "bootargs-other": "ip=10.11.12.13",
    "u-boot,version": "built by ada@build-host.example",
    "hostname": "adas-machine",
    "asset-tag": "ACME-0042-INV",
    "vendor,wifi-psk": "correct horse battery",
    "build-path": "/data/jenkins/secret-project",
}


def board() -> SourceNode:
    """A board with a fault, and with all that a boot loader and a vendor may write into it."""
    root = SourceNode()
    root.properties |= {
        "compatible": strings("vendor,board"),
        "model": strings(f"Vendor board {SERIAL}"),
        "serial-number": strings(SERIAL),
        "#address-cells": cells(1),
        "#size-cells": cells(1),
    }
    chosen = root.child("chosen")
    chosen.properties |= {name: strings(text) for name, text in list(SECRETS.items())[:3]}
    chosen.properties["rng-seed"] = bytes.fromhex("5eedfeedc0de7a11") * 4
    chosen.properties["stdout-path"] = strings("/soc/serial@1000")
    loader = chosen.child("bootloader")
    loader.properties["build"] = strings(SECRETS["build-path"])
    system = root.child("system")
    system.properties |= {name: strings(text) for name, text in list(SECRETS.items())[3:]}
    system.properties["linux,serial"] = bytes.fromhex("10000000ab12cd34")
    system.properties["note"] = strings("/home/ada/src", "02:c0:ff:ee:5a:17", "ada@corp.example")
    soc = root.child("soc")
    soc.properties |= {
        "compatible": strings("simple-bus"),
        "#address-cells": cells(1),
        "#size-cells": cells(1),
        "ranges": b"",
    }
    ethernet = soc.child("ethernet@2000")
    ethernet.properties |= {
        "compatible": strings("vendor,gmac"),
        "reg": cells(0x2000, 0x100),
        "local-mac-address": MAC,
        "clocks": cells(0x99),
    }
    serial = soc.child("serial@1000")
    serial.properties |= {"compatible": strings("ns16550a"), "reg": cells(0x1000, 0x100)}
    return root


#: What must not be in a report, in any form that a report could have it.
PLANTED = [
    *SECRETS.values(),
    *("0b6c1e3a", "ada.l", "hunter2secret", "10.11.12.13", "ada@", "/home/ada", SERIAL, "jenkins"),
    *("02:c0:ff:ee:5a:17", "02 c0 ff ee 5a 17", "02c0ffee5a17", "0x2c0ffee", "5a 17"),
    *("5eedfeed", "0x5eedfeed", "5e ed fe ed", "ab12cd34", "0xab12cd34", "correct horse"),
    "adas-machine",
]


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["report-bug", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    folder = tmp_path / "home-of-ada" / "secret-project"
    folder.mkdir(parents=True)
    path = folder / "ada-board.dtb"
    path.write_bytes(write(board()))
    return path


@pytest.mark.parametrize("options", [(), ("--minimal",)], ids=" ".join)
@pytest.mark.parametrize("suffix", ["zip", "txt"])
def test_nothing_private_is_in_the_file(
    planted: Path, tmp_path: Path, suffix: str, options: tuple[str, ...]
):
    out = tmp_path / f"report.{suffix}"
    done = run(planted, "phandle/dangling", "-o", out, *options)
    assert done.exit_code == 0, done.output
    if suffix == "zip":
        with zipfile.ZipFile(out) as archive:
            members = {name: archive.read(name).decode() for name in archive.namelist()}
        assert sorted(members) == ["input.dts", "report.txt"]
        text = "\n".join(members.values())
    else:
        text = out.read_text(encoding="utf-8")
    for secret in (*PLANTED, "home-of-ada", "ada-board", str(tmp_path)):
        assert secret.lower() not in text.lower(), secret
    assert "phandle/dangling" in text
    assert "0x99" in text


def test_the_command_says_what_is_in_the_file(planted: Path, tmp_path: Path):
    done = run(planted, "phandle/dangling:/soc/ethernet@2000", "-o", tmp_path / "r.zip")
    for word in ("input.dts", "report.txt", "MAC address (", "serial number (", "seed", "/chosen"):
        assert word in done.output or word == "seed", done.output
    assert "nothing was sent" in done.output
    assert "phandle/dangling (1)" in done.output


def test_a_dash_is_the_text_on_standard_output(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    done = run(planted, "phandle/dangling", "-o", "-")
    run(planted, "phandle/dangling", "-o", "r.txt")
    assert done.exit_code == 0
    assert done.stdout == Path("r.txt").read_text(encoding="utf-8")
    assert "standard output:" in done.stderr
    assert "nothing was sent" in done.stderr
    assert not Path("-").exists()


def test_an_input_is_not_changed(planted: Path, tmp_path: Path):
    before = planted.read_bytes()
    run(planted, "-o", tmp_path / "r.txt")
    assert planted.read_bytes() == before


def test_what_the_packed_input_does_not_show_is_said(tmp_path: Path):
    root = board()
    root.child("chosen").properties["clocks"] = cells(0x77)
    path = tmp_path / "board.dtb"
    path.write_bytes(write(root))
    done = run(path, "phandle/dangling", "-o", tmp_path / "r.txt")
    report = BugReport.of(dtlink.read_tree(path), words=["phandle/dangling"])
    if report.lost:
        assert "not shown:" in done.output
        assert {each.subject.path for each in report.lost} == {"/chosen"}
    assert {each.subject.path for each in report.findings} == {"/soc/ethernet@2000"}


def test_parameters_that_decide_are_kept(tmp_path: Path):
    root = board()
    line = f"fw_devlink=permissive {SECRETS['bootargs']} deferred_probe_timeout=7"
    root.child("chosen").properties["bootargs"] = strings(line)
    path = tmp_path / "board.dtb"
    path.write_bytes(write(root))
    run(path, "phandle", "-o", tmp_path / "r.txt")
    text = (tmp_path / "r.txt").read_text(encoding="utf-8")
    assert "--cmdline 'fw_devlink=permissive deferred_probe_timeout=7'" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["phandle/dangling", "-o", "r.tar"], "name a .zip or a .txt"),
        (["phandle/danglin"], "did you mean phandle/dangling"),
        (["phandle/dangling:/soc/serial@1000", "-o", "r.txt"], "no such finding"),
    ],
)
def test_mistakes(planted: Path, words: list[str], message: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(planted.parent)
    done = CliRunner().invoke(cli, ["report-bug", str(planted), *words])
    assert message in done.output + (done.stderr if done.stderr_bytes else "")
    assert done.exit_code == 2
    assert not (planted.parent / "r.txt").exists()


def test_tables_can_be_read_again(tmp_path: Path):
    tables = FIXTURES.parent / "tables" / "arm-server-faults"
    out = tmp_path / "r.zip"
    assert run(tables, "iort", "-o", out).exit_code == 0
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path / "out")
    again = dtlink.read_tables(tmp_path / "out" / "tables.txt")
    before = dtlink.read_tables(tables)
    assert {name: each.data for name, each in again.tables.items()} == {
        name: each.data for name, each in before.tables.items()
    }


def same(one: SourceNode, two: SourceNode):
    assert one.properties == two.properties
    assert [each.name for each in one.children] == [each.name for each in two.children]
    for first, second in zip(one.children, two.children, strict=True):
        same(first, second)


@pytest.mark.parametrize("name", ["phone-soc", "pci-server", "phandle-faults", "clean-board"])
def test_the_source_makes_the_same_tree(name: str, tmp_path: Path):
    root = editable(dtlink.read_tree(FIXTURES / f"{name}.dtb"))
    source = tmp_path / "input.dts"
    source.write_text(dts(root), encoding="utf-8")
    same(editable(dtlink.read_tree(source)), root)


def test_names_that_no_source_can_have_are_left_out():
    root = SourceNode()
    root.properties['a"; /* '] = cells(1)
    root.child("b { };").properties["c"] = cells(2)
    root.properties["text"] = b'say "hi"\\\0'
    assert dts(root) == "/dts-v1/;\n/ {\n\ttext = [73 61 79 20 22 68 69 22 5c 00];\n};\n"


@pytest.mark.parametrize("name", ["phone-soc", "phandle-faults", "server-mmu-masters"])
@pytest.mark.parametrize("minimal", [False, True])
def test_the_same_findings_are_in_the_packed_input(name: str, minimal: bool, tmp_path: Path):  # noqa: FBT001
    tree = dtlink.read_tree(FIXTURES / f"{name}.dtb")
    report = BugReport.of(tree, minimal=minimal)
    assert report.lost == []
    source = tmp_path / "input.dts"
    source.write_bytes(report.files["input.dts"])
    found = {each.fingerprint for each in dtlink.lint(source, config=False).findings()}
    assert {each.fingerprint for each in report.findings} <= found


def test_a_tree_that_no_source_makes_is_a_blob(tmp_path: Path):
    board = FIXTURES / "phandle-duplicates.dtb"
    tree = dtlink.read_tree(board)
    report = BugReport.of(tree)
    assert report.lost == []
    again = dtlink.read_tree(report.files["input.dtb"])
    same(editable(again), editable(tree))
    with pytest.raises(dtlink.InputError, match=r"name a \.zip"):
        report.joined()
    assert run(board, "-o", tmp_path / "r.zip").exit_code == 0


def test_one_finding_needs_few_nodes():
    tree = dtlink.read_tree(FIXTURES / "phone-soc.dtb")
    report = BugReport.of(tree, words=["legacy/dead-property"], minimal=True)
    packed, whole = report.nodes
    assert packed < whole / 4
    assert report.lost == []


def test_the_same_report_has_the_same_bytes():
    tree = dtlink.read_tree(FIXTURES / "phone-soc.dtb")
    assert BugReport.of(tree).zipped() == BugReport.of(tree).zipped()


@pytest.mark.parametrize(
    ("name", "is_private"),
    [
        ("local-mac-address", True),
        ("mac-address", True),
        ("local-bd-address", True),
        ("ethaddr", True),
        ("serial-number", True),
        ("linux,serial", True),
        ("system-serial", True),
        ("kaslr-seed", True),
        ("system-id", True),
        ("wlan-psk", True),
        ("regulator-name", False),
        ("reg", False),
        ("serial-dir", False),
        ("#address-cells", False),
        ("linux,keycodes", False),
        ("gpio-key,wakeup", False),
        ("clock-names", False),
        ("hw-address-filter", True),
    ],
)
def test_names(name: str, is_private: bool):  # noqa: FBT001
    assert any(row.pattern.search(name) for row in NAMES) == is_private


def test_boards_of_the_corpus_lose_no_finding():
    for path in need_corpus()[:: EVERY * 5]:
        try:
            report = BugReport.of(dtlink.read_tree(path), minimal=True)
        except dtlink.InputError:
            continue
        assert report.lost == [], path
