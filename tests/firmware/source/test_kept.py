"""What is kept between the sources of a run: files that have not changed, up to a size."""

from __future__ import annotations

import os
import time

import pytest

from dtlink import stamps
from dtlink.firmware import storage
from dtlink.firmware.errors import InputError
from dtlink.firmware.source import files as source_files
from dtlink.firmware.source.errors import SourceError
from dtlink.firmware.source.files import SourceFiles
from dtlink.firmware.source.kept import Kept
from dtlink.firmware.source.read import read_source
from tests.firmware.source.sources import written
from tests.support.blobs import word

V1 = "/dts-v1/;\n"


def test_what_was_not_asked_for_goes_first():
    kept: Kept[str, str] = Kept(40, len)
    for name in ("a", "b", "c"):
        kept.put(name, name * 9)
        assert kept.get("a") == "a" * 9
    kept.put("d", "d" * 9)
    assert kept.get("a") == "a" * 9
    assert kept.get("b") is None
    assert kept.get("d") == "d" * 9


@pytest.mark.parametrize("count", [10, 1_000])
def test_the_size_is_bounded(count):
    kept: Kept[int, str] = Kept(100, len)
    for number in range(count):
        kept.put(number, "x" * 7)
        kept.get(number // 2)
        held = sum(len(each) for part in (kept._young, kept._old) for each in part.values())
        assert held <= 107


def test_a_file_is_read_again_when_it_has_changed(tmp_path):
    path = written(tmp_path, {"a.dts": V1 + '#include "b.dtsi"\n', "b.dtsi": "/ { a = <1>; };\n"})
    files = SourceFiles([str(tmp_path)])
    first = read_source(path, files).tree
    assert files.source(path) is files.source(path)
    written(tmp_path, {"b.dtsi": "/ { a = <2>; };\n"})
    os.utime(tmp_path / "b.dtsi", ns=(1, 1))
    assert first.root.get("a") == word(1)
    assert read_source(path, files).tree.root.get("a") == word(2)


def _put_back(path, text):
    """Write a file in its place, of the same size and time."""
    before = path.stat()
    assert len(text) == before.st_size
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize("step", [0, 3_000_000_000])
def test_a_file_that_was_written_with_its_size_and_time(tmp_path, monkeypatch, step):
    monkeypatch.setattr(stamps, "_STEP", step)
    path = written(tmp_path, {"a.dts": V1 + '#include "b.dtsi"\n', "b.dtsi": "/ { a = <1>; };\n"})
    files = SourceFiles([str(tmp_path)])
    assert read_source(path, files).tree.root.get("a") == word(1)
    time.sleep(0.02)  # the time of the last change goes in steps of a clock tick
    _put_back(tmp_path / "b.dtsi", "/ { a = <2>; };\n")
    assert read_source(path, files).tree.root.get("a") == word(2)


def test_a_stamp_of_just_now_is_not_believed(tmp_path, monkeypatch):
    """Two writings within one step of a clock: all that the system says is the same."""
    now = time.time_ns()
    monkeypatch.setattr(storage, "stamp_of", lambda *_, **__: [16, now, now, 1, 1])
    path = written(tmp_path, {"a.dts": V1 + '#include "b.dtsi"\n', "b.dtsi": "/ { a = <1>; };\n"})
    files = SourceFiles([str(tmp_path)])
    first = read_source(path, files).tree.root
    source = files.source(path)
    written(tmp_path, {"b.dtsi": "/ { a = <2>; };\n"})
    assert (first.get("a"), read_source(path, files).tree.root.get("a")) == (word(1), word(2))
    # What has the same text is scanned once, whatever its stamp.
    assert files.source(path) is source


def test_a_file_of_one_tree_is_not_read_from_another(tmp_path):
    secret = written(tmp_path, {"own/secret.dtsi": V1 + "/ { a = <1>; };\n"})
    path = written(tmp_path, {"other/a.dts": '#include "../own/secret.dtsi"\n'})
    assert read_source(secret, SourceFiles([str(tmp_path / "own")])).tree.root.get("a") == word(1)
    for _ in range(2):
        with pytest.raises(SourceError, match="outside the tree"):
            read_source(path, SourceFiles([str(tmp_path / "other")]))
    assert read_source(path, SourceFiles([str(tmp_path)])).tree.root.get("a") == word(1)


def test_sources_are_the_same_when_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(source_files, "_known", Kept(0, lambda held: len(held[1].text)))
    names = {f"{n}.dtsi": f"/ {{ a{n} = <{n}>; }};\n" for n in range(5)}
    include = "".join(f'#include "{name}"\n' for name in names)
    path = written(tmp_path, {"a.dts": V1 + include, **names})
    files = SourceFiles([str(tmp_path)])
    for _ in range(2):
        root = read_source(path, files).tree.root
        assert [root.get(f"a{n}") for n in range(5)] == [word(n) for n in range(5)]


def test_the_limit_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(source_files, "MAX_TEXT", 30)
    path = written(tmp_path, {"a.dts": V1 + '#include "b"\n', "b": "x" * 31})
    with pytest.raises(InputError, match="b is too large: 31 bytes, the limit is 30"):
        read_source(path, SourceFiles([str(tmp_path)]))
