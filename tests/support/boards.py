"""The boards that tests read: the project's own, and the real ones beside the checkout."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from dtlink.boot.devlink.model import Prediction
from dtlink.boot.devlink.predict import View, simulate
from dtlink.facts.profile import KernelProfile
from dtlink.firmware.tree import Tree
from dtlink.links.extract import Extraction

CHECKOUT = Path(__file__).resolve().parents[2]
FIXTURES = CHECKOUT / "fixtures" / "boards"
#: Real boards, and what real kernels made of them; not part of the project.
SHARED = Path(os.environ.get("DTLINK_SHARED", CHECKOUT.parent / "shared"))
#: The default run takes every so-manyth board; the marker ``corpus`` takes them all.
EVERY = 20


def predicted(tree: Tree, profile: KernelProfile, view: View = "bare") -> Prediction:
    """What a kernel makes of a tree, whatever the tree's bootargs say."""
    return simulate(Extraction(tree, profile.version), profile, view).prediction


def fixture_blobs() -> dict[str, bytes]:
    """The project's own boards, by name."""
    return {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.dtb"))}


@lru_cache(maxsize=1)
def corpus() -> tuple[Path, ...]:
    """The DTBs of the corpus, in a fixed order; none if it is not there."""
    return tuple(sorted((SHARED / "corpus").rglob("*.dtb")))


def need_corpus() -> tuple[Path, ...]:
    """The corpus; skips the test that asks if there is none."""
    if not corpus():
        pytest.skip(f"no corpus of real boards in {SHARED} (set DTLINK_SHARED)")
    return corpus()


def in_batches(paths: tuple[Path, ...], size: int) -> Iterator[tuple[Path, ...]]:
    """The paths in groups."""
    for start in range(0, len(paths), size):
        yield paths[start : start + size]
