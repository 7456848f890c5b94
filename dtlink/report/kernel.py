"""The kernel of the results, as JSON data: archives need the identity of its files."""

from __future__ import annotations

import os

from dtlink import reading
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtlink.board.settings import Settings
    from dtlink.facts.kernels import KernelVersion
    from dtlink.kernel.facts import Facts, Paths
    from dtlink.report.entries import JsonObject


def identity(version: KernelVersion, paths: Paths | None = None) -> JsonObject:
    """The kernel's version and, for a kernel that the user gave, its release and files.

    Raises :class:`InputError` for a kernel that cannot be read.
    """
    if paths is None:
        return {"version": str(version)}
    from dtlink.kernel.facts import load

    return named(version, paths) | _files(paths, load(paths))


def named(version: KernelVersion, paths: Paths) -> JsonObject:
    """What a kernel that the user named is, without its files. Raises as :func:`identity`."""
    from dtlink.kernel.assumptions import assumed
    from dtlink.kernel.facts import load

    facts = load(paths)
    note = assumed(facts, paths.kernel)
    return {
        "version": str(version),
        "path": paths.kernel,
        "release": facts.build.release or None,
        "index_release": facts.source_index.release,
        "notes": [note] if note else [],
    }


def _files(paths: Paths, facts: Facts) -> JsonObject:
    build = facts.build
    return {
        "sources": [
            {"fact": fact, "path": _seen_from(paths.kernel, path), "sha256": _sha256(path)}
            for fact, path in sorted(build.sources.items())
        ],
        "initramfs": _file(paths.initramfs),
        "source_index": _file(paths.kernel_index),
    }


def _seen_from(kernel: str, path: str) -> str:
    """A file's path relative to the given kernel: the same on every machine."""
    below = os.path.relpath(path, kernel)
    if below == ".":
        return kernel
    return path if below.startswith("..") else below.replace(os.sep, "/")


def machine_files(settings: Iterable[Settings]) -> JsonObject:
    """What was given of the machine, by option, with hashes; options not given are absent."""
    found = list(settings)
    named = {
        "lspci": sorted({each.lspci for each in found} - {""}),
        "iomem": sorted({each.iomem for each in found} - {""}),
    }
    return {option: [_file(path) for path in paths] for option, paths in named.items() if paths}


def _file(path: str) -> JsonObject | None:
    return {"path": path, "sha256": _sha256(path)} if path else None


def _sha256(path: str) -> str | None:
    """The hash of a file; ``None`` for a folder, several files, or a file that has been removed."""
    try:
        return reading.digest(path)
    except OSError:
        return None
