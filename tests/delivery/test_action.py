"""The GitHub Action: its steps run by bash, with what GitHub would put around them."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.delivery.conftest import BAD, GOOD, RULE, execute
from tests.support.boards import CHECKOUT

yaml = pytest.importorskip("yaml")

ACTION: dict[str, Any] = yaml.safe_load((CHECKOUT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="bash is not installed")


def expressions(step: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a step takes from GitHub: inputs, outputs of other steps."""
    for text in re.findall(r"\$\{\{(.*?)\}\}", json.dumps(step)):
        yield from re.findall(r"\b(inputs|steps)\.([\w-]+)", text)


def test_scripts_get_inputs_as_variables_and_never_as_text() -> None:
    """Text that GitHub pastes into a script is run as part of it."""
    scripts = [step["run"] for step in STEPS if "run" in step]
    assert len(scripts) == 2
    assert not any("${{" in script for script in scripts)


def test_inputs_and_steps_that_are_named_are_there() -> None:
    used = {name for step in STEPS for kind, name in expressions(step) if kind == "inputs"}
    assert used == set(ACTION["inputs"]), "action.yml: use every input, and declare every one used"
    earlier: set[str] = set()
    for step in STEPS:
        assert {name for kind, name in expressions(step) if kind == "steps"} <= earlier
        earlier.add(step.get("id", ""))


def test_findings_are_uploaded_although_they_fail_the_lint() -> None:
    upload = STEPS[-1]
    assert upload["uses"].startswith("github/codeql-action/upload-sarif@")
    assert "always()" in upload["if"], "a step without it is left out when one before it failed"
    allowed = re.findall(r"steps\.lint\.outputs\.status == '(\d)'", upload["if"])
    assert allowed == ["0", "1"], "alerts of what was not read would be closed as fixed"


class Step(NamedTuple):
    """What came of a step."""

    status: int
    output: str
    outputs: dict[str, str]
    summary: str

    @property
    def sarif(self) -> dict[str, Any]:
        """The first run of the SARIF file that the step names."""
        path = Path(self.outputs["sarif"])
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["runs"][0]
        return run

    @property
    def places(self) -> list[str]:
        """The files that results are about, as SARIF names them."""
        return [
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            for result in self.sarif["results"]
        ]


Take = Callable[..., Step]


@pytest.fixture
def take(tmp_path: Path, program: Path) -> Take:
    """Runs one step of the action, by its id, in the folder ``tmp_path / "repository"``."""
    workspace = tmp_path / "repository"
    workspace.mkdir()
    (tmp_path / "runner").mkdir()

    def run(name: str, program: Path = program, **inputs: str) -> Step:
        given = {key.replace("_", "-"): value for key, value in inputs.items()}
        assert given.keys() <= ACTION["inputs"].keys()
        values = {key: given.get(key, each["default"]) for key, each in ACTION["inputs"].items()}
        context = {
            **{f"inputs.{key}": value for key, value in values.items()},
            "github.action_path": str(CHECKOUT),
            "steps.python.outputs.python-path": sys.executable,
            "steps.install.outputs.program": str(program),
        }
        (step,) = (step for step in STEPS if step.get("id") == name)
        return _bash(step, context, tmp_path)

    return run


def _bash(step: dict[str, Any], context: dict[str, str], top: Path) -> Step:
    """A step's script, run as GitHub does: its expressions replaced, its files at hand."""

    def expanded(text: str) -> str:
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: context[found[1]], text)

    files = {name: top / "runner" / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        path.write_text("", encoding="utf-8")
    script = top / "runner" / "script.sh"
    script.write_text(step["run"], encoding="utf-8")
    env = {name: expanded(value) for name, value in step["env"].items()}
    env |= {name: str(path) for name, path in files.items()}
    env["RUNNER_TEMP"] = str(top / "runner")
    cwd = top / "repository" / expanded(step.get("working-directory", "."))
    options = ("--noprofile", "--norc", "-eo", "pipefail")
    done = execute(BASH, *options, script, cwd=cwd, env=env)
    output, summary = (path.read_text(encoding="utf-8") for path in files.values())
    outputs = dict(line.split("=", 1) for line in output.splitlines())
    return Step(done.status, done.output, outputs, summary)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The folder in which the steps run, with a good and a bad board in folders of their own."""
    folder = tmp_path / "repository"
    for name, text in (("good", GOOD), ("bad", BAD), ("very bad", BAD)):
        path = folder / "boards" / name / "board.dts"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return folder


@needs_bash
def test_findings_become_annotations_a_summary_and_sarif(take: Take, repository: Path) -> None:
    done = take("lint", paths="boards/bad")
    assert (done.status, done.outputs["status"]) == (1, "1")
    (line,) = [line for line in done.output.splitlines() if line.startswith("::error ")]
    assert "file=boards/bad/board.dts" in line
    assert "line=5" in line
    assert RULE in line
    assert RULE in done.summary
    assert [result["ruleId"] for result in done.sarif["results"]] == [RULE]
    assert done.places == ["boards/bad/board.dts"]
    assert not list(repository.glob("*.sarif")), "a check for a clean checkout may follow"


@needs_bash
def test_a_good_board_passes_and_its_sarif_is_empty(take: Take, repository: Path) -> None:
    assert repository.is_dir()
    done = take("lint", paths="boards/good")
    assert (done.status, done.outputs["status"]) == (0, "0")
    assert "::error" not in done.output
    assert done.sarif["results"] == []


@needs_bash
def test_the_severity_that_fails_and_the_name_of_the_sarif_file(
    take: Take, repository: Path
) -> None:
    done = take("lint", paths="boards", fail_on="never", sarif="dtlink.sarif")
    assert (done.status, done.outputs["status"]) == (0, "0")
    assert done.outputs["sarif"] == str(repository / "dtlink.sarif")
    assert len(done.places) == 2


@needs_bash
def test_paths_are_lines_and_options_are_words(take: Take, repository: Path) -> None:
    assert repository.is_dir()
    done = take("lint", paths="boards/very bad\n\nboards/good\n", args="--ignore\n  legacy ")
    assert done.status == 1
    assert done.places == ["boards/very%20bad/board.dts"]
    assert take("lint", paths="boards", args="--ignore phandle").status == 0


@needs_bash
def test_paths_count_from_where_the_repository_is(take: Take, repository: Path) -> None:
    assert repository.is_dir()
    done = take("lint", paths="bad", working_directory="boards")
    assert done.status == 1
    assert done.places == ["bad/board.dts"]


@needs_bash
def test_what_cannot_be_read_fails_the_step_and_is_told(take: Take, repository: Path) -> None:
    (repository / "broken.dtb").write_bytes(b"\xd0\x0d\xfe\xed" + bytes(10))
    done = take("lint", paths="broken.dtb\nboards/bad")
    assert (done.status, done.outputs["status"]) == (2, "2")
    assert "not a DTB" in done.output
    assert RULE in done.output
    assert "boards/bad/board.dts" in done.places


@needs_bash
def test_wrong_usage_leaves_nothing_to_upload(take: Take, repository: Path) -> None:
    """Not even the file of an earlier run."""
    (repository / "dtlink.sarif").write_text("{}", encoding="utf-8")
    done = take("lint", paths="boards", args="--select nonsense", sarif="dtlink.sarif")
    assert done.outputs == {"status": "2"}
    assert done.status == 2
    assert "nonsense" in done.output


@needs_bash
def test_text_of_inputs_is_not_run(take: Take, repository: Path) -> None:
    done = take("lint", paths="$(touch ran)\n`touch ran`", args="; touch ran", fail_on="error")
    assert done.status == 2
    assert not (repository / "ran").exists()


@needs_bash
@pytest.mark.corpus
@pytest.mark.usefixtures("_package_index")
def test_dtlink_is_installed_and_nothing_of_the_repository_is_run(
    take: Take, repository: Path
) -> None:
    """Who proposes a change may put any file into the repository's top folder."""
    for name in ("pip", "venv", "click", "rich", "dtlink"):
        mine = f"open({str(repository / 'ran')!r}, 'w')\nraise SystemExit('{name}')\n"
        (repository / f"{name}.py").write_text(mine, encoding="utf-8")
    installed = take("install")
    assert installed.status == 0, installed.output
    done = take("lint", program=Path(installed.outputs["program"]), paths="boards/bad")
    assert done.status == 1
    assert RULE in done.summary
    assert not (repository / "ran").exists()
