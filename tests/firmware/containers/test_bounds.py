"""Containers that were made to be read for ever, or into more memory than there is."""

import gzip
from pathlib import Path

import pytest

import dtlink
from dtlink.firmware.containers import opening
from dtlink.firmware.dts import read_text
from tests.support import images

SMALL = read_text("/dts-v1/; / { };").blob


def fault(path: Path) -> str:
    """What is said of a file that is not read."""
    (item,) = dtlink.lint(path).inputs
    assert item.error is not None
    return item.error.message


def test_a_configuration_of_very_many_trees(tmp_path: Path) -> None:
    path = tmp_path / "fit.itb"
    path.write_bytes(images.fit({"fdt-1": SMALL}, {"conf-1": ["fdt-1"] * 300}))
    assert fault(path) == "the configuration conf-1 has more than 256 trees"


def test_images_that_are_all_of_the_file(tmp_path: Path) -> None:
    """Each is read and hashed: together many times what there is."""
    whole = read_text(
        "/dts-v1/; / { images { "
        + "".join(
            f'i{number} {{ type = "firmware"; data-position = <0>; data-size = <9000>; '
            f'h@1 {{ algo = "sha256"; value = [00]; }}; }};'
            for number in range(100)
        )
        + " }; };"
    ).blob
    path = tmp_path / "fit.itb"
    path.write_bytes(whole)
    assert "the images overlap" in fault(path)


@pytest.mark.parametrize(("size", "limit"), [(100, 64), (1 << 20, 164)])
def test_a_small_file_unpacks_to_less(size: int, limit: int) -> None:
    made = opening._Opening(search=False, packed=size)
    assert str(made._unpacked) == f"{limit} MiB"


def test_a_bomb_takes_no_more_memory_than_that(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(80 << 20), mtime=0))
    assert "unpacks to more than 71 MiB" in fault(path)
