"""Sources on which dtlink once fell short: cases beside the checkout, with their right answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def of_case(shared, run):
    """Run a command on a case."""

    def invoke(name, *options, command="lint"):
        path = shared / "cases" / "source" / f"{name}.dts"
        if not path.is_file():
            pytest.skip(f"no {path}")
        return run(command, path, *options)

    return invoke


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("env", ["/proc/self/environ", "/proc/self/environ", "/etc/hostname"]),
        ("incbin-dev-zero", ["/dev/zero"]),
        ("include-dev-zero", ["/dev/zero"]),
    ],
)
def test_devices_and_files_outside_the_tree_are_refused_by_name(
    of_case, name, refused, monkeypatch
):
    monkeypatch.setenv("SECRET", "canary-4d1f0c")
    run = of_case(name)
    assert run.exit_code == 2
    outside = "is outside the tree of the source and the include paths"
    lines = [line for line in run.stderr.splitlines() if ": error: " in line]
    assert len(lines) == len(refused)
    assert all(f"{path} {outside}" in line for path, line in zip(refused, lines, strict=True))
    assert "canary-4d1f0c" not in run.stdout + run.stderr
    if Path("/etc/hostname").is_file():
        assert Path("/etc/hostname").read_text(encoding="utf-8").strip() not in run.stdout


def test_a_path_below_a_label_opens_a_node(of_case):
    assert of_case("label-relative-path").exit_code == 0
    run = of_case("label-relative-path", command="preprocess")
    assert run.exit_code == 0
    lines = [line.split("/*")[0].strip() for line in run.stdout.splitlines()]
    assert lines.index("b {") < lines.index("c;")


def test_a_finding_is_where_the_property_is_set(of_case):
    run = of_case("line-of-override", "--format", "json")
    [found] = json.loads(run.stdout)["inputs"][0:1]
    [dangling] = [each for each in found["findings"] if each["rule"] == "phandle/dangling"]
    assert (dangling["location"]["line"], dangling["location"]["column"]) == (17, 12)


def test_the_commands_agree_about_a_cycle(of_case):
    name = "cycles-contradicts-lint"
    lint = of_case(name, "--select", "cycle/supplier-cycle", "--format", "json")
    [finding] = json.loads(lint.stdout)["inputs"][0]["findings"]
    shown = of_case(name, "--format", "json", command="cycles")
    [cycle] = json.loads(shown.stdout)["inputs"][0]["cycles"]
    pairs = {(each["consumer"], each["supplier"]) for each in cycle["relaxed"]}
    assert pairs == {("/pmic-a", "/pmic-b"), ("/pmic-b", "/pmic-a")}
    assert "relaxes pmic-a → pmic-b, pmic-b → pmic-a" in finding["consequence"]
    predicted = of_case(name, "--format", "json", command="devlink")
    links = json.loads(predicted.stdout)["inputs"][0]["devlink"]["fwnode_links"]
    named = {(each["consumer"], each["supplier"].removesuffix("/smps1")) for each in links}
    assert named == pairs
    assert all("CYCLE" in each["flags"] for each in links)
