"""Fixtures for all tests."""

from __future__ import annotations

import inspect
from functools import partialmethod
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings

from tests.support.boards import EVERY, SHARED, need_corpus

# Machines under load are slow, which is no fault of what is tested.
settings.register_profile("dtlink", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dtlink")

# Before 8.2 click's runner mixed standard error into standard output, or had it apart: now there is
# each alone, and both.
if "mix_stderr" in inspect.signature(CliRunner).parameters:
    CliRunner.__init__ = partialmethod(CliRunner.__init__, mix_stderr=False)  # type: ignore[method-assign]
    Result.output = property(lambda self: self.stdout + self.stderr)  # type: ignore[method-assign,assignment]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real boards, tables and kernels beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"the test data is not beside the checkout: no {SHARED} (set DTLINK_SHARED)")
    return SHARED


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(EVERY, id=f"every-{EVERY}th"),
        pytest.param(1, id="all", marks=pytest.mark.corpus),
    ],
)
def boards(request: pytest.FixtureRequest) -> tuple[Path, ...]:
    """Real boards: a sample, and all of them under the marker ``corpus``."""
    return need_corpus()[:: request.param]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long sweeps out, unless ``-m`` or a test's own name asks for them."""
    if config.option.markexpr or any("::" in argument for argument in config.args):
        return
    sweeps = [item for item in items if item.get_closest_marker("corpus")]
    if sweeps:
        config.hook.pytest_deselected(items=sweeps)
        items[:] = [item for item in items if not item.get_closest_marker("corpus")]


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the user's cache."""
    monkeypatch.setenv("DTLINK_CACHE", "")
