"""What is in a file: every kind of image, damage, and what is not an image."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dtlink
from dtlink.cli.main import cli
from tests.support import images
from tests.support.boards import FIXTURES
from tests.support.image_rows import FAULTS, IMAGES, OTHER, ImageRow
from tests.support.images import KERNEL
from tests.support.packing import gzipped

TABLES = FIXTURES.parent / "tables" / "arm-server"


def inspect(*args: str | Path) -> Result:
    return CliRunner().invoke(cli, ["inspect", *map(str, args)])


@pytest.mark.parametrize("row", IMAGES.values(), ids=IMAGES)
def test_every_kind_of_image(row: ImageRow, tmp_path: Path) -> None:
    path = tmp_path / f"image{row.suffix}"
    path.write_bytes(row.make(FAULTS, OTHER))
    view = dtlink.inspect(path)
    inputs = [each for each in view.entries if each.input]
    assert [each.name for each in inputs] == list(row.members)
    boards = [dtlink.read_tree(each) for each in (FAULTS, OTHER)]
    for entry, board in zip(inputs, boards, strict=True):
        assert entry.devicetree is not None
        assert entry.devicetree.nodes == len(board)
        assert entry.devicetree.compatible == board.root.compatible
    assert view.entries[0].size == path.stat().st_size
    assert not view.has_problems
    result = inspect(path)
    assert result.exit_code == 0
    for name in row.members:
        assert name.rpartition("!")[2] in result.stdout
    if not view.entries[0].packing:
        stored = path.read_bytes()
        for entry in view.entries[1:]:
            if entry.offset is not None and entry.depth == 1 and entry.devicetree:
                packed = entry.packing or "compression" in entry.about
                assert packed or stored[entry.offset :].startswith(FAULTS[:4])


def test_a_fit_image(tmp_path: Path) -> None:
    path = tmp_path / "fit.itb"
    data = images.fit(
        {"fdt-1": FAULTS, "fdt-2": gzipped(OTHER)},
        {"conf-1": ["fdt-1"], "conf-2": ["fdt-2"]},
        hashes=["crc32", "sha256"],
        kernel=gzipped(KERNEL),
    )
    path.write_bytes(data)
    top, kernel, one, two = dtlink.inspect(path).entries
    assert (top.form, top.about["description"]) == ("FIT image", "two boards")
    assert top.about["configurations"] == ["conf-1 (default): fdt-1", "conf-2: fdt-2"]
    assert (kernel.form, kernel.input) == ("kernel", False)
    assert (one.packing, two.packing) == ((), ("gzip",))
    assert one.about["hashes"] == ["crc32 (right)", "sha256 (right)"]
    assert two.about["configurations"] == ["conf-2"]
    path.write_bytes(data.replace(b"phandle faults", b"phandle fouls!"))
    result = inspect(path)
    assert result.exit_code == 2
    assert "sha256 (wrong)" in result.stdout
    assert "U-Boot refuses the image" in result.stdout


def test_the_boards_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "dtbo.img"
    path.write_bytes(images.dt_table([FAULTS, OTHER]))
    entries = dtlink.inspect(path).entries
    assert [each.about["for"] for each in entries[1:]] == [["id 0x10 rev 0x0"], ["id 0x11 rev 0x1"]]
    (one, _) = dtlink.lint(path).inputs
    assert one.container == {"for": ["id 0x10 rev 0x0"]}


def test_a_member(tmp_path: Path) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(images.android(1, recovery_dtbo=images.dt_table([FAULTS, OTHER])))
    names = [each.name for each in dtlink.inspect(f"{path}!recovery_dtbo").entries]
    assert names == ["recovery_dtbo", "recovery_dtbo!dtb[0]", "recovery_dtbo!dtb[1]"]
    result = inspect(f"{path}!second")
    assert (result.exit_code, "no member 'second'" in result.stderr) == (2, True)


def test_what_is_not_a_container() -> None:
    (board,) = dtlink.inspect(FIXTURES / "clean-board.dtb").entries
    assert (board.form, board.input, board.depth) == ("devicetree", True, 0)
    assert board.devicetree is not None
    (source,) = dtlink.inspect(FIXTURES / "clean-board.dts").entries
    assert (source.form, source.devicetree is not None) == ("text", True)
    (tables,) = dtlink.inspect(TABLES).entries
    assert set(tables.tables) >= {"IORT", "MCFG"}
    (iort,) = dtlink.inspect(TABLES / "IORT.dat").entries
    assert (iort.form, iort.tables) == ("ACPI table", ("IORT",))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"\x3a\xff\x26\xed" + bytes(100))
    result = inspect(path, tmp_path / "absent")
    assert result.exit_code == 2
    assert "an Android sparse image: simg2img" in result.stderr
    assert "absent: No such file" in result.stderr
    path.write_bytes(images.tar({"a.dtb": FAULTS[:99], "b.dtb": OTHER}))
    result = inspect(path)
    assert result.exit_code == 2
    assert "truncated: totalsize" in result.stdout


def test_standard_input_and_json() -> None:
    result = CliRunner().invoke(cli, ["inspect", "-", "--format", "json"], input=FAULTS + OTHER)
    (item,) = json.loads(result.stdout)["inputs"]
    assert item["path"] == "-"
    names = [each["name"] for each in item["inspect"]["entries"]]
    assert names == ["", "dtb[0]", "dtb[1]"]


def test_a_search(tmp_path: Path) -> None:
    path = tmp_path / "initramfs"
    path.write_bytes(b"070701" + b"0" * 104 + FAULTS + b"x" * 99)
    assert inspect(path).exit_code == 2
    assert "dtb@0x6e" in inspect("--search", path).stdout


def test_names_that_a_terminal_would_obey(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(images.tar({"a\x1b[31m\n.dtb": FAULTS, "caf\xe9.dtb": OTHER}))
    result = inspect(path)
    assert "\x1b" not in result.stdout
    assert r"a\x1b[31m\x0a.dtb" in result.stdout
    assert r"caf\xe9.dtb" in result.stdout
