"""On valid blobs dtlink reads the same nodes as two independent readers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from dtlink.firmware import fdt
from tests.support.boards import FIXTURES, SHARED, in_batches
from tests.support.readers import ask, digests

#: Files that a reader cannot read, by path in the corpus, with the reason. None today.
EXCEPTED: dict[str, dict[str, str]] = {"pylibfdt": {}, "pyfdt": {}}
MODULES = {"pylibfdt": "libfdt", "pyfdt": "pyfdt"}


def need(reader: str) -> None:
    """Skip where a reader is not installed (pylibfdt needs a C compiler)."""
    if find_spec(MODULES[reader]) is None:
        pytest.skip(f"{reader} is not installed")


def ours(path: Path) -> list[list[str]]:
    """The nodes of a file as dtlink reads them."""
    return digests(
        (node.path, list(node.properties.items())) for node in fdt.read(path.read_bytes())
    )


def disagreements(reader: str, paths: tuple[Path, ...]) -> tuple[int, list[str]]:
    """The number of compared files, and the differences."""
    compared, wrong = 0, []
    for batch in in_batches(paths, 100):
        answers = ask(reader, batch)
        for path in batch:
            key = str(path.relative_to(SHARED / "corpus")) if SHARED in path.parents else path.name
            answer = answers.get(str(path), "the reader crashed")
            if isinstance(answer, str):
                if key not in EXCEPTED[reader]:
                    wrong.append(f"{key}: {answer}")
                continue
            compared += 1
            if answer != (mine := ours(path)):
                pairs = zip(mine, answer, strict=False)
                first = next((a[0] for a, b in pairs if a != b), "the number of nodes")
                wrong.append(f"{key}: {first}")
    return compared, wrong


@pytest.mark.parametrize("reader", MODULES)
def test_real_boards_read_the_same(reader, boards):
    need(reader)
    compared, wrong = disagreements(reader, boards)
    assert not wrong
    assert compared >= len(boards) - len(EXCEPTED[reader])


@pytest.mark.parametrize("reader", MODULES)
def test_own_boards_read_the_same(reader):
    need(reader)
    paths = tuple(sorted(FIXTURES.glob("*.dtb")))
    compared, wrong = disagreements(reader, paths)
    assert not wrong
    assert compared == len(paths) > 0


@pytest.mark.parametrize("reader", MODULES)
def test_a_difference_is_detected(reader, tmp_path):
    need(reader)
    blob = (FIXTURES / "clean-board.dtb").read_bytes()
    path = tmp_path / "other.dtb"
    path.write_bytes(blob.replace(b"dtlink fixture", b"dtlink FIXTURE", 1))
    assert ask(reader, [path])[str(path)] != ours(FIXTURES / "clean-board.dtb")
    assert ask(reader, [path])[str(path)] == ours(path)
