"""Images of every kind: their members are found, and say what they say alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import dtlink
from dtlink import engine
from dtlink.firmware.inputs import Input
from dtlink.report.model import InputReport
from tests.firmware.test_packing import PACK
from tests.support import images
from tests.support.image_rows import FAULTS, IMAGES, OTHER, ImageRow
from tests.support.images import KERNEL
from tests.support.packing import gzipped

rows = pytest.mark.parametrize("row", IMAGES.values(), ids=IMAGES)
#: Kinds that are only opened where the user names them.
NAMED_ONLY = ("tar", "tar.gz", "tar.zst", "tar.bz2", "zip", "FIT in tar")


def told(item: InputReport) -> list[tuple[str, str, str]]:
    return [(each.rule, each.subject.path, each.message) for each in item.findings]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> list[list[tuple[str, str, str]]]:
    folder = tmp_path_factory.mktemp("alone")
    found = []
    for number, data in enumerate((FAULTS, OTHER)):
        path = folder / f"{number}.dtb"
        path.write_bytes(data)
        found.append(told(dtlink.lint(path).inputs[0]))
    assert all(found)
    return found


@rows
def test_the_members_say_what_they_say_alone(row: ImageRow, alone: list, tmp_path: Path) -> None:
    path = tmp_path / f"image{row.suffix}"
    path.write_bytes(row.make(FAULTS, OTHER))
    report = dtlink.lint(path)
    assert [each.name for each in report.inputs] == [f"{path}!{name}" for name in row.members]
    assert [each.refused for each in report.inputs] == [(), ()]
    assert [told(each) for each in report.inputs] == alone
    assert {each.form for each in report.inputs} == {"fdt"}


@rows
def test_a_folder_is_searched_for_images(row: ImageRow, tmp_path: Path, request) -> None:
    (tmp_path / f"image{row.suffix}").write_bytes(row.make(FAULTS, OTHER))
    (tmp_path / "image.txt").write_bytes(row.make(FAULTS, OTHER))
    found = [each.member for each in engine.expand([str(tmp_path)])]
    only = request.node.callspec.id in NAMED_ONLY
    assert found == ([] if only else list(row.members))


@rows
def test_one_member_is_named(row: ImageRow, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(row.make(FAULTS, OTHER))
    name = row.members[1]
    (item,) = engine.expand([f"{path}!{name}"])
    assert item == Input(str(path), name)
    tree = dtlink.read_tree(f"{path}!{name}")
    assert tree.blob[: len(OTHER)] == OTHER


@rows
def test_the_image_is_not_one_input(row: ImageRow, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(row.make(FAULTS, OTHER))
    with pytest.raises(dtlink.InputError, match="2 devicetrees in it") as caught:
        dtlink.read(path)
    assert row.members[0] in str(caught.value)


@pytest.mark.parametrize("kind", sorted(PACK))
@pytest.mark.parametrize("within", ["file", "boot.img", "FIT", "uImage"])
def test_trees_after_a_compressed_kernel(kind: str, within: str, tmp_path: Path) -> None:
    """Whatever the compression: some of them do not say where they end."""
    # Larger than the first block of any compression, and not what a block is made small of.
    size = 9 << 20 if kind == "lz4" else 1200 << 10
    noise = random.Random(1).randbytes(size)  # noqa: S311 - repeatable is what it must be
    kernel = PACK[kind](KERNEL + noise) + FAULTS + OTHER
    path = tmp_path / "image"
    data, above = {
        "file": (kernel, ""),
        "boot.img": (images.android(0, kernel=kernel), "kernel!"),
        "FIT": (images.fit({"fdt-1": FAULTS}, kernel=kernel), "kernel-1!"),
        "uImage": (images.uimage(kernel), ""),
    }[within]
    path.write_bytes(data)
    found = [each.member for each in engine.expand([str(path)])]
    assert found[:2] == [f"{above}dtb[0]", f"{above}dtb[1]"]
    assert dtlink.read_tree(f"{path}!{above}dtb[1]").blob == OTHER
    assert not any(each.refused for each in dtlink.lint(path).inputs)


@pytest.mark.parametrize("external", ["", "data-offset", "data-position"])
def test_a_fit_image_at_the_end_of_a_program(external: str, tmp_path: Path) -> None:
    """With its data after it, as u-boot.img of some boards has them."""
    fit = images.fit({"fdt-1": FAULTS, "fdt-2": OTHER}, external=external)
    path = tmp_path / "u-boot.img"
    for data, above in (
        (images.uimage(b"\x14\0\0\xea" * 999 + fit), "dtb[0]!"),
        (b"\x14\0\0\xea" * 999 + FAULTS + fit, "dtb[1]!"),
    ):
        path.write_bytes(data)
        items = {each.member: each for each in dtlink.lint(path).inputs}
        assert list(items)[-2:] == [f"{above}fdt-1", f"{above}fdt-2"]
        assert not any(each.refused or each.error for each in items.values())


def test_one_tree_in_an_image_is_the_input(tmp_path: Path) -> None:
    for name, data in {
        "board.dtb.gz": gzipped(FAULTS),
        "fit.itb": images.fit({"fdt-1": FAULTS}),
        "u-boot-dtb.bin": b"\x14\0\0\xea" * 999 + FAULTS,
        "vendor_boot.img": images.vendor_boot(4, FAULTS),
        "one.tar.gz": gzipped(images.tar({"one.dtb": FAULTS})),
    }.items():
        (tmp_path / name).write_bytes(data)
        assert dtlink.read_tree(tmp_path / name).blob == FAULTS
        assert dtlink.read_tree(data).blob == FAULTS


@rows
def test_by_standard_input(row: ImageRow) -> None:
    from click.testing import CliRunner

    from dtlink.cli.main import cli

    result = CliRunner().invoke(cli, ["lint", "-"], input=row.make(FAULTS, OTHER))
    assert [f"-!{name} · " in result.stdout for name in row.members] == [True, True]


@rows
def test_the_format_is_named(row: ImageRow, tmp_path: Path) -> None:
    from dtlink.firmware import containers

    path = tmp_path / "image"
    path.write_bytes(row.make(FAULTS, OTHER))
    form = containers.opened(str(path)).entry.form
    assert form == row.form or not row.form
