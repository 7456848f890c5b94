"""Reading an input of a commit."""

from __future__ import annotations

from dtlink.firmware import fdt
from dtlink.firmware.git.tree import GitTree, tree_of
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import LoadedInput, decode, loaded_data, member_data
from dtlink.firmware.source.errors import SourceError, SourceFault
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.git.commit import CommitFile
    from dtlink.firmware.source.options import SourceOptions
    from dtlink.firmware.tree import Tree


def load_file(
    file: CommitFile, sources: SourceOptions, member: str = ""
) -> tuple[LoadedInput, Tree | Machine]:
    """The bytes of a file of a commit, none of a folder of tables, and what they say.

    What a source includes is from the commit too, as far as it is in the repository. Raises
    :class:`InputError`, with the path.
    """
    storage = tree_of(file.commit)
    if storage.is_folder(file.path):
        from dtlink.firmware.acpi.read import read_folder

        return LoadedInput(b""), read_folder(file.path, storage)
    data = storage.load(file.path, fdt.MAX_SIZE)
    # No path: what is on the disk is another file.
    named = Input("", member)
    loaded = member_data(named, data) if member else loaded_data(named, data)
    try:
        return loaded, decode(loaded, file.path, sources, storage)
    except SourceError as error:
        raise SourceError([_in_commit(each, storage) for each in error.faults]) from error


def _in_commit(fault: SourceFault, storage: GitTree) -> SourceFault:
    """A fault whose files are named as those of the commit: ``COMMIT:PATH``."""
    place = fault.place
    chain = tuple((storage.named(file), line) for file, line in place.chain)
    return fault._replace(place=place._replace(file=storage.named(place.file), chain=chain))
