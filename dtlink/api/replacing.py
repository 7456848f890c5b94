"""Write several files, each as a whole, or none of them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dtlink.api.beside import beside, into, is_special
from dtlink.api.unchanged import unchanged
from dtlink.signals import held_back

_ANY: Mapping[Path, bytes] = {}


class PartlyWrittenError(OSError):
    """Some files were written, and one could not be put in its place."""

    def __init__(self, cause: OSError, written: Sequence[str], left: Sequence[str]) -> None:
        there = f"written: {', '.join(written)}; not written: {', '.join(left)}"
        super().__init__(cause.errno, f"{cause.strerror}; {there}", cause.filename)


def replace(contents: Mapping[Path, bytes], expected: Mapping[Path, bytes] = _ANY) -> None:
    """Write files: all are written beside the old ones before the first takes its place.

    ``expected`` is what files must have until then. Mode and owner stay, as far as this user may
    set them; a link stays a link. Raises :class:`OSError` with the path in question, and then has
    written nothing, or :class:`PartlyWrittenError` if a file could be written but not put in its
    place; one that is not as expected is a :class:`~dtlink.api.unchanged.ChangedError`.
    """
    # A signal between two files, or within one, would leave half of a fix.
    with held_back(), ExitStack() as parts:
        ready: dict[Path, Path] = {}
        for path, data in contents.items():
            target = path.resolve()
            with _about(path):
                if target.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                if not is_special(target):
                    ready[target], number = parts.enter_context(beside(target))
                    with open(number, "wb") as file:
                        file.write(data)
        # Waiting, and what is read meanwhile, is before the first file changes.
        parts.enter_context(unchanged(expected))
        _put_in_place(contents, ready)


def _put_in_place(contents: Mapping[Path, bytes], ready: Mapping[Path, Path]) -> None:
    written: list[str] = []
    for path, data in contents.items():
        target = path.resolve()
        try:
            with _about(path):
                if target in ready:
                    ready[target].replace(target)
                else:
                    with open(target, "wb", opener=into) as file:
                        file.write(data)
        except OSError as error:
            if not written:
                raise
            left = [str(each) for each in contents if str(each) not in written]
            raise PartlyWrittenError(error, written, left) from error
        written.append(str(path))


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """The errors of the system, with the path that the user knows."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
