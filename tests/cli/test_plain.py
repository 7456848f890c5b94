"""A plain command line says the same whether click reads it or dtlink itself."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dtlink.cli import lint as plain_module
from dtlink.cli.given import named
from dtlink.cli.lint_command import lint
from dtlink.cli.plain import PlainOption, read
from dtlink.cli.plain_options import PLAIN
from dtlink.config.model import FIELDS
from tests.cli.conftest import ROOT

OPTIONS = {each.name: each for each in lint.params if isinstance(each, click.Option)}
FLAGS = sorted({flag for each in OPTIONS.values() for flag in (*each.opts, *each.secondary_opts)})
VALUES = (
    "json",
    "text=x",
    "html",
    "error",
    "never",
    "info",
    "auto",
    "4",
    "0",
    "-1",
    "+3",
    "٣",
    "1_0",
)
ODD = ("", "-", "--", "-h", "-qv", "-j4", "-oq", "--no", "--for", "board.dtb", "a=b", "-", "é", "/")

words = st.one_of(
    st.sampled_from(FLAGS),
    st.sampled_from([flag for row in PLAIN.values() for flag in row.flags]),
    st.sampled_from(VALUES + ODD),
    st.builds("{}={}".format, st.sampled_from(FLAGS), st.sampled_from(VALUES + ODD)),
    st.text(max_size=4),
)


def by_click(line: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """All values, and what the user named of the settings."""
    # The names of the help option as the program has them: click keeps the option that it makes.
    names = ["-h", "--help"]
    with lint.make_context("lint", list(line), help_option_names=names) as context:
        return dict(context.params), named(context)


DEFAULTS = by_click([])[0]


@given(st.lists(words, max_size=8))
@example(["-q", "-", "--format=json", "x", "--format", "sarif=f", "-j", "2", "--config", "-v"])
@example(["--select", "a", "--ignore", "b", "--select", "c", "--kernel="])
@example(["--fail-on", "never", "--fail-on", "info", ""])
@example(["-j4", "a", "--no-cache", "--cache-dir", "b"])
def test_it_says_what_click_reads(line: list[str]) -> None:
    found = read(line, PLAIN.values())
    if found is None:
        return
    params, settings = by_click(line)
    assert params["paths"] == found.paths
    for name, value in found.values.items():
        assert params[name] == value
    assert settings == {name: value for name, value in found.values.items() if name in FIELDS}
    assert list(settings) == [name for name in found.values if name in FIELDS]
    for name in params.keys() - found.values.keys() - {"paths"}:
        assert params[name] == DEFAULTS[name]


@pytest.mark.parametrize("row", PLAIN.values(), ids=lambda row: row.name)
def test_each_row_is_an_option_of_lint(row: PlainOption) -> None:
    option = OPTIONS[row.name]
    assert set(option.opts) == set(row.flags)
    assert (option.is_flag, option.multiple) == (row.is_flag, row.multiple)
    assert option.help == row.help
    assert DEFAULTS.get(row.name, ()) in (row.default, False, ())


def test_what_is_not_named_is_the_same() -> None:
    """The defaults of click and those of the function that lints."""
    held = inspect.signature(plain_module.run).parameters
    others = {name: value for name, value in by_click([])[0].items() if name not in FIELDS}
    fixing = {name: others.pop(name) for name in others.copy() if name not in held}
    assert not any(fixing.values())
    assert set(others) == {each.name for each in held.values() if each.kind is each.KEYWORD_ONLY}
    for name, value in others.items():
        assert value == held[name].default


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["nosuch"],
        ["--format"],
        ["--format", "json", "--format", "json", "BOARD"],
        ["-q", "-v", "BOARD"],
        ["--select", "nonsense", "BOARD"],
        ["--initramfs", "x", "BOARD"],
        ["--prune-baseline", "BOARD"],
        ["--strict", "--format", "concise", "BOARD"],
        ["--fail-on", "info", "--show", "info", "BOARD"],
    ],
)
def test_the_program_does_what_click_does(line: list[str], fixtures: Path) -> None:
    board = str(fixtures / "phandle-faults.dtb")
    words = [board if each == "BOARD" else each for each in line]
    plain, clicked = _done(words), _done(["--no-schema", *words])
    assert read(["--no-schema", *words], PLAIN.values()) is None
    assert plain == clicked


def _done(words: list[str]) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "dtlink", "lint", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode, done.stdout, done.stderr
