"""Android's boot images: boot.img (header versions 0 to 4) and vendor_boot.img (3 and 4).

Source: Android, system/tools/mkbootimg, include/bootimg/bootimg.h: struct boot_img_hdr_v0 to v4,
vendor_boot_img_hdr_v3 and v4, with the layout of the sections in the comments there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.firmware.containers.fields import HeaderLayout, aligned, cut, text
from dtlink.firmware.containers.model import Contents, Part, What
from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple

BOOT, VENDOR_BOOT = b"ANDROID!", b"VNDRBOOT"
_BOOTIMG = "mkbootimg, include/bootimg/bootimg.h, struct "

V0 = HeaderLayout(
    "header of an Android boot image",
    "little",
    {
        "kernel": (8, 4),
        "ramdisk": (16, 4),
        "second": (24, 4),
        "page_size": (36, 4),
        "header_version": (40, 4),
    },
    source=_BOOTIMG + "boot_img_hdr_v0",
)
V1 = HeaderLayout(
    V0.what,
    "little",
    {**V0.fields, "recovery_dtbo": (1632, 4)},
    source=_BOOTIMG + "boot_img_hdr_v1",
)
V2 = HeaderLayout(
    V0.what, "little", {**V1.fields, "dtb": (1648, 4)}, source=_BOOTIMG + "boot_img_hdr_v2"
)
#: Qualcomm's mkbootimg --dt: the size of a QCDT image where later headers have their version.
QCOM = HeaderLayout(
    V0.what,
    "little",
    {**V0.fields, "dt": (40, 4)},
    source="lk, app/aboot/bootimg.h, struct boot_img_hdr, dt_size",
)
V3 = HeaderLayout(
    V0.what,
    "little",
    {"kernel": (8, 4), "ramdisk": (12, 4), "header_version": (40, 4)},
    source=_BOOTIMG + "boot_img_hdr_v3",
)
VENDOR = HeaderLayout(
    "header of a vendor_boot image",
    "little",
    {
        "header_version": (8, 4),
        "page_size": (12, 4),
        "ramdisk": (24, 4),
        "header_size": (2096, 4),
        "dtb": (2100, 4),
    },
    source=_BOOTIMG + "vendor_boot_img_hdr_v3",
)
_NEWEST = 4
#: The page of boot images of version 3 and later (BOOT_IMAGE_HEADER_V3_PAGESIZE).
_PAGE = 4096
_PAGES = range(512, (1 << 20) + 1)
_CMDLINE = {BOOT: (64, 512), VENDOR_BOOT: (28, 2048)}


class Section(NamedTuple):
    """A section of an image: a header field has its size."""

    field: str
    what: What


#: The sections in their order, each padded to a page; a header lacks the fields of later versions.
_BOOT_SECTIONS = (
    Section("kernel", "maybe"),
    Section("ramdisk", "other"),
    Section("second", "maybe"),
    Section("dt", "devicetree"),
    Section("recovery_dtbo", "devicetree"),
    Section("dtb", "devicetree"),
)
_VENDOR_SECTIONS = (Section("ramdisk", "other"), Section("dtb", "devicetree"))


def matches(data: bytes) -> bool:
    """Whether a file is a boot or vendor_boot image."""
    return data.startswith((BOOT, VENDOR_BOOT))


def read(data: bytes) -> Contents:
    """The sections. Raises :class:`InputError` for a version or page size that is not known."""
    if data.startswith(VENDOR_BOOT):
        head = VENDOR.read(data)
        _check_version(head["header_version"], 3, 8)
        page = _page(head["page_size"], 12)
        parts = _parts(data, head, _VENDOR_SECTIONS, aligned(head["header_size"], page), page)
    else:
        head, page = _boot_header(data)
        parts = _parts(data, head, _BOOT_SECTIONS, page, page)
    found = list(parts)
    return Contents(found, about=_about(data, head))


def _boot_header(data: bytes) -> tuple[dict[str, int], int]:
    """The header's fields, by version, and the page size."""
    version = V0.read(data)["header_version"]
    if version in (3, 4):
        return V3.read(data), _PAGE
    layout = QCOM if version > _NEWEST else (V0, V1, V2)[version]
    head = layout.read(data)
    return head, _page(head["page_size"], 36)


def _check_version(version: int, oldest: int, at: int) -> None:
    if not oldest <= version <= _NEWEST:
        raise InputError(
            f"header version {version} is not known (known: {oldest} to {_NEWEST})", offset=at
        )


def _page(size: int, at: int) -> int:
    if size not in _PAGES or size & (size - 1):
        raise InputError(f"a page size of {size} bytes is not a power of two from 512", offset=at)
    return size


def _parts(
    data: bytes, head: dict[str, int], sections: Sequence[Section], at: int, page: int
) -> Iterator[Part]:
    for field, what in sections:
        size = head.get(field, 0)
        if size:
            content = cut(data, at, size, f"the section {field}")
            yield Part(field, content, at, what, field, size=size)
        at += aligned(size, page)


def _about(data: bytes, head: dict[str, int]) -> dict[str, str | int]:
    start, size = _CMDLINE[data[:8]]
    if data[:8] == BOOT and head["header_version"] in (3, 4):
        start, size = 44, 1536
    version = "0, with a QCDT image" if "dt" in head else str(head["header_version"])
    cmdline = text(data[start : start + size])
    return {"header_version": version, **({"cmdline": cmdline} if cmdline else {})}
