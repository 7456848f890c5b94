"""The containers that dtlink reads: one row for each format."""

from __future__ import annotations

from collections.abc import Callable

from dtlink.firmware.containers import (
    android,
    blobs,
    dt_table,
    fit,
    kernels,
    pe,
    qcdt,
    uimage,
)
from dtlink.firmware.containers.model import Contents
from dtlink.records import NamedTuple


class Container(NamedTuple):
    """A format."""

    name: str
    matches: Callable[[bytes], bool]
    """Whether a file is of the format, by all its bytes: the magic of a FIT image is a DTB's."""
    read: Callable[[bytes], Contents]
    """Its members. Raises :class:`InputError` with the byte offset of what is wrong."""


#: The formats that are known; the first that matches is asked.
CONTAINERS: tuple[Container, ...] = (
    Container("FIT image", fit.matches, fit.read),
    Container("several devicetrees", blobs.matches, blobs.read),
    Container("Android boot image", android.matches, android.read),
    Container("dt_table image", dt_table.matches, dt_table.read),
    Container("QCDT image", qcdt.matches, qcdt.read),
    Container("uImage", uimage.matches, uimage.read),
    Container("unified kernel image", pe.matches, pe.read),
    Container("zImage", kernels.is_zimage, kernels.after_zimage),
)
