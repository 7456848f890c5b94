"""Type checkers agree on the public API: the programs in ``tests/typing`` say what they must find.

``make lint`` has them check the whole of dtlink too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

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
