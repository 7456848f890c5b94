"""The one bounded decompressor: kernel images, initramfs, modules, configurations, logs, sysfs.

A :class:`ByteSource` reads forward, knows its offset in the file, and stops at a
:class:`SizeLimit`. What a stream unpacks to is such a source again. Memory is bounded by the window
of one stream (128 MiB) and by steps of one chunk; time, by the limits of the packed and the
unpacked size.
"""

from dtlink.firmware.packing.compressions import (
    COMPRESSIONS,
    Compression,
    compression_of,
    plain,
    unpack,
    unpacked,
)
from dtlink.firmware.packing.source import ByteSource, SizeLimit, SizeLimitError

__all__ = [
    "COMPRESSIONS",
    "ByteSource",
    "Compression",
    "SizeLimit",
    "SizeLimitError",
    "compression_of",
    "plain",
    "unpack",
    "unpacked",
]
