"""What the documentation tells users to paste into their builds, taken from there and tried."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.delivery.conftest import BAD, GOOD, RULE, Done, execute
from tests.support.boards import CHECKOUT
from tests.support.repositories import commit, git, needs_git, repository
from tools.docs.generated import ROOT

yaml = pytest.importorskip("yaml")

MARK = re.compile(r"<!-- try: (.+?) -->\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGE = ROOT / "docs" / "ci.md"
SNIPPETS = dict(MARK.findall(PAGE.read_text(encoding="utf-8")))
#: What stands for dtlink's address, which is for the user to fill in.
PLACEHOLDER = re.compile(r"<[\w ,']+>")

Environment = dict[str, str]


def need(*programs: str) -> None:
    """Skip where a program is not installed."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def write(path: Path, text: str) -> Path:
    """Write a file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def snippet(name: str) -> Any:
    """A snippet that is YAML, parsed."""
    return yaml.safe_load(SNIPPETS[name])


def test_every_snippet_is_tried() -> None:
    tried = {"pre-commit", "pre-commit-build", "github", "github-since", "gitlab"}
    assert set(SNIPPETS) == {*tried, "make", "kernel", "yocto", "buildroot"}, (
        "write a test that runs each snippet marked with <!-- try: NAME --> in docs/ci.md, and "
        "list it here"
    )


def test_pre_commit_takes_its_configuration(tmp_path: Path) -> None:
    pytest.importorskip("pre_commit")
    config = snippet("pre-commit")
    (repo,) = config["repos"]
    repo["hooks"] += snippet("pre-commit-build")
    path = write(tmp_path / "config.yaml", yaml.safe_dump(config))
    done = execute(sys.executable, "-m", "pre_commit", "validate-config", path, cwd=tmp_path)
    assert done.status == 0, done.output
    manifest = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for hook in repo["hooks"]} <= {hook["id"] for hook in manifest}


def test_the_workflow_gives_the_action_only_what_it_takes() -> None:
    action = yaml.safe_load((CHECKOUT / "action.yml").read_text(encoding="utf-8"))
    job = snippet("github")["jobs"]["dtlink"]
    *_, step = job["steps"]
    assert PLACEHOLDER.sub("it", step["uses"]) == "it/dtlink@it"
    assert step["with"].keys() <= action["inputs"].keys()
    assert job["permissions"]["security-events"] == "write", "the action uploads by default"


@needs_git
def test_two_commits_are_enough_for_a_pull_request(tmp_path: Path, on_path: Environment) -> None:
    checkout, step = snippet("github-since")["steps"]
    origin = repository(tmp_path / "origin", {"old.dts": BAD, "both.dts": GOOD})
    git(origin, "checkout", "-q", "-b", "change")
    git(origin, "commit", "-q", "--allow-empty", "-m", "first")
    git(origin, "rm", "-q", "both.dts")
    for name, text in {"new.dts": BAD, "good.dts": GOOD}.items():
        write(origin / name, text)
    commit(origin)
    git(origin, "checkout", "-q", "main")
    write(origin / "main.dts", BAD)
    commit(origin)
    git(origin, "merge", "-q", "--no-ff", "-m", "merge", "change")
    depth = f"--depth={checkout['with']['fetch-depth']}"
    git(tmp_path, "clone", "-q", depth, f"file://{origin}", "clone")
    options = step["with"]["args"].split()
    done = execute("dtlink", "lint", ".", *options, cwd=tmp_path / "clone", env=on_path)
    assert done.status == 1
    assert "new.dts" in done.output
    assert "reaches 2 of 4 inputs" in done.output
    assert "old.dts" not in done.output
    assert "main.dts" not in done.output


@pytest.mark.parametrize(("text", "status"), [(GOOD, 0), (BAD, 1)], ids=["good", "bad"])
def test_the_gitlab_job_writes_the_reports_that_it_names(
    tmp_path: Path, on_path: Environment, text: str, status: int
) -> None:
    need("bash")
    write(tmp_path / "boards" / "board.dts", text)
    job = snippet("gitlab")["dtlink"]
    install, *script = job["script"]
    assert PLACEHOLDER.sub("it", install) == "pip install git+it"
    done = execute("bash", "-euo", "pipefail", "-c", "\n".join(script), cwd=tmp_path, env=on_path)
    assert done.status == status, done.output
    reports = job["artifacts"]["reports"]
    quality = json.loads((tmp_path / reports["codequality"]).read_text(encoding="utf-8"))
    assert [each["check_name"] for each in quality] == [RULE] * status
    junit = ET.parse(tmp_path / reports["junit"])  # noqa: S314 - dtlink's own
    assert len(list(junit.iter("failure"))) == status


@pytest.fixture
def make(tmp_path: Path, on_path: Environment) -> Any:
    """Runs the Makefile's target in a folder with two boards."""
    need("make", "dtc")
    write(tmp_path / "Makefile", SNIPPETS["make"])
    for name in ("first", "second"):
        write(tmp_path / "boards" / f"{name}.dts", GOOD)

    def run() -> Done:
        return execute("make", "--no-print-directory", cwd=tmp_path, env=on_path)

    return run


def test_make_lints_what_is_new_until_nothing_is_wrong(tmp_path: Path, make: Any) -> None:
    assert make().status == 0
    assert "Nothing to be done" in make().output
    time.sleep(0.01)  # a file's time must differ from the stamp's
    board = write(tmp_path / "boards" / "first.dts", BAD)
    for _ in range(2):
        done = make()
        assert done.status != 0
        assert RULE in done.output
        assert "dtlink lint boards/first.dtb\n" in done.output, "and not the other"
    time.sleep(0.01)
    board.write_text(GOOD, encoding="utf-8")
    assert make().status == 0


def test_the_kernel_commands_lint_what_was_built(tmp_path: Path, on_path: Environment) -> None:
    """Without a kernel: a make that puts a blob where the kernel's does."""
    need("bash")
    blob = CHECKOUT / "fixtures" / "boards" / "phandle-faults.dtb"
    folder = "build/arch/arm64/boot/dts/vendor"
    script = f'#!/bin/sh\necho "$@" > given\nmkdir -p {folder}\ncp "{blob}" {folder}/board.dtb\n'
    write(tmp_path / "bin" / "make", script).chmod(0o755)
    env = {"PATH": f"{tmp_path / 'bin'}:{on_path['PATH']}"}
    done = execute("bash", "-ec", SNIPPETS["kernel"], cwd=tmp_path, env=env)
    assert done.status == 1
    assert f"{folder}/board.dtb" in done.output
    assert RULE in done.output
    assert "O=build" in (tmp_path / "given").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "status"), [("clean-board", 0), ("phandle-faults", 1)])
def test_the_yocto_task_lints_what_was_compiled(
    tmp_path: Path, on_path: Environment, name: str, status: int
) -> None:
    """Without bitbake: its task is a shell function, and its variables are those of a shell."""
    need("sh")
    text = SNIPPETS["yocto"]
    function = re.search(r"^do_dtlink\(\) \{\n.*?^\}$", text, re.DOTALL | re.MULTILINE)
    assert function
    assert "addtask dtlink after do_compile before do_deploy\n" in text
    defaults = dict(re.findall(r'^(\w+) \?= "(.*)"$', text, re.MULTILINE))
    assert defaults.keys() == {"DTLINK_PATHS", "DTLINK_ARGS"}
    blobs = tmp_path / "build" / "arch" / "arm64" / "boot" / "dts" / "vendor"
    blobs.mkdir(parents=True)
    shutil.copy(CHECKOUT / "fixtures" / "boards" / f"{name}.dtb", blobs)
    assigned = "\n".join(f'{key}="{value}"' for key, value in defaults.items())
    script = f"set -e\n{assigned}\n{function[0]}\ndo_dtlink\n"
    env = {**on_path, "B": str(tmp_path / "build"), "ARCH": "arm64", "WORKDIR": str(tmp_path)}
    done = execute("sh", "-c", script, cwd=tmp_path, env=env)
    assert done.status == status, done.output
    report = json.loads((tmp_path / "dtlink.json").read_text(encoding="utf-8"))
    assert len(report["inputs"]) == 1


@pytest.mark.parametrize(("name", "status"), [("clean-board", 0), ("phandle-faults", 1)])
def test_the_buildroot_script_passes_over_other_images(
    tmp_path: Path, on_path: Environment, name: str, status: int
) -> None:
    need("sh")
    images = tmp_path / "images"
    write(images / "config.txt", "enable_uart=1\n")
    (images / "u-boot.bin").write_bytes(bytes(range(256)))
    shutil.copy(CHECKOUT / "fixtures" / "boards" / f"{name}.dtb", images)
    script = write(tmp_path / "post-image.sh", SNIPPETS["buildroot"])
    script.chmod(0o755)
    env = {**on_path, "BINARIES_DIR": str(images)}
    done = execute(script, images, cwd=tmp_path, env=env)
    assert done.status == status, done.output
    report = json.loads((images / "dtlink.json").read_text(encoding="utf-8"))
    assert [each["path"] for each in report["inputs"]] == [str(images / f"{name}.dtb")]
