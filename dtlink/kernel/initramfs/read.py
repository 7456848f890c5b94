"""Reading an initramfs, in whichever form it comes."""

from __future__ import annotations

import io
import os
import sys

from dtlink import cache, reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.up_to import read_up_to
from dtlink.kernel.holdings.files import is_file
from dtlink.kernel.initramfs.model import Initramfs
from dtlink.typed import IO, Any

STDIN = "-"

#: Bytes that an image may unpack to, unless the caller says otherwise.
MAX_UNPACKED = 512 << 20
_MAX_TEXT = 32 << 20
_HEAD = 512


def read_initramfs(path: str, *, limit: int = MAX_UNPACKED) -> Initramfs:
    """Read which modules an initramfs holds, and which it loads by name.

    ``path``: an image (cpio, plain or compressed, several parts); a text (what ``lsinitramfs``,
    ``lsinitrd`` or ``cpio -t`` prints, a ``modules.load``, a list of module names); an image that
    has one in it (Android's boot.img and vendor_boot.img, a unified kernel image, a FIT image; of
    several ``FILE!MEMBER``); a folder into which an image was unpacked; ``-``: standard input.
    ``limit``: how many bytes an image may have, and may unpack to. No file's content is kept but
    that of the lists of modules.

    Raises :class:`InputError`, with the path in it, for what cannot be read, for an image that the
    kernel would not unpack as a whole, and beyond the limits.
    """
    try:
        return _read(path, limit)
    except InputError as error:
        raise InputError(error.message, offset=error.offset, path=path) from error
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error


def _read(path: str, limit: int) -> Initramfs:
    if path == STDIN:
        reading.note_stream(sys.stdin.buffer)
        return _file(sys.stdin.buffer, limit)
    if os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
        from dtlink.kernel.initramfs.folder import read_folder

        return read_folder(path)
    item = Input.named(path)
    with open(item.path, "rb", opener=reading.named) as file:
        return _file(file, limit, item.member)


def _file(file: IO[bytes], limit: int, member: str = "") -> Initramfs:
    """An image, alone or in another, or a text, by its first bytes."""
    from dtlink.kernel.initramfs.image import is_image, read_image
    from dtlink.kernel.initramfs.listing import read_listing
    from dtlink.kernel.initramfs.wrapped import initramfs_in, is_wrapper

    head = file.read(_HEAD)
    if is_wrapper(head):
        data = head + read_up_to(file, limit)
        if len(data) > limit:
            raise InputError(f"more than {limit} bytes")
        file = io.BytesIO(initramfs_in(data, member))
        head = file.read(_HEAD)
    if not head:
        raise InputError("an empty file")
    if is_image(head):
        return read_image(head, file, limit)
    data = head + read_up_to(file, _MAX_TEXT)
    if b"\0" in data or len(data) > _MAX_TEXT:
        raise InputError("neither an image, a text of moderate size, nor a folder")
    return read_listing(data.decode("utf-8-sig", "surrogateescape"))


def kept_initramfs(path: str) -> Initramfs:
    """What :func:`read_initramfs` returns, from the cache if the file has not changed.

    Unpacking an image costs more than all the rest of a run.

    A folder, standard input and a pipe are read each time. Raises :class:`InputError`.
    """
    if not is_file(path):
        return read_initramfs(path)
    # One path may be given as a kernel and as an initramfs: they are kept apart.
    name, key = f"{path}\0initramfs", stamp_of(path)
    facts = cache.load(name, key)
    if isinstance(facts, dict):
        return _from(facts)
    found = read_initramfs(path)
    cache.store(name, key, _facts(found))
    return found


def stamp_of(path: str) -> str | None:
    """What an image or a text is before it is read; ``None`` for a folder, a pipe and the like."""
    return cache.key_of([path], ("initramfs",)) if is_file(path) else None


def _facts(found: Initramfs) -> dict[str, Any]:
    """Everything, as JSON holds it."""
    return {
        "modules": sorted(found.modules),
        "order": found.order,
        "form": found.form,
        "complete": found.complete,
        "versions": found.versions,
        "udev": found.udev,
        "by_version": {name: sorted(each) for name, each in found.by_version.items()},
        "parts": found.parts,
    }


def _from(facts: dict[str, Any]) -> Initramfs:
    return Initramfs(
        modules=frozenset(facts["modules"]),
        order=tuple(facts["order"]),
        form=facts["form"],
        complete=facts["complete"],
        versions=tuple(facts["versions"]),
        udev=facts["udev"],
        by_version={name: frozenset(each) for name, each in facts["by_version"].items()},
        parts=tuple(facts["parts"]),
    )
