"""Images of mkimage's older format: a header of 64 bytes before one or several files.

Source: U-Boot, include/image.h, struct legacy_img_hdr (image_header_t); the table of sizes of a
multi-file image: boot/image.c, image_multi_count().
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator

from dtlink.firmware.containers.fields import HeaderLayout, aligned, cut, text
from dtlink.firmware.containers.model import Contents, Part, Problem, What
from dtlink.firmware.errors import InputError

MAGIC = b"\x27\x05\x19\x56"
HEADER = HeaderLayout(
    "header of a uImage",
    "big",
    {
        "hcrc": (4, 4),
        "size": (12, 4),
        "dcrc": (24, 4),
        "type": (30, 1),
        "comp": (31, 1),
        "name": (32, 32),
    },
    source="include/image.h, struct legacy_img_hdr",
)
#: include/image.h, IH_TYPE_…; others have no devicetree.
_TYPES = {1: "standalone", 2: "kernel", 3: "ramdisk", 4: "multi", 5: "firmware", 8: "flat_dt"}
_MULTI, _FLAT_DT, _RAMDISK = 4, 8, 3
#: Files of one image; U-Boot uses three: kernel, ramdisk, devicetree.
_MAX_FILES = 64


def matches(data: bytes) -> bool:
    """Whether a file is such an image."""
    return data.startswith(MAGIC)


def read(data: bytes) -> Contents:
    """The files of the image. Raises :class:`InputError` for a header with a wrong checksum."""
    head = HEADER.read(data)
    bare = data[:4] + bytes(4) + data[8:64]
    if binascii.crc32(bare) != head["hcrc"]:
        raise InputError(
            'the header\'s checksum is wrong (U-Boot: "Bad Header Checksum")', offset=4
        )
    content = cut(data, HEADER.size, head["size"], "the data of the image")
    problems: tuple[Problem, ...] = ()
    if binascii.crc32(content) != head["dcrc"]:
        message = 'the checksum of the data is wrong: U-Boot refuses the image ("Bad Data CRC")'
        problems = (Problem(message, 24),)
    kind = _TYPES.get(head["type"], f"type {head['type']}")
    parts = list(_files(content)) if head["type"] == _MULTI else [_only(content, head["type"])]
    about = {"type": kind, "name": text(data[32:64])}
    return Contents(
        parts, about={key: each for key, each in about.items() if each}, problems=problems
    )


def _only(content: bytes, kind: int) -> Part:
    what: What = "devicetree" if kind == _FLAT_DT else "other" if kind == _RAMDISK else "maybe"
    return Part("", content, HEADER.size, what, _TYPES.get(kind, ""), size=len(content))


def _files(content: bytes) -> Iterator[Part]:
    """The files of a multi-file image: sizes up to a zero, then the files, each padded to 4."""
    sizes: list[int] = []
    while size := int.from_bytes(cut(content, 4 * len(sizes), 4, "the table of sizes"), "big"):
        sizes.append(size)
        if len(sizes) > _MAX_FILES:
            raise InputError(f"more than {_MAX_FILES} files in an image", offset=HEADER.size)
    at = 4 * (len(sizes) + 1)
    for number, size in enumerate(sizes):
        piece = cut(content, at, size, f"file {number}")
        yield Part(f"image[{number}]", piece, HEADER.size + at, "maybe", size=size)
        at += aligned(size, 4)
