"""Type checkers agree on the public API: the programs in ``tests/typing`` say what they must find.

``make lint`` has them check the whole of dtlink too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import dtlink

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "tests" / "typing"


def checked(*command: str) -> subprocess.CompletedProcess[str]:
    if find_spec(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed (pip install --editable '.[dev]')")
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        check=False,
    )


def test_mypy_finds_what_the_programs_say() -> None:
    result = checked("mypy", "--strict", "--cache-dir=.mypy_cache", str(PROGRAMS))
    assert result.returncode == 0, result.stdout + result.stderr


def test_pyright_finds_what_the_programs_say() -> None:
    result = checked("pyright", "--pythonpath", sys.executable, str(PROGRAMS))
    if result.returncode not in (0, 1) or not result.stdout.strip():
        pytest.skip(f"pyright does not start: {(result.stderr or result.stdout).strip()[-300:]}")
    assert result.returncode == 0, result.stdout


#: Public names whose types are not complete to pyright, all for one reason: the fields of ACPI
#: nodes are rows of tables (``base = U64(8)``), whose types it infers.
PARTLY_TYPED = {"Board", "Board.iort", "IortView", "IortView.of_node", "same_machine", "log"}


@pytest.mark.corpus
def test_the_types_of_public_names_are_complete() -> None:
    options = ("--verifytypes", "dtlink", "--ignoreexternal", "--outputjson")
    result = checked("pyright", *options, "--pythonpath", sys.executable)
    if not result.stdout.startswith("{"):
        pytest.skip(f"pyright does not start: {(result.stderr or result.stdout).strip()[-300:]}")
    public = {
        f"{value.__module__}.{value.__qualname__}": name
        for name in dtlink.__all__
        if hasattr(value := getattr(dtlink, name), "__qualname__")
    }
    found = {
        public[home] + symbol["name"].removeprefix(home): symbol["isTypeKnown"]
        for symbol in json.loads(result.stdout)["typeCompleteness"]["symbols"]
        for home in public
        if f"{symbol['name']}.".startswith(f"{home}.")
    }
    assert len(found) > 600
    assert {name for name, is_known in found.items() if not is_known} == PARTLY_TYPED
