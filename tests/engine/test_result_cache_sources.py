"""Results of sources: whatever they are made of may change, and so may what is not there yet."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dtlink
from dtlink.digests import sha256
from dtlink.engine import runner
from dtlink.engine.cache.asked import ASKED, AskedDisk
from dtlink.firmware.source.files import SourceFiles
from tests.cli.conftest import run
from tests.support.cached import kept, processed, settled

__all__ = ["kept", "processed", "run", "settled"]

pytestmark = pytest.mark.usefixtures("kept", "settled")

SOME = 16
NAMES = [f"board-{number:02}.dts" for number in range(SOME)]
#: What every board finds: a dangling reference, in the file that all include.
SHARED = "/ { uart@0 { compatible = UART; clocks = <0x99>; }; };\n"


@pytest.fixture
def tree(tmp_path):
    """Boards of a tree of Linux: a shared file, a header in an include path, data."""
    root = tmp_path / "linux"
    folder = root / "arch" / "arm64" / "boot" / "dts"
    folder.mkdir(parents=True)
    (root / "include" / "dt-bindings").mkdir(parents=True)
    prefixes = root / "scripts" / "dtc" / "include-prefixes"
    prefixes.mkdir(parents=True)
    (prefixes / "dt-bindings").symlink_to("../../../include/dt-bindings")
    (root / "include" / "dt-bindings" / "uart.h").write_text('#define UART "ns16550a"\n')
    (folder / "soc.dtsi").write_text(f"#include <dt-bindings/uart.h>\n{SHARED}")
    (folder / "data.bin").write_bytes(b"data")
    for number, name in enumerate(NAMES):
        more = 'data = /incbin/("data.bin");' if number == 3 else ""
        (folder / name).write_text(
            f'/dts-v1/;\n#include "soc.dtsi"\n/ {{ model = "{number}"; {more} }};\n'
        )
    return folder


@pytest.fixture
def read(run, processed):
    """Lint; the names of the inputs that did not come from the cache, and the same output."""

    def lint(*paths, options=()):
        plain = run("lint", "-j1", "--no-cache", "--format", "json", *options, *paths)
        processed.clear()
        result = run("lint", "-j1", "--format", "json", *options, *paths)
        found = sorted(Path(path).name for path in processed.take())
        assert (result.exit_code, result.stdout) == (plain.exit_code, plain.stdout)
        assert result.stderr == plain.stderr
        return found

    return lint


def test_nothing_has_changed(read, tree):
    assert read(tree) == NAMES
    assert read(tree) == []


def test_a_board_changes(read, tree):
    read(tree)
    board = tree / NAMES[4]
    board.write_text(board.read_text() + "/ { other; };\n")
    assert read(tree) == [NAMES[4]]
    assert read(tree) == []


@pytest.mark.parametrize("name", ["soc.dtsi", "../../../../include/dt-bindings/uart.h"])
def test_what_all_include_changes(read, tree, name):
    read(tree)
    path = tree / name
    before, text = path.stat(), path.read_text()
    path.write_text(text.replace("ns16550a", "ns16550b").replace("0x99", "0x98"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read(tree) == NAMES
    assert read(tree) == []
    path.write_text(text)
    assert read(tree) == NAMES


def test_what_one_board_includes_changes(read, tree):
    read(tree)
    (tree / "data.bin").write_bytes(b"more")
    assert read(tree) == [NAMES[3]]
    (tree / "own.h").write_text("\n")
    board = tree / NAMES[5]
    board.write_text(board.read_text().replace("/ {", '#include "own.h"\n/ {'))
    assert read(tree) == [NAMES[5]]
    assert read(tree) == []
    (tree / "own.h").write_text("\n\n")
    assert read(tree) == [NAMES[5]]


def test_only_times_change(read, tree):
    read(tree)
    for path in tree.parents[3].rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes())
    assert read(tree) == []
    assert read(tree) == []


def test_a_file_comes_that_is_found_first(read, tree):
    """It is looked for beside the file that includes it, then in each include path."""
    read(tree)
    (tree / "own.h").write_text("")
    assert read(tree) == []
    board = tree / NAMES[0]
    board.write_text(board.read_text().replace("soc.dtsi", "dt-bindings/uart.h"))
    assert read(tree) == [NAMES[0]]
    assert read(tree) == []
    (tree / "dt-bindings").mkdir()
    (tree / "dt-bindings" / "uart.h").write_text('#define UART "other"\n')
    assert read(tree) == [NAMES[0]]
    assert read(tree) == []


def test_a_link_leads_elsewhere(read, tree):
    read(tree)
    link = tree.parents[3] / "scripts" / "dtc" / "include-prefixes" / "dt-bindings"
    other = tree.parents[3] / "include" / "other"
    shutil.copytree(link.resolve(), other)
    link.unlink()
    link.symlink_to("../../../include/other")
    assert read(tree) == NAMES
    assert read(tree) == []


def test_the_tree_becomes_another(read, tree):
    """Where it ends, and which folders are include paths, follows from folders above."""
    read(tree)
    (tree.parents[3] / ".git").mkdir()
    assert read(tree) == NAMES
    assert read(tree) == []
    shutil.rmtree(tree.parents[3] / "scripts")
    (tree.parents[3] / "dts" / "upstream").mkdir(parents=True)
    read(tree)
    assert len(read(tree)) in (0, SOME)  # what cannot be read is read each time


def test_other_macros_and_include_paths(read, tree, tmp_path):
    read(tree)
    (tmp_path / "more" / "dt-bindings").mkdir(parents=True)
    options = ("-I", tmp_path / "more")
    assert read(tree, options=options) == NAMES
    assert read(tree, options=options) == []
    (tmp_path / "more" / "dt-bindings" / "uart.h").write_text('#define UART "other"\n')
    assert read(tree, options=options) == NAMES
    assert read(tree, options=("-D", "A=1")) == NAMES
    assert read(tree) == []


def test_comments_in_the_source(read, tree):
    shared = tree / "soc.dtsi"
    shared.write_text(f"// dtlink: allow phandle/dangling: a test\n{shared.read_text()}")
    assert read(tree) == NAMES
    assert read(tree) == []
    shared.write_text(shared.read_text().replace("a test", "another"))
    assert read(tree) == NAMES


def test_a_blob_with_its_source_beside_it(read, run, tree):
    from dtlink.firmware.read import read_tree

    for name in NAMES:
        (tree / name).with_suffix(".dtb").write_bytes(read_tree(tree / name).blob)
    blobs = sorted(tree.glob("*.dtb"))
    assert len(read(*blobs)) == SOME
    assert read(*blobs) == []
    assert "soc.dtsi" in run("lint", *blobs).stdout
    shared = tree / "soc.dtsi"
    shared.write_text(f"\n\n\n{shared.read_text()}")
    assert len(read(*blobs)) == SOME
    (tree / NAMES[2]).unlink()
    assert read(*blobs) == [NAMES[2].replace(".dts", ".dtb")]
    assert read(*blobs) == []


def test_several_processes_note_what_they_ask(read, tree):
    assert len(read(tree, options=("-j2",))) in (0, SOME)  # elsewhere: nothing is counted here
    assert read(tree) == []
    shared = tree / "soc.dtsi"
    shared.write_text(f"\n{shared.read_text()}")
    assert read(tree) == NAMES


@pytest.mark.parametrize("name", ["soc.dtsi", NAMES[5], "data.bin"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_changes_during_a_run(run, tree, monkeypatch, name, when):
    """Whatever was read, the next run says what is there."""
    process, path = runner.process, tree / name
    changed = path.read_bytes().replace(b"0x99", b"0x98").replace(b'"5"', b'"6"') + b"\n"

    def change(item, task, *, digest):
        is_it = item.path.endswith(NAMES[5])
        if is_it and when == "before":
            path.write_bytes(changed)
        report = process(item, task, digest=digest)
        if is_it and when == "after":
            path.write_bytes(changed)
        return report

    monkeypatch.setattr(runner, "process", change)
    run("lint", "-j1", "--format", "json", tree)
    monkeypatch.setattr(runner, "process", process)
    plain = run("lint", "-j1", "--no-cache", "--format", "json", tree)
    for _ in range(2):
        assert run("lint", "-j1", "--format", "json", tree).stdout == plain.stdout


def test_a_header_that_is_written_with_its_size_and_time(tree, kept):
    """What a process has in memory is not what it finds: nor what it keeps for other processes."""
    shared = tree / "soc.dtsi"
    before, good = shared.stat(), SHARED.replace("<0x99>", "< 0 > ")
    shared.write_text(shared.read_text().replace(SHARED, good))
    os.utime(shared, ns=(before.st_atime_ns, before.st_mtime_ns))
    first = dtlink.lint(tree, cache=False, config=False)
    time.sleep(0.02)  # the time of the last change goes in steps of a clock tick
    shared.write_text(shared.read_text().replace(good, SHARED))
    os.utime(shared, ns=(before.st_atime_ns, before.st_mtime_ns))
    then = dtlink.lint(tree, cache=kept, config=False)
    assert [len(each.findings) for each in (*first.inputs, *then.inputs)] == [0] * 16 + [1] * 16
    again = subprocess.run(
        [sys.executable, "-m", "dtlink", "lint", "--no-config", "--format=jsonl", tree],
        check=False,
        capture_output=True,
    )
    found = [b"phandle/dangling" in line for line in again.stdout.splitlines()]
    assert (again.returncode, sum(found)) == (1, 16)


def test_the_hash_of_a_file_is_that_of_what_was_read(tmp_path):
    """Whenever it is written: the hash and the findings are of the same bytes."""
    path = tmp_path / "a.dtsi"
    path.write_bytes(b"one")
    disk = AskedDisk()
    disk.start()
    assert disk.read(str(path), 10) == b"one"
    path.write_bytes(b"two")
    assert [row[3:] for row in disk.asked()] == [(3, sha256(b"one"))]
    disk.start()
    disk.uses(str(path), None)
    assert disk.state(str(path)) is not None
    assert disk.asked() == ()  # it was not read: what it has is not known


def test_what_was_read_without_the_cache_is_hashed_for_it(tree):
    files = SourceFiles([str(tree.parents[3])], storage=ASKED)
    board = str(tree / NAMES[0])
    SourceFiles([str(tree.parents[3])]).source(board)
    ASKED.forget()
    ASKED.start()
    files.source(board)
    rows = {row[1]: row for row in ASKED.asked() if row[0] == "file"}
    assert rows[board][4] == sha256((tree / NAMES[0]).read_bytes())
