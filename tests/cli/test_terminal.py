"""What a terminal gets: colours, hyperlinks, whole words, a pager; what a pipe gets instead."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from dtlink.cli.hyperlinks import shows_hyperlinks
from dtlink.cli.pager import pager_command
from dtlink.version import page_url
from tests.cli.conftest import ROOT, Run

pty = pytest.importorskip("pty")

ESCAPES = re.compile(r"\x1b(?:\[[0-9;]*m|\]8;[^\x1b]*\x1b\\)")
#: What decides about terminals; the tests' own environment does not count.
DECIDING = [
    "CI",
    "NO_COLOR",
    "FORCE_COLOR",
    "FORCE_HYPERLINK",
    "TERM",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "VTE_VERSION",
    "KONSOLE_VERSION",
    "WT_SESSION",
    "DOMTERM",
    "KITTY_WINDOW_ID",
    "DTLINK_PAGER",
    "PAGER",
    "LESS",
    "LINES",
    "COLUMNS",
]


class Shown(NamedTuple):
    text: str
    status: int

    @property
    def plain(self) -> str:
        return ESCAPES.sub("", self.text).replace("\r\n", "\n")


def environment(**given: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in DECIDING}
    return {**own, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **given}


def on_terminal(*args: object, columns: int = 80, rows: int = 24, **given: str) -> Shown:
    """Run dtlink in a terminal of this size."""
    import fcntl
    import struct
    import termios

    try:
        ours, theirs = pty.openpty()
    except OSError as error:  # a container without /dev/pts
        pytest.skip(f"no terminal can be made here: {error}")
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "dtlink", *map(str, args)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(**given),
    ) as process:
        os.close(theirs)
        text = _read(ours)
        os.close(ours)
        return Shown(text, process.wait(60))


def _read(terminal: int) -> str:
    found = b""
    while True:
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError as error:
            if error.errno != errno.EIO:  # that is how Linux says that the other end is closed
                raise
            piece = b""
        if not piece:
            return found.decode()
        found += piece


def in_pipe(*args: object, **given: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dtlink", *map(str, args)],
        env=environment(**given),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("given", "options", "colored"),
    [
        ({}, (), False),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": ""}, (), False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
        ({"TERM": "dumb"}, ("--color", "always"), True),
    ],
)
def test_colours_in_a_pipe(
    fixtures: Path, given: Mapping[str, str], options: tuple[str, ...], *, colored: bool
) -> None:
    told = in_pipe("lint", fixtures / "phandle-faults.dtb", *options, **given)
    assert ("\x1b[1;31m" in told) is colored
    assert "\x1b]8" not in told
    assert "phandle/dangling" in told


@pytest.mark.parametrize(
    ("given", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_on_a_terminal(fixtures: Path, given: Mapping[str, str], *, colored: bool) -> None:
    told = on_terminal("lint", fixtures / "phandle-faults.dtb", **given)
    assert ("\x1b[1;31m" in told.text) is colored


def test_a_rule_opens_its_page_where_the_terminal_has_hyperlinks(fixtures: Path) -> None:
    board = fixtures / "phandle-faults.dtb"
    linked = on_terminal("lint", board, TERM="xterm-kitty")
    assert f";{page_url('phandle/dangling')}\x1b\\" in linked.text
    usual = on_terminal("lint", board)
    assert "\x1b]8" not in usual.text
    assert linked.plain == usual.plain
    assert "\x1b]8" not in on_terminal("lint", board, "--color", "never", TERM="xterm-kitty").text
    for command in (("rules", "phandle"), ("explain", "phandle/dangling")):
        shown = on_terminal(*command, FORCE_HYPERLINK="1", DTLINK_PAGER="cat")
        assert page_url("phandle/dangling") + "\x1b\\" in shown.text


@pytest.mark.parametrize(
    ("given", "shows"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "foot"}, True),
        ({"TERM": "xterm", "VTE_VERSION": "5000"}, False),
        ({"TERM": "xterm", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm", "KONSOLE_VERSION": "190800"}, False),
        ({"TERM": "xterm", "KONSOLE_VERSION": "230804"}, True),
        ({"TERM": "xterm", "WT_SESSION": "0f"}, True),
        ({"TERM": "xterm", "TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "3.0.9"}, False),
        ({"TERM": "xterm", "TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "3.5.2"}, True),
        ({"TERM": "xterm", "TERM_PROGRAM": "Apple_Terminal", "TERM_PROGRAM_VERSION": "453"}, False),
        ({"TERM": "xterm", "TERM_PROGRAM": "vscode", "TERM_PROGRAM_VERSION": "1.90.0"}, True),
        # tmux passes the outer terminal's variables on.
        ({"TERM": "screen-256color", "VTE_VERSION": "7600"}, False),
        (
            {"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.3a"},
            False,
        ),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.5a"}, True),
        ({"TERM": "xterm-kitty", "CI": "true"}, False),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
        ({"TERM": "xterm", "FORCE_HYPERLINK": "1"}, True),
        ({"VTE_VERSION": "7600"}, False),
    ],
)
def test_terminals_with_hyperlinks(
    monkeypatch: pytest.MonkeyPatch, given: Mapping[str, str], *, shows: bool
) -> None:
    for name in DECIDING:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert shows_hyperlinks() is shows


@pytest.mark.parametrize("command", ["devlink", "cycles", "iommu", "links"])
@pytest.mark.parametrize("columns", [80, 120])
def test_no_word_is_cut_at_the_edge(fixtures: Path, command: str, columns: int) -> None:
    board = os.path.relpath(fixtures / "phone-soc.dtb")
    told = on_terminal(command, board, columns=columns, DTLINK_PAGER="cat").plain
    long = [row for row in told.splitlines() if len(row) > columns and len(row.split()) > 1]
    assert not long
    whole = in_pipe(command, board)
    assert told.split() == whole.split()


Pager = Callable[[str], tuple[str, Path]]


@pytest.fixture
def pager(tmp_path: Path) -> Pager:
    """A pager that keeps what it gets in a file, then does something."""

    def make(then: str) -> tuple[str, Path]:
        program, kept = tmp_path / "pager", tmp_path / "kept"
        program.write_text(f'#!/bin/sh\n{{ echo "LESS=$LESS"; cat; }} > {kept}\n{then}\n')
        program.chmod(0o755)
        return str(program), kept

    return make


def test_what_is_longer_than_the_screen_goes_to_a_pager(fixtures: Path, pager: Pager) -> None:
    program, kept = pager("exit 3")
    board = fixtures / "phone-soc.dtb"
    shown = on_terminal("order", board, rows=10, DTLINK_PAGER=program, PAGER="false")
    assert (shown.text, shown.status) == ("", 0)
    head, text = kept.read_text().split("\n", 1)
    assert head == "LESS=FRX"
    assert ESCAPES.sub("", text) == in_pipe("order", board)
    kept.unlink()
    on_terminal("order", board, rows=10, PAGER=program, LESS="R")
    assert kept.read_text().startswith("LESS=R\n")


@pytest.mark.parametrize(
    ("args", "given", "rows"),
    [
        (("order",), {}, 10_000),  # it fits
        (("order",), {"CI": "true"}, 10),
        (("order",), {"TERM": "dumb"}, 10),
        (("order", "--format", "json"), {}, 10),
        (("lint", "--fail-on", "never", "--show", "info"), {}, 10),
    ],
)
def test_no_pager(
    fixtures: Path, pager: Pager, args: tuple[str, ...], given: Mapping[str, str], rows: int
) -> None:
    program, kept = pager("")
    board = fixtures / "phone-soc.dtb"
    shown = on_terminal(*args, board, rows=rows, **{"DTLINK_PAGER": program, **given})
    assert not kept.exists()
    assert (len(shown.text) > 200, shown.status) == (True, 0)


def test_a_pager_in_a_pipe_is_not_started(fixtures: Path, pager: Pager) -> None:
    program, kept = pager("")
    assert in_pipe("order", fixtures / "phone-soc.dtb", DTLINK_PAGER=program)
    assert not kept.exists()


@pytest.mark.parametrize("program", ["true", "head -c 10"])
def test_who_leaves_the_pager_early_gets_the_same_status(program: str) -> None:
    shown = on_terminal("explain", "phandle/dangling", rows=5, DTLINK_PAGER=program)
    assert shown.status == 0
    assert "dtlink:" not in shown.text


def test_a_pager_that_is_missing_costs_no_text(fixtures: Path) -> None:
    board = fixtures / "phone-soc.dtb"
    shown = on_terminal("order", board, rows=10, DTLINK_PAGER="/no/such/pager")
    assert shown.text.startswith("dtlink: /no/such/pager: No such file or directory")
    assert shown.plain.split("\n", 1)[1] == in_pipe("order", board)


@pytest.mark.parametrize("value", ["", "cat"])
def test_no_pager_is_wanted(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PAGER", "more")
    monkeypatch.setenv("DTLINK_PAGER", value)
    assert not pager_command()
    monkeypatch.delenv("DTLINK_PAGER")
    assert list(pager_command()) == ["more"]


def test_a_mistyped_command_is_answered_with_the_near_one(run: Run, fixtures: Path) -> None:
    result = run("lnt", "x.dtb")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "Error: No such command 'lnt'. Did you mean 'lint'?"
    board = fixtures / "clean-board.dtb"
    told = f"Error: No such command '{board}'. To lint it: dtlink lint {board}"
    assert run(board).stderr.splitlines()[-1] == told
    assert run("xyzzy").stderr.splitlines()[-1] == "Error: No such command 'xyzzy'."


def test_the_short_form_of_version(run: Run) -> None:
    assert run("-V").stdout == run("--version").stdout != ""


def test_quiet_and_verbose(run: Run, fixtures: Path) -> None:
    board, clean = fixtures / "server-mmu-masters.dtb", fixtures / "clean-board.dtb"
    usual, quiet, verbose = (run("lint", board, clean, *more) for more in ((), ("-q",), ("-v",)))
    assert quiet.exit_code == usual.exit_code == verbose.exit_code == 1
    assert quiet.stdout.splitlines()[-1] == usual.stdout.splitlines()[-1]
    assert "\nwarning " not in quiet.stdout
    assert "\nerror " in quiet.stdout
    assert "nothing to report" not in usual.stdout
    assert "clean-board.dtb · dtlink fixture: clean board" in verbose.stdout
    assert verbose.stdout.count("nothing to report") == 1
    assert "more" not in "".join(
        row for row in verbose.stdout.splitlines() if row.startswith(" also:")
    )
    for two in (("-q", "-v"), ("-q", "--show", "info"), ("-v", "--show", "error")):
        result = run("lint", board, *two)
        assert (result.exit_code, "only one can be given" in result.stderr) == (2, True)


def test_verbose_text_lists_all_related_nodes(run: Run, tmp_path: Path) -> None:
    nodes = "".join(f'n{i} {{ compatible = "a,b"; clocks = <1>; }};\n' for i in range(9))
    clock = 'c { compatible = "fixed-clock"; #clock-cells = <0>; phandle = <1>; @ };'.replace(
        "@", 'status = "disabled";'
    )
    board = tmp_path / "board.dts"
    board.write_text(f"/dts-v1/;\n/ {{ {clock} {nodes} }};\n")
    usual, verbose = run("lint", board).stdout, run("lint", board, "-v").stdout
    assert "/n8" not in usual
    assert re.search(r" also: .* and \d+ more\n", usual)
    assert re.search(r" also: .*/n8\n", verbose)


def test_what_a_repository_holds_controls_no_terminal(tmp_path: Path) -> None:
    """Messages, text and the patch of a fix, as they are seen."""
    name = "\x1b]0;FORGED\x07\x9b2J\u202ex"
    root = tmp_path / name
    root.mkdir()
    (root / "a.dts").write_text(
        f'/dts-v1/;\n/ {{ audio {{ compatible = "x"; /* {name} */\n hp-det-gpio = <&g 1 2>; }};\n'
        'g: g { compatible = "x,g"; gpio-controller; #gpio-cells = <2>; }; };\n',
        encoding="utf-8",
    )
    (root / "b.dts").write_text("/dts-v1/;\n/ {", encoding="utf-8")
    for args in (["--diff", "--unsafe-fixes"], ["--color", "always"], ["--color", "never"]):
        told = on_terminal("lint", root, "--select", "all", *args).text
        assert "FORGED" in told
        assert not {"\x07", "\x9b", "\u202e"} & set(told)
        assert not ESCAPES.sub("", told).count("\x1b")
