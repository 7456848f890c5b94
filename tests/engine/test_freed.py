"""A board that was linted is freed without the garbage collector, which long runs keep off."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dtlink import engine
from dtlink.board.settings import Settings
from dtlink.engine import runner
from dtlink.engine.linting import lint
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware import fdt
from dtlink.firmware.acpi.ivrs import Ivrs
from dtlink.firmware.acpi.machine import Machine
from tests.benchmarks.shapes.ivrs import selects

#: Boards of the sample that are linted, with each of the settings.
_MOST = 12


@pytest.fixture
def no_collector() -> Iterator[None]:
    """No garbage collection while a test runs."""
    gc.disable()
    yield
    gc.enable()


def _is_freed(path: Path, settings: Settings) -> bool:
    tree = fdt.read(path.read_bytes())
    alive = weakref.ref(tree)
    answer = lint(tree, settings, ("all",))
    del tree, answer
    return alive() is None and not gc.collect()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("version", ["5.10", "5.15", "6.12"])
def test_a_board(boards: tuple[Path, ...], version: str) -> None:
    """Without a kernel, with all rules, by each way in which kernels make links."""
    settings = Settings(
        kernel_version=KernelVersion.parse(version), against=KernelVersion.parse("6.1")
    )
    for path in boards[:_MOST]:
        _is_freed(path, settings)  # what is imported for it leaves garbage
    assert [path.name for path in boards[:_MOST] if not _is_freed(path, settings)] == []


@pytest.mark.usefixtures("no_collector")
def test_a_board_with_a_kernel(boards: tuple[Path, ...], shared: Path) -> None:
    """With the predictions and the timeline that rules about a kernel ask for."""
    kernel = shared / "kernel" / "debian-6.12-arm64"
    settings = Settings(kernel=str(kernel), initramfs=str(kernel / "boot" / "initrd.img-list"))
    for path in boards[:_MOST]:
        _is_freed(path, settings)
    assert [path.name for path in boards[:_MOST] if not _is_freed(path, settings)] == []


def test_tables_are_freed_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Their structures refer to each other: of large ones only the collector makes room."""
    monkeypatch.setattr(runner, "_MANY_OBJECTS", 0)
    paths = [str(tmp_path / name) for name in ("a.bin", "b.bin", "c.bin")]
    for path in paths:
        Path(path).write_bytes(selects(50))

    def links(machine: Machine) -> dict[str, Any]:
        lint(machine, Settings(), ("all",))
        return {"view": len(machine.nodes)}

    def alive() -> int:
        return sum(isinstance(each, Ivrs) for each in gc.get_objects())

    gc.collect()
    before = alive()  # those of other tests
    reports = engine.run(paths, engine.Task(tables=links))
    assert [(report.view, alive() - before) for report in reports] == [(52, 0)] * 3
