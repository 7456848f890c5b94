"""Which modules an initramfs holds: from an image, a listing of one, a list, a folder."""

from dtlink.kernel.initramfs.model import Initramfs
from dtlink.kernel.initramfs.read import read_initramfs

__all__ = ["Initramfs", "read_initramfs"]
