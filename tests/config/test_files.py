"""Which file is for an input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dtlink.config.resolve import effective, forget, settings_of
from dtlink.firmware.errors import InputError
from tests.config.conftest import Write


def ignored(path: str, **options: object) -> tuple[str, ...]:
    return settings_of(path, {}, **options).ignore


def test_without_a_file_the_defaults_hold(write: Write) -> None:
    write("board.dtb")
    told = effective("board.dtb", {})
    assert told.configuration is None
    assert {str(origin) for origin in told.origins.values()} == {"default"}
    assert told.settings.board.version == (6, 12)


def test_the_nearest_file_wins_alone(write: Write) -> None:
    write("dtlink.toml", 'ignore = ["cycle"]\nselect = ["iommu"]')
    write("boards/acme/dtlink.toml", 'ignore = ["legacy"]')
    assert ignored("boards/x.dtb") == ("cycle",)
    assert ignored("boards/acme/x.dtb") == ("legacy",)
    assert ignored("boards/acme/rev2/x.dtb") == ("legacy",)
    assert settings_of("boards/acme/x.dtb", {}).select == ()


def test_a_file_of_our_own_goes_before_the_shared_one(write: Write) -> None:
    write("pyproject.toml", '[tool.dtlink]\nignore = ["cycle"]')
    assert ignored("x.dtb") == ("cycle",)
    write("dtlink.toml", 'ignore = ["legacy"]')
    forget()
    assert ignored("x.dtb") == ("legacy",)


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "boards"',
        '[project]\nname = "boards"\ndependencies = ["dtlink"]',
        '[tool.other]\nname = "dtlink"',
        "not TOML at all",
        'tool = "dtlink"',
    ],
)
def test_a_shared_file_that_says_nothing_of_dtlink_is_passed_over(write: Write, text: str) -> None:
    write("dtlink.toml", 'ignore = ["cycle"]')
    write("boards/pyproject.toml", text)
    assert ignored("boards/x.dtb") == ("cycle",)


def test_an_empty_table_of_a_shared_file_counts(write: Write) -> None:
    write("dtlink.toml", 'ignore = ["cycle"]')
    write("boards/pyproject.toml", "[tool.dtlink]")
    assert ignored("boards/x.dtb") == ()


def test_the_input_decides_and_not_the_working_folder(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = write("boards/x.dtb")
    write("boards/dtlink.toml", 'ignore = ["legacy"]')
    write("elsewhere/dtlink.toml", 'ignore = ["cycle"]')
    monkeypatch.chdir("elsewhere")
    assert ignored(str(board)) == ignored("../boards/x.dtb") == ("legacy",)


def test_standard_input_takes_the_working_folder_s(write: Write) -> None:
    write("dtlink.toml", 'ignore = ["legacy"]')
    assert ignored("-") == ("legacy",)


def test_a_folder_of_tables_takes_its_own(write: Write) -> None:
    write("dtlink.toml", 'ignore = ["cycle"]')
    write("tables/dtlink.toml", 'ignore = ["iort"]')
    assert ignored("tables") == ("iort",)


def test_a_file_can_be_named_or_none(write: Write) -> None:
    write("dtlink.toml", 'ignore = ["cycle"]')
    write("ci/strict.toml", 'ignore = ["legacy"]\nkernel = "k"')
    write("ci/pyproject.toml", '[tool.dtlink]\nignore = ["iort"]')
    assert ignored("x.dtb", file="ci/strict.toml") == ("legacy",)
    assert settings_of("x.dtb", {}, file="ci/strict.toml").board.kernel == str(Path("ci/k"))
    assert ignored("x.dtb", file="ci/pyproject.toml") == ("iort",)
    assert ignored("x.dtb", isolated=True) == ()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("missing.toml", None, "No such file"),
        ("pyproject.toml", "[project]", r"no \[tool.dtlink\] in it"),
        ("folder", None, "Is a directory"),
    ],
)
def test_a_file_that_is_named_must_be_one(
    write: Write, name: str, text: str | None, message: str
) -> None:
    Path("folder").mkdir(exist_ok=True)
    write("x.dtb")
    Path("folder").mkdir(exist_ok=True)
    if text is not None:
        write(name, text)
    with pytest.raises(InputError, match=message) as caught:
        settings_of("x.dtb", {}, file=name)
    assert caught.value.path == name


def test_a_file_beside_or_above_the_working_folder_is_told_from_there(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("dtlink.toml", 'kernel = "kernels/6.12"')
    write("boards/x.dtb")
    monkeypatch.chdir("boards")
    told = effective("x.dtb", {})
    assert str(told.origins["kernel"]) == os.path.join("..", "dtlink.toml")  # noqa: PTH118
    assert told.settings.board.kernel == os.path.join("..", "kernels", "6.12")  # noqa: PTH118


def test_others_that_are_linted_too_change_nothing(write: Write) -> None:
    for folder in ("a", "b", "b/c"):
        write(f"{folder}/dtlink.toml", f'root = "/{folder}"')
    inputs = ["a/x.dtb", "b/x.dtb", "b/c/x.dtb", "x.dtb", "-", "b/c/d/e.dtb"]
    alone = {}
    for path in inputs:
        forget()
        alone[path] = settings_of(path, {})
    forget()
    together = {path: settings_of(path, {}) for path in reversed(inputs)}
    assert together == alone
    assert len(set(alone.values())) == 4


def test_where_there_is_no_file_nothing_is_imported_for_it(tmp_path: Path) -> None:
    program = (
        "import json, sys; from dtlink.config.resolve import settings_of\n"
        f"settings_of({str(tmp_path / 'x.dtb')!r}, {{}})\n"
        "print(json.dumps([each for each in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"tomllib", "difflib", "dtlink.config.keys", "dtlink.config.readers"}


def test_a_file_is_read_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("dtlink.toml", 'ignore = ["cycle"]')
    first = settings_of("a/x.dtb", {})
    monkeypatch.setattr("builtins.open", None)
    assert settings_of("a/x.dtb", {}) is first
    assert settings_of("b/y.dtb", {}) == first
