"""How the command-line tests run dtlink."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dtlink.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run the command line in this process."""

    def invoke(*args: object, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(cli, [str(arg) for arg in args], input=stdin)

    return invoke


@pytest.fixture
def fixtures() -> Path:
    """The project's own boards."""
    return ROOT / "fixtures" / "boards"


@pytest.fixture
def bad_dts(tmp_path: Path) -> Path:
    """A source with one dangling clock, on line 3."""
    path = tmp_path / "bad.dts"
    path.write_text('/dts-v1/;\n/ {\n  uart@0 { compatible = "ns16550a"; clocks = <0x99>; };\n};\n')
    return path
