"""The devicetree of an example, with its overlays."""

from __future__ import annotations

from pathlib import Path

from dtlink.firmware import dts
from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays
from dtlink.firmware.source.options import SourceOptions
from dtlink.firmware.tree import Tree
from dtlink.rules.model import Dts

_LABELLED = SourceOptions(symbols=True)


def tree_of(example: Dts) -> Tree:
    """The tree of an example; of one with overlays, what they make of it."""
    if not example.overlays:
        return dts.read_text(example.source, patch=example.patch)
    base = dts.read_text(example.source, patch=example.patch, sources=_LABELLED)
    overlays = [
        NamedOverlay(f"overlay-{number}.dtso", dts.read_text(text, sources=_LABELLED))
        for number, text in enumerate(example.overlays, 1)
    ]
    return apply_overlays(base, overlays)


def write_bases(example: Dts, folder: Path) -> tuple[str, ...]:
    """Write the bases of an example, and return their paths."""
    paths = [folder / f"base-{number}.dts" for number in range(1, len(example.bases) + 1)]
    for path, text in zip(paths, example.bases, strict=True):
        path.write_text(f"/dts-v1/;\n{text}\n")
    return tuple(map(str, paths))
