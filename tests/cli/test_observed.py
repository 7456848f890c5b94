"""dtlink devlink --observed."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dtlink.observed.command import BOARD_COMMAND
from tests.cli.conftest import Run
from tests.report.test_schema import SCHEMA, undescribed

BOARD = """
/dts-v1/;
/ { model = "A Board"; compatible = "x,board"; chosen { bootargs = "fw_devlink=off"; };
    osc: osc { compatible = "x,osc"; #clock-cells = <0>; };
    uart { compatible = "x,uart"; clocks = <&osc>; };
    spi { compatible = "x,spi"; clocks = <&osc>; };
};
"""
LIST = """\
devices/virtual/devlink/platform:osc--platform:uart/status:active
devices/virtual/devlink/platform:osc--platform:uart/sync_state_only:0
l 1 root root 0 Jan 1 devices/platform/osc/of_node -> ../../../firmware/devicetree/base/osc
l 1 root root 0 Jan 1 devices/platform/uart/of_node -> ../../../firmware/devicetree/base/uart
devices/platform/gone/waiting_for_supplier:1
[    0.000000] Linux version 6.1.0 (x)
[    0.000000] Kernel command line: console=ttyS0
"""


@pytest.fixture
def board(tmp_path: Path) -> Path:
    path = tmp_path / "board.dts"
    path.write_text(BOARD)
    return path


@pytest.fixture
def told(tmp_path: Path) -> Path:
    path = tmp_path / "board.txt"
    path.write_text(LIST)
    return path


def test_as_text(run: Run, board: Path, told: Path) -> None:
    result = run("devlink", board, "--observed", told)
    assert result.exit_code == 0, result.output
    assert "1 as predicted, 1 predicted but not found" in result.output
    assert "the consumer is not a device on the board (1)\n      /spi → /osc" in result.output
    assert "the board runs 6.1.0, the prediction is for 6.12 (--kernel-version)" in result.output
    assert "1 name of devices whose node is unknown\n    gone" in result.output


def test_the_boards_command_line_counts(run: Run, board: Path, told: Path) -> None:
    assert "fw_devlink=rpm" in run("devlink", board, "--observed", told).output
    assert "fw_devlink=off" in run("devlink", board).output
    told.write_text(LIST.replace("console=ttyS0", "fw_devlink=permissive"))
    result = run("devlink", board, "--observed", told)
    assert "fw_devlink=permissive" in result.output
    assert "(the board's log)" in result.output
    result = run("devlink", board, "--observed", told, "--cmdline", "fw_devlink=on")
    assert "fw_devlink=on" in result.output


def test_as_json(run: Run, board: Path, told: Path) -> None:
    result = run("devlink", board, "--observed", told, "--format", "json")
    assert result.exit_code == 0, result.output
    entry = json.loads(result.stdout)["inputs"][0]
    assert entry["devlink"]["device_links"]
    found = entry["observed"]
    assert [x["consumer"] for x in found["links"]["agreed"]] == ["/uart"]
    assert found["links"]["missing"] == [
        {
            "consumer": "/spi",
            "supplier": "/osc",
            "kind": "no-consumer",
            "why": "the consumer is not a device on the board",
            "detail": None,
        }
    ]
    assert found["unmapped"] == ["gone"]
    document = json.loads(result.stdout)
    errors = jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)
    assert [error.message for error in errors] == []
    assert undescribed(document, SCHEMA, SCHEMA) == []


def test_long_lists_are_cut(run: Run, board: Path, told: Path) -> None:
    names = "".join(f"devices/platform/gone{n}/waiting_for_supplier:1\n" for n in range(20))
    told.write_text(LIST + names)
    assert "… and 13 more (--all)" in run("devlink", board, "--observed", told).output
    result = run("devlink", board, "--observed", told, "--all")
    assert "gone19" in result.output
    assert "more (--all)" not in result.output


def test_beside_another_kernel(run: Run, board: Path, told: Path) -> None:
    result = run("devlink", board, "--observed", told, "--against", "6.1")
    assert result.exit_code == 0, result.output
    assert "on the board" in result.output


def test_a_board_that_told_nothing(run: Run, board: Path, told: Path) -> None:
    told.write_text("hello\n")
    result = run("devlink", board, "--observed", told)
    assert result.exit_code == 2
    assert f"{told}: nothing of device links" in result.output
    result = run("devlink", board, "--observed", told.parent / "none")
    assert result.exit_code == 2
    assert "No such file" in result.output


def test_from_standard_input(run: Run, board: Path) -> None:
    result = run("devlink", board, "--observed", "-", stdin=LIST.encode())
    assert result.exit_code == 0, result.output
    assert "1 as predicted" in result.output


def test_nothing_of_the_board_reaches_the_terminal(run: Run, board: Path, told: Path) -> None:
    told.write_text(LIST.replace("gone", "\x1b[31mgo\u202ene\x07"))
    result = run("devlink", board, "--observed", told)
    assert "\x1b" not in result.output
    assert "\x07" not in result.output


def test_the_help_has_the_command_in_one_line(run: Run) -> None:
    assert BOARD_COMMAND in run("devlink", "--help").output
