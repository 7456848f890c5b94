"""Devicetree blobs one after another, and at the end of another file.

Who makes such files: ``cat kernel.dtb other.dtb``, the appended trees of an arm zImage
(CONFIG_ARM_APPENDED_DTB), ``Image.gz-dtb`` of Android kernels, ``u-boot-dtb.bin``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.firmware.containers import IMAGES_NODE
from dtlink.firmware.containers.fields import HeaderLayout
from dtlink.firmware.containers.model import Contents, Part, Problem
from dtlink.firmware.fdt import MAGIC, MAX_SIZE
from dtlink.records import NamedTuple

#: More trees in one file are not taken for trees; real ones have some hundred.
MAX_BLOBS = 4096

HEADER = HeaderLayout(
    "header of a devicetree",
    "big",
    {
        "totalsize": (4, 4),
        "off_dt_struct": (8, 4),
        "off_dt_strings": (12, 4),
        "version": (20, 4),
        "last_comp_version": (24, 4),
    },
    source="Devicetree Specification v0.4, 5.2",
)
_SMALLEST = 48
_BEGIN_NODE = b"\0\0\0\1"
#: Bytes that flash images and partitions are padded with.
_PADDING = re.compile(rb"\0*\xff*\0*")
#: What tools put after the content of a partition (libavb, avb_footer.h, avb_vbmeta_image.h).
_TRAILERS = (b"AVB0", b"AVBf")


class Place(NamedTuple):
    """Where a blob is."""

    at: int
    size: int

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.at + self.size


def blob_at(data: bytes, at: int) -> Place | None:
    """The devicetree that begins at an offset, by its header; ``None`` if there is none."""
    if data[at : at + 4] != MAGIC or at + _SMALLEST > len(data):
        return None
    head = HEADER.read(data, at)
    total, structure = head["totalsize"], head["off_dt_struct"]
    sound = (
        _SMALLEST <= total <= min(MAX_SIZE, len(data) - at)
        and head["last_comp_version"] <= 17
        and 16 <= head["version"] < 256
        and structure + 4 <= total
        and head["off_dt_strings"] <= total
        and data[at + structure : at + structure + 4] == _BEGIN_NODE
    )
    return Place(at, total) if sound else None


def _with_external_data(data: bytes, place: Place) -> Place:
    """The place of a blob, of a FIT image with the data that are after it (mkimage -E)."""
    if data.find(IMAGES_NODE, place.at, place.end) < 0:
        return place
    from dtlink.firmware.containers.fit import size_with_data

    return Place(place.at, min(size_with_data(data[place.at : place.end]), len(data) - place.at))


def blobs(data: bytes, start: int = 0) -> Iterator[Place]:
    """The devicetrees in the data from an offset on; none is looked for inside another."""
    at = data.find(MAGIC, start)
    while at >= 0:
        found = blob_at(data, at)
        if found:
            found = _with_external_data(data, found)
            yield found
        at = data.find(MAGIC, found.end if found else at + 1)


def chain(data: bytes, start: int) -> Contents:
    """The devicetrees from an offset on; what is between and after them must be padding."""
    places: list[Place] = []
    problems: list[Problem] = []
    at = start
    for place in blobs(data, start):
        problems += between(data, at, place.at)
        places.append(place)
        at = place.end
        if len(places) > MAX_BLOBS:
            problems.append(Problem(f"more than {MAX_BLOBS} devicetrees in one file", place.at))
            break
    else:
        problems += between(data, at, len(data))
    return Contents(parts(data, places), problems=tuple(problems))


def between(data: bytes, at: int, end: int) -> Iterator[Problem]:
    """A problem if what is between two offsets is not padding."""
    first = padding_end(data, at)
    if first < end and not data.startswith(_TRAILERS, first):
        size = end - first
        yield Problem(
            f"{size} bytes after the devicetree are neither a devicetree nor padding", first
        )


def padding_end(data: bytes, at: int) -> int:
    """The offset of the first byte that is not padding."""
    match = _PADDING.match(data, at)
    return match.end() if match else at


def parts(data: bytes, places: list[Place]) -> list[Part]:
    """Blobs as parts, numbered; a single one at the beginning of a file is the file itself."""
    if len(places) == 1 and places[0].at == 0:
        return [Part("", data[: places[0].end], 0)]
    return [
        Part(f"dtb[{number}]", data[place.at : place.end], place.at)
        for number, place in enumerate(places)
    ]


def matches(data: bytes) -> bool:
    """Whether a file begins with a devicetree, and goes on after it."""
    first = blob_at(data, 0)
    return first is not None and padding_end(data, first.end) < len(data)


def read(data: bytes) -> Contents:
    """A file that begins with a devicetree."""
    return chain(data, 0)


def appended(data: bytes, start: int = 0) -> Contents | None:
    """The devicetrees at the end of a file; ``None`` if it does not end with one.

    Only padding may follow the last one, and be between them.
    """
    last: list[Place] = []
    for count, place in enumerate(blobs(data, start)):
        if count > MAX_BLOBS:
            return None
        if last and not any(between(data, last[-1].end, place.at)):
            last.append(place)
        else:
            last = [place]
    if not last or any(between(data, last[-1].end, len(data))):
        return None
    return Contents(parts(data, last))
