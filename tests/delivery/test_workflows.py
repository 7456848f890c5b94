"""The workflows: what they may do, which actions they use, and that they agree with the project."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT

yaml = pytest.importorskip("yaml")

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: An action at a commit, with the version that it is.
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\Z")


def workflow(path: Path) -> dict[str, Any]:
    # YAML 1.1 takes "on" for true.
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def runs() -> Iterator[tuple[str, dict[str, Any]]]:
    """The jobs, each with the name of its workflow."""
    for path in FILES:
        for job in workflow(path)["jobs"].values():
            yield path.stem, job


def test_there_are_workflows_for_tests_documentation_and_releases() -> None:
    assert [path.stem for path in FILES] == ["docs", "release", "test"]


@pytest.mark.parametrize("path", [*FILES, ROOT / "action.yml"], ids=lambda path: path.name)
def test_actions_are_pinned_to_commits_and_say_which_version_that_is(path: Path) -> None:
    rows = [row.strip(" -") for row in path.read_text(encoding="utf-8").splitlines()]
    used = [row for row in rows if row.startswith("uses:") and "./" not in row]
    assert used
    assert not [row for row in used if not PINNED.match(row)]


def test_one_action_has_one_version() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (*FILES, ROOT / "action.yml"))
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"uses: ([\w./-]+)@(\S+)", text):
        versions.setdefault(name, set()).add(version)
    assert not [name for name, found in versions.items() if len(found) > 1]


def test_a_job_may_do_no_more_than_it_says() -> None:
    assert all(workflow(path)["permissions"] == {} for path in FILES)
    writes = [(name, job["permissions"]) for name, job in runs() if "write" in str(job)]
    assert {name for name, _ in writes} == {"release"}
    for _, job in runs():
        for step in job["steps"]:
            if "actions/checkout@" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_a_release_has_no_token_and_builds_nothing_where_it_can_publish() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    jobs = workflow(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert jobs["publish"]["environment"]["name"] == "pypi"
    for name in ("attest", "publish"):
        assert not [step for step in jobs[name]["steps"] if "run" in step]
    assert "id-token" not in jobs["build"]["permissions"]


def test_all_supported_versions_of_python_are_tested() -> None:
    matrix = workflow(ROOT / ".github" / "workflows" / "test.yml")["jobs"]["test"]["strategy"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = [each.rpartition(" ")[2] for each in project["classifiers"] if "Python :: 3." in each]
    assert matrix["matrix"]["python"] == told


def test_a_workflow_calls_only_what_make_has() -> None:
    targets = set(
        re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    texts = [path.read_text(encoding="utf-8") for path in FILES]
    texts.append((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))
    called = {
        word
        for text in texts
        for row in re.findall(r"\bmake ([a-z ]+)", text.replace("libc6-dev make", ""))
        for word in row.split()
    }
    assert {"test", "lint", "dist", "docs"} <= called <= targets


def test_zizmor_has_nothing_to_say() -> None:
    program = shutil.which("zizmor")
    if program is None:
        pytest.skip("zizmor is not installed")
    done = subprocess.run(
        [program, "--offline", "--pedantic", "--no-progress", ".github", "action.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
