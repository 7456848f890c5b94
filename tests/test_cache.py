"""What is kept on the disk: entries that no other user made, and no more than a limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dtlink import cache, reading, stamps

FACTS = {"text": "ü\udc80", "list": [1, None, True]}


@pytest.fixture
def where(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("DTLINK_CACHE", str(folder))
    return folder


def entry(where):
    cache.store("name", "key", FACTS)
    (path,) = where.iterdir()
    return path


@pytest.mark.parametrize(
    "line", [b"", b"[", b"[1] [2]", b'["key",1]x', b"NaN", b'["key",NaN]', b"\xff", b"[" * 100_000]
)
def test_what_is_no_json_is_not_used(where, line) -> None:
    cache.store("name", "key", FACTS)
    (path,) = where.iterdir()
    path.write_bytes(cache._seal(line) + b"\n" + line)
    assert cache.load("name", "key") is None


def test_a_text_is_kept_beside_the_facts(where) -> None:
    assert cache.load_with_text("name", "key") == cache.Entry()
    for text in ("", "\n", "a\0\1\n\xff" * 3):
        cache.store("name", "key", FACTS, text=text)
        found = cache.load_with_text("name", "key")
        assert (found.facts, found.text) == (FACTS, text)
        assert cache.load("name", "key") == FACTS
    (path,) = where.iterdir()
    path.write_bytes(path.read_bytes().replace(b"\xff", b"\xfe"))
    assert cache.load_with_text("name", "key") == cache.Entry()
    before = path.read_bytes()
    cache.store("name", "key", FACTS, text="\u2028")
    assert path.read_bytes() == before


def test_what_is_stored_is_loaded_under_its_key_only(where):
    path = entry(where)
    assert cache.load("name", "key") == FACTS
    assert cache.load("name", "other") is None
    assert cache.load("other", "key") is None
    assert cache.load("name", "key", cache.LINT) is None
    assert path.stat().st_mode & 0o077 == 0
    assert where.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", [b"1", b"{}", b"[]", b'["key"]', b"[" * 100_000, b"\xff", b""])
def test_a_whole_entry_of_another_form_is_not_used(where, text):
    entry(where).write_bytes(cache._seal(text) + b"\n" + text)
    assert cache.load("name", "key") is None


def test_a_pipe_is_not_waited_for(where):
    path = entry(where)
    path.unlink()
    os.mkfifo(path)
    assert cache.load("name", "key") is None
    cache.store("name", "key", FACTS)
    assert cache.load("name", "key") == FACTS


def test_a_link_is_replaced_and_its_file_left_alone(where, tmp_path):
    path = entry(where)
    other = tmp_path / "other"
    path.rename(other)
    before = other.read_bytes()
    path.symlink_to(other)
    assert cache.load("name", "key") is None
    cache.store("name", "key", [1])
    assert cache.load("name", "key") == [1]
    assert other.read_bytes() == before


def test_an_entry_that_others_may_write_is_not_used(where):
    path = entry(where)
    path.chmod(0o622)
    assert cache.load("name", "key") is None


def test_an_entry_of_another_user_is_not_used(where, monkeypatch):
    entry(where)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.load("name", "key") is None


def test_a_folder_in_the_place_of_an_entry(where):
    path = entry(where)
    path.unlink()
    path.mkdir()
    assert cache.load("name", "key") is None
    cache.store("name", "key", FACTS)
    assert [each.name for each in where.iterdir()] == [path.name]


def test_an_entry_that_is_too_large_is_not_read(where):
    with entry(where).open("r+b") as file:
        file.truncate(cache.MAX_ENTRY + 1)
    assert cache.load("name", "key") is None


def test_what_was_not_used_for_a_month_is_removed(where):
    now, path = 1e9, entry(where)
    cache.store("new", "key", FACTS)
    os.utime(path, (now - 31 * 86400,) * 2)
    (where / "notes").write_text("of the user")
    os.utime(where / "notes", (1, 1))
    (left := where / f"{path.name}.0123456789abcdef").write_text("half")
    os.utime(left, (now - 7200,) * 2)
    (young := where / f"{path.name}.1123456789abcdef").write_text("half")
    os.utime(young, (now - 60,) * 2)
    cache.trim(now=now)
    assert not path.exists()
    assert not left.exists()
    assert young.exists()
    assert (where / "notes").exists()
    assert cache.load("new", "key") == FACTS


def test_use_keeps_an_entry(where):
    path = entry(where)
    os.utime(path, (1, 1))
    assert cache.load("name", "key") == FACTS
    cache.trim()
    assert path.exists()


def test_the_oldest_go_when_all_are_too_large(where, monkeypatch):
    for number in range(5):
        cache.store(f"name {number}", "key", "x" * 1000)
        (path,) = {each for each in where.iterdir() if each.stat().st_mtime > 1e6}
        os.utime(path, (1000 + number,) * 2)
    monkeypatch.setattr(cache, "MAX_FOLDER", 2500)
    cache.trim(now=2000)
    assert [cache.load(f"name {each}", "key") is None for each in range(5)] == [1, 1, 1, 0, 0]


def test_the_oldest_go_when_there_are_too_many(where, monkeypatch):
    for number in range(5):
        cache.store(f"name {number}", "key", [number])
        (path,) = {each for each in where.iterdir() if each.stat().st_mtime > 1e6}
        os.utime(path, (1000 + number,) * 2)
    monkeypatch.setattr(cache, "MAX_ENTRIES", 2)
    cache.trim(now=2000)
    assert [cache.load(f"name {each}", "key") is None for each in range(5)] == [1, 1, 1, 0, 0]


def test_a_folder_that_is_not_there_or_nowhere(tmp_path):
    cache.trim(str(tmp_path / "none"))
    cache.store("name", "key", FACTS, where="")
    assert cache.load("name", "key", where="") is None


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(where):
    path = entry(where)
    where.chmod(0o500)
    try:
        cache.store("other", "key", FACTS)
        cache.trim(now=1e12)
        assert path.exists()
        assert cache.load("name", "key") == FACTS
    finally:
        where.chmod(0o700)


def test_files_of_the_user_in_a_named_folder_stay(tmp_path: Path) -> None:
    own = ["lint-report.json", "kernel-6.12.img", "kernel-config", "lint-0123456789abcdef.txt"]
    for name in own:
        (tmp_path / name).write_text("the user's")
    entry = tmp_path / "lint-0123456789abcdef"
    entry.write_text("old")
    cache.trim(str(tmp_path), now=1e12)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(own)


def test_a_file_of_the_same_size_and_time_is_another(tmp_path: Path) -> None:
    file = tmp_path / ".config"
    file.write_text("CONFIG_ARM_SMMU=y\n")
    before, there = cache.key_of([str(file)]), file.stat()
    file.write_text("CONFIG_ARM_SMMU=m\n")
    os.utime(file, ns=(there.st_atime_ns, there.st_mtime_ns))
    assert cache.key_of([str(file)]) != before


def test_a_file_written_twice_in_one_tick_of_the_clock_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".config"
    file.write_text("CONFIG_ARM_SMMU=y\n")
    stamp = stamps.stamp_of(str(file))
    monkeypatch.setattr(cache, "stamp_of", lambda *_, **__: stamp)
    before = cache.key_of([str(file)])
    assert cache.key_of([str(file)]) == before
    file.write_text("CONFIG_ARM_SMMU=m\n")
    assert cache.key_of([str(file)]) != before
    monkeypatch.setattr(stamps, "_STEP", 0)
    settled = cache.key_of([str(file)])
    monkeypatch.setattr(reading, "digest", lambda _: pytest.fail("an older file is known by stamp"))
    assert cache.key_of([str(file)]) == settled
