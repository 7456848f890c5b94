"""A boot log explained, as data and as text."""

from pathlib import Path

from dtlink.observed.bootlog.read import parse
from dtlink.views.log import LogView
from tests.views.boards import board, command, data, shown

HEAD = b"""\
[    0.000000] Linux version 6.12.1-x (a@b) (gcc 12) #1 SMP
[    0.000000] Kernel command line: console=ttyS0
"""
CYCLE = b"[    0.100000] /a: Fixed dependency cycle(s) with /b\n"
WAITS = b"[   13.1] platform a: deferred probe pending: platform: wait for supplier /b\n"
TREE = 'a { compatible = "a"; clocks = <&b>; }; b: b { compatible = "b"; #clock-cells = <0>; };'


def test_a_log_without_problems():
    view = LogView.of(parse(HEAD + CYCLE))
    assert not view.explanation.harmful
    assert shown(view.text("dmesg")) == [
        "dmesg · Linux 6.12.1-x · 3 lines",
        "",
        "no problems found (1 harmless line hidden, --all shows them)",
    ]


def test_a_cause_has_effects_and_a_fix():
    view = LogView.of(parse(HEAD + WAITS), board(TREE), tree="board.dtb")
    (cause,) = data(view.to_json())["causes"]
    assert cause["subject"] == "/b"
    text = shown(view.text("dmesg"))
    assert any(row.startswith(" effect: ") for row in text)
    assert any(row.startswith(" fix:") for row in text)
    assert "1 cause, 1 device affected" in text[-2] + text[-1] + text[-3]


def test_the_command_prints_the_data_of_the_view(tmp_path: Path):
    path = tmp_path / "dmesg"
    path.write_bytes(HEAD + WAITS)
    assert command("log", path)["log"] == data(LogView.of(parse(HEAD + WAITS)).to_json())
