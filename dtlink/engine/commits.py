"""The inputs of a commit."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dtlink.firmware.errors import InputError
from dtlink.firmware.git.commit import CommitFile
from dtlink.firmware.git.tree import GitTree, tree_of
from dtlink.firmware.read import SUFFIXES


def files_of(file: CommitFile, named: str) -> list[CommitFile]:
    """The file, or of a folder what it holds: as :func:`~dtlink.engine.inputs.expand`.

    Raises :class:`InputError`, with the path ``named``, if there is no input.
    """
    tree = tree_of(file.commit)
    is_inside = tree.has_place(tree.real(file.path))
    if is_inside and tree.is_file(file.path):
        return [file]
    if not is_inside or not tree.is_folder(file.path):
        raise InputError(_absent(file, named), path=named)
    found = {path for path in tree.files_below(file.path) if path.endswith(SUFFIXES)}
    kept = {path for path in found if path.removesuffix(".dts") + ".dtb" not in found}
    kept.update(_tables(file.path, tree))
    if not kept:
        raise InputError("no devicetree and no ACPI table in this folder of the commit", path=named)
    return [file._replace(path=path) for path in sorted(kept)]


def is_folder(file: CommitFile) -> bool:
    """Whether it is a folder in the commit."""
    return tree_of(file.commit).is_folder(file.path)


def _tables(folder: str, tree: GitTree) -> Iterator[str]:
    """The folders of a machine's tables, and the files that hold tables by themselves."""
    from dtlink.firmware.acpi.read import look

    folders = {os.path.dirname(path) for path in tree.files_below(folder)}  # noqa: PTH120 - as given
    for each in folders:
        tables = look(each, tree)
        yield from tables.alone
        if tables.members:
            yield each


def _absent(file: CommitFile, named: str) -> str:
    tree = tree_of(file.commit)
    missing = f"not in commit {file.commit.short}{tree.absence(file.path)}"
    path = named[named.rindex(":") + 1 :]
    if not os.path.isabs(path) and tree.exists(path):  # noqa: PTH117 - paths stay as given
        return f"{missing}; from the working folder it is written {named[: -len(path)]}./{path}"
    return missing
