"""An initramfs image: cpio archives one after another, plain or compressed.

As ``unpack_to_rootfs()`` (``init/initramfs.c``) takes it: zero bytes between the parts are passed
over, each part is recognized by its first bytes, and a part must end with a whole member.
"""

from __future__ import annotations

from dtlink.firmware.packing import ByteSource, Compression, SizeLimit, compression_of, unpack
from dtlink.kernel.initramfs.cpio import MAGICS, read_members
from dtlink.kernel.initramfs.members import MemberCollector, wanted
from dtlink.kernel.initramfs.model import Initramfs
from dtlink.typed import IO

#: Compressed parts of one image.
_MAX_PARTS = 1000

#: U-Boot's wrapper (``mkimage -T ramdisk``): a header of 64 bytes.
_UIMAGE, _UIMAGE_HEADER = b"\x27\x05\x19\x56", 64
#: What ``bootconfig -a`` puts at the end of an initramfs; the text before it has below 32 KiB.
_BOOTCONFIG, _BOOTCONFIG_SIZE = b"#BOOTCONFIG\n", 33 << 10

#: What is taken for an initramfs now and then, and what to do with it.
_OTHERS = (
    (b"\x89LZO", "packed with LZO: unpack it first (lzop -dc)"),
    (b"070707", "cpio of the old portable format: the kernel reads newc alone (cpio -H newc)"),
    (b"\xc7\x71", "cpio of the old binary format: the kernel reads newc alone (cpio -H newc)"),
    (b"\x71\xc7", "cpio of the old binary format: the kernel reads newc alone (cpio -H newc)"),
    (b"hsqs", "a squashfs: no initramfs that the kernel unpacks"),
    (b"\x7fELF", "an ELF file, no initramfs"),
)


def is_image(head: bytes) -> bool:
    """Whether a file that begins so is an initramfs image, or some other binary file."""
    return head.startswith((*MAGICS, _UIMAGE)) or compression_of(head) is not None or b"\0" in head


def read_image(head: bytes, file: IO[bytes], limit: int) -> Initramfs:
    """Read an image; ``head``: its first bytes, already read from the file.

    ``limit``: how many bytes it may have, and may unpack to.

    Raises InputError for what the kernel would not unpack either, and beyond the limits.
    """
    raw = ByteSource.of_file(file, SizeLimit(limit), head)
    if raw.peek(4) == _UIMAGE:
        raw.skip(_UIMAGE_HEADER)
    reader = _Reader(raw, limit)
    while raw.skip_zeros() and reader.part():
        pass
    if not reader.parts:
        raise raw.fail("nothing but zero bytes")
    return reader.found.result("image", complete=True, parts=tuple(reader.parts))


class _Reader:
    """Reads part after part into one collector."""

    def __init__(self, raw: ByteSource, limit: int) -> None:
        self.found = MemberCollector()
        self.parts: list[str] = []
        self._raw = raw
        self._unpacked = SizeLimit(limit)

    def part(self) -> bool:
        """Read the part that begins here; False: nothing left is a part."""
        head = self._raw.peek(8)
        if head[:6] in MAGICS and self._raw.offset % 4 == 0:
            self._cpio(self._raw)
            self.parts.append("cpio")
        elif (compression := compression_of(head)) is not None:
            self._compressed(compression)
            self.parts.append(compression.name)
        elif self._is_bootconfig():
            return False
        else:
            hint = next((hint for magic, hint in _OTHERS if head.startswith(magic)), "")
            raise self._raw.fail(hint or f"neither cpio nor a compression: {head[:6].hex(' ')}")
        return True

    def _cpio(self, source: ByteSource) -> None:
        for member in read_members(source, wanted):
            self.found.add(member)

    def _compressed(self, compression: Compression) -> None:
        if len(self.parts) >= _MAX_PARTS:
            raise self._raw.fail(f"more than {_MAX_PARTS} parts")
        source = unpack(compression, self._raw, self._unpacked)
        self._cpio(source)
        if source.peek(1):
            raise source.fail("not a cpio archive of the newc format")

    def _is_bootconfig(self) -> bool:
        rest = self._raw.peek(_BOOTCONFIG_SIZE)
        return rest.rstrip(b"\0").endswith(_BOOTCONFIG)
