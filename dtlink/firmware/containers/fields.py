"""Fields of headers, declared by name, and pieces of a file: every access is checked."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple
from dtlink.typed import Literal


class HeaderLayout(NamedTuple):
    """The fields of a header: byte offset and size of each, by name."""

    what: str
    order: Literal["little", "big"]
    fields: Mapping[str, tuple[int, int]]
    source: str
    """The specification, or the file and the struct, that defines it."""

    @property
    def size(self) -> int:
        """Bytes up to the end of the last field."""
        return max(at + size for at, size in self.fields.values())

    def read(self, data: bytes, at: int = 0) -> dict[str, int]:
        """The values. Raises :class:`InputError` if the data end before the last field."""
        head = cut(data, at, self.size, f"the {self.what}")
        return {
            name: int.from_bytes(head[start : start + size], self.order)
            for name, (start, size) in self.fields.items()
        }


def cut(data: bytes, at: int, size: int, what: str) -> bytes:
    """The bytes of a piece. Raises :class:`InputError` if it is not all in the data."""
    if at < 0 or size < 0 or at + size > len(data):
        message = f"{what} ({size} bytes at {at:#x}) ends after the end of the file ({len(data)})"
        raise InputError(message, offset=min(max(at, 0), len(data)))
    return data[at : at + size]


def aligned(number: int, step: int) -> int:
    """The number, rounded up to a multiple of ``step``."""
    return -(-number // step) * step


def text(data: bytes) -> str:
    """A string that ends with the first zero byte; what is not printable ASCII is escaped."""
    return plain(data.partition(b"\0")[0].decode("latin-1"))


def plain(name: str) -> str:
    """A name that a terminal shows as it is: other characters than printable ASCII are escaped."""
    if name.isascii() and name.isprintable():
        return name
    return name.encode("ascii", "backslashreplace").decode().translate(_CONTROLS)


_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)}
