"""Folders of boards, and what a lint of them takes from the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink import stamps
from dtlink.engine import runner
from dtlink.rules.catalogue import all_rules
from dtlink.rules.model import Dts
from dtlink.testing.trees import tree_of


def write_examples(folder: Path) -> Path:
    """A folder with the blob of each bad example: findings of all kinds, with edits of all."""
    for rule in all_rules():
        for number, example in enumerate(rule.examples):
            if isinstance(example.bad, Dts):
                path = folder / f"{rule.id.replace('/', '-')}-{number}.dtb"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tree_of(example.bad).blob)
    return folder


class Processed(list[str]):
    """The paths of the inputs that were read, not taken from the cache."""

    def take(self) -> list[str]:
        """Those since the last time."""
        found = [*self]
        self.clear()
        return found


@pytest.fixture
def processed(monkeypatch: pytest.MonkeyPatch) -> Processed:
    """What is read in this process."""
    found, process = Processed(), runner.process

    def count(item, task, *, digest):  # type: ignore[no-untyped-def]
        found.append(item.path)
        return process(item, task, digest=digest)

    monkeypatch.setattr(runner, "process", count)
    return found


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("DTLINK_CACHE", str(folder))
    return folder


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were just written are known by their stamps, as older ones are."""
    monkeypatch.setattr(stamps, "_STEP", 0)
