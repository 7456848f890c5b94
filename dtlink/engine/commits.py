"""The inputs of a commit."""

from __future__ import annotations

import os

from dtlink.firmware.errors import InputError
from dtlink.firmware.git.commit import CommitFile
from dtlink.firmware.git.tree import tree_of
from dtlink.firmware.read import SUFFIXES


def files_of(file: CommitFile, named: str) -> list[CommitFile]:
    """The file, or of a folder the blobs, and the sources that no blob beside them is made from.

    Raises :class:`InputError`, with the path ``named``, if there is no input.
    """
    tree = tree_of(file.commit)
    is_inside = tree.has_place(tree.real(file.path))
    if is_inside and tree.is_file(file.path):
        return [file]
    if not is_inside or not tree.is_folder(file.path):
        raise InputError(_absent(file, named), path=named)
    found = {path for path in tree.files_below(file.path) if path.endswith(SUFFIXES)}
    if not found:
        raise InputError(
            "no devicetree in this folder of the commit (ACPI tables are read file by file)",
            path=named,
        )
    kept = (path for path in found if path.removesuffix(".dts") + ".dtb" not in found)
    return [file._replace(path=path) for path in sorted(kept)]


def _absent(file: CommitFile, named: str) -> str:
    tree = tree_of(file.commit)
    missing = f"not in commit {file.commit.short}{tree.absence(file.path)}"
    path = named[named.rindex(":") + 1 :]
    if not os.path.isabs(path) and tree.exists(path):  # noqa: PTH117 - paths stay as given
        return f"{missing}; from the working folder it is written {named[: -len(path)]}./{path}"
    return missing
