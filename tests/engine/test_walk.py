"""The inputs below a folder come in the order of their paths, while folders are looked into."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from dtlink.engine import choose
from dtlink.engine.walk import below
from dtlink.firmware.choice import InputOptions

#: What follows and precedes the separator of folders in text, and a folder between such files.
NAMES = (
    "a",
    "a-b",
    "a.x",
    "a0",
    "b",
    "a/a",
    "a/b",
    "a-b/a",
    "a-b/a/a/a",
    "a.x/b",
    "b/a-b",
    "b/a/z",
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("folder", [".", "./", "a-b", "a"])
def test_paths_are_in_order(folder: str) -> None:
    written(*(f"{name}.dtb" for name in NAMES))
    found = [*below(folder, [])]
    assert found == sorted(found)
    there = [name for name in NAMES if folder.startswith(".") or name.startswith(f"{folder}/")]
    assert sorted(map(os.path.normpath, found)) == sorted(f"{name}.dtb" for name in there)


@pytest.mark.usefixtures("here")
def test_a_folder_that_is_an_input_is_before_names_that_begin_like_it() -> None:
    root = ("#address-cells", "compatible")
    written(*(f"t/a/{name}" for name in root), "t/a-b.dtb", "t/a/x.dtb", "t/a-c/x.dtb", "t/A.dtb")
    assert [*below("t", [])] == ["t/A.dtb", "t/a", "t/a-b.dtb", "t/a-c/x.dtb"]
    assert [*below("t/a", [])] == ["t/a"]


def test_links_to_folders_are_not_followed_and_a_folder_is_not_a_file(here: Path) -> None:
    written("t/a/x.dtb", "t/b.dtb/y.dtb")
    (here / "t/c").symlink_to(here / "t/a")
    (here / "t/loop").symlink_to(here)
    (here / "t/d.dtb").symlink_to(here / "t/a/x.dtb")
    assert [*below("t", [])] == ["t/a/x.dtb", "t/b.dtb/y.dtb", "t/d.dtb"]


@pytest.mark.usefixtures("here")
def test_only_folders_on_the_way_are_looked_into() -> None:
    """The first paths are there before the last folder was looked at."""
    written("t/a/x.dtb", "t/b/x.dtb", "t/c/x.dtb")
    found = below("t", [])
    assert [*islice(found, 2)] == ["t/a/x.dtb", "t/b/x.dtb"]
    Path("t/c/y.dtb").write_bytes(b"")
    assert [*found] == ["t/c/x.dtb", "t/c/y.dtb"]


@pytest.mark.usefixtures("here")
def test_folders_may_be_deep_and_may_vanish() -> None:
    deep = "/".join(["d"] * 1500)
    for at in range(1, len(deep) + 1, 2):
        os.mkdir(deep[:at])  # noqa: PTH102 - to make them all at once would be recursive
    Path(f"{deep}/x.dtb").write_bytes(b"")
    assert [*below("d", [])] == [f"{deep}/x.dtb"]
    Path(f"{deep}/x.dtb").unlink()
    os.removedirs(deep)  # pytest's own removal is recursive
    assert [*below("nowhere", [])] == []


@pytest.mark.usefixtures("here")
def test_sources_take_the_places_of_their_blobs_in_order() -> None:
    """A source follows an overlay of its name, which its blob precedes."""
    names = ("a.dtb", "a.dtbo", "a.dts", "b.dtbo", "b.dtso", "b.dts")
    for name in names:
        Path(name).write_bytes(b"/dts-v1/;\n/ { };\n")
    found = [each.path for each in choose(["."], lambda _: InputOptions()).inputs]
    assert found == sorted(found) == ["./a.dtbo", "./a.dts", "./b.dts", "./b.dtso"]


@pytest.mark.usefixtures("here")
def test_each_of_many_inputs_is_one_once() -> None:
    names = [f"{number}.dtb" for number in range(300)]
    written(*(f"t/{name}" for name in names))
    again = [f"t/./{name}" for name in names[::7]]
    found = choose(["t/5.dtb", "t", *again], lambda _: InputOptions()).inputs
    assert [each.path for each in found][:2] == ["t/5.dtb", "t/0.dtb"]
    assert sorted(each.path for each in found) == sorted(f"t/{name}" for name in names)


@pytest.mark.usefixtures("here")
def test_endings_of_blobs_may_be_in_upper_case() -> None:
    written("A.DTB", "B.DTBO", "b.dtb", "NOTES.TXT")
    assert [*below(".", [])] == ["./A.DTB", "./B.DTBO", "./b.dtb"]


@pytest.mark.usefixtures("here")
def test_a_folder_that_cannot_be_read_is_an_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading it says why; root may read any, so the folder is made unreadable by a stub."""
    written("a/x.dtb", "b/x.dtb", "c.dtb")
    scandir = os.scandir

    def refusing(path: str) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert [*below(".", [])] == ["./a/x.dtb", "./b", "./c.dtb"]
