"""A devicetree as files: /proc/device-tree, copies of it, archives of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import dtlink
from dtlink import engine
from dtlink.firmware import fdt, property_files
from dtlink.firmware.dts import read_text
from dtlink.firmware.tree import Tree
from tests.support import images
from tests.support.boards import FIXTURES, SHARED, corpus
from tests.support.packing import gzipped

FAULTS = FIXTURES / "phandle-faults.dtb"
BOARDS = sorted(FIXTURES.glob("*.dtb"))


def unpacked(tree: Tree, folder: Path) -> None:
    """Write a tree as the kernel shows it, with the property that it adds to each node."""
    for node in tree:
        place = folder / node.path.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        for name, value in node.properties.items():
            (place / name).write_bytes(value)
        (place / "name").write_bytes(node.name.partition("@")[0].encode() + b"\0")


def files_of(tree: Tree, top: str) -> dict[str, bytes]:
    return {
        f"{top}{node.path.lstrip('/')}/{name}".replace("//", "/").lstrip("/"): value
        for node in tree
        for name, value in node.properties.items()
    }


def content(tree: Tree) -> dict[str, dict[str, bytes]]:
    return {node.path: dict(node.properties) for node in tree}


def told(path: str | Path) -> list[tuple[str, str, str]]:
    (item,) = dtlink.lint(path).inputs
    assert item.error is None
    return sorted((each.rule, each.subject.path, each.fingerprint) for each in item.findings)


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_a_folder_is_the_tree(board: Path, tmp_path: Path) -> None:
    tree = dtlink.read_tree(board)
    unpacked(tree, tmp_path)
    found = dtlink.read_tree(tmp_path)
    if any(each.kind.startswith("duplicate") for each in tree.layout.oddities):
        pytest.skip("two properties or nodes of one name cannot be files")
    assert content(found) == content(tree)


def test_a_folder_is_linted_as_its_blob(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    unpacked(dtlink.read_tree(FAULTS), tmp_path / "copy/proc-device-tree")
    (item,) = dtlink.lint(tmp_path / "copy").inputs
    assert item.path == str(tmp_path / "copy/proc-device-tree")
    assert item.form == "fdt-folder"
    assert "order of their addresses" in item.notes[0]
    assert told(tmp_path / "copy") == told(FAULTS)


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
@pytest.mark.parametrize("top", ["./", "", "proc/device-tree/"], ids=["dot", "plain", "below"])
def test_an_archive_of_a_folder(kind: str, top: str, tmp_path: Path) -> None:
    tree = dtlink.read_tree(FAULTS)
    files = {f"{top}{name}": value for name, value in files_of(tree, "").items()}
    files |= {f"{top}empty/": b""} if kind == "zip" else {}
    data = images.zipped(files) if kind == "zip" else images.tar(files)
    path = tmp_path / f"tree.{kind}"
    path.write_bytes(gzipped(data) if kind == "tar.gz" else data)
    (item,) = dtlink.lint(path).inputs
    assert item.member == top.strip("./")
    assert told(path) == told(FAULTS)
    assert "order" in item.notes[0]


def test_an_archive_of_two_trees_and_an_image(tmp_path: Path) -> None:
    tree = dtlink.read_tree(FAULTS)
    path = tmp_path / "boards.tar"
    blob = FAULTS.read_bytes()
    path.write_bytes(
        images.tar({**files_of(tree, "a/"), **files_of(tree, "b/base/"), "c/one.dtb": blob})
    )
    assert [each.member for each in engine.expand([str(path)])] == ["a", "b/base", "c/one.dtb"]


def test_nodes_are_in_the_order_of_their_addresses(tmp_path: Path) -> None:
    for name in ("uart@10000", "uart@9000", "aliases", "#address-cells", "compatible"):
        place = tmp_path / name
        place.mkdir() if "@" in name or name == "aliases" else place.write_bytes(b"x\0")
    tree = dtlink.read_tree(tmp_path)
    assert [each.name for each in tree.root.children] == ["aliases", "uart@9000", "uart@10000"]


def test_what_the_kernel_adds_is_left_out(tmp_path: Path) -> None:
    """The name of a node, and the number of a node that is named as a property."""
    for name, value in {
        "#address-cells": b"\0\0\0\1",
        "compatible": b"acme\0",
        "name": b"\0",
        "leds/name": b"leds\0",
        "leds#1/name": b"leds\0",
        "other/name": b"my own\0",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(value)
    tree = dtlink.read_tree(tmp_path)
    assert [each.name for each in tree.root.children] == ["leds", "leds", "other"]
    assert [each.get("name") for each in tree] == [None, None, None, b"my own\0"]


def test_what_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "#address-cells").write_bytes(b"\0\0\0\1")
    (tmp_path / "compatible").write_bytes(b"acme\0")
    (tmp_path / "security-password").write_bytes(b"")
    (tmp_path / "link").symlink_to("compatible")
    os.mkfifo(tmp_path / "fifo")

    def refuse(path: str, mode: str, **given: Any) -> object:
        if "security" in path:
            raise PermissionError
        return open(path, mode, **given)

    monkeypatch.setattr(property_files, "open", refuse, raising=False)
    found = property_files.read_folder(str(tmp_path))
    assert "security-password" in found.passed[0]
    assert set(fdt.read(found.blob).root.properties) == {"#address-cells", "compatible"}


@pytest.mark.parametrize("name", ["caf\xe9", "a\x1b[31m", "x\ny"])
def test_a_name_that_is_none(name: str, tmp_path: Path) -> None:
    for each in ("#address-cells", "compatible", name):
        (tmp_path / each).write_bytes(b"\0\0\0\1")
    with pytest.raises(dtlink.InputError, match="not the name of a node or property") as caught:
        dtlink.read(tmp_path)
    assert str(caught.value).isprintable()


def test_bounds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = {"#address-cells": b"\0\0\0\1", "compatible": b"x" * 100}
    for bound, value in {"MAX_FILES": 1, "MAX_TOTAL": 50, "MAX_PROPERTY": 50}.items():
        with monkeypatch.context() as patch:
            patch.setattr(property_files, bound, value)
            with pytest.raises(dtlink.InputError, match="more than"):
                property_files.blob_of(files)
    with pytest.raises(dtlink.InputError, match="not the name"):
        property_files.blob_of({"a/" * 70 + "x": b""})
    deep = tmp_path
    for _ in range(70):
        deep /= "n"
    deep.mkdir(parents=True)
    with pytest.raises(dtlink.InputError, match="deeper than"):
        property_files.read_folder(str(tmp_path))


def test_the_case_of_a_folder() -> None:
    case = SHARED / "cases" / "dt" / "r05-proc-device-tree"
    if not case.exists():
        pytest.skip(f"no cases in {SHARED}")
    (item,) = dtlink.lint(case).inputs
    assert [(each.rule, each.subject.path) for each in item.findings] == [
        ("phandle/dangling", "/uart@1000")
    ]


def test_boards_of_the_corpus(tmp_path: Path) -> None:
    """Real boards as files have the findings that their blobs have."""
    if not corpus():
        pytest.skip(f"no corpus in {SHARED}")
    for number, board in enumerate(corpus()[:: max(1, len(corpus()) // 3)]):
        tree = dtlink.read_tree(board)
        folder = tmp_path / str(number)
        unpacked(tree, folder)
        assert content(dtlink.read_tree(folder)) == content(tree)


def test_what_gnu_tar_loses(tmp_path: Path) -> None:
    """It reads one page of a file in /sys, and writes zeros for the rest."""
    tree = dtlink.read_tree(FAULTS)
    files = {**files_of(tree, ""), "acme,table": b"\x01" * 4096 + bytes(1904)}
    path = tmp_path / "tree.tar"
    path.write_bytes(images.tar(files))
    report = dtlink.lint(path)
    (problem,) = report.inputs[0].refused
    assert problem.message.startswith("acme,table: only zeros after the first 4,096 bytes: GNU tar")
    assert report.status == 2
    path.write_bytes(images.tar({**files, "acme,table": b"\x01" * 6000}))
    assert not dtlink.lint(path).inputs[0].refused
    blob = corpus()[0].read_bytes() if corpus() else FAULTS.read_bytes()
    path.write_bytes(images.tar({"fdt": blob[:4096].ljust(len(blob), b"\0")}))
    (entry,) = (each for each in dtlink.inspect(path).entries if each.name == "fdt")
    assert any("GNU tar" in each.message for each in entry.problems)


def test_a_padded_blob_has_lost_nothing(tmp_path: Path) -> None:
    small = read_text('/ { compatible = "acme"; };').blob
    path = tmp_path / "boards.tar"
    padded = small[:4] + (9000).to_bytes(4, "big") + small[8:].ljust(8992, b"\0")
    path.write_bytes(images.tar({"a.dtb": small.ljust(9000, b"\0"), "b.dtb": padded}))
    for item in dtlink.lint(path).inputs:
        assert (item.error, list(item.refused)) == (None, [])
