"""Which files of a folder, or of an archive, are looked into: by their names and first bytes."""

from __future__ import annotations

from dtlink import reading
from dtlink.firmware.containers import (
    ARCHIVES,
    IMAGES,
    PACKED_TREES,
    PERHAPS,
    TREES,
    android,
    archives,
    dt_table,
    kernels,
    opened,
    qcdt,
    uimage,
)
from dtlink.firmware.containers.model import What
from dtlink.firmware.containers.others import described
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt import MAGIC

#: What macOS puts beside each file of an archive, under the file's name with ``._`` before it.
_APPLE_DOUBLE = b"\0\x05\x16\x07"
_MAGICS = (
    *(android.BOOT, android.VENDOR_BOOT, dt_table.MAGIC, qcdt.MAGIC),
    *(uimage.MAGIC, b"MZ", MAGIC),
)


def in_folder(name: str, head: bytes) -> What | None:
    """How a file of a folder is looked into: as something that must have a devicetree, or may.

    ``None``: not at all. ``head``: its first 600 bytes. An archive must be named by the user.
    """
    if name.endswith((*TREES, *IMAGES, *PACKED_TREES)):
        return "devicetree"
    if not name.endswith(PERHAPS):
        return None
    # What has trees at its end has no magic; of an initramfs, which is .img as well, it is known.
    at_end = name.endswith(("-dtb", ".bin")) or kernels.is_zimage(head)
    return "maybe" if at_end or head.startswith(_MAGICS) else None


def in_archive(name: str, head: bytes) -> What | None:
    """As :func:`in_folder`; in an archive the first bytes of every file are at hand."""
    if head.startswith(_APPLE_DOUBLE):
        return None
    if head.startswith((MAGIC, *_MAGICS[:4])):
        return "devicetree"
    if archives.is_tar(head) or archives.is_zip(head) or name.endswith(ARCHIVES):
        return "maybe"
    return in_folder(name, head)


def is_read_whole(head: bytes) -> bool:
    """Whether compressed data that unpack to this are unpacked into memory.

    Not kernels, and not what is known to be something else.
    """
    return (head.startswith(b"MZ") and not kernels.kernel_image(head)) or not described(head)


def look(path: str) -> bool:
    """Whether a file of a folder is an input, or several: it is opened if it may be.

    A container is one even if it is damaged, so that this is reported; what only may be one is
    not, without a devicetree.
    """
    try:
        with open(path, "rb", opener=reading.looked_at) as file:
            what = in_folder(path, file.read(archives.HEAD))
        if what is None:
            return False
        opened(path)
    except (OSError, InputError):
        return what == "devicetree"
    return True
