"""Reading an input of a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtlink.firmware import fdt
from dtlink.firmware.git.tree import tree_of
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import decode, loaded_data

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.git.commit import CommitFile
    from dtlink.firmware.source.options import SourceOptions
    from dtlink.firmware.tree import Tree


def load_file(file: CommitFile, sources: SourceOptions) -> tuple[bytes, Tree | Machine]:
    """The bytes of a file of a commit, and what they say.

    What a source includes is from the commit too, as far as it is in the repository. Raises
    :class:`InputError`, with the path.
    """
    storage = tree_of(file.commit)
    loaded = loaded_data(Input(""), storage.load(file.path, fdt.MAX_SIZE))
    return loaded.data, decode(loaded, file.path, sources, storage)
