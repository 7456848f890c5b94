"""Results from the cache: the same bytes, and none where anything they rest on has changed."""

from __future__ import annotations

import inspect
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import dtlink
from dtlink import stamps, version
from dtlink.engine import linting
from dtlink.engine.cache import origin as origins
from dtlink.engine.cache import shelf
from dtlink.engine.task import Task
from dtlink.firmware.dts import read_text
from dtlink.report.formats import FORMATS
from dtlink.rules.run import RuleFault
from tests.cli.conftest import run
from tests.support.cached import kept, processed, settled, write_examples
from tests.support.kernels import RELEASE, package, write

__all__ = ["kept", "processed", "run", "settled"]

pytestmark = pytest.mark.usefixtures("kept")

SOME = 20


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    return write_examples(tmp_path_factory.mktemp("examples") / "boards")


@pytest.fixture
def boards(examples, tmp_path):
    """A folder that a test may change, with as many boards as the cache is asked for."""
    folder = tmp_path / "boards"
    folder.mkdir()
    for path in sorted(examples.iterdir())[:SOME]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def read(run, processed):
    """Lint; the names of the inputs that did not come from the cache."""

    def lint(*options):
        result = run("lint", "-j1", "--select", "all", *options)
        assert result.exit_code in (0, 1, 2), result.output
        return sorted(Path(path).name for path in processed.take())

    return lint


def said(result):
    return result.exit_code, result.stdout, result.stderr


# The same bytes


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("options", [(), ("--select", "all", "--show", "info")])
def test_every_format_is_what_it_is_without_the_cache(run, examples, processed, form, options):
    lint = ("lint", "-j1", "--format", form, *options, examples)
    plain = said(run(*lint, "--no-cache"))
    number = len(processed.take())
    assert number > 60
    assert said(run(*lint)) == plain
    assert len(processed.take()) == number
    assert said(run(*lint)) == plain
    assert processed.take() == []


@pytest.mark.usefixtures("settled")
def test_one_format_takes_the_results_of_another(read, boards):
    assert len(read(boards)) == SOME
    assert read(boards, "--statistics") == []
    # Text has no hashes and SARIF has: they are kept.
    assert read(boards, "--format", "gitlab") == []
    # The edits of fixes are made for formats that have them.
    assert len(read(boards, "--format", "json")) == SOME
    assert read(boards, "--format", "sarif") == []


@pytest.mark.usefixtures("settled")
def test_what_counts_is_decided_after_the_cache(run, boards, processed, tmp_path):
    """A configuration's words, a baseline and a level say what counts of the same results."""
    run("lint", "-j1", boards)
    processed.take()
    (boards / "dtlink.toml").write_text(
        '[[allow]]\nrule = "phandle"\nreason = "a test"\n[severity]\nsupplier = "info"\n'
    )
    base = tmp_path / "base.json"
    for options in (
        ["--fail-on", "warning"],
        ["--format", "gitlab"],
        ["--baseline", base, "--write-baseline"],
        ["--baseline", base],
    ):
        plain = said(run("lint", "-j1", "--no-cache", *options, boards))
        assert len(processed.take()) == SOME
        assert said(run("lint", "-j1", *options, boards)) == plain
        assert processed.take() == []


@pytest.mark.usefixtures("settled")
def test_new_results_come_in_their_places(run, boards):
    plain = said(run("lint", "--no-cache", "--format", "json", boards))
    paths = sorted(boards.iterdir())
    run("lint", "--format", "json", *paths[::2], *paths[::3])
    for jobs in ("-j1", "-j2"):
        assert said(run("lint", jobs, "--format", "json", boards)) == plain
    twice = [*paths, *paths]
    plain = said(run("lint", "--no-cache", "--format", "json", *twice))
    assert said(run("lint", "--format", "json", *twice)) == plain


@pytest.mark.corpus
@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_the_corpus_is_what_it_is_without_the_cache(run, shared, processed, form):
    folder = shared / "corpus" / "arm64"
    plain = said(run("lint", "-j1", "--no-cache", "--format", form, folder))
    assert said(run("lint", "-j1", "--format", form, folder)) == plain
    processed.take()
    assert said(run("lint", "-j1", "--format", form, folder)) == plain
    assert processed == []


# Nothing that has changed


@pytest.mark.usefixtures("settled")
def test_one_byte_is_enough(read, boards):
    read(boards)
    path = sorted(boards.iterdir())[3]
    data = path.read_bytes()
    for at in range(60, len(data), len(data) // 12):
        before = path.stat()
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        # Size, number and time of writing as before: the time of the change gives it away.
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert read(boards) == [path.name]
    path.write_bytes(data)
    assert read(boards) == [path.name]
    assert read(boards) == []


@pytest.mark.parametrize("step", [0, 3_000_000_000], ids=["settled", "just written"])
def test_the_same_content_is_known_whatever_the_times(read, boards, monkeypatch, step):
    monkeypatch.setattr(stamps, "_STEP", step)
    read(boards)
    for path in boards.iterdir():
        path.write_bytes(path.read_bytes())
    assert read(boards) == []
    one, other = sorted(boards.iterdir())[:2]
    mine, theirs = one.read_bytes(), other.read_bytes()
    one.write_bytes(theirs)
    assert read(boards) == [one.name]
    one.write_bytes(mine)
    assert read(boards) == [one.name]


def test_a_file_that_was_just_written_is_known_by_its_content(read, boards, monkeypatch):
    """Two writes in one tick of the clock leave one stamp: it is not believed until later."""
    read(boards)
    asked = []
    monkeypatch.setattr(shelf, "content_of", lambda path, _: asked.append(path) or "")
    assert len(read(boards)) == SOME
    assert len(asked) == SOME


@pytest.mark.parametrize(
    "options",
    [
        ["--ignore", "phandle"],
        ["--select", "supplier"],
        ["--kernel-version", "6.6"],
        ["--against", "6.1"],
        ["--cmdline", "fw_devlink=off"],
        ["--root", "/soc"],
        ["--root-after", "3"],
        ["-D", "X=1"],
        ["-I", "."],
        ["--expect", "phandle/dangling:/nowhere"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("settled")
def test_other_settings_have_other_results(run, boards, processed, options):
    run("lint", "-j1", boards)
    processed.take()
    run("lint", "-j1", *options, boards)
    assert len(processed.take()) == SOME
    run("lint", "-j1", *options, boards)
    assert processed.take() == []
    run("lint", "-j1", boards)
    assert processed.take() == []


@pytest.mark.usefixtures("settled")
def test_another_dtlink_has_other_results(read, boards, monkeypatch):
    read(boards)
    monkeypatch.setattr(version, "__version__", "99")
    assert len(read(boards)) == SOME
    assert read(boards) == []


@pytest.mark.usefixtures("settled")
def test_another_path_has_other_results(read, boards, monkeypatch):
    """Reports have paths as they were written."""
    read(boards)
    monkeypatch.chdir(boards.parent)
    assert len(read("boards")) == SOME
    assert len(read("./boards")) == SOME
    assert read("boards") == []


@pytest.mark.usefixtures("settled")
def test_a_kernel_that_changes_has_other_results(read, boards, tmp_path):
    root = package(tmp_path / "kernel")
    image = tmp_path / "initramfs"
    image.write_text("kernel/fs/ext4.ko\n")
    given = ["--kernel", root, "--initramfs", image]
    read(boards)
    assert len(read(boards, *given[:2])) == SOME
    assert len(read(boards, *given)) == SOME
    assert read(boards, *given) == []
    image.write_text("kernel/fs/jbd2.ko\n")
    os.utime(image, (1, 1))
    assert len(read(boards, *given)) == SOME
    write(root, {f"boot/config-{RELEASE}": "CONFIG_ONE=y\n"})
    assert len(read(boards, *given)) == SOME
    assert read(boards, *given) == []


@pytest.mark.usefixtures("settled")
def test_a_source_that_comes_beside_a_blob(read, boards):
    """A blob's findings have the lines of the source beside it."""
    read(boards)
    path = min(boards.iterdir())
    source = path.with_suffix(".dts")
    source.write_text('/dts-v1/;\n#include "absent.h"\n/ { };\n')
    assert read(boards) == [path.name]
    assert read(boards) == []
    source.write_text('/dts-v1/;\n#include "other.h"\n/ { };\n')
    assert read(boards) == [path.name]
    (boards / "other.h").write_text("")
    assert read(boards) == [source.name]
    source.unlink()
    assert read(boards) == [path.name]
    assert read(boards) == []


def test_what_a_result_rests_on_is_known():
    """What is new here decides results too: it belongs to the basis, or rules out the cache."""
    given = {*inspect.signature(linting.lint).parameters}
    assert given == {"firmware", "settings", "select", "ignore", "write_fixes", "expected"}
    tasks = {"tree", "tables", "sources", "at", "source", "storage", "data", "paths", "prepare"}
    # A task that finishes reports is not one of the cache, which keeps them as they are before.
    assert {*Task._fields} == {*tasks, "finish"}


# What is never kept


@pytest.mark.parametrize("name", ["lspci", "iomem", "kernel-index"])
def test_what_rests_on_more_than_can_be_compared(run, boards, processed, tmp_path, name):
    from dtlink.facts.shipped import SOURCES

    given = {
        "lspci": "00:00.0 Host bridge [0600]: A [1234:5678]\n",
        "iomem": "00000000-ffffffff : System RAM\n",
    }
    (tmp_path / "given").write_text(given.get(name, ""))
    options = [f"--{name}", tmp_path / "given"]
    if name == "kernel-index":
        options = ["--kernel", package(tmp_path / "kernel"), "--kernel-index", SOURCES]
    for _ in range(2):
        run("lint", "-j1", *options, boards)
        assert len(processed.take()) == SOME


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("suffix", [".dtbo", ".dtb"])
def test_an_overlay_is_tried_on_bases_each_time(run, boards, processed, suffix):
    base, blob = min(boards.iterdir()), read_text("/dts-v1/; /plugin/;\n&foo { x; };\n").blob
    overlay = boards / f"one{suffix}"
    overlay.write_bytes(blob)
    run("lint", "-j1", boards)
    assert len(processed.take()) == SOME + 1
    for _ in range(2):
        tried = run("lint", "-j1", "--bases", base, boards)
        assert processed.take() == [str(overlay)]
        assert "has no __symbols__" in tried.stdout
    run("lint", "-j1", boards)
    assert processed.take() == []


@pytest.mark.usefixtures("settled")
def test_a_fault_is_not_kept(run, boards, processed, monkeypatch):
    (boards / "broken.dtb").write_bytes(b"\xd0\x0d\xfe\xed" + bytes(60))
    for _ in range(2):
        run("lint", "-j1", boards)
        assert str(boards / "broken.dtb") in processed.take()
    lint = linting.lint

    def raises(*given, **more):
        return {**lint(*given, **more), "faults": [RuleFault("a/rule", "it raised")]}

    monkeypatch.setattr(linting, "lint", raises)
    for _ in range(2):
        assert run("lint", "-j1", "--ignore", "legacy", boards).exit_code == 3
        assert len(processed.take()) == SOME + 1


def test_few_inputs_are_not_looked_for(read, boards, kept):
    paths = sorted(boards.iterdir())[:3]
    for _ in range(2):
        assert len(read(*paths)) == 3
    assert not kept.exists()


def test_nothing_is_kept_where_the_user_says_so(run, boards, kept, tmp_path, monkeypatch):
    run("lint", "--no-cache", boards)
    assert not kept.exists()
    run("lint", "--cache-dir", tmp_path / "other", boards)
    assert (tmp_path / "other").is_dir()
    run("lint", "--cache-dir", tmp_path / "third", "--no-cache", boards)
    run("lint", "--no-cache", "--cache-dir", tmp_path / "third", boards)
    assert not (tmp_path / "third").exists()
    assert not kept.exists()
    assert os.environ["DTLINK_CACHE"] == str(kept)
    monkeypatch.setenv("DTLINK_CACHE", "")
    run("lint", boards)
    assert not kept.exists()


# Which dtlink it is


def test_a_checkout_is_known_by_its_files(tmp_path, monkeypatch):
    package = tmp_path / "dtlink"
    write(package, {"a.py": "A = 1\n", "b/c.py": "", "b/__pycache__/c.pyc": "x"})
    monkeypatch.setattr(version, "LOADED", version.LOADED + 10**12)
    first = origins.origin(str(package))
    assert first is not None
    write(package, {"b/__pycache__/c.pyc": "other"})
    assert origins.origin(str(package)) == first
    write(package, {"b/c.py": "C = 1\n"})
    second = origins.origin(str(package))
    assert second not in (None, first)
    write(package, {"b/d.txt": ""})
    assert origins.origin(str(package)) not in (None, first, second)


def test_an_installed_package_is_known_by_its_record(tmp_path, monkeypatch):
    package = tmp_path / "dtlink"
    record = f"dtlink-{version.__version__}.dist-info/RECORD"
    write(tmp_path, {"dtlink/a.py": "", record: "dtlink/a.py,,\n"})
    monkeypatch.setattr(version, "LOADED", version.LOADED + 10**12)
    first = origins.origin(str(package))
    write(tmp_path, {record: "dtlink/a.py,,\n"})
    assert origins.origin(str(package)) not in (None, first)


def test_code_that_is_newer_than_the_process_is_not_what_runs(tmp_path):
    package = write(tmp_path / "dtlink", {"a.py": "A = 1\n"})
    assert origins.origin(str(package)) is None
    assert origins.origin(str(tmp_path / "absent")) is None


@pytest.mark.usefixtures("settled")
def test_the_library_keeps_results_as_the_command_does(boards, processed, kept, tmp_path):
    plain = dtlink.lint(boards, cache=False, select=["all"])
    assert not kept.exists()
    for where in (True, tmp_path / "other"):
        processed.take()
        assert dtlink.lint(boards, cache=where, select=["all"]) == plain
        assert len(processed.take()) == SOME
        assert dtlink.lint(boards, cache=where, select=["all"]) == plain
        assert processed.take() == []


@pytest.mark.usefixtures("settled")
def test_workers_elsewhere_may_have_other_files(boards, kept):
    with ThreadPoolExecutor(2) as threads:
        there = dtlink.lint(boards, executor=threads, select=["all"])
    assert there == dtlink.lint(boards, cache=False, select=["all"])
    assert not kept.exists()
