"""The devicetree sources of Linux are read as gcc and dtc read them.

``pytest -m corpus -s tests/firmware/source/test_kernel_sources.py`` prints the figures: all boards
and overlays of each tree, with ``dtc -@`` and without.
"""

from __future__ import annotations

import os
import random
import tarfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.source.files import SourceFiles
from dtlink.firmware.source.read import read_source
from dtlink.firmware.tree import Tree
from tests.support.blobs import word
from tests.support.kernel_sources import (
    Compiled,
    compiled,
    need_compilers,
    packed,
    places,
    preprocessed,
    sources,
    trees,
    unpack,
)

SAMPLE = 10
SEED = 20261130


def contents(tree: Tree) -> list[object]:
    return [(node.path, list(node.properties.items())) for node in tree]


def verdict(path: Path, tree: Path, files: SourceFiles, text: Compiled, *, symbols: bool) -> str:
    """``same``, ``both refuse``, or what is different."""
    made = text if text.refused else compiled(text.blob, path, tree, symbols=symbols)
    try:
        ours = read_source(str(path), files, symbols=symbols).tree
    except InputError as error:
        return "both refuse" if made.refused else f"only dtlink refuses: {error}"
    if made.refused:
        return f"only gcc or dtc refuses: {made.refused}"
    mine, theirs = contents(ours), contents(fdt.read(made.blob))
    if mine == theirs:
        return "same"
    first = next((pair for pair in zip(mine, theirs, strict=False) if pair[0] != pair[1]), None)
    return f"different: {first or (len(mine), len(theirs))}"


def compare(paths: Iterable[Path], tree: Path) -> tuple[Counter[str], list[str]]:
    """How many are the same with ``-@`` and without, and the differences."""
    files = SourceFiles([str(tree)], [str(tree / "scripts/dtc/include-prefixes")])
    counts: Counter[str] = Counter()
    wrong = []
    for path in paths:
        text = preprocessed(path, tree)
        for symbols in (False, True):
            found = verdict(path, tree, files, text, symbols=symbols)
            counts[f"{found.partition(':')[0]}{' -@' * symbols}"] += 1
            if found not in ("same", "both refuse"):
                wrong.append(f"{path}{' -@' * symbols}: {found}"[:1_000])
    return counts, wrong


def test_a_sample_of_the_sources_of_linux():
    need_compilers()
    if not trees():
        pytest.skip("no source of Linux is unpacked here (set DTLINK_KERNEL_SOURCE)")
    tree = trees()[-1]
    found = random.Random(SEED).sample(sources(tree), SAMPLE)  # noqa: S311 - the same each time
    counts, wrong = compare(found, tree)
    assert not wrong
    assert counts["same"] == counts["same -@"] == SAMPLE


@pytest.mark.parametrize("count", [3, pytest.param(50, marks=pytest.mark.corpus)])
def test_properties_are_where_dtc_says(count):
    need_compilers()
    if not trees():
        pytest.skip("no source of Linux is unpacked here (set DTLINK_KERNEL_SOURCE)")
    tree = trees()[-1]
    files = SourceFiles([str(tree)], [str(tree / "scripts/dtc/include-prefixes")])
    boards = [path for path in sources(tree) if path.suffix == ".dts"]
    seen = 0
    for path in random.Random(SEED + 1).sample(boards, count):  # noqa: S311
        read = read_source(str(path), files)
        for (node, name), place in places(preprocessed(path, tree).blob, path, tree).items():
            ours = read.property(node, name)[-1]
            assert (os.path.realpath(ours.file), ours.line) == place[:2], f"{node}:{name} of {path}"
            # dtc counts columns in the output of the preprocessor.
            if not ours.macro and not ours.text[: ours.column - 1].strip():
                assert ours.column == place.column, f"{node}:{name} of {path}"
                seen += 1
    assert seen > 100 * count


def test_a_packed_source_is_unpacked_as_far_as_it_is_needed(tmp_path):
    board = tmp_path / "linux-source-1.0/arch/arm/boot/dts/v/board.dts"
    files = {
        board: "/dts-v1/;\n#include <dt-bindings/x.h>\n/ { a = <X>; };\n",
        tmp_path / "linux-source-1.0/include/dt-bindings/x.h": "#define X 1\n",
        tmp_path / "linux-source-1.0/arch/arm/kernel/head.S": "",
        tmp_path / "linux-source-1.0/scripts/dtc/include-prefixes/Kbuild": "",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    prefixes = tmp_path / "linux-source-1.0/scripts/dtc/include-prefixes"
    (prefixes / "dt-bindings").symlink_to("../../../include/dt-bindings")
    with tarfile.open(tmp_path / "linux-source-1.0.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "linux-source-1.0", "linux-source-1.0")
    tree = unpack(tmp_path / "linux-source-1.0.tar.xz", tmp_path / "unpacked")
    assert [path.name for path in sources(tree)] == ["board.dts"]
    assert not (tree / "arch/arm/kernel").exists()
    read = SourceFiles([str(tree)], [str(tree / "scripts/dtc/include-prefixes")])
    assert read_source(str(sources(tree)[0]), read).tree.root.get("a") == word(1)


@pytest.mark.corpus
def test_all_sources_of_linux(tmp_path):
    need_compilers()
    there = trees() or [unpack(archive, tmp_path / archive.name) for archive in packed()]
    if not there:
        pytest.skip("no source of Linux in /usr/src (set DTLINK_KERNEL_SOURCE)")
    differences = []
    for tree in there:
        counts, wrong = compare(sources(tree), tree)
        differences += wrong
        print(f"\n{tree}: {dict(counts)}")  # noqa: T201 - the figures
        assert counts["same"] > 0
    assert not differences
