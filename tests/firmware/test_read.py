"""Reading a path returns a tree, or raises one error with the path."""

from __future__ import annotations

import io
import os
import pickle
import sys
from pathlib import Path

import pytest

from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import read, read_tables, read_tree
from dtlink.firmware.tree import Tree
from tests.support.blobs import END, blob, node

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
GOOD = blob(node(b"", node(b"child")) + END)
SOURCE = b"/dts-v1/;\n/ { child { }; };\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("board.dtb", GOOD),
        ("board.dtbo", GOOD),
        ("fdt", GOOD),
        ("board.dts", GOOD),
        ("board.dts", SOURCE),
        ("board.txt", SOURCE),
        ("board.dtb", b"// a comment\n" * 100 + SOURCE),
    ],
)
def test_the_format_is_detected_from_the_bytes(name, data, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    assert [each.path for each in read(path)] == ["/", "/child"]
    assert [each.path for each in read(str(path))] == ["/", "/child"]


@pytest.mark.parametrize("data", [GOOD, SOURCE])
def test_bytes_in_memory(data):
    assert [each.path for each in read(data)] == ["/", "/child"]
    assert [each.path for each in read(data, "named.dtb")] == ["/", "/child"]


@pytest.mark.parametrize("data", [GOOD, SOURCE])
def test_standard_input(data, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert [each.path for each in read("-")] == ["/", "/child"]


def test_empty_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(InputError, match="empty") as caught:
        read("-")
    assert caught.value.path == "-"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"\0", r"not a DTB, DTS or ACPI table \(begins with 00\)"),
        (b"\x7fELF" + bytes(100), "not a devicetree, but an ELF file"),
        (b"root = true", 'begins with "root"'),
        (b"\xed\xfe\x0d\xd0" + bytes(100), "begins with ed fe 0d d0"),
        (fdt.MAGIC, "header"),
    ],
    ids=["empty", "one byte", "ELF", "text", "little-endian magic", "magic alone"],
)
def test_an_input_that_is_not_a_devicetree(data, what, tmp_path):
    path = tmp_path / "board.dtb"
    path.write_bytes(data)
    with pytest.raises(InputError, match=what) as caught:
        read(path)
    assert (caught.value.path, caught.value.offset) == (str(path), 0)


def test_an_empty_source_file(tmp_path):
    path = tmp_path / "board.dts"
    path.write_bytes(b"")
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.path == str(path)


def test_source_that_is_not_utf_8(tmp_path):
    # As dtc: bytes of a comment or a string are what they are.
    path = tmp_path / "board.dts"
    path.write_bytes(b'/dts-v1/;\n/ { /* \xe4 */ a = "\xff"; };')
    assert read(path).root.get("a") == b"\xff\0"
    assert read(path).origins.location("/", "a").text.endswith('a = "\ufffd"; };')


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="No such file") as caught:
        read(tmp_path / "gone.dtb")
    assert caught.value.path == str(tmp_path / "gone.dtb")


def test_a_folder_without_tables(tmp_path):
    with pytest.raises(InputError, match="folder without ACPI tables") as caught:
        read(tmp_path)
    assert caught.value.path == str(tmp_path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file"
)
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "board.dtb"
    path.write_bytes(GOOD)
    path.chmod(0)
    with pytest.raises(InputError, match="denied") as caught:
        read(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("name", ["board.dtb", "board.dts"])
def test_a_file_that_is_too_large_is_not_read_whole(name, tmp_path):
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(GOOD if name == "board.dtb" else SOURCE)
        file.truncate(fdt.MAX_SIZE + 1)
    with pytest.raises(InputError, match="more than"):
        read(path)


def test_either_kind_and_each_alone():
    board, tables = FIXTURES / "boards/clean-board.dtb", FIXTURES / "tables/arm-server"
    assert isinstance(read(board), Tree)
    assert isinstance(read_tree(board), Tree)
    for source in (tables, str(tables), tables / "IORT.dat", (tables / "IORT.dat").read_bytes()):
        assert "IORT" in read(source).tables
        assert "IORT" in read_tables(source).tables
        with pytest.raises(InputError, match="expected a devicetree, found ACPI"):
            read_tree(source)
    with pytest.raises(InputError, match="expected ACPI tables, found"):
        read_tables(board)


def test_an_endless_file_is_read_up_to_the_limit():
    if not os.path.exists("/dev/zero"):  # noqa: PTH110
        pytest.skip("no /dev/zero here")
    with pytest.raises(InputError):
        read("/dev/zero")


def test_an_input_error_can_be_pickled():
    error = InputError("what", offset=56, path="board.dtb")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (again.message, again.offset, again.path) == ("what", 56, "board.dtb")
    assert str(again) == str(error) == "board.dtb, byte 0x38: what"
    assert str(InputError("what", path="board.dts")) == "board.dts: what"
