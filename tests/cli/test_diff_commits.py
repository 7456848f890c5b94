"""diff of what commits of git have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dtlink
from dtlink.cli.diff import diff
from dtlink.testing.assemble import assemble
from tests.support.repositories import commit, git, needs_git, repository, write

pytestmark = needs_git

SOC = """/ {
  compatible = "example,board";
  clk: clock { compatible = "fixed-clock"; #clock-cells = <CELLS>; clock-frequency = <1>; };
  uart: serial { compatible = "example,uart"; clocks = <&clk 1>, <&clk 2>; };
};
"""
FILES = {
    "dts/a.dts": '/dts-v1/;\n#define CELLS 1\n#include "soc.dtsi"\n',
    "dts/b.dts": '/dts-v1/;\n#define CELLS 1\n#include "soc.dtsi"\n/ { b; };\n',
    "dts/soc.dtsi": SOC,
}


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = repository(tmp_path / "tree", FILES)
    git(top, "tag", "v1")
    write(top, {"dts/soc.dtsi": SOC.replace("CELLS", "0"), "dts/c.dts": FILES["dts/b.dts"]})
    commit(top)
    git(top, "tag", "v2")
    write(top, {"dts/soc.dtsi": SOC.replace("serial", "uart")})
    monkeypatch.chdir(top)
    return top


TABLES = """
IORT
  its: its-group ids=0
  root-complex segment=0
    map count=0xffff output=its
APIC
  its id=0 base=0x8080000
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(diff, arguments)


def changes(*arguments: str) -> dict[str, tuple[list[str], list[str]]]:
    """The rules of the findings that each pair gained and lost."""
    done = run(*arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    found = {}
    for item in json.loads(done.stdout)["inputs"]:
        rows = item["diff"]["changes"].get("findings", {"gained": [], "lost": []})
        gained, lost = ([each["rule"] for each in rows[key]] for key in ("gained", "lost"))
        found[item["path"]] = gained, lost
    return found


@pytest.mark.usefixtures("top")
def test_a_commit_and_the_disk():
    assert changes("v2:dts/a.dts", "dts/a.dts") == {"dts/a.dts": ([], ["phandle/dangling"])}


@pytest.mark.usefixtures("top")
def test_two_commits():
    gained = {"v2:dts/a.dts": (["phandle/dangling"], [])}
    assert changes("v1:dts/a.dts", "v2:dts/a.dts") == gained
    assert changes("v1:dts/a.dts", "HEAD:./dts/a.dts").popitem()[1] == gained.popitem()[1]
    assert "nothing changed" in run("v1:dts/a.dts", "v2~:dts/a.dts").output


@pytest.mark.usefixtures("top")
def test_folders():
    found = changes("v1:dts", "v2:dts/")
    assert list(found) == ["v2:dts/a.dts", "v2:dts/b.dts", "v2:dts/c.dts"]
    assert found["v2:dts/a.dts"] == found["v2:dts/b.dts"] == (["phandle/dangling"], [])
    assert set(changes("v1:", ".")) == {"./dts/a.dts", "./dts/b.dts", "./dts/c.dts"}


def test_from_a_folder_below(top, monkeypatch):
    monkeypatch.chdir(top / "dts")
    assert list(changes("v1:./a.dts", "v2:dts/a.dts")) == ["v2:dts/a.dts"]
    assert "written v1:./a.dts" in run("v1:a.dts", "a.dts").stderr


def test_a_file_with_a_colon_in_its_name(top):
    write(top, {"v1:x.dts": "/dts-v1/; / { };"})
    assert "nothing changed" in run("v1:x.dts", "v1:x.dts").output
    assert "not in commit" in run("v1:y.dts", "v1:x.dts").stderr


def test_a_saved_report_in_a_commit(top):
    write(top, {"report.json": json.dumps(dtlink.lint("dts/a.dts").to_dict())})
    commit(top)
    assert run("HEAD:report.json", "dts/a.dts").exit_code == 0


def test_blobs(top):
    from dtlink.firmware.fdt_write import SourceNode
    from dtlink.firmware.fdt_write import write as blob

    write(top, {"out/x.dtb": blob(SourceNode("", {"model": b"x\0"}))})
    commit(top)
    assert "nothing changed" in run("HEAD:out/x.dtb", "out/x.dtb").output
    write(top, {"out/x.dtb": blob(SourceNode("", {"model": b"y\0"}))})
    (item,) = dtlink.diff("HEAD:out/x.dtb", "out/x.dtb").inputs
    assert (item.view.old.model, item.view.new.model) == ("x", "y")


# What is named, and what is said of it.
WRONG = {
    "no:dts/a.dts": "no:dts/a.dts: no such file, and there is no commit no in",
    "--output=x:dts/a.dts": "x:dts/a.dts: No such file or directory",
    "v1:dts/none.dts": "v1:dts/none.dts: not in commit",
    "v1:../a.dts": "not in commit",
    "v1:/etc/passwd": "not in commit",
    "HEAD:.git/config": "not in commit",
    ":dts/a.dts": "",
}


@pytest.mark.parametrize(("named", "said"), WRONG.items(), ids=WRONG)
def test_what_is_not_there(named, said, top):
    done = run(named, "dts/a.dts")
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (top / "x").exists()


def test_a_folder_of_tables(top):
    for signature, data in assemble(TABLES).items():
        write(top, {f"tables/{signature.lower()}.dat": data})
    commit(top)
    text = TABLES.replace("count=0xffff", "count=0xff")
    for signature, data in assemble(text).items():
        write(top, {f"tables/{signature.lower()}.dat": data})
    (item,) = dtlink.diff("HEAD:tables", "tables").inputs
    assert (item.form, item.error, item.view.same) == ("acpi-folder", None, False)
    git(top, "checkout", "-q", "tables")
    (item,) = dtlink.diff("HEAD:tables", "tables").inputs
    assert item.view.same
    (item,) = dtlink.diff("HEAD:tables/iort.dat", "tables/iort.dat").inputs
    assert item.view.same


def test_faults_of_a_commit_are_told_from_those_of_the_disk(top):
    wrong = "/ { a = <&none>; };\n"
    write(top, {"dts/soc.dtsi": "\n" + wrong})
    name = commit(top)[:12]
    write(top, {"dts/soc.dtsi": wrong})
    said = run("HEAD:dts/a.dts", "dts/a.dts").stderr
    assert f"In file included from {name}:dts/a.dts:3:" in said
    assert f"{name}:dts/soc.dtsi:2:5: error: a: no node &none" in said
    assert "\ndts/soc.dtsi:1:5: error: a: no node &none" in said


def test_no_devicetree_in_a_folder(top):
    write(top, {"doc/x.txt": "x"})
    commit(top)
    done = run("HEAD:doc", "dts")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "HEAD:doc: no devicetree and no ACPI table in this folder" in done.stderr


@pytest.mark.usefixtures("top")
def test_the_library():
    (item,) = dtlink.diff("v1:dts/a.dts", "v2:dts/a.dts").inputs
    assert [each.rule for each in item.view.findings.gained] == ["phandle/dangling"]


def test_an_untouched_source_is_read_once_and_as_configured(top, tmp_path):
    write(tmp_path, {"more/x.dtsi": "/ { };\n"})
    write(top, {"dts/x.dts": "/dts-v1/;\n#include <x.dtsi>\n", "dts/y.dts": "/dts-v1/;\n/ {\n"})
    commit(top)
    report = dtlink.diff("HEAD:dts", "dts", include=str(tmp_path / "more"))
    items = {Path(item.path).name: item for item in report.inputs}
    assert items["x.dts"].error is None
    assert items["x.dts"].view.same
    assert items["y.dts"].error is not None
    assert items["y.dts"].refused == []
