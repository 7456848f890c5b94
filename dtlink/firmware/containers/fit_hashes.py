"""The hashes of a FIT image's images.

Source: U-Boot, boot/image-fit.c: fit_image_verify_with_data(), calculate_hash(); lib/hash.c.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable, Iterator, Mapping

from dtlink.firmware.containers.fields import plain, text
from dtlink.firmware.tree import Node
from dtlink.records import NamedTuple

#: The name of a hash node begins so (FIT_HASH_NODENAME); so does that of a signature.
_HASH, _SIGNATURE = "hash", "signature"


class CheckedHash(NamedTuple):
    """A hash or signature node of an image."""

    name: str
    algorithm: str
    is_right: bool | None
    """``None``: it was not checked."""

    def __str__(self) -> str:
        words = {True: "right", False: "wrong", None: "not checked"}
        return f"{self.algorithm or self.name} ({words[self.is_right]})"


def _crc32(data: bytes) -> bytes:
    return binascii.crc32(data).to_bytes(4, "big")


def _hash(name: str) -> Callable[[bytes], bytes]:
    return lambda data: hashlib.new(name, data, usedforsecurity=False).digest()


#: The algorithms that are checked; U-Boot knows crc16-ccitt as well.
ALGORITHMS: Mapping[str, Callable[[bytes], bytes]] = {
    "crc32": _crc32,
    **{name: _hash(name) for name in ("md5", "sha1", "sha256", "sha384", "sha512")},
}


def check(image: Node, data: bytes) -> Iterator[CheckedHash]:
    """The hashes of an image, checked against its data; signatures, which are not."""
    for node in image.children:
        algorithm, value = text(node.get("algo") or b""), node.get("value")
        name = plain(node.name)
        if name.startswith(_HASH):
            compute = ALGORITHMS.get(algorithm)
            is_right = compute(data) == value if compute and value is not None else None
            yield CheckedHash(name, algorithm, is_right)
        elif name.startswith(_SIGNATURE):
            yield CheckedHash(name, f"signature {algorithm}".strip(), None)
