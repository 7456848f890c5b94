"""Devicetree source as one more form of a tree.

The source is compiled in memory and read like any blob, so that later stages see one kind of
tree. Nodes and properties keep the places in the source that they are from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache

from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.firmware.source.files import MAX_TEXT, SourceFiles
from dtlink.firmware.source.options import NO_OPTIONS, SourceOptions
from dtlink.firmware.source.read import SourceTree, compile_source, read_source
from dtlink.firmware.source.scan import SourceFile
from dtlink.firmware.source.surroundings import surroundings
from dtlink.firmware.storage import DISK, Disk
from dtlink.firmware.tree import Tree
from dtlink.stamps import last_look

#: Upper bound on a source, in bytes; preprocessed boards have less than 1 MiB.
MAX_SIZE = MAX_TEXT


def read_file(
    path: str,
    name: str = "",
    patch: Mapping[str, bytes] | None = None,
    sources: SourceOptions = NO_OPTIONS,
    storage: Disk = DISK,
) -> Tree:
    """Read a DTS file; ``name`` replaces the path in locations and messages.

    ``patch`` sets property values (keys are ``path:property``) after parsing, so that an example
    can contain what dtc rejects, such as a duplicate phandle. A key that is a ``path`` alone
    renames the node.

    Raises :class:`InputError` if the source is invalid; the message has file and line.
    """
    files, macros = _surrounded(path, sources, storage)
    if name or patch:
        return _read(files, files.source(path).text, name or path, patch, sources)
    return read_source(path, files, symbols=sources.symbols, defines=macros).tree


def read_source_file(
    path: str,
    sources: SourceOptions = NO_OPTIONS,
    *,
    symbols: bool = False,
    storage: Disk = DISK,
) -> SourceTree:
    """Read a DTS file with all that is known of its places; ``symbols``: as ``dtc -@``.

    Raises :class:`InputError` if the source is invalid; the message has file and line.
    """
    files, macros = _surrounded(path, sources, storage)
    return read_source(path, files, symbols=symbols, defines=macros)


def _surrounded(
    path: str, sources: SourceOptions, storage: Disk = DISK
) -> tuple[SourceFiles, Mapping[str, str]]:
    """The files, and the macros, of the tree of sources that a file is in."""
    where = surroundings(path, storage)
    include = (*sources.include, *where.include)
    files = source_files((where.root, *sources.allow_include), include, storage)
    return files, {**where.define, **sources.macros}


def read_text(
    text: str,
    name: str = "<dts>",
    patch: Mapping[str, bytes] | None = None,
    sources: SourceOptions = NO_OPTIONS,
) -> Tree:
    """Read DTS from a string, which includes files from the include paths only.

    A missing ``/dts-v1/;`` is added: the short sources of examples omit it. Raises
    :class:`InputError` as :func:`read_file` does.
    """
    if "/dts-v1/" not in text:
        text = "/dts-v1/; " + text
    files = SourceFiles(sources.allow_include, sources.include)
    return _read(files, text, name, patch, sources)


def source_files(
    roots: tuple[str, ...], include: tuple[str, ...], storage: Disk = DISK
) -> SourceFiles:
    """The files of one tree of sources, whose folders are found once a run."""
    return _files(roots, include, storage, last_look())


@lru_cache(maxsize=8)
def _files(roots: tuple[str, ...], include: tuple[str, ...], storage: Disk, _: int) -> SourceFiles:
    return SourceFiles(roots, include, storage)


def _read(
    files: SourceFiles,
    text: str,
    name: str,
    patch: Mapping[str, bytes] | None,
    sources: SourceOptions,
) -> Tree:
    file = SourceFile(name, os.path.realpath(name), text)
    compiled = compile_source(file, files, symbols=sources.symbols, defines=sources.macros)
    if not patch:
        return compiled.tree
    tree = fdt.read(write(_patched(compiled.root, patch)))
    tree.origins, tree.labels = compiled.tree.origins, compiled.tree.labels
    return tree


def _patched(root: SourceNode, patch: Mapping[str, bytes]) -> SourceNode:
    for place, value in patch.items():
        path, colon, name = place.partition(":")
        node = root
        for part in path.strip("/").split("/"):
            node = node.child(part)
        if colon:
            node.properties[name] = value
        else:
            node.name = value.decode("ascii")
    return root
