"""lint --fix of blobs: how many attempts fixes take that do not prove right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from dtlink.api import fixing_whole
from dtlink.engine.fixing import whole
from dtlink.engine.fixing.proof import Problem
from dtlink.firmware import dts, fdt
from dtlink.firmware.edits import Edit, SetProperty
from tests.cli.test_fix_whole import run, values


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_is_at_one_of_two_nodes_of_a_path_has_no_edits() -> None:
    """The path of the second leads to the first, which edits would change instead."""
    tree = """/ {
	a { phandle = <0x51>; };
	b { phandle = <0x52>; child { phandle = <0x53>; }; };
	c { phandle = <0x54>; child { phandle = <0x55>; }; };
	d { phandle = <0x56>; };
};
"""
    blob = dts.read_text(tree).blob.replace(b"\0\0\0\1c\0", b"\0\0\0\1b\0")
    blob = re.sub(rb"\0\0\0[\x51-\x56]", b"\0\0\0\1", blob)
    assert len(fdt.read(blob).repeated_paths) == 2
    Path("b.dtb").write_bytes(blob)
    done = run("b.dtb", "--fix", "--select", "phandle/duplicate-phandle", "--blob-out", "n.dtb")
    assert done.stderr == "dtlink: b.dtb: 1 finding fixed: n.dtb\n"
    assert "phandle" not in values("n.dtb", "/d")
    assert fdt.read(Path("n.dtb").read_bytes())[2].phandle == 1


def test_attempts_at_fixes_that_prove_wrong_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[int] = []

    def wrong(*_: object) -> Problem:
        attempts.append(1)
        return Problem("it is still found")

    monkeypatch.setattr(whole, "problem", wrong)
    nodes = "".join(f"n{at} {{ phandle = <{0x51000000 + at}>; }};" for at in range(200))
    blob = dts.read_text(f"/ {{ {nodes} }};").blob
    Path("b.dtb").write_bytes(re.sub(rb"\x51\0\0.", b"\0\0\0\1", blob, flags=re.DOTALL))
    done = run("b.dtb", "--fix", "--select", "phandle/duplicate-phandle", "--blob-out", "n.dtb")
    assert len(attempts) == 32
    told = done.stderr.splitlines()
    assert told[-1].endswith("not tried: the limit of 32 attempts for one input is reached")
    assert len(told) == 1 + 199


def test_what_a_report_points_at_is_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One fix of many that proves wrong takes two attempts more, not as many as halves need."""
    tree = "".join(f'd{at} {{ compatible = "x,d"; status = "okey"; }};' for at in range(40))
    Path("b.dtb").write_bytes(dts.read_text(f"/ {{ {tree} }};").blob)
    attempts: list[int] = []
    change = whole.changed

    def changed(firmware: whole.Firmware, edits: Sequence[Edit]) -> whole.Firmware:
        attempts.append(len(edits))
        return change(
            firmware,
            [
                each
                for each in edits
                if not (isinstance(each, SetProperty) and each.node.path == "/d7")
            ],
        )

    monkeypatch.setattr(fixing_whole, "changed", changed)
    done = run("b.dtb", "--fix", "--unsafe-fixes", "--select", "tree/status", "--blob-out", "n.dtb")
    assert "39 findings fixed" in done.stderr
    assert "/d7: tree/status: taken back" in done.stderr
    assert attempts == [40, 39, 40]
