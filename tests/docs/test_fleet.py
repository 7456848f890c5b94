"""The recipes of docs/fleet.md, run by what stands for SLURM and Kubernetes: local processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.conftest import execute
from tests.support.boards import FIXTURES
from tools.docs.generated import ROOT

yaml = pytest.importorskip("yaml")

MARK = re.compile(r"<!-- try: (.+?) -->\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGE = (ROOT / "docs/fleet.md").read_text(encoding="utf-8")
RECIPES = dict(MARK.findall(PAGE))
#: What the recipes call the machine of the scheduler, and its port.
HOSTS, PORT = ("login1", "dtlink-scheduler"), "8786"
#: Starts a command as often as ``--ntasks`` says, but twice at most, and waits for it.
SRUN = '#!/bin/sh\nshift\n"$@" & "$@" & wait\n'

Environment = dict[str, str]


def test_every_recipe_is_tried() -> None:
    assert [*RECIPES] == [
        "slurm-parts",
        "kubernetes-parts",
        "dask",
        "slurm-dask",
        "kubernetes-dask",
    ]


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """Boards in folders, of which each has one that cannot be read."""
    for number, board in enumerate(sorted(FIXTURES.glob("*.dtb"))[:9]):
        folder = tmp_path / "boards" / f"{number % 3:02}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(board, folder)
        (folder / "broken.dtb").write_bytes(b"\xd0\x0d\xfe\xed")
    return tmp_path


@pytest.fixture
def env(on_path: Environment, tmp_path: Path) -> Environment:
    """An environment in which ``dtlink``, ``dask`` and ``srun`` are found."""
    srun = tmp_path / "bin/srun"
    srun.parent.mkdir()
    srun.write_text(SRUN, encoding="utf-8")
    srun.chmod(0o755)
    path = os.pathsep.join((str(srun.parent), str(Path(sys.executable).parent), on_path["PATH"]))
    return {"PATH": path, "PYTHONPATH": str(ROOT), "DTLINK_CACHE": str(tmp_path / "cache")}


def plain(folder: Path, env: Environment, *paths: str) -> str:
    """What one process writes of all boards."""
    options = ("-j1", "--no-cache", "--fail-on", "never", "--format", "jsonl")
    done = execute("dtlink", "lint", *options, *paths, cwd=folder, env=env)
    assert done.status == 2, "one of each folder cannot be read"
    return done.stdout


def test_an_array_of_slurm_writes_what_one_process_writes(boards: Path, env: Environment) -> None:
    for task in (0, 1, 2, 1):  # one is requeued
        given = {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_CPUS_PER_TASK": "2"}
        done = execute("bash", "-c", RECIPES["slurm-parts"], cwd=boards, env=env | given)
        assert done.status == 2, done.output
    found = [each.read_text() for each in sorted((boards / "reports").iterdir())]
    assert "".join(found) == plain(boards, env, "boards/00", "boards/01", "boards/02")


def test_a_job_of_kubernetes_writes_what_one_process_writes(boards: Path, env: Environment) -> None:
    found = []
    for index in range(3):
        (boards / f"boards/{index:02}").rename(boards / f"boards/{index}")
        report = boards / f"reports/{index}.jsonl"
        report.parent.mkdir(exist_ok=True)
        report.write_text("of an earlier attempt")
        done = execute(*of_pod(boards), cwd=boards, env=env | {"JOB_COMPLETION_INDEX": str(index)})
        assert done.status == 0, done.output
        found.append(report.read_text())
    assert "".join(found) == plain(boards, env, *(str(boards / f"boards/{at}") for at in range(3)))


def test_a_pod_that_writes_no_report_has_failed(boards: Path, env: Environment) -> None:
    """Its exit status is that of an input that cannot be read."""
    (boards / "boards/00").rename(boards / "boards/0")
    done = execute(*of_pod(boards), cwd=boards, env=env | {"JOB_COMPLETION_INDEX": "0"})
    assert "No such file or directory" in done.output
    assert done.status == 1, "there is no folder for the reports"


def of_pod(boards: Path) -> list[str]:
    """The command of a pod of the job, with folders here in the place of its volumes."""
    (job,) = yaml.safe_load_all(RECIPES["kubernetes-parts"])
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    places = {each["mountPath"]: boards / each["name"] for each in container["volumeMounts"]}
    assert {each["name"] for each in pod["volumes"]} == {each.name for each in places.values()}
    user = re.search(r"^USER \d+:(\d+)$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    assert user
    assert pod["securityContext"] == {"fsGroup": int(user[1])}
    words = [*container["command"], *container["args"]]
    for path, here in places.items():
        words = [word.replace(f"{path}/", f"{here}/") for word in words]
    return words


def free_port() -> str:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return str(made.getsockname()[1])


def here(text: str, port: str) -> str:
    """A recipe with this machine as the one of the scheduler, and another port."""
    for each in HOSTS:
        text = text.replace(each, "127.0.0.1")
    return text.replace(PORT, port)


@contextmanager
def started(command: str, folder: Path, env: Environment) -> Iterator[subprocess.Popen[str]]:
    """A command of the shell; all of its processes are ended, as schedulers of jobs do."""
    with subprocess.Popen(
        ["bash", "-c", command],  # noqa: S607 - of the machine, as the user's
        cwd=folder,
        env=os.environ | env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def linted(boards: Path, env: Environment, commands: list[str], lint: str, output: str) -> str:
    """What a lint writes while other commands run."""
    pytest.importorskip("distributed", reason="dask is not installed (dtlink[dask])")
    with ExitStack() as stack:
        for each in commands:
            stack.enter_context(started(each, boards, env))
        done = execute("bash", "-c", lint, cwd=boards, env=env)
    assert done.status == 2, done.output
    return (boards / output).read_text()


def test_the_commands_for_dask_start_what_the_lint_needs(boards: Path, env: Environment) -> None:
    recipe = here(RECIPES["dask"], free_port()).replace("/data/boards", "boards")
    scheduler, worker, lint = recipe.replace("--nworkers 8", "--nworkers 2").splitlines()
    found = linted(boards, env, [scheduler, worker], lint, "report.jsonl")
    assert found == plain(boards, env, "boards")


def test_a_job_of_slurm_with_dask_ends_with_the_lint(boards: Path, env: Environment) -> None:
    pytest.importorskip("distributed", reason="dask is not installed (dtlink[dask])")
    with started(here(RECIPES["slurm-dask"], free_port()), boards, env) as job:
        assert job.wait(timeout=120) == 2
    found = (boards / "report.jsonl").read_text()
    assert found == plain(boards, env, str(boards / "boards"))


def test_workers_of_kubernetes_find_the_scheduler(boards: Path, env: Environment) -> None:
    service, *deployments = yaml.safe_load_all(RECIPES["kubernetes-dask"])
    assert (service["metadata"]["name"], service["spec"]["ports"]) == (HOSTS[1], [{"port": 8786}])
    for each in deployments:
        labels = each["spec"]["template"]["metadata"]["labels"]
        assert each["spec"]["selector"]["matchLabels"] == labels
    assert service["spec"]["selector"] == deployments[0]["spec"]["selector"]["matchLabels"]
    port = free_port()
    commands = [command(each, port) for each in deployments]
    (words,) = re.findall(r"`(dtlink lint --executor[^`]+)`", PAGE)
    lint = here(" ".join(words.split()), port).replace("/boards", f"{boards}/boards")
    lint += " --format jsonl -o report.jsonl"
    found = linted(boards, env, commands, lint, "report.jsonl")
    assert found == plain(boards, env, str(boards / "boards"))


def command(deployment: Any, port: str) -> str:
    """The command of a deployment's pods."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return here(" ".join(container["command"]), port)
