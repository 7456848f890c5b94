"""An initramfs in an image that has a kernel, or a devicetree, beside it."""

from __future__ import annotations

from dtlink.firmware.containers.formats import CONTAINERS
from dtlink.firmware.errors import InputError

#: How such images begin: Android's boot and vendor_boot, unified kernel images, FIT images.
_MAGICS = (b"ANDROID!", b"VNDRBOOT", b"MZ", b"\xd0\x0d\xfe\xed")
#: What the containers call an initramfs.
_KINDS = ("ramdisk", "initrd")


def is_wrapper(head: bytes) -> bool:
    """Whether a file that begins so may have an initramfs in it."""
    return head.startswith(_MAGICS)


def initramfs_in(data: bytes, name: str = "") -> bytes:
    """The initramfs in an image; ``name``: that of its member, where there are several.

    Raises :class:`InputError` for an image without one, or with several and no name.
    """
    container = next((each for each in CONTAINERS if each.matches(data)), None)
    parts = container.read(data).parts if container else ()
    found = {part.name: part for part in parts if part.kind in _KINDS}
    if name and name not in found:
        raise InputError(f"no initramfs {name!a} in it: it has {', '.join(found) or 'none'}")
    if not found:
        kind = container.name if container else "PE file" if data[:2] == b"MZ" else "devicetree"
        raise InputError(f"a {kind} without an initramfs in it")
    if not name and len(found) > 1:
        raise InputError(f"{len(found)} initramfs images; name one: FILE!{next(iter(found))}")
    return found[name or next(iter(found))].data
