"""The rows of drivers that no device asks for: their options and modules, against real kernels."""

from pathlib import Path

import pytest

from dtlink.facts.dsa import TAGS
from dtlink.facts.media import (
    KEYBOARDS,
    MEDIA,
    PCI_MEDIA,
    PCI_USB,
    VIRTUAL_MEDIA,
    XHCI_PLATFORM,
    BusDriver,
)
from dtlink.facts.root_layers import FILESYSTEMS, LAYERS, NFS_VERSIONS
from dtlink.kernel.holdings.read import read_holdings
from tests.support.boards import SHARED

KERNELS = ("debian-6.12-arm64", "debian-6.1-armhf", "debian-7.2-arm64")


def rows() -> list[BusDriver]:
    media = [row for each in (*MEDIA, *PCI_MEDIA, *VIRTUAL_MEDIA, PCI_USB) for row in each.drivers]
    layers = [row for each in LAYERS for row in each.drivers]
    tags = (row for _, row in TAGS)
    others = (XHCI_PLATFORM, *tags, *KEYBOARDS, *NFS_VERSIONS, *FILESYSTEMS.values())
    return list({row.module: row for row in (*media, *layers, *others)}.values())


def test_every_row_names_its_source() -> None:
    for row in rows():
        file, _, what = row.source.partition(", ")
        assert file.startswith(("drivers/", "fs/", "crypto/", "net/")), row
        assert what, row


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_has_each_as_its_option_says(name: str) -> None:
    folder: Path = SHARED / "kernel" / name
    if not folder.exists():
        pytest.skip(f"no {folder}")
    build = read_holdings(str(folder))
    wrong = []
    seen = 0
    for row in rows():
        value = build.config.get(row.config, "n")
        places = {"y": build.builtin, "m": build.modules}
        seen += value in places
        if value in places and row.module not in places[value]:
            wrong.append(f"{row.module}: CONFIG_{row.config}={value}")
    assert wrong == []
    assert seen > len(rows()) / 2
