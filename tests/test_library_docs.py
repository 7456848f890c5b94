"""The documentation of the library: its examples run, and it has every public name."""

from __future__ import annotations

import inspect
import re
import runpy
import shutil
from pathlib import Path

import pytest

import dtlink
from dtlink.api.options import BoardOptions, LintOptions
from dtlink.board.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
START, LIBRARY = ROOT / "docs" / "start" / "library.md", ROOT / "docs" / "library.md"
#: What the examples call the project's own fixtures.
NAMES = {
    "board.dtb": "boards/phone-soc.dtb",
    "boards": "boards",
    "dmesg.txt": "kernel/boot.log",
    "kernel": "kernel",
    "old.dtb": "boards/clean-board.dtb",
    "reports": "reports",
    "server.dtb": "boards/pci-server.dtb",
    "tables": "tables/arm-server",
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, fixture in NAMES.items():
        source = FIXTURES / fixture
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    overlay = '/dts-v1/; /plugin/; &{/chosen} { bootargs = "quiet"; };'
    (tmp_path / "csi.dtso").write_text(overlay)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "page", [START, LIBRARY], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_the_examples_run(page: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("networkx")
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    program = tmp_path / "examples.py"
    program.write_text("\n".join(blocks))
    runpy.run_path(str(program))
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 100
    assert "object at 0x" not in printed


@pytest.mark.parametrize("name", dtlink.__all__)
def test_every_public_name_is_described(name: str) -> None:
    assert re.search(rf"`(dtlink\.)?{name}\b", LIBRARY.read_text()), (
        f"{name} is in dtlink.__all__, but docs/library.md does not describe it: add a line there"
    )


@pytest.mark.parametrize("name", LintOptions.__annotations__)
def test_every_keyword_is_described(name: str) -> None:
    assert f"`{name}`" in LIBRARY.read_text(), f"describe the keyword {name} in docs/library.md"


def test_the_keywords_are_the_settings() -> None:
    """A setting of a board that is new is a keyword too: add it to BoardOptions."""
    keywords, settings = set(BoardOptions.__annotations__), set(Settings._fields)
    assert keywords == settings, f"BoardOptions, dtlink/api/options.py: {keywords ^ settings}"


def test_public_methods_and_names_have_a_text_for_help() -> None:
    for name in set(dtlink.__all__) - {"__version__", "Json"}:
        assert getattr(dtlink, name).__doc__, f"dtlink.{name} needs a docstring"
    for name, kind in vars(dtlink).items():
        for key, member in vars(kind).items() if isinstance(kind, type) else ():
            is_public = not key.startswith("_") and key not in getattr(kind, "_fields", ())
            if is_public and hasattr(member, "__get__") and not inspect.ismemberdescriptor(member):
                assert member.__doc__, f"{name}.{key} needs a docstring"
