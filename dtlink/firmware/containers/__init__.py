"""Files that hold devicetrees: images, archives, compressed files, trees one after another.

Importing this costs nothing; :mod:`.opening` and the formats are imported for a file that is one.
Each format is a row in :mod:`.formats`. What is read is untrusted: each offset and size is checked,
and :class:`InputError` has the byte offset of what is wrong.
"""

from __future__ import annotations

import os
import stat

from dtlink import reading
from dtlink.firmware.inputs import PACKED
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.containers.files import OpenedFile

#: The header of a devicetree up to the size of its strings block, and its magic.
_HEAD, _DTB = 36, b"\xd0\x0d\xfe\xed"
#: Blocks of strings that are larger are not those of a FIT image, which has some twenty names of
#: properties: such a devicetree is not searched for the node that a FIT image has.
_FIT_STRINGS = 2048
#: The token FDT_BEGIN_NODE and the name of the node that every FIT image has (FIT_IMAGES_PATH).
IMAGES_NODE = b"\0\0\0\1images\0\0"
#: Bytes that may follow a devicetree: flash memory is padded with them.
_PADDING = b"\0\xff"
#: Magics of containers that are text.
_TEXTS = (b"ANDROID!", b"VNDRBOOT", b"QCDT", b"BZh", b"PK\x03\x04")
#: Suffixes of files that are not containers, whatever they begin with.
NEVER = (".dts", ".dtsi", ".dtso", ".aml", ".dsl")
#: Suffixes of devicetrees, and of images that are made for them.
TREES = (".dtb", ".dtbo")
IMAGES = (".itb", ".fit")
PACKED_TREES = tuple(first + last for first in (*TREES, ".dts", *IMAGES) for last in PACKED)
#: Suffixes of archives, which are opened in archives and where the user names them.
ARCHIVES = (".tar", ".zip", ".tgz", ".txz", *(f".tar{each}" for each in PACKED))
#: Suffixes of files that may have devicetrees in or after them: what they begin with decides.
PERHAPS = (".img", ".efi", ".ub", "-dtb", "dtb.bin", "u-boot.bin", "uImage")
#: Suffixes of files of a folder that are looked at, beside :data:`TREES`.
FOLDER = (*IMAGES, *PACKED_TREES, *PERHAPS)


def may_be_container(path: str) -> bool:
    """Whether a file is worth opening as a container, by its first bytes and its size.

    False for what can't be read, and for what is not a regular file: reading it reports why.
    """
    if path.endswith(NEVER):
        return False
    try:
        about = os.stat(path)  # noqa: PTH116 - pathlib would cost as much as the call
        if not stat.S_ISREG(about.st_mode):
            return False
        number = reading.looked_at(path, os.O_RDONLY)
        try:
            head = os.read(number, _HEAD)
            if head[:4] == _DTB and not _is_plain(head, about.st_size):
                head += os.read(number, about.st_size)
        finally:
            os.close(number)
    except OSError:
        return False
    return may_be_container_data(head, about.st_size)


def may_be_container_data(data: bytes, size: int = 0) -> bool:
    """As :func:`may_be_container`, of the bytes of a file, or of its first ones and its size."""
    size = size or len(data)
    if data[:4] == _DTB:
        return not _is_plain(data, size) and _is_more(data)
    head = data[:_HEAD]
    if b"\0" not in head and head.isascii():
        return head.startswith(_TEXTS)
    # Not a table of ACPI: its signature, and its length (ACPI specification, 5.2.6).
    return not (head[:4].isalnum() and int.from_bytes(head[4:8], "little") == size)


def _is_plain(head: bytes, size: int) -> bool:
    """Whether a file is one devicetree and nothing else, by its header."""
    total = int.from_bytes(head[4:8], "big")
    return total == size and int.from_bytes(head[32:36], "big") >= _FIT_STRINGS


def _is_more(data: bytes) -> bool:
    """Whether a file that begins as a devicetree may be a FIT image, or goes on after it."""
    total = int.from_bytes(data[4:8], "big")
    return bool(data[total:].strip(_PADDING)) or IMAGES_NODE in data


def opened(path: str, data: bytes | None = None, *, search: bool = False) -> OpenedFile:
    """What is in a file: ``data``, else it is read, once for some files of a run.

    Raises :class:`InputError`.
    """
    from dtlink.firmware.containers.files import open_data, open_path

    if data is not None:
        return open_data(data, search=search)
    return open_path(path, search=search)


def is_searched(member: str) -> bool:
    """Whether a member is one that only a search finds: its name has an offset."""
    return "@0x" in member
