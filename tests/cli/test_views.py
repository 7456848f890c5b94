"""links, cycles, order, why, rules, explain."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def part(run: Run, command: str, *args: object) -> object:
    result = run(command, *args, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["inputs"][0][command]


def test_links_say_who_needs_whom_and_whether_the_kernel_follows(run: Run, fixtures: Path) -> None:
    found = part(run, "links", fixtures / "server-mmu-masters.dtb", "--binding", "mmu-masters")
    assert found
    for link in found:
        assert "iommu@" in link["supplier"]
        assert "iommu@" in link["node"]
        assert not link["followed"]
    sata = next(link for link in found if link["consumer"].endswith("sata@d4000000"))
    assert sata["args"]


def test_links_depend_on_the_kernel(run: Run, fixtures: Path) -> None:
    board = fixtures / "pci-server.dtb"
    old, new = (
        {
            (link["consumer"], link["property"])
            for link in part(run, "links", board, "--kernel-version", version)
            if link["followed"]
        }
        for version in ("6.1", "6.12")
    )
    assert any(name == "interrupt-map" for _, name in new)
    assert not any(name == "interrupt-map" for _, name in old)


def test_links_text_names_entry_and_arguments(run: Run, fixtures: Path) -> None:
    text = run("links", fixtures / "clean-board.dtb").output
    assert "iommus[0]" in text
    assert "optional: followed with fw_devlink.strict=1 only" in text


def test_cycles_show_a_chain(run: Run, fixtures: Path) -> None:
    found = part(run, "cycles", fixtures / "phone-soc.dtb")
    assert found
    for cycle in found:
        chain = cycle["chain"]
        assert cycle["breaks"]
        assert [step["supplier"] for step in chain] == [
            step["consumer"] for step in chain[1:] + chain[:1]
        ]
    assert "no cycles" in run("cycles", fixtures / "clean-board.dtb").output


def test_cycles_tell_what_the_kernel_relaxes(run: Run, fixtures: Path) -> None:
    found = part(run, "cycles", fixtures / "phone-soc.dtb")
    supply = next(cycle for cycle in found if "/regulator-cam-boost" in cycle["nodes"])
    pairs = {(step["consumer"], step["supplier"]) for step in supply["relaxed"]}
    pmic = "/soc@0/geniqup@980000/i2c@994000/pmic@8"
    assert pairs == {(pmic, "/regulator-cam-boost"), ("/regulator-cam-boost", pmic)}
    assert supply["links"] == 2
    # With fw_devlink.strict off, the kernel does not follow iommus.
    gpu = next(cycle for cycle in found if "/soc@0/iommu@3da0000" in cycle["nodes"])
    assert gpu["relaxed"] == []
    text = run("cycles", fixtures / "phone-soc.dtb").output
    assert "the kernel relaxes all its links" in text
    assert "the kernel relaxes none of its links" in text


def test_order_puts_suppliers_into_earlier_waves(run: Run, fixtures: Path) -> None:
    board = fixtures / "clean-board.dtb"
    wave = {
        path: number for number, paths in enumerate(part(run, "order", board)) for path in paths
    }
    devlink = part(run, "devlink", board)
    assert wave.keys() == {device["node"] for device in devlink["devices"]}
    assert devlink["device_links"]
    for link in devlink["device_links"]:
        assert wave[link["supplier"]] < wave[link["consumer"]], link
    for path, number in wave.items():
        above = path.rpartition("/")[0]
        assert above not in wave or wave[above] < number


def test_the_order_is_the_one_of_a_kernel(run: Run, fixtures: Path) -> None:
    board = fixtures / "clean-board.dtb"
    assert len(part(run, "order", board)) > len(
        part(run, "order", board, "--kernel-version", "5.10")
    )


@pytest.mark.parametrize("name", ["/soc@0/usb@a800000", "usb@a800000"])
def test_why_by_path_and_by_name(run: Run, fixtures: Path, name: str) -> None:
    told = part(run, "why", fixtures / "phone-soc.dtb", name)
    assert told["node"] == "/soc@0/usb@a800000"
    assert any(need["property"] == "clocks" for need in told["suppliers"])


def test_why_tells_each_supplier_once(run: Run, fixtures: Path) -> None:
    told = part(run, "why", fixtures / "phone-soc.dtb", "usb@a800000")
    seen = set()
    todo = told["suppliers"][::-1]
    while todo:
        need = todo.pop()
        assert need["told_above"] == (need["supplier"] in seen)
        assert not (need["told_above"] and need["suppliers"])
        seen.add(need["supplier"])
        todo += need["suppliers"][::-1]


def test_why_marks_what_the_kernel_relaxes(run: Run, fixtures: Path) -> None:
    board, phy = fixtures / "phone-soc.dtb", "/soc@0/display-subsystem@ae00000/phy@ae94400"
    marks = {
        (need["supplier"], need["property"]): need["relaxed"]
        for need in part(run, "why", board, phy)["suppliers"]
    }
    assert marks["/soc@0/clock-controller@af00000", "clocks"]
    assert not marks["/soc@0/display-subsystem@ae00000", None]
    assert "(relaxed: part of a cycle, not ordered)" in run("why", board, phy).output


def test_why_of_an_unknown_node_names_near_ones(run: Run, fixtures: Path) -> None:
    result = run("why", fixtures / "phone-soc.dtb", "usb@0")
    assert result.exit_code == 2
    assert "/soc@0/usb@a800000" in result.stderr


def test_rules_and_explain(run: Run) -> None:
    assert "phandle/dangling" in run("rules").output
    page = run("explain", "phandle/dangling").output
    assert "What to do:" in page
    assert "Bad:" in page


def test_explain_guesses(run: Run) -> None:
    result = run("explain", "dangling")
    assert result.exit_code == 2
    assert "did you mean phandle/dangling?" in result.stderr


@pytest.mark.parametrize("version", ["6", "x.y", "4.19", "99.0"])
def test_kernel_versions_that_are_not_known_are_wrong_usage(
    run: Run, fixtures: Path, version: str
) -> None:
    result = run("links", fixtures / "clean-board.dtb", "--kernel-version", version)
    assert result.exit_code == 2
