"""A devicetree as files: /proc/device-tree, a copy of it, or a tar of one.

A folder is a node, a file a property. Source: Linux, drivers/of/kobj.c: __of_add_property_sysfs(),
__of_attach_node_sysfs(), safe_name().
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping

from dtlink import reading
from dtlink.firmware.containers.model import Problem
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt import MAGIC, MAX_DEPTH
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.records import NamedTuple
from dtlink.wording import listed

#: Files of one tree, bytes of all of them, and of one.
MAX_FILES = 500_000
MAX_TOTAL = 64 << 20
MAX_PROPERTY = 16 << 20

#: The smallest page of a kernel.
_PAGE = 4096

#: What the root node of every devicetree has (Devicetree Specification v0.4, 3.2).
_ROOT = frozenset(("#address-cells", "compatible"))
#: A second kernel object of one name: a node that is named as a property (safe_name()).
_SECOND = re.compile(r"#[0-9]+\Z")
_ADDRESS = re.compile(r"@([0-9a-f]{1,16})")

NOTE = (
    "its nodes are in the order of their addresses and names: these files have no order "
    "(/sys/firmware/fdt has)"
)


class PropertyFiles(NamedTuple):
    """A devicetree that was read from files."""

    blob: bytes
    notes: tuple[str, ...]
    passed: tuple[str, ...]
    """What was not read."""


def is_root(names: Collection[str]) -> bool:
    """Whether a folder with files of these names is the root of a devicetree."""
    return frozenset(names) >= _ROOT


def is_root_folder(path: str) -> bool:
    """Whether a folder is the root of a devicetree."""
    return all(os.path.isfile(os.path.join(path, name)) for name in _ROOT)


def read_folder(path: str) -> PropertyFiles:
    """Read a folder. Raises :class:`InputError` for what is not a devicetree, or beyond bounds."""
    unread: list[str] = []
    files = dict(_files(path, "", 0, unread))
    passed = (f"not read, by its permissions: {listed(unread)}",) if unread else ()
    return PropertyFiles(blob_of(files), (NOTE,), passed)


def _files(top: str, below: str, depth: int, unread: list[str]) -> Iterator[tuple[str, bytes]]:
    """The paths, from the root on, and contents of all regular files; links are not followed."""
    if depth > MAX_DEPTH:
        raise InputError(f"folders are nested deeper than {MAX_DEPTH} levels", path=top)
    with os.scandir(os.path.join(top, below)) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            path = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield f"{path}/", b""
                yield from _files(top, f"{path}/", depth + 1, unread)
            elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                try:
                    with open(entry.path, "rb", opener=reading.regular) as file:
                        yield path, file.read(MAX_PROPERTY + 1)
                except PermissionError:
                    unread.append(entry.path)


def blob_of(files: Mapping[str, bytes]) -> bytes:
    """The blob of a tree, by the path of each property; a path that ends with ``/`` is a node's.

    Raises :class:`InputError` for what is not a devicetree, or beyond the bounds.
    """
    _check(files)
    root = SourceNode()
    nodes = {"": root}
    for path, value in files.items():
        folder, _, name = path.rstrip("/").rpartition("/")
        parent = _node(nodes, folder)
        if path.endswith("/"):
            _node(nodes, path.rstrip("/"))
        elif name != "name" or value.rstrip(b"\0") != parent.name.partition("@")[0].encode():
            # The kernel adds "name" to every node (drivers/of/fdt.c, populate_properties()).
            parent.properties[name] = value
    for node in nodes.values():
        node.children.sort(key=lambda each: _place(each.name))
    return write(root)


def _check(files: Mapping[str, bytes]) -> None:
    total = sum(map(len, files.values()))
    if len(files) > MAX_FILES or total > MAX_TOTAL:
        raise InputError(f"more than {MAX_FILES:,} files or {MAX_TOTAL} bytes of properties")
    for path, value in files.items():
        if len(value) > MAX_PROPERTY:
            raise InputError(f"more than {MAX_PROPERTY} bytes in a property: {path!a}")
        if not path.isascii() or not path.isprintable() or path.count("/") > MAX_DEPTH:
            raise InputError(f"not the name of a node or property: {path!a:.200}")


def _node(nodes: dict[str, SourceNode], path: str) -> SourceNode:
    """The node of a folder; it and those above it are made if they are missing."""
    if path not in nodes:
        above, _, name = path.rpartition("/")
        node = SourceNode(_SECOND.sub("", name))
        _node(nodes, above).children.append(node)
        nodes[path] = node
    return nodes[path]


def _place(name: str) -> tuple[str | int, ...]:
    """The key that sorts the children of a node: those with an address by it, after the others."""
    match = _ADDRESS.search(name)
    return (1, int(match[1], 16), name) if match else (0, 0, name)


def lost(files: Mapping[str, bytes]) -> Iterator[Problem]:
    """A problem for the files of a tar whose end GNU tar has lost.

    One read() of a file in /sys returns a page at most (fs/kernfs/file.c, kernfs_file_read_iter()).
    GNU tar takes what is short for the end of the file, and writes zeros for the rest ("File shrank
    by … bytes; padding with zeros": src/create.c, dump_regular_file()).
    """
    for path, data in files.items():
        if len(data) > _PAGE and not data[_PAGE:].strip(b"\0"):
            yield Problem(
                f"{path + ': ' if path else ''}only zeros after the first {_PAGE:,} bytes: GNU tar "
                'reads no more of a file in /sys ("File shrank"); make a tar of a copy (cp -r)'
            )


def lost_of_blob(data: bytes) -> Iterator[Problem]:
    """The same of a blob: one that is only padded has its blocks in the first page."""
    if data[:4] != MAGIC or len(data) <= _PAGE:
        return
    offset, strings, size = (int.from_bytes(data[at : at + 4], "big") for at in (8, 12, 32))
    if max(offset, strings + size) > _PAGE:
        yield from lost({"": data})


def roots(folders: Iterable[tuple[str, Collection[str]]]) -> list[str]:
    """Of the folders of an archive, each with the names in it, the roots of devicetrees."""
    found: list[str] = []
    for folder, names in sorted(folders, key=lambda each: each[0]):
        if is_root(names) and not any(_is_below(folder, each) for each in found):
            found.append(folder)
    return found


def _is_below(folder: str, top: str) -> bool:
    return not top or folder.startswith(f"{top}/")
