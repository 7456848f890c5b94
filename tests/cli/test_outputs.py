"""What is told, and where."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dtlink.report.formats import FORMATS
from tests.cli.conftest import Run
from tests.support.boards import SHARED, need_corpus


def test_several_formats_at_once(run: Run, bad_dts: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    result = run("lint", bad_dts, "--format", "text", "--format", f"json={target}")
    assert result.exit_code == 1
    assert "phandle/dangling" in result.stdout
    document = json.loads(target.read_text())
    assert document["inputs"][0]["findings"][0]["rule"] == "phandle/dangling"


def test_output_is_for_the_format_without_a_file(run: Run, bad_dts: Path, tmp_path: Path) -> None:
    text, document = tmp_path / "out.txt", tmp_path / "out.json"
    result = run("lint", bad_dts, "-o", text, "--format", "text", "--format", f"json={document}")
    assert result.stdout == ""
    assert "phandle/dangling" in text.read_text()
    assert json.loads(document.read_text())["schema"] == "report-1"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--format", "text", "--format", "json"], "two formats go to standard output"),
        (["--format", "json=x", "--format", "sarif=x"], "two formats go to x"),
        (["--format", "json=x", "-o", "y"], "each has one"),
        (["--format", "json=x", "-o", "-"], "each has one"),
        (["--format", "xml"], "unknown format 'xml'"),
    ],
)
def test_wrong_usage(run: Run, bad_dts: Path, options: list[str], told: str) -> None:
    result = run("lint", bad_dts, *options)
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.mark.parametrize("command", ["lint", "links"])
def test_a_line_an_input(run: Run, fixtures: Path, command: str) -> None:
    whole = json.loads(run(command, fixtures, "--format", "json").stdout)
    rows = run(command, fixtures, "--format", "jsonl").stdout.splitlines()
    assert [entry for row in rows for entry in json.loads(row)["inputs"]] == whole["inputs"]
    assert {json.loads(row)["summary"]["inputs"] for row in rows} == {1}


@pytest.mark.parametrize("form", FORMATS)
def test_any_number_of_processes_gives_the_same_bytes(run: Run, fixtures: Path, form: str) -> None:
    """Of the project's own firmware, and of ten real boards where they are there."""
    real = need_corpus() if SHARED.is_dir() else ()
    inputs = [fixtures.parent, fixtures / "missing.dtb", *real[:: max(1, len(real) // 10)]]
    told = {run("lint", *inputs, "--format", form, "-j", jobs).stdout for jobs in (1, 2, 3)}
    assert len(told) == 1
    assert all(told)


def test_two_runs_give_the_same_bytes(fixtures: Path, tmp_path: Path) -> None:
    """Python orders its sets anew in each run."""
    (tmp_path / "boards").mkdir()
    for name in ("clean-board.dtb", "phone-soc.dtb", "virtio-iommu-guest.dtb"):
        (tmp_path / "boards" / name).write_bytes((fixtures / name).read_bytes())
    kernel = fixtures.parent / "kernel"
    (tmp_path / "dtlink.toml").write_text(
        f"[[folder]]\npath = '*guest*'\nkernel = '{kernel}'\n"
        "[[folder]]\npath = '*phone*'\nkernel-version = '6.6'\n"
        "[[expect]]\nrule = 'cycle'\nreason = 'a test'\n"
    )
    for seed in ("1", "2", "3"):
        (tmp_path / seed).mkdir()
        outputs = [f"--format={form}={tmp_path / seed / form}" for form in FORMATS]
        inputs = [tmp_path / "boards", fixtures.parent]
        done = subprocess.run(
            [sys.executable, "-m", "dtlink", "lint", *inputs, *outputs],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
    for form in FORMATS:
        told = {(tmp_path / seed / form).read_bytes() for seed in ("1", "2", "3")}
        assert len(told) == 1, form
        assert all(told), form


def test_what_is_no_file_is_written_to_and_stays(run: Run, bad_dts: Path, tmp_path: Path) -> None:
    """A pipe or a device in the place of a file is no file afterwards."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run("lint", bad_dts, "--format", "json", "-o", pipe).exit_code == 1
        assert json.loads(os.read(reader, 1 << 20))["schema"] == "report-1"
        assert pipe.is_fifo()
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    "command", ["lint", "links", "graph --format dot", "inspect", "cycles --format json"]
)
def test_a_dash_is_standard_output(
    run: Run, bad_dts: Path, command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    name, *words = command.split()
    expected = run(name, bad_dts, *words)
    result = run(name, bad_dts, *words, "-o", "-")
    assert (result.exit_code, result.stdout) == (expected.exit_code, expected.stdout)
    assert result.stdout
    assert not Path("-").exists()


def test_a_baseline_is_read_from_standard_input_and_written_to_a_file(
    run: Run, bad_dts: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    run("lint", bad_dts, "--baseline", "known.json", "--write-baseline")
    known = Path("known.json").read_bytes()
    assert run("lint", bad_dts, "--baseline", "-", stdin=known).exit_code == 0
    for option in ("--write-baseline", "--prune-baseline"):
        result = run("lint", bad_dts, "--baseline", "-", option, stdin=known)
        assert result.exit_code == 2
        assert "-: a baseline is written to a file, not to standard output" in result.stderr
    assert not Path("-").exists()


def test_the_baseline_is_written_apart(run: Run, bad_dts: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    result = run("lint", bad_dts, "--baseline", known, "--write-baseline", "-o", known)
    assert result.exit_code == 2
    assert f"{known} is the baseline: name another file for the report" in result.stderr
    assert not known.exists()


def test_a_link_is_followed(run: Run, bad_dts: Path, tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    run("lint", bad_dts, "--format", "json", "-o", tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["schema"] == "report-1"


def test_a_name_that_is_no_text_is_told(bad_dts: Path, tmp_path: Path) -> None:
    odd = os.fsencode(bad_dts.parent) + b"/b\xff.dts"
    Path(os.fsdecode(odd)).write_bytes(bad_dts.read_bytes())
    files = [f"--format={form}={tmp_path / form}" for form in FORMATS if form != "jsonl"]
    done = subprocess.run(
        [sys.executable, "-m", "dtlink", "lint", odd, "--format", "jsonl", *files],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    for document in (done.stdout, (tmp_path / "json").read_bytes()):
        assert json.loads(document)["inputs"][0]["path"].endswith("b\udcff.dts")
    for form in FORMATS:
        assert form == "jsonl" or (tmp_path / form).read_text(encoding="utf-8"), form


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_leaves_whole_lines_and_no_half_file(
    fixtures: Path, tmp_path: Path, jobs: str
) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        pytest.skip("SIGINT is ignored, as in the background of a shell without job control")
    many = tmp_path / "boards"
    many.mkdir()
    for number in range(3000):
        (many / f"{number}.dtb").symlink_to(fixtures / "phone-soc.dtb")
    files = ["--format", f"json={tmp_path / 'out.json'}"]
    with subprocess.Popen(
        [sys.executable, "-m", "dtlink", "lint", many, "-j", jobs, "--format", "jsonl", *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    ) as child:
        assert child.stdout
        first = child.stdout.readline()
        # As the terminal does it: to every process of the group.
        os.killpg(child.pid, signal.SIGINT)
        started = time.monotonic()
        rest, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert errors.decode().strip() == "dtlink: interrupted"
    assert time.monotonic() - started < 30
    rows = (first + rest).decode().splitlines()
    assert 0 < len(rows) < 3000
    assert all(json.loads(row)["schema"] == "report-1" for row in rows)
    assert [path.name for path in tmp_path.iterdir()] == ["boards"]


@pytest.mark.parametrize("command", ["lint", "links", "cycles", "order", "devlink", "diff"])
def test_nothing_to_check_is_status_2(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "notes.txt").write_text("no firmware\n")
    result = run(command, *[tmp_path] * (1 + (command == "diff")))
    assert result.exit_code == 2
    assert "no inputs" in result.stderr or "without ACPI tables" in result.stderr
