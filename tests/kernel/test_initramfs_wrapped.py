"""An initramfs in an image with a kernel or a devicetree beside it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dtlink.firmware.dts import read_text
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import hold_standard_input
from dtlink.kernel.initramfs.read import kept_initramfs, read_initramfs
from tests.kernel.test_initramfs import IMAGE, INIT, cpio, lz4_legacy, member
from tests.support import images
from tests.support.boards import FIXTURES
from tests.support.packing import gzipped

TREE = (FIXTURES / "clean-board.dtb").read_bytes()
#: What Android's first-stage init loads, in the order of its list.
ANDROID = lz4_legacy(
    cpio(
        member("lib/modules/clk-acme.ko"),
        member("lib/modules/phy-acme.ko"),
        member("lib/modules/modules.load", b"phy-acme.ko\nclk-acme.ko\n"),
    )
)


def fit(**ramdisks: bytes) -> bytes:
    nodes = " ".join(
        f'{name} {{ type = "ramdisk"; data = [{data.hex()}]; }};' for name, data in ramdisks.items()
    )
    tree = f'fdt {{ type = "flat_dt"; data = [{TREE.hex()}]; }};'
    return read_text(f"/ {{ images {{ {nodes} {tree} }}; }};").blob


def boot(version: int, ramdisk: bytes, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(images, "RAMDISK", ramdisk)
    return images.android(version)


def test_vendor_boot(tmp_path: Path) -> None:
    """Its modules.load is in the order of loading."""
    for version in (3, 4):
        path = tmp_path / "vendor_boot.img"
        path.write_bytes(images.vendor_boot(version, TREE, ANDROID))
        found = read_initramfs(str(path))
        assert found.order == ("phy_acme", "clk_acme")
        assert found.by_version == {"": frozenset(("phy_acme", "clk_acme"))}
        assert not found.complete


@pytest.mark.parametrize("kind", ["boot 0", "boot 2", "boot 4", "UKI", "FIT"])
def test_the_same_as_alone(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzipped(IMAGE)
    data = {
        "boot": lambda: boot(int(kind[-1]), packed, monkeypatch),
        "UKI": lambda: images.pe([(".linux", images.KERNEL), (".initrd", packed)]),
        "FIT": lambda: fit(ramdisk=packed),
    }[kind.partition(" ")[0]]()
    alone, image = tmp_path / "initrd", tmp_path / "image"
    alone.write_bytes(packed)
    image.write_bytes(data)
    assert read_initramfs(str(image)) == read_initramfs(str(alone))
    assert kept_initramfs(str(image)) == read_initramfs(str(alone))


def test_one_of_several(tmp_path: Path) -> None:
    path = tmp_path / "fit.itb"
    path.write_bytes(fit(one=gzipped(IMAGE), two=ANDROID))
    with pytest.raises(InputError, match="2 initramfs images; name one: FILE!one"):
        read_initramfs(str(path))
    assert read_initramfs(f"{path}!two").order == ("phy_acme", "clk_acme")
    with pytest.raises(InputError, match="no initramfs 'three' in it: it has one, two"):
        read_initramfs(f"{path}!three")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (TREE, "a devicetree without an initramfs in it"),
        (fit(), "a FIT image without an initramfs in it"),
        (images.pe([(".dtb", TREE)]), "a unified kernel image without an initramfs"),
        (images.pe([(".text", TREE)]), "a PE file without an initramfs"),
        (images.vendor_boot(3, TREE, INIT)[:3000], "the section"),
        (b"ANDROID!" + bytes(10), "ends after the end of the file"),
    ],
)
def test_one_clear_message(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as raised:
        read_initramfs(str(path))
    assert raised.value.path == str(path)


def test_no_memory_is_found_for_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory is bounded, a read of the whole limit would fail for a file of a few bytes."""

    class Asked(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size <= 1 << 20
            return super().read(size)

    data = Asked(images.vendor_boot(3, TREE, INIT))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(data))
    assert read_initramfs("-").complete
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Asked(TREE)))
    assert hold_standard_input() == TREE
