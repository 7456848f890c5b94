"""Entries that are damaged, foreign or half-written, and many processes at one cache."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dtlink import cache
from dtlink.engine.cache.plain import packed, unpacked
from dtlink.report.formats import FORMATS
from dtlink.report.model import InputReport
from tests.cli.conftest import run
from tests.support.cached import kept, processed, settled, write_examples

__all__ = ["kept", "processed", "run", "settled"]

SOME = 16

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def boards(tmp_path):
    folder = write_examples(tmp_path / "boards")
    for path in sorted(folder.iterdir())[SOME:]:
        path.unlink()
    return folder


@pytest.fixture
def entry(run, boards, kept):
    """The entry that a lint of the boards makes."""
    run("lint", "-j1", boards)
    (path,) = kept.iterdir()
    return path


def sealed(text: bytes) -> bytes:
    return cache._seal(text) + b"\n" + text


def changed(data: bytes, change) -> bytes:
    """An entry with its results changed, whole by its seal."""
    key, results = json.loads(data.partition(b"\n")[2])
    return sealed(json.dumps([key, change(results)]).encode())


def each_result(change):
    """An entry with each of its results changed."""

    def spoil(data):
        def results(kept):
            made = {name: change(each) for name, each in kept["results"].items()}
            return {**kept, "results": made}

        return changed(data, results)

    return spoil


def each_report(change):
    """The same, of the reports in the results."""
    return each_result(lambda each: [each[0], change(each[1]), each[2]])


def with_field(name, value):
    """Reports with another value of a field."""
    return each_report(lambda report: {**report, name: value})


FINDING = [7, "a/rule", [4, "error"], [5, "sure"], [12, [13, "node"], "/a"], "p", 0, "m", "e"]
FINDING += [[10, "fix", [0], None, False], [0], "", None, 0, "", [0], None, "", None]

SPOILT = {
    "nothing in it": lambda _: b"",
    "cut off": lambda data: data[: len(data) // 2],
    "one bit": lambda data: data[:200] + bytes([data[200] ^ 4]) + data[201:],
    "other bytes": lambda data: os.urandom(len(data)),
    "pickle": lambda _: b"cos\nsystem\n(S'touch /tmp/ran'\ntR.",
    "sealed pickle": lambda _: sealed(b"cos\nsystem\n(S'touch /tmp/ran'\ntR."),
    "deep": lambda _: sealed(b"[" * 200_000),
    "no key": lambda _: sealed(b"[]"),
    "a list of results": lambda data: changed(data, lambda kept: [*kept["results"].values()]),
    "no rows": lambda data: changed(data, lambda kept: {"results": kept["results"]}),
    "results without stamps": each_result(lambda each: each[1:]),
    "results that are text": each_result(lambda _: "text"),
    "results that are null": each_result(lambda _: None),
    "reports that are lists": each_report(lambda _: [1, 2]),
    "numbers of no rows": each_result(lambda each: [each[0], each[1], [99]]),
    "negative numbers": each_result(lambda each: [each[0], each[1], [-1]]),
    "numbers that are text": each_result(lambda each: [each[0], each[1], ["a"]]),
    "unknown fields": with_field("evil", 1),
    "numbers for text": with_field("model", 1),
    "text for numbers": with_field("nodes", "1"),
    "text for lists": with_field("notes", "text"),
    "lists of numbers": with_field("notes", [1, 1, 2]),
    "unknown codes": with_field("findings", [99, 1]),
    "negative codes": with_field("findings", [-1, 1]),
    "a code that is text": with_field("findings", ["os", 1]),
    "findings of one field": with_field("findings", [1, [7, 1]]),
    "findings that are places": with_field("findings", [1, [21, "a.dts", 1, 1, "", [0], ""]]),
    "a severity that is text": with_field("findings", [1, [*FINDING[:2], "error", *FINDING[3:]]]),
    "an unknown severity": with_field("findings", [1, [*FINDING[:2], [4, "?"], *FINDING[3:]]]),
    "a list without a code": with_field("findings", []),
    "half a character": with_field("model", "\ud800"),
    "a rule with half a character": with_field("findings", [1, [7, "a/\udc80", *FINDING[2:]]]),
    "a rule with an escape": with_field("findings", [1, [7, "a/b\x1b[31m", *FINDING[2:]]]),
    "a rule without a family": with_field("findings", [1, [7, "rule", *FINDING[2:]]]),
}


def test_the_spoilt_findings_are_findings_but_for_what_is_spoilt():
    report = unpacked("a.dtb", {"findings": [1, FINDING]})
    assert report.findings[0].message == "m"
    assert report.findings[0].fix.text == "fix"


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_entry_is_made_anew(run, boards, entry, processed, spoil):
    plain = run("lint", "-j1", "--no-cache", boards)
    processed.take()
    entry.write_bytes(spoil(entry.read_bytes()))
    for number in (SOME, 0):
        result = run("lint", "-j1", boards)
        assert (result.exit_code, result.output) == (plain.exit_code, plain.output)
        assert len(processed.take()) == number


def test_random_damage(run, boards, entry):
    plain, good, choose = (
        run("lint", "-j1", "--no-cache", boards),
        entry.read_bytes(),
        random.Random(1),  # noqa: S311 - repeatable
    )
    for _ in range(60):
        data = bytearray(good)
        for _ in range(choose.randint(1, 4)):
            data[choose.randrange(len(data))] = choose.randrange(256)
        del data[choose.randint(len(data) // 2, len(data) * 3) :]
        entry.write_bytes(data)
        assert run("lint", "-j1", boards).output == plain.output


def test_whole_entries_with_any_data(run, boards, entry):
    """They say something else, and end no run."""
    good, choose = entry.read_bytes(), random.Random(2)  # noqa: S311 - repeatable
    for _ in range(150):
        entry.write_bytes(changed(good, lambda kept: mutated(kept, choose)))
        result = run("lint", "-j1", "--format", choose.choice([*FORMATS]), boards)
        if not isinstance(result.exception, SystemExit | None):
            raise result.exception
        assert result.exit_code in (0, 1), result.output


OTHERS = (
    None,
    True,
    -1,
    0,
    7,
    10**30,
    1.5,
    "",
    "\udc80\x1b[31m",
    [],
    {},
    [1],
    [0, "x"],
    {"a": [1]},
)


def mutated(value, choose):
    """The value with one part changed, removed or doubled."""
    parts = []

    def walk(each):
        items = each.items() if isinstance(each, dict) else enumerate(each)
        for place, inner in [*items]:
            parts.append((each, place))
            if isinstance(inner, dict | list):
                walk(inner)

    walk(value)
    for _ in range(choose.randint(1, 4)):
        holder, place = choose.choice(parts)
        if choose.random() < 0.2 and isinstance(holder, list) and place < len(holder):
            holder.insert(place, holder[place])
        elif isinstance(holder, dict) or place < len(holder):
            holder[place] = choose.choice(OTHERS)
    return value


FOREIGN = ("\ud800", "\udc80", "\x1b[31m", "\n::error::x")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("text", FOREIGN)
def test_foreign_text_ends_no_run_and_controls_nothing(run, boards, entry, form, text):
    finding = [f"{each}{text}" if each in ("p", "m", "e") else each for each in FINDING]
    for rule in ("a/rule", f"a/{text}"):
        forged = with_field("findings", [1, [7, rule, *finding[2:]]])
        entry.write_bytes(forged(entry.read_bytes()))
        result = run("lint", "-j1", "--format", form, boards)
        assert result.exit_code in (0, 1)
        assert "\x1b" not in result.output
        assert "\n::error::x" not in result.output


@pytest.mark.parametrize("place", ["file", "read only", "a link to nothing", "a pipe"])
def test_a_place_where_nothing_can_be_kept(run, boards, tmp_path, monkeypatch, place):
    where = tmp_path / "place"
    if place == "file":
        where.write_text("")
    elif place == "read only":
        where.mkdir(mode=0o500)
    elif place == "a pipe":
        os.mkfifo(where)
    else:
        where.symlink_to(tmp_path / "absent" / "below")
    plain = run("lint", "-j1", "--no-cache", boards)
    monkeypatch.setenv("DTLINK_CACHE", str(where))
    for _ in range(2):
        result = run("lint", "-j1", boards)
        assert (result.exit_code, result.stdout) == (plain.exit_code, plain.stdout)
        assert ("the cache needs a folder" in result.stderr) is (place != "read only")


def test_a_full_disk(run, boards, kept, monkeypatch):
    def full(_path, _flags):
        raise OSError(28, "No space left on device")

    plain = run("lint", "-j1", "--no-cache", boards)
    monkeypatch.setattr(cache, "_private", full)
    result = run("lint", "-j1", boards)
    assert (result.exit_code, result.output) == (plain.exit_code, plain.output)
    assert [*kept.iterdir()] == []


def test_only_fields_of_a_report_come_back():
    report = InputReport("a.dtb", form="fdt", model="\udc80", compatible=("a",), findings=[])
    assert unpacked("b.dtb", json.loads(json.dumps(packed(report)))) == report._replace(
        path="b.dtb"
    )
    with pytest.raises(TypeError):
        packed(report._replace(notes=[Path()]))
    with pytest.raises(LookupError):
        unpacked("a.dtb", {"__class__": 1})


# Processes


def start(folder: Path, where: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dtlink", "lint", "--select", "all", *options, str(folder)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "DTLINK_CACHE": str(where)},
        cwd=Path(__file__).parents[2],
    )


def test_many_processes_at_one_cache(boards, kept, tmp_path):
    """Each writes and reads while the boards change: none takes what is not its own."""
    expected = start(boards, tmp_path / "other").communicate()
    for _ in range(2):
        several = [start(boards, kept, f"-j{1 + number % 2}") for number in range(4)]
        assert {each.communicate() for each in several} == {expected}
    shutil.rmtree(kept)
    several = [start(boards, kept) for _ in range(4)]
    while any(each.poll() is None for each in several):
        shutil.rmtree(kept, ignore_errors=True)
        time.sleep(0.01)
    assert {each.communicate() for each in several} == {expected}


@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_is_killed_leaves_whole_entries(boards, kept, tmp_path, seed):
    choose = random.Random(seed)  # noqa: S311 - repeatable
    expected = start(boards, tmp_path / "other").communicate()
    for _ in range(5):
        process = start(boards, kept, "-j1")
        time.sleep(choose.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if choose.random() < 0.5:
            shutil.rmtree(kept, ignore_errors=True)
    assert start(boards, kept).communicate() == expected
    assert start(boards, kept).communicate() == expected


KILLED = """
import os, signal, sys
from dtlink import cache
real = os.replace
def replace(source, target):
    os.kill(os.getpid(), signal.SIGKILL)
cache.os.replace = replace
from dtlink.__main__ import main
sys.argv = ["dtlink", "lint", "-j1", sys.argv[1]]
main()
"""


def test_a_process_that_is_killed_before_the_entry_is_in_its_place(run, boards, kept, processed):
    command = [sys.executable, "-c", KILLED, str(boards)]
    ended = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == -signal.SIGKILL
    (left,) = kept.iterdir()
    assert len(left.suffix) == 17
    run("lint", "-j1", boards)
    assert len(processed.take()) == SOME
    run("lint", "-j1", boards)
    assert processed.take() == []
    cache.trim(now=time.time() + 7200)
    assert not left.exists()
    assert len([*kept.iterdir()]) == 1
