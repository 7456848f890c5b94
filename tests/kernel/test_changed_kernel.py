"""A kernel, its initramfs and its index are compared with their files in each run of a process."""

from __future__ import annotations

from pathlib import Path

import pytest

import dtlink
from dtlink.kernel.facts import Facts, Paths, load
from dtlink.stamps import look_anew
from tests.support.kernels import CONFIG, RELEASE, package, write

CONFIGURATION = f"boot/config-{RELEASE}"


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    return package(tmp_path / "kernel")


def anew(*paths: Path) -> Facts:
    """The facts as a run that begins now has them."""
    look_anew()
    return load(Paths(*map(str, paths)))


def modules(facts: Facts) -> frozenset[str]:
    """Those of the initramfs."""
    assert facts.initramfs is not None
    return facts.initramfs.modules


def test_what_has_not_changed_is_read_once(kernel: Path, tmp_path: Path) -> None:
    image = tmp_path / "list"
    image.write_text("kernel/fs/ext4.ko\n")
    first, then = anew(kernel, image), anew(kernel, image)
    assert (then.build, then.initramfs) == (first.build, first.initramfs)
    assert then.build is first.build
    assert then.initramfs is first.initramfs


def test_a_configuration_that_changes(kernel: Path) -> None:
    assert anew(kernel).build.config["EXT4_FS"] == "m"
    write(kernel, {CONFIGURATION: CONFIG.replace("EXT4_FS=m", "EXT4_FS=y")})
    # Within a run all boards have the same kernel.
    assert load(Paths(str(kernel))).build.config["EXT4_FS"] == "m"
    assert anew(kernel).build.config["EXT4_FS"] == "y"


def test_a_file_that_comes_and_goes(kernel: Path) -> None:
    order = kernel / "lib" / "modules" / RELEASE / "modules.order"
    before, text = anew(kernel).build.order, order.read_bytes()
    order.unlink()
    assert anew(kernel).build.order == {} != before
    order.write_bytes(text)
    assert anew(kernel).build.order == before


def test_an_initramfs_that_changes(kernel: Path, tmp_path: Path) -> None:
    image = tmp_path / "list"
    image.write_text("kernel/fs/ext4.ko\n")
    assert modules(anew(kernel, image)) == {"ext4"}
    image.write_text("kernel/fs/jbd2.ko\n")
    assert modules(anew(kernel, image)) == {"jbd2"}


def test_a_folder_that_an_initramfs_was_unpacked_into(kernel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked" / "lib" / "modules" / RELEASE
    folder.mkdir(parents=True)
    (folder / "ext4.ko").write_bytes(b"")
    assert modules(anew(kernel, tmp_path / "unpacked")) == {"ext4"}
    (folder / "ext4.ko").unlink()
    (folder / "jbd2.ko").write_bytes(b"")
    assert modules(anew(kernel, tmp_path / "unpacked")) == {"jbd2"}


def test_every_way_to_begin_looks_anew(kernel: Path, tmp_path: Path) -> None:
    """``lint()``, ``lint_iter()`` and ``Board.read()``, each in the same process."""
    board = tmp_path / "a.dts"
    board.write_text("/dts-v1/; / { };\n")
    begun = (
        lambda: dtlink.lint(board, kernel=kernel, config=False),
        lambda: list(dtlink.lint_iter([board], kernel=kernel, config=False)),
        lambda: dtlink.Board.read(board, kernel=kernel).drivers(),
    )
    for number, begin in enumerate(begun):
        begin()
        value = f"{number}{number}"
        write(kernel, {CONFIGURATION: CONFIG.replace("HZ=250", f"HZ={value}")})
        begin()
        assert load(Paths(str(kernel))).build.config["HZ"] == value
