"""Read a base and its overlays, blobs or sources, and merge them."""

from __future__ import annotations

import os
from collections.abc import Callable

from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import CONFIG_TXT, Input
from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays
from dtlink.firmware.read import LoadedInput, load
from dtlink.firmware.source.options import NO_OPTIONS, SourceOptions
from dtlink.firmware.tree import Tree
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine

    #: Reads one file: its bytes, and what they say.
    Read = Callable[[Input, SourceOptions], tuple[LoadedInput, Tree | Machine]]


def read_overlaid(
    item: Input, read: Read, sources: SourceOptions = NO_OPTIONS
) -> tuple[LoadedInput, Tree]:
    """The bytes of all files of an input, and the merged tree; ``read`` reads one of them.

    Sources are compiled with labels, as ``dtc -@`` does. Raises :class:`InputError`, with the path
    of the file, for what can't be read, for a base that is an overlay, and for an overlay that is
    none.
    """
    with_labels = sources._replace(symbols=True)
    base = item._replace(overlays=(), variant="")
    loaded, tree = _tree(base, read, with_labels)
    if tree.is_overlay:
        raise InputError("an overlay can't be the base of another", path=item.path)
    merged, waiting = tree, list[NamedOverlay]()
    for path in item.overlays:
        if path.endswith(CONFIG_TXT):
            merged = _with_config(apply_overlays(merged, waiting), path, read, with_labels)
            waiting = []
            continue
        more, overlay = _tree(Input.named(path), read, with_labels)
        if not overlay.is_overlay:
            what = "not an overlay: it has neither fragments nor references to a base"
            raise InputError(what, path=path)
        waiting.append(NamedOverlay(path, overlay))
        loaded = loaded._replace(data=loaded.data + more.data)
    merged = apply_overlays(merged, waiting) if waiting else merged
    return loaded, _with_notes(merged, tree, item.path)


def _with_config(tree: Tree, path: str, read: Read, sources: SourceOptions) -> Tree:
    from dtlink.firmware.overlay.raspberry.apply import apply_config
    from dtlink.firmware.overlay.raspberry.config_txt import read_config

    def overlay(name: str) -> Tree:
        _check_regular(name)
        return _tree(Input(name), read, sources)[1]

    def text(name: str) -> bytes:
        _check_regular(name)
        return load(name)

    return apply_config(tree, read_config(path, tree.root.compatible, text), overlay)


def _check_regular(path: str) -> None:
    """Raise :class:`InputError` for a device or a pipe, which a config.txt may name."""
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - paths stay text
        raise InputError("not a regular file", path=path)


def _with_notes(tree: Tree, base: Tree, name: str) -> Tree:
    """The merged tree, with notes about what was assumed."""
    overlaid = tree.overlaid
    if overlaid is not None:
        if base.origins:
            overlaid.notes.append(f"{name} was compiled with labels (dtc -@) to take overlays")
        overlaid.notes += [
            f"{each.name} is not applied: see the findings"
            for each in overlaid.overlays
            if not each.is_applied
        ]
    return tree


def _tree(item: Input, read: Read, sources: SourceOptions) -> tuple[LoadedInput, Tree]:
    try:
        loaded, found = read(item, sources)
    except InputError as error:
        error.path = error.path or str(item)
        raise
    if not isinstance(found, Tree):
        raise InputError("ACPI tables: overlays are for devicetrees", path=item.path)
    return loaded, found
