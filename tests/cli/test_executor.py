"""``--executor`` without what it needs."""

from __future__ import annotations

import sys

import pytest

from tests.cli.conftest import Run
from tests.support.boards import FIXTURES

BOARD = str(FIXTURES / "clean-board.dtb")


@pytest.mark.parametrize("address", ["x://host:1", "dask", "dask://", "host:8786"])
def test_what_is_no_address_is_a_usage_error(address: str, run: Run) -> None:
    result = run("lint", BOARD, "--executor", address)
    assert result.exit_code == 2
    assert f"'{address}' is no address, such as dask://HOST:PORT" in result.stderr


def test_without_dask_it_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run("lint", BOARD, "--executor", "dask://host:8786")
    assert result.exit_code == 2
    assert result.stderr == ("dtlink: dask://host:8786 needs dask: pip install 'dtlink[dask]'\n")
