"""The hooks, run by pre-commit itself in a git repository made for it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dtlink.rules.catalogue import all_rules
from tests.delivery.conftest import BAD, GOOD, RULE, Done, execute
from tests.support.boards import CHECKOUT

pytest.importorskip("pre_commit", reason="pre-commit is not installed")
yaml = pytest.importorskip("yaml")

MANIFEST = CHECKOUT / ".pre-commit-hooks.yaml"
#: What pip needs to install dtlink, and pre-commit to know its hooks.
PARTS = (
    *("dtlink", "schemas", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE"),
    MANIFEST.name,
)
#: Files that a hook takes, and files that it must leave alone: it would fail on them.
TABLES = ("IORT.dat", "t/iort.bin", "IORT.aml", "tables/DMAR", "box.ivrs.bin", "acpidump.txt")
BLOBS = ("board.dtb", "overlay.dtbo", "boot/BOARD.DTB")
SOURCES = (
    *("boards/board.dts", "overlay.dtso", "arch/arm64/boot/dts/v/soc.dtsi"),
    *("include/dt-bindings/clock/v.h", "arch/arm64/boot/dts/v/pins.h", "dts/pins.h"),
)
OTHERS = (
    *(
        "include/linux/clk.h",
        "src/dts.h",
        "dt-bindings.h",
        "dts/Makefile",
        "u-boot.bin",
        "config.txt",
        "dmesg.log",
        "dsdt.dsl",
    ),
    *("tools/acpidump", "docs/dmar", "apic.dat.md", "report.dtb.json"),
)


def hooks() -> dict[str, dict[str, Any]]:
    """The hooks of the manifest, by id."""
    return {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))}


def test_pre_commit_takes_the_manifest(tmp_path: Path) -> None:
    done = execute(sys.executable, "-m", "pre_commit", "validate-manifest", MANIFEST, cwd=tmp_path)
    assert done.status == 0, done.output


@pytest.mark.parametrize(("hook", "taken"), [("dtlink", len(SOURCES)), ("dtlink-blobs", 0)])
def test_a_hook_takes_what_dtlink_reads_and_nothing_else(hook: str, taken: int) -> None:
    takes = re.compile(hooks()[hook]["files"]).search
    assert [name for name in (*TABLES, *BLOBS) if not takes(name)] == []
    assert [name for name in OTHERS if takes(name)] == []
    assert len([name for name in SOURCES if takes(name)]) == taken


def test_every_family_of_tables_is_in_the_patterns() -> None:
    """A family for one more kind of table needs its name there."""
    needed = {name for rule in all_rules() for name in rule.needs}
    families = {rule.family.upper() for rule in all_rules()} & needed
    assert "IORT" in families
    for hook in hooks().values():
        missing = [name for name in families if not re.search(hook["files"], f"{name}.dat")]
        assert not missing, f".pre-commit-hooks.yaml: add {missing} to files: of both hooks"


class Repository(NamedTuple):
    """A git repository with pre-commit's settings, and the environment that its commands need."""

    folder: Path
    env: Mapping[str, str]

    def git(self, *words: object) -> Done:
        """Run git."""
        return execute("git", *words, cwd=self.folder, env=self.env)

    def add(self, name: str, content: str | bytes) -> None:
        """Write a file and put it into the next commit."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", name)

    def configure(self, source: Path, rev: str, **hook: object) -> None:
        """Use one hook of the repository ``source``."""
        repo = {"repo": str(source), "rev": rev, "hooks": [hook]}
        self.add(".pre-commit-config.yaml", yaml.safe_dump({"repos": [repo]}))

    def pre_commit(self, *words: object) -> Done:
        """Run pre-commit; ``run`` is what ``git commit`` has it do."""
        command = (sys.executable, "-m", "pre_commit", *words)
        return execute(*command, cwd=self.folder, env=self.env)


@pytest.fixture(scope="module")
def hooked(
    tmp_path_factory: pytest.TempPathFactory,
    _package_index: None,
) -> Callable[..., Repository]:
    """Makes repositories that use a hook of this checkout, which is installed once for all."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    top = tmp_path_factory.mktemp("pre-commit")
    env = _environment(top)
    source, rev = _as_repository(top / "dtlink", env)
    count = iter(range(100))

    def make(**hook: object) -> Repository:
        folder = top / f"firmware-{next(count)}"
        folder.mkdir()
        repository = Repository(folder, env)
        repository.git("init", "--quiet")
        repository.configure(source, rev, **hook)
        return repository

    done = make(id="dtlink").pre_commit("install-hooks")
    assert done.status == 0, done.output
    return make


def _environment(top: Path) -> dict[str, str]:
    """Every cache and setting in a folder of the test's own."""
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    return {
        **dict.fromkeys(names, "test@example.invalid"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(top / "cache"),
        "PRE_COMMIT_COLOR": "never",
        "PIP_CACHE_DIR": str(top / "pip"),
        "VIRTUALENV_OVERRIDE_APP_DATA": str(top / "virtualenv"),
    }


def _as_repository(folder: Path, env: Mapping[str, str]) -> tuple[Path, str]:
    """The files of this checkout as they are now, committed, and the commit."""
    folder.mkdir()
    for name in PARTS:
        path = CHECKOUT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / name)
    repository = Repository(folder, env)
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "test")):
        done = repository.git(*words)
        assert done.status == 0, done.output
    return folder, repository.git("rev-parse", "HEAD").stdout.strip()


def test_a_bad_source_stops_the_commit_and_the_rule_is_named(
    hooked: Callable[..., Repository],
) -> None:
    repository = hooked(id="dtlink")
    repository.add("boards/bad.dts", BAD)
    done = repository.pre_commit("run")
    assert done.status == 1
    assert RULE in done.output
    assert "boards/bad.dts:5:" in done.output


def test_a_good_source_passes(hooked: Callable[..., Repository]) -> None:
    repository = hooked(id="dtlink")
    repository.add("boards/good.dts", GOOD)
    done = repository.pre_commit("run")
    assert done.status == 0, done.output
    assert re.search(r"dtlink\.+Passed", done.output)


def test_a_commit_of_other_files_is_none_of_its_business(hooked: Callable[..., Repository]) -> None:
    repository = hooked(id="dtlink")
    repository.add("u-boot.bin", bytes(64))
    repository.add("config.txt", "dtoverlay=uart0\n")
    done = repository.pre_commit("run")
    assert done.status == 0, done.output
    assert "(no files to check)Skipped" in done.output


def test_blobs_and_tables_are_linted_and_options_reach_dtlink(
    hooked: Callable[..., Repository],
) -> None:
    repository = hooked(id="dtlink", args=["--show", "error"])
    repository.add("faults.dtb", (CHECKOUT / "fixtures/boards/phandle-faults.dtb").read_bytes())
    table = CHECKOUT / "fixtures/tables/arm-server-faults/IORT.dat"
    repository.add("tables/IORT.dat", table.read_bytes())
    done = repository.pre_commit("run")
    assert done.status == 1
    assert RULE in done.output
    assert "iort/mapping-cycle" in done.output
    assert "iort/off-by-one" not in done.output, "a warning, which --show error leaves out"


def test_sources_for_the_preprocessor_stop_one_hook_and_not_the_other(
    hooked: Callable[..., Repository],
) -> None:
    for hook, status in (("dtlink", 1), ("dtlink-blobs", 0)):
        repository = hooked(id=hook)
        repository.add("board.dts", '/dts-v1/;\n#include "soc.dtsi"\n')
        repository.add("clean.dtb", (CHECKOUT / "fixtures/boards/clean-board.dtb").read_bytes())
        done = repository.pre_commit("run")
        assert done.status == status, done.output


def test_a_changed_include_is_linted_with_the_boards_that_include_it(
    hooked: Callable[..., Repository],
) -> None:
    repository = hooked(id="dtlink")
    repository.add("boards/one.dts", '/dts-v1/;\n#include "soc.dtsi"\n')
    repository.add("boards/two.dts", '/dts-v1/;\n#include "soc.dtsi"\n')
    repository.add("boards/soc.dtsi", GOOD.removeprefix("/dts-v1/;\n"))
    done = repository.git("commit", "--quiet", "--no-verify", "--message", "boards")
    assert done.status == 0, done.output
    repository.add("boards/soc.dtsi", BAD.removeprefix("/dts-v1/;\n"))
    done = repository.pre_commit("run")
    assert done.status == 1
    assert RULE in done.output
    assert done.output.count("boards/soc.dtsi:4:") == 1
    assert "in 2 inputs" in done.output
    repository.add("dtlink.toml", 'exclude = ["boards/"]\n')
    assert repository.pre_commit("run").status == 0


def test_an_include_that_no_board_includes_yet_passes(hooked: Callable[..., Repository]) -> None:
    repository = hooked(id="dtlink")
    repository.add("include/dt-bindings/clock/new.h", "#define CLK_NEW 1\n")
    repository.add("boards/new.dtsi", "/ { };\n")
    done = repository.pre_commit("run", "--verbose")
    assert done.status == 0, done.output
    assert "boards/new.dtsi: nothing was checked" in done.output


def test_a_build_folder_is_linted_when_its_sources_change(
    hooked: Callable[..., Repository],
) -> None:
    repository = hooked(id="dtlink", files=r"\.dtsi?$", pass_filenames=False, args=["build/"])
    repository.add("soc.dtsi", "/ { };\n")
    (repository.folder / "build").mkdir()
    (repository.folder / "build/board.dts").write_text(BAD, encoding="utf-8")
    done = repository.pre_commit("run")
    assert done.status == 1
    assert "build/board.dts:5:" in done.output
