"""Where an input could not be read: an offset belongs to the file that has it."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from dtlink.cli.main import cli
from dtlink.firmware.errors import InputError
from dtlink.report.model import InputFault
from tests.support.boards import FIXTURES
from tests.support.kernels import RELEASE, package, trie

BOARD = FIXTURES / "clean-board.dtb"


def test_an_offset_in_the_input_itself() -> None:
    error = InputError("too short", offset=4, path="a.dtb")
    assert InputFault.of(error, "a.dtb") == InputFault("too short", 4)
    error.path = ""
    assert InputFault.of(error, "a.dtb") == InputFault("too short", 4)


def test_an_offset_in_another_file_is_told_with_its_path() -> None:
    error = InputError("too short", offset=4, path="modules.alias.bin")
    assert InputFault.of(error, "a.dtb") == InputFault("modules.alias.bin, byte 0x4: too short")


def test_a_damaged_index_of_the_kernel(tmp_path: Path) -> None:
    package(tmp_path / "kernel")
    modules = tmp_path / "kernel" / "lib" / "modules" / RELEASE
    (modules / "modules.alias").unlink()
    (modules / "modules.alias.bin").write_bytes(trie([("of:N*T*Ca,b", "x")])[:-4])
    call = ["drivers", str(BOARD), "--kernel", str(tmp_path / "kernel")]
    told = CliRunner().invoke(cli, call).stderr
    assert told.startswith(f"dtlink: {modules}/modules.alias.bin, byte 0x")
