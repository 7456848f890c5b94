"""`dtlink --version`: which dtlink this is, and what it found installed."""

import os
import re
import subprocess
import sys
import time
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from dtlink.version import __version__
from dtlink.views import version
from dtlink.views.version import PACKAGES, PROGRAMS, Package, Program, VersionView
from tests.cli.conftest import ROOT, Run


def rows(told: str) -> dict[str, tuple[str, str]]:
    """Name, and version and purpose, of each line below the first two."""
    cut = (re.split(r" {2,}", row, maxsplit=2) for row in told.splitlines()[2:])
    return {name: (number, about) for name, number, about in cut}


def installed(packages: list[Package], programs: list[Program]) -> str:
    return str(VersionView.of(packages, programs))


def script(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_the_first_line_is_for_programs(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [f"dtlink, version {__version__}", ""]


def test_every_package_and_program_has_a_line_with_what_it_is_for(run: Run) -> None:
    told = rows(run("--version").stdout)
    packages = [each for each in PACKAGES if sys.version_info < each.before]
    assert list(told) == ["Python", *(each.name for each in (*packages, *PROGRAMS))]
    assert told["Python"][0] == sys.version.split()[0]
    assert told["click"] == (metadata.version("click"), "the command line")
    for each in (*packages, *PROGRAMS):
        assert told[each.name][1].startswith(each.needed_for)


def test_the_lines_are_aligned_and_fit_a_terminal(run: Run) -> None:
    _, _, *lines = run("--version").stdout.splitlines()
    starts = [[match.end() for match in re.finditer(r" {2,}", row)][:2] for row in lines]
    assert len({tuple(start) for start in starts}) == 1
    assert max(map(len, lines)) <= 100


def test_a_package_that_is_not_there_is_missing_and_how_to_get_it() -> None:
    told = installed([Package("no-such-thing", "nothing at all")], [])
    assert told.splitlines()[-1].split("  ")[0] == "no-such-thing"
    assert rows(told)["no-such-thing"] == (
        "missing",
        "nothing at all (pip install no-such-thing)",
    )


def test_a_module_without_a_package_is_found() -> None:
    told = installed([Package("no-such-thing", "nothing", module="json")], [])
    assert rows(told)["no-such-thing"] == ("found", "nothing")


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("echo 'Version: DTC 1.6.1'", "1.6.1"),
        ("echo 'Version: DTC 1.7.0-g1a2b3c4d-dirty'", "1.7.0-g1a2b3c4d-dirty"),
        ("echo; echo 'ASL+ Optimizing Compiler/Disassembler version 20200925' >&2", "20200925"),
        ("exit 1", "found"),
        ("printf '\\377\\n'", "found"),
    ],
)
def test_a_program_is_asked_for_its_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, wanted: str
) -> None:
    script(tmp_path, "tool", body)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.defpath)
    told = rows(installed([], [Program("tool", "tests", "--version")]))
    assert told["tool"] == (wanted, "tests")


def test_a_program_that_is_not_there_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert rows(installed([], [Program("tool", "tests", "-v")]))["tool"] == ("missing", "tests")


def test_a_program_that_hangs_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script(tmp_path, "tool", "sleep 60")
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.defpath)
    monkeypatch.setattr(version, "TIMEOUT", 0.2)
    start = time.monotonic()
    assert rows(installed([], [Program("tool", "tests", "-v")]))["tool"] == ("found", "tests")
    assert time.monotonic() - start < 30


def test_a_program_that_does_not_start_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tool").write_bytes(b"\x7fELF no program at all")
    (tmp_path / "tool").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert rows(installed([], [Program("tool", "tests", "-v")]))["tool"] == ("missing", "tests")


#: Extras that a user of dtlink has no need of.
_OF_THE_PROJECT = ("browser", "dev", "docs", "test")


def test_every_dependency_of_the_project_is_told() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"]]
    wanted += [each for name in extras if name not in _OF_THE_PROJECT for each in extras[name]]
    names = {re.split(r"[^\w.-]", each)[0] for each in wanted} - {"dtlink"}
    missing = names - {each.name for each in PACKAGES}
    assert not missing, f"say what {missing} is needed for, in PACKAGES of dtlink/views/version.py"


def imported(*args: str) -> set[str]:
    """What a run of dtlink imports."""
    probe = (
        "import sys\nfrom dtlink.cli.main import cli\n"
        "try:\n    cli(prog_name='dtlink')\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *args],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_no_package_is_imported_to_tell_its_version() -> None:
    there = imported("--version")
    assert "dtlink.views.version" in there
    assert there.isdisjoint(
        ("rich", "devicetree", "dtschema", "libfdt", "zstandard", "lz4", "elftools", "junitparser")
    )


def test_the_view_as_data() -> None:
    view = VersionView.of([Package("no-such-thing", "nothing")], [])
    assert repr(view) == f"<VersionView: {__version__}, 2 installed>"
    assert view.to_dict()["version"] == {
        "dtlink": __version__,
        "installed": [
            {
                "name": "Python",
                "version": sys.version.split()[0],
                "needed_for": view.installed[0].needed_for,
                "hint": "",
            },
            {
                "name": "no-such-thing",
                "version": None,
                "needed_for": "nothing",
                "hint": "pip install no-such-thing",
            },
        ],
    }


def test_other_runs_ask_for_nothing(fixtures: Path) -> None:
    there = imported("lint", "--fail-on", "never", str(fixtures / "phone-soc.dtb"))
    assert there.isdisjoint(("dtlink.views.version", "importlib.metadata", "subprocess"))
