"""Inputs that are members of a container: the seam, shown with a toy format of the test's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from junitparser import JUnitXml

import dtlink
from dtlink import engine
from dtlink.cli.main import cli
from dtlink.engine.pool import Processes
from dtlink.firmware.containers import opening
from dtlink.firmware.containers.formats import Container
from dtlink.firmware.containers.model import Contents, Part
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.report.baseline import read
from tests.support.boards import FIXTURES

MAGIC = b"TOYS\0"
FAULTS = (FIXTURES / "phandle-duplicates.dtb").read_bytes()
CLEAN = b'/dts-v1/; / { model = "clean"; };'


def pack(**members: bytes) -> bytes:
    parts = (f"{name} {len(data)}\n".encode() + data for name, data in members.items())
    return MAGIC + b"".join(parts)


def toys(data: bytes) -> Contents:
    """The whole reader of a format: one function from bytes to members."""
    found: list[Part] = []
    at = len(MAGIC)
    while at < len(data):
        line, _, _ = data[at:].partition(b"\n")
        name, _, size = line.decode().partition(" ")
        if not size.isdigit():
            raise InputError("a member without its size", offset=at)
        at += len(line) + 1
        found.append(Part(name, data[at : at + int(size)], at))
        at += int(size)
    return Contents(found)


TOY = Container("toy", lambda data: data.startswith(MAGIC), toys)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A container with two devicetrees, in a folder of its own, and its format registered."""
    monkeypatch.setattr(opening, "CONTAINERS", (TOY,))
    path = tmp_path / "box.dtb"
    path.write_bytes(pack(one=FAULTS, two=FAULTS))
    monkeypatch.chdir(tmp_path)
    return path


def lint(*args: str) -> Result:
    return CliRunner().invoke(cli, ["lint", "-j", "1", *args])


@pytest.mark.parametrize("named", ["box.dtb", "."])
def test_a_container_stands_for_its_members(box: Path, named: str) -> None:
    path = str(Path(named) / box.name) if named == "." else named
    found = [(Path(each.path).name, each.member) for each in engine.expand([named])]
    assert found == [("box.dtb", "one"), ("box.dtb", "two")], path


def test_text_names_both(box: Path) -> None:
    output = lint(box.name).output
    assert " boards: box.dtb!one, box.dtb!two\n" in output


def test_json_has_a_member_where_there_is_one(box: Path) -> None:
    (box.parent / "alone.dtb").write_bytes(FAULTS)
    inputs = json.loads(lint("--format", "json", "box.dtb", "alone.dtb").output)["inputs"]
    assert [(each["path"], each.get("member")) for each in inputs] == [
        ("box.dtb", "one"),
        ("box.dtb", "two"),
        ("alone.dtb", None),
    ]
    hashes = {each["sha256"] for each in inputs}
    assert len(hashes) == 1, "the hash is the member's, not the container's"


def test_junit_has_a_suite_for_each(box: Path) -> None:
    document = JUnitXml.fromstring(lint("--format", "junit", box.name).output)
    assert [suite.name for suite in document] == ["box.dtb!one", "box.dtb!two"]


def test_sarif_has_the_members_as_artifacts_of_the_container(box: Path) -> None:
    (run,) = json.loads(lint("--format", "sarif", box.name).output)["runs"]
    artifacts = [(each["location"]["uri"], each.get("parentIndex")) for each in run["artifacts"]]
    assert artifacts == [("box.dtb", None), ("/one", 0), ("/two", 0)]
    texts = [each["message"]["text"] for each in run["results"]]
    assert {text.rpartition("Where: ")[2].partition(":")[0] for text in texts} == {"one", "two"}


@pytest.mark.parametrize("form", ["github", "gitlab", "markdown"])
def test_other_formats_name_both(box: Path, form: str) -> None:
    output = lint("--format", form, box.name).output
    assert "one" in output
    assert "two" in output


def test_a_baseline_tells_the_members_apart(box: Path) -> None:
    lint("--baseline", "known.json", "--write-baseline", box.name)
    assert {each.entry.input for each in read("known.json").entries} == {
        "box.dtb!one",
        "box.dtb!two",
    }
    box.write_bytes(pack(one=FAULTS, three=FAULTS))
    report = json.loads(lint("--baseline", "known.json", "--format", "json", box.name).output)
    one, three = report["inputs"]
    assert not one["findings"]
    assert three["findings"]


def test_in_other_processes(box: Path) -> None:
    if engine.runner.os.name != "posix":
        pytest.skip("other systems start processes that know nothing of this test's format")
    task = engine.Task(tree=nodes)
    with Processes(2, fork=True) as pool:
        reports = list(engine.run([*engine.expand([str(box)])] * 2, task, jobs=pool))
    assert [each.name for each in reports] == [f"{box}!one", f"{box}!two"] * 2
    assert {each.references for each in reports} == {19}


def nodes(tree: dtlink.firmware.tree.Tree) -> dict[str, int]:
    return {"references": len(tree)}


def test_source_in_a_container(box: Path) -> None:
    box.write_bytes(pack(one=CLEAN))
    (report,) = engine.run(list(engine.expand([str(box)])), engine.Task(tree=nodes))
    assert (report.error, report.form, report.model) == (None, "dts", "clean")


def test_a_damaged_container_is_reported_once(box: Path) -> None:
    box.write_bytes(MAGIC + b"broken")
    result = lint(box.name)
    assert result.exit_code == 2
    assert list(engine.expand([box.name])) == [Input("box.dtb")]
    assert "box.dtb" in result.output


def test_a_member_that_is_not_there(box: Path) -> None:
    report = engine.process(Input(str(box), "four"), engine.Task(tree=nodes), digest=False)
    assert report.error is not None
    assert report.error.message == "the toy has no member 'four'; there is one, two"
