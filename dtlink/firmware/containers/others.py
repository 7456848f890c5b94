"""What else a file may be: formats that dtlink recognizes and does not read."""

from __future__ import annotations

from dtlink.firmware.containers.kernels import kernel_image
from dtlink.records import NamedTuple
from dtlink.wording import counted


class OtherFormat(NamedTuple):
    """A format, by the bytes at an offset, and what to do with such a file."""

    name: str
    magic: bytes
    at: int = 0
    do: str = ""
    """An imperative sentence; empty: nothing helps."""


_SEARCH = "--search looks for devicetrees in it"
OTHERS = (
    OtherFormat("an Android sparse image", b"\x3a\xff\x26\xed", do="simg2img makes it a plain one"),
    OtherFormat("an LZO file", b"\x89LZO", do="unpack it first (lzop -d)"),
    OtherFormat("an ELF file", b"\x7fELF", do=_SEARCH),
    OtherFormat("an initramfs", b"070701", do=_SEARCH),
    OtherFormat("an initramfs", b"070702", do=_SEARCH),
    OtherFormat("a squashfs file system", b"hsqs", do="unpack it first (unsquashfs)"),
    OtherFormat("a LUKS container, which is encrypted", b"LUKS\xba\xbe"),
    OtherFormat("a file encrypted by OpenSSL", b"Salted__"),
    OtherFormat("a file encrypted by age", b"age-encryption.org/"),
    OtherFormat("an image of a UBI device", b"UBI#", do=_SEARCH),
    OtherFormat("an image of a UBIFS file system", b"\x31\x18\x10\x06", do=_SEARCH),
    OtherFormat("an image of an ext file system", b"\x53\xef", 1080, do="mount it, or 7z x"),
    OtherFormat("a disk image (GPT)", b"EFI PART", 512, do="mount its partitions, or 7z x"),
    OtherFormat("a 7z archive", b"7z\xbc\xaf\x27\x1c", do="unpack it first (7z x)"),
    OtherFormat("a RAR archive", b"Rar!", do="unpack it first"),
    OtherFormat("a Debian package", b"!<arch>\ndebian", do="unpack it first (dpkg -x)"),
    OtherFormat("an RPM package", b"\xed\xab\xee\xdb", do="unpack it first (rpm2cpio)"),
    OtherFormat("an AVB vbmeta image", b"AVB0"),
    OtherFormat("an Android super image", b"gDla", 4096, do="unpack it first (lpunpack)"),
    OtherFormat("a PE file without .dtb sections", b"MZ", do=_SEARCH),
    OtherFormat("a firmware image of TRX format", b"HDR0", do=_SEARCH),
)


def described(head: bytes) -> str:
    """What a file is that begins so, and what to do; empty if it is not known."""
    kernel = kernel_image(head)
    if kernel:
        return f"a {kernel} without a devicetree after it: {_SEARCH}"
    for each in OTHERS:
        if head.startswith(each.magic, each.at):
            return f"{each.name}: {each.do}" if each.do else each.name
    return ""


def unknown(data: bytes, trees: int = 0) -> str:
    """Why a file is not read, by its first bytes; ``trees``: how many are somewhere in it."""
    if not data:
        return "an empty file"
    if known := described(data):
        return f"not a devicetree, but {known}"
    if trees:
        them = "it" if trees == 1 else "them"
        found = counted(trees, "devicetree")
        return f"{found} somewhere in it, not at its end: --search reads {them}"
    text = data[:4].decode("latin-1")
    begin = f'"{text}"' if text.isascii() and text.isprintable() else data[:4].hex(" ")
    return f"not a DTB, DTS or ACPI table (begins with {begin})"
