"""An initramfs is read once, and again when it has changed."""

from pathlib import Path

import pytest

from dtlink.kernel.initramfs import read, read_initramfs
from dtlink.kernel.initramfs.read import kept_initramfs

LISTING = "init\nlib/modules/6.12.1/kernel/a.ko\nlib/modules/6.12.1/modules.dep\n"


@pytest.fixture
def listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DTLINK_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "listing"
    path.write_text(LISTING)
    return path


def test_what_is_kept_is_what_was_read(listing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept_initramfs(str(listing))
    assert first == read_initramfs(str(listing))
    monkeypatch.setattr(read, "read_initramfs", lambda _: pytest.fail("it was read again"))
    assert kept_initramfs(str(listing)) == first


def test_a_file_that_changed_is_read_again(listing: Path) -> None:
    kept_initramfs(str(listing))
    listing.write_text(LISTING + "lib/modules/6.12.1/kernel/b.ko\n")
    assert kept_initramfs(str(listing)).modules == {"a", "b"}


def test_a_damaged_entry_is_read_again(listing: Path, tmp_path: Path) -> None:
    kept_initramfs(str(listing))
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_bytes(entry.read_bytes()[:-9])
    assert kept_initramfs(str(listing)).modules == {"a"}


@pytest.mark.usefixtures("listing")
def test_a_folder_is_read_each_time(tmp_path: Path) -> None:
    (tmp_path / "root" / "lib" / "modules" / "6.12.1").mkdir(parents=True)
    (tmp_path / "root" / "lib" / "modules" / "6.12.1" / "c.ko").touch()
    assert kept_initramfs(str(tmp_path / "root")).modules == {"c"}
    assert not (tmp_path / "cache").exists()
