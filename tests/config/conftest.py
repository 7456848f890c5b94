"""How the tests of configurations write and read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dtlink.config.resolve import forget

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    """No test sees the files of another."""
    forget()
    yield
    forget()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a file below the working folder, which is a new one."""
    monkeypatch.chdir(tmp_path)

    def put(name: str, text: str = "") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return put
