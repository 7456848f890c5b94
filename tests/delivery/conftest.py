"""What the delivery tests share: boards, dtlink as a program, and how others' programs are run."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.boards import CHECKOUT

#: A board on which nothing is wrong, and one whose UART has a clock that no node is.
GOOD = '/dts-v1/;\n/ {\n\tcompatible = "vendor,board";\n};\n'
BAD = '/dts-v1/;\n/ {\n\tserial@0 {\n\t\tcompatible = "ns16550a";\n\t\tclocks = <0x99>;\n\t};\n};\n'
#: The rule that speaks of the bad board.
RULE = "phandle/dangling"


class Done(NamedTuple):
    """What came of a command."""

    status: int
    stdout: str
    output: str


def execute(*command: object, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """Run a program, with nothing of git's or pre-commit's own environment."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "PRE_COMMIT", "GITHUB_", "MAKE", "MFLAGS", "PYTHONPATH"))
    }
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**inherited, **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stdout + done.stderr)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program ``dtlink`` of this checkout, alone in a folder that can go on the path."""
    path = tmp_path_factory.mktemp("bin") / "dtlink"
    command = shlex.join([sys.executable, "-P", "-m", "dtlink"])
    path.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(CHECKOUT))} exec {command} "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def on_path(program: Path) -> dict[str, str]:
    """An environment in which ``dtlink`` is found."""
    return {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="session")
def _package_index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where pip reaches no packages, and only there: later failures are dtlink's own."""
    folder = tmp_path_factory.mktemp("index")
    options = ("--quiet", "--no-deps", "--no-cache-dir", "--retries", "0", "--dest", folder)
    done = execute(sys.executable, "-m", "pip", "download", *options, "hatchling", cwd=folder)
    if done.status:
        pytest.skip("pip reaches no package index, so that nothing can be installed")
