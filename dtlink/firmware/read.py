"""Read an input of any known format, detected by its first bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from dtlink import reading
from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import BASES, OVERLAYS, Input
from dtlink.firmware.source.options import NO_OPTIONS, SourceOptions
from dtlink.firmware.storage import DISK, Disk
from dtlink.firmware.tree import Tree
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.containers.files import MemberProblem, OpenedFile
    from dtlink.firmware.containers.model import AboutValue

    #: A path, or the bytes of a file.
    Source = str | os.PathLike[str] | bytes | bytearray | memoryview

#: Suffixes of devicetree files that are read when a folder is given.
SUFFIXES = (*BASES, *OVERLAYS)
#: Suffixes of devicetree source, and those of the blobs that a build makes of it, beside it.
BLOBS = {".dts": ".dtb", ".dtso": ".dtbo"}
#: Suffixes of files that are no input of their own: boards include them.
INCLUDED = (".dtsi", ".h")
#: Suffixes of files that may contain ACPI tables; their first bytes decide.
TABLE_SUFFIXES = (
    *(".aml", ".bin", ".dat", ".10"),
    *(".dsl", ".txt", ".log", ".out", ".acpidump"),
)
STDIN = "-"


def read(source: Source, name: str = "", sources: SourceOptions = NO_OPTIONS) -> Tree | Machine:
    """Read a devicetree, or the ACPI tables of a machine.

    ``source`` is a path (of a file, or of a folder of tables), ``-`` for standard input, or bytes,
    for which ``name`` is used in messages; ``sources`` is for devicetree source. Raises
    :class:`InputError`, with the path in it, for what cannot be read. ``base.dtb+a.dtbo`` is a base
    with an overlay; ``sources`` may name more.
    """
    given, path = _given(source, name)
    if isinstance(given, str) and given != STDIN and os.path.isdir(given):  # noqa: PTH112 - text
        return load_folder(given)[1]
    try:
        if isinstance(given, bytes):
            item, loaded = Input(path), loaded_data(Input(""), given)
        else:
            item = Input.named(given)
            for each in item.with_overlays(sources.overlay).paths:
                reading.allow(each)
            loaded = load_input(item)
        item = item.with_overlays(sources.overlay)
        if item.overlays:
            from dtlink.firmware.overlay.read import read_overlaid

            def one(each: Input, how: SourceOptions) -> tuple[LoadedInput, Tree | Machine]:
                found = loaded if each == base else load_input(each)
                return found, decode(found, str(each), how)

            base = item._replace(overlays=())
            return read_overlaid(item, one, sources)[1]
        return decode(loaded, path, sources)
    except InputError as error:
        error.path = error.path or path
        raise


def blob_of(source: str) -> str:
    """The blob that a build makes of a source, beside it; of any other path an empty string."""
    stem, dot, ending = source.rpartition(".")
    blob = BLOBS.get(dot + ending, "")
    return stem + blob if blob else ""


def source_beside(blob: str, storage: Disk = DISK) -> str:
    """The source of a blob's name beside it; empty if there is none, and for other files."""
    stem, dot, suffix = blob.rpartition(".")
    endings = [source for source, made in BLOBS.items() if made == dot + suffix]
    names = [stem + each for each in (*endings, *([".dts"] if suffix == "dtbo" else []))]
    return next(filter(storage.is_file, names), "")


def read_tree(source: Source, name: str = "") -> Tree:
    """Read a devicetree, as :func:`read`. Raises :class:`InputError` for ACPI tables."""
    firmware = read(source, name)
    if not isinstance(firmware, Tree):
        raise InputError("expected a devicetree, found ACPI tables", path=_given(source, name)[1])
    return firmware


def read_tables(source: Source, name: str = "") -> Machine:
    """Read ACPI tables, as :func:`read`. Raises :class:`InputError` for a devicetree."""
    firmware = read(source, name)
    if isinstance(firmware, Tree):
        raise InputError("expected ACPI tables, found a devicetree", path=_given(source, name)[1])
    return firmware


def _given(source: Source, name: str) -> tuple[str | bytes, str]:
    """A path as text, or bytes, and what it is called in messages."""
    from dtlink import arguments

    arguments.text("name", name)
    if isinstance(source, arguments.BYTES):
        return bytes(source), name or "input"
    path = arguments.path("source", source, "a path (str or Path), or the bytes of a file,")
    return path, name or path


class LoadedInput(NamedTuple):
    """The bytes of an input, and what is to be reported with it."""

    data: bytes
    inside: bool = False
    """Whether they are a part of the file, or what it unpacks to."""
    notes: Sequence[str] = ()
    passed: Sequence[str] = ()
    """What was passed over in the container."""
    problems: Sequence[MemberProblem] = ()
    about: Mapping[str, AboutValue] = {}
    """What the container says of it."""
    form: str = ""
    """The form of the input, if the decoded data do not show it."""
    tree: Tree | None = None
    """The devicetree, of a member that is made of others: the data are its blob."""


def load_input(named: Input) -> LoadedInput:
    """The bytes of an input: of a file, or of a member of a container.

    Raises :class:`InputError` if it cannot be read, and for a container of several inputs.
    """
    if not named.member:
        data = load(named.path)
        return loaded_data(named, data)
    return member_data(named, load(STDIN) if named.path == STDIN else None)


def member_data(named: Input, data: bytes | None) -> LoadedInput:
    """The bytes of a member of a container: of ``data``, else of the file."""
    from dtlink.firmware import containers

    search = containers.is_searched(named.member)
    return _member(containers.opened(named.path, data, search=search), named.member)


def load_folder(path: str) -> tuple[LoadedInput, Tree | Machine]:
    """Read a folder: a devicetree as files, or the ACPI tables of one machine.

    Raises :class:`InputError`.
    """
    from dtlink.firmware import property_files

    if not property_files.is_root_folder(path):
        from dtlink.firmware.acpi.read import read_folder

        return LoadedInput(b""), read_folder(path)
    try:
        found = property_files.read_folder(path)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=error.filename or path) from error
    loaded = LoadedInput(
        found.blob, inside=True, notes=found.notes, passed=found.passed, form="fdt-folder"
    )
    return loaded, fdt.read(found.blob)


def loaded_data(named: Input, data: bytes) -> LoadedInput:
    """The bytes of a file as they are, or of the one input that it holds."""
    from dtlink.firmware import containers

    if named.path.endswith(containers.NEVER) or not containers.may_be_container_data(data):
        return LoadedInput(data)
    return load_image(named, data)


def has_images(tree: Tree) -> bool:
    """Whether a devicetree may be a FIT image, which is not one of a machine."""
    return not tree.root.compatible and tree.root.child("images") is not None


def load_image(named: Input, data: bytes) -> LoadedInput:
    """The one input that a container holds. Raises :class:`InputError` for several, or none."""
    from dtlink.firmware import containers

    regular = named.path and named.path != STDIN and os.path.isfile(named.path)  # noqa: PTH113
    file = containers.opened(named.path, None if regular else data)
    if len(file.members) == 1:
        return _member(file, next(iter(file.members)))
    from dtlink.wording import listed

    kind, names = file.entry.form, listed(file.members, 6)
    raise InputError(
        f"{len(file.members)} devicetrees in it ({kind}); name one: FILE!MEMBER, {names}"
    )


def _member(file: OpenedFile, name: str) -> LoadedInput:
    member = file.member(name)
    tree = member.tree()
    return LoadedInput(
        member.data() if tree is None else tree.blob,
        inside=True,
        notes=member.notes,
        passed=member.passed,
        problems=member.problems,
        about=member.entry.about,
        tree=tree,
    )


def load(path: str) -> bytes:
    """Return a file's bytes (``-``: standard input), at most one more than ``fdt.MAX_SIZE``.

    Raises :class:`InputError` if it cannot be opened or read.
    """
    try:
        if path == STDIN:
            return _piped()
        with open(path, "rb", opener=reading.regular) as file:
            # Read one byte more than the file size, not up to the limit, for which Python would
            # allocate memory. Files without a size (/proc, pipes) are read up to the limit.
            size = os.fstat(file.fileno()).st_size
            return file.read((min(size, fdt.MAX_SIZE) or fdt.MAX_SIZE) + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error


def hold_standard_input() -> bytes:
    """Read standard input and keep it, so that :func:`load` returns it each time it is asked.

    Raises :class:`InputError` if it can't be read.
    """
    from dtlink.firmware.up_to import read_up_to

    global _held  # noqa: PLW0603 - there is one standard input, which can be read once
    stream = sys.stdin.buffer
    if _held is None or _held[0] is not stream:
        reading.note_stream(stream)
        try:
            _held = stream, read_up_to(stream, _MAX_PIPED + 1)
        except OSError as error:
            raise InputError(error.strerror or str(error), path=STDIN) from error
    return _held[1]


#: Standard input, and what it held.
_held: tuple[BinaryIO, bytes] | None = None
_MAX_PIPED = 1 << 30


def _piped() -> bytes:
    if _held is not None and _held[0] is sys.stdin.buffer:
        return _held[1]
    reading.note_stream(sys.stdin.buffer)
    return sys.stdin.buffer.read(fdt.MAX_SIZE + 1)


def decode(
    loaded: bytes | LoadedInput,
    path: str,
    sources: SourceOptions = NO_OPTIONS,
    storage: Disk = DISK,
) -> Tree | Machine:
    """Decode a file's bytes; ``path`` distinguishes DTS from a blob with a damaged magic.

    ``storage`` has the files that a source includes.

    Raises :class:`InputError` without the path.
    """
    data, inside, *_, tree = loaded if isinstance(loaded, LoadedInput) else LoadedInput(loaded)
    if tree is not None:
        return tree
    if data[:4] == fdt.MAGIC:
        beside = "" if inside or not storage.is_disk else path
        return _decode_blob(data, beside, sources, storage)
    if path.endswith(tuple(BLOBS)) or b"/dts-v1/" in data[:65536]:
        return _decode_source(data, path, sources, storage, inside=inside)
    from dtlink.firmware.acpi import read as tables

    if tables.is_tables(data):
        return tables.decode(data, path)
    if path.endswith(INCLUDED):
        raise InputError("this file is for boards to include: name one of them (.dts, .dtso)")
    if not data:
        raise InputError("an empty file", offset=0)
    from dtlink.firmware.containers.others import unknown

    raise InputError(unknown(data), offset=0)


def _decode_blob(data: bytes, path: str, sources: SourceOptions, storage: Disk) -> Tree:
    """A blob; its source, if it is a file that has one beside it, is read when it is needed."""
    tree = fdt.read(data)
    source = source_beside(path, storage)
    if source:
        from dtlink.firmware.blob_source import BlobSource

        tree.source = BlobSource(tree, source, sources, storage)
    return tree


def _decode_source(
    data: bytes, path: str, sources: SourceOptions, storage: Disk, *, inside: bool
) -> Tree:
    from dtlink.firmware import dts

    if len(data) > dts.MAX_SIZE:
        raise InputError(f"the source has more than {dts.MAX_SIZE} bytes", offset=dts.MAX_SIZE)
    if not inside and path != STDIN and storage.is_file(path):
        return dts.read_file(path, sources=sources, storage=storage)
    return dts.read_text(data.decode("utf-8", "surrogateescape"), path, sources=sources)
