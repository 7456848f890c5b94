"""The wheel and the source archive: what is in them, and that a second build has the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from hashlib import sha256
from pathlib import Path

import pytest

from dtlink.version import SITE, __version__
from tests.cli.conftest import ROOT

pytest.importorskip("hatchling")

#: What a build does not need: it would take long to copy.
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "build", "dist", "__pycache__", ".*_cache")


def built(folder: Path) -> dict[str, bytes]:
    """The files of a build from a copy of the tree, by name."""
    tree = shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT, symlinks=True)
    (tree / "build" / "man").mkdir(parents=True)
    (tree / "build" / "man" / "dtlink.1").write_text(".TH dtlink 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build"],
        cwd=tree,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1600000000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in (tree / "dist").iterdir()}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive."""
    folder = tmp_path_factory.mktemp("distributions")
    for name, data in built(tmp_path_factory.mktemp("first")).items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> zipfile.ZipFile:
    (path,) = distributions.glob("*.whl")
    return zipfile.ZipFile(path)


def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


def test_a_second_build_has_the_same_bytes(distributions: Path, tmp_path: Path) -> None:
    again = {name: sha256(data).hexdigest() for name, data in built(tmp_path).items()}
    first = {path.name: sha256(path.read_bytes()).hexdigest() for path in distributions.iterdir()}
    assert again == first


def test_the_wheel_has_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    own = f"dtlink-{__version__}"
    assert {name.split("/")[0] for name in names} == {"dtlink", f"{own}.data", f"{own}.dist-info"}
    assert [name for name in names if ".data/" in name] == [
        f"{own}.data/data/share/man/man1/dtlink.1"
    ]
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dtlink").rglob("*.py")
        if "__pycache__" not in path.parts
    }
    assert sources <= set(names)
    assert {"dtlink/py.typed", f"dtlink-{__version__}.dist-info/licenses/LICENSE"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests/")]


def test_the_wheel_has_every_schema(wheel: zipfile.ZipFile) -> None:
    for path in (ROOT / "schemas").glob("*.json"):
        packed = wheel.read(f"dtlink/schemas/{path.name}")
        assert packed == path.read_bytes()
        assert json.loads(packed)["$schema"]
    for path in (ROOT / "schemas" / "dt").iterdir():
        assert wheel.read(f"dtlink/schema/dt/{path.name}") == path.read_bytes()


def test_the_metadata_is_what_an_index_shows(wheel: zipfile.ZipFile) -> None:
    found = metadata(wheel)
    assert (found["Name"], found["Version"]) == ("dtlink", __version__)
    assert f"Documentation, {SITE}" in found.get_all("Project-URL", [])
    assert len(found["Summary"]) < 120
    classifiers = found.get_all("Classifier", [])
    versions = {each.rpartition(" ")[2] for each in classifiers if "Python :: 3." in each}
    assert versions == {"3.11", "3.12", "3.13", "3.14"}
    assert found["Requires-Python"] == ">=3.11"
    assert found["License-Expression"] == "BSD-2-Clause"


def test_the_core_asks_for_nothing_that_needs_a_compiler(wheel: zipfile.ZipFile) -> None:
    asked = [each for each in metadata(wheel).get_all("Requires-Dist", []) if "extra" not in each]
    names = {each.split(">")[0].strip() for each in asked}
    assert names == {
        "click", "junitparser", "lz4", "pathspec", "pyelftools", "rich", "zstandard"
    }  # fmt: skip
    (zstd,) = (each for each in asked if each.startswith("zstandard"))
    assert "python_version < '3.14'" in zstd.replace('"', "'")


def test_the_source_archive_is_enough_to_test_and_to_build(distributions: Path) -> None:
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = archive.getnames()
    top = f"dtlink-{__version__}/"
    parts = {name.removeprefix(top).split("/")[0] for name in names}
    assert {
        "CHANGELOG.md", "Containerfile", "LICENSE", "Makefile", "PKG-INFO", "README.md", "docs",
        "dtlink", "fixtures", "mkdocs.yml", "pyproject.toml", "schemas", "tests", "tools",
    } <= parts  # fmt: skip
    assert f"{top}build/man/dtlink.1" in names
    assert not [name for name in names if "__pycache__" in name or "/.git/" in name]
