"""The devicetree of an example, with its overlays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dtlink.firmware import dts
from dtlink.firmware.errors import InputError
from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays
from dtlink.firmware.source.options import SourceOptions
from dtlink.firmware.tree import Tree
from dtlink.rules.model import Dts

_LABELLED = SourceOptions(symbols=True)


def tree_of(example: Dts) -> Tree:
    """The tree of an example; of one with overlays, what they make of it."""
    if not (example.overlays or example.config_txt):
        return dts.read_text(example.source, patch=example.patch)
    base = dts.read_text(example.source, patch=example.patch, sources=_LABELLED)
    overlays = [
        NamedOverlay(f"overlay-{number}.dtso", dts.read_text(text, sources=_LABELLED))
        for number, text in enumerate(example.overlays, 1)
    ]
    if example.config_txt:
        return _with_config(base, overlays, example.config_txt)
    return apply_overlays(base, overlays)


def _with_config(base: Tree, overlays: Sequence[NamedOverlay], text: str) -> Tree:
    from dtlink.firmware.overlay.raspberry.apply import apply_config
    from dtlink.firmware.overlay.raspberry.config_txt import read_config

    trees = {f"overlays/{Path(each.name).stem}.dtbo": each.tree for each in overlays}

    def load(path: str) -> Tree:
        if path not in trees:
            raise InputError("No such file or directory", path=path)
        return trees[path]

    config = read_config("config.txt", base.root.compatible, lambda _: text.encode())
    return apply_config(base, config, load)


def write_bases(example: Dts, folder: Path) -> tuple[str, ...]:
    """Write the bases of an example, and return their paths."""
    paths = [folder / f"base-{number}.dts" for number in range(1, len(example.bases) + 1)]
    for path, text in zip(paths, example.bases, strict=True):
        path.write_text(f"/dts-v1/;\n{text}\n")
    return tuple(map(str, paths))
