"""What settings name beside the inputs: looked at once, before the inputs are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from dtlink import reading
from dtlink.board.settings import Settings
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.typed import TypeVar

_ValueT = TypeVar("_ValueT")

#: What must be there to be of use. A kernel, schemas and the like say so when they are read.
_FILES = ("overlay", "bases")
#: Folders that may be missing, as for a compiler: what is looked for there may be elsewhere.
_FOLDERS = ("include", "allow_include")


def check_named(boards: Iterable[Settings]) -> list[str]:
    """Read what the settings name, once, for all inputs and all processes that are made later.

    Returns what is assumed of kernels, what is not there, and what would save the user time.
    Raises :class:`InputError` for a file, a kernel or schemas that can't be had.
    """
    boards = list(dict.fromkeys(boards))
    for board in boards:
        for field in _FILES:
            check_files(field, getattr(board, field))
    hints = (*missing_folders(boards), *_kernels(boards), *_machines(boards), *_schemas(boards))
    return [each for each in hints if each]


def check_files(field: str, paths: Iterable[str]) -> None:
    """Raise :class:`InputError` for a path that is not there; ``field`` is what names it."""
    for path in paths:
        named = Input.named(path).path
        if not os.path.exists(named):  # noqa: PTH110 - paths stay text
            raise InputError(f"no such file or folder ({field})", path=path)
        reading.allow(named)


def missing_folders(boards: Iterable[Settings]) -> Iterator[str]:
    """Lines about folders of included files that are not there."""
    rows = ((field, getattr(board, field)) for board in boards for field in _FOLDERS)
    for field, path in dict.fromkeys((field, path) for field, paths in rows for path in paths):
        if not os.path.isdir(path):  # noqa: PTH112 - paths stay text
            wrong = "not a folder" if os.path.lexists(path) else "no such folder"
            yield f"{path}: {wrong} ({field.replace('_', '-')})"


def _kernels(boards: Iterable[Settings]) -> Iterator[str]:
    for paths in _each(board.paths for board in boards):
        from dtlink.kernel.assumptions import assumed
        from dtlink.kernel.facts import load

        yield assumed(load(paths), paths.kernel)


def _machines(boards: Iterable[Settings]) -> Iterator[str]:
    for board in boards:
        if board.lspci or board.iomem:
            from dtlink.board.seen import SeenMachine, unseen

            SeenMachine.of(board)
            yield from unseen(board)


def _schemas(boards: Iterable[Settings]) -> Iterator[str]:
    for named in dict.fromkeys(board.schema_dir for board in boards if board.schema):
        from dtlink.schema.source import SchemaSource

        source = SchemaSource(named)
        source.check()
        yield from source.hints()


def _each(values: Iterable[_ValueT | None]) -> Iterable[_ValueT]:
    """The values that are there, each once."""
    return dict.fromkeys(each for each in values if each)
