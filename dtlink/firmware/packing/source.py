"""Bytes read once, forward, from a file or from memory, with their offset and a limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dtlink.firmware.errors import InputError
from dtlink.late import pattern
from dtlink.typed import IO

#: Bytes that are read, or unpacked, at a time.
CHUNK = 256 << 10

_ZEROS = pattern(rb"\0*")


class SizeLimitError(InputError):
    """An input is, or unpacks to, more than dtlink reads."""


class SizeLimit:
    """Number of bytes that one or several sources may hold together."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def __str__(self) -> str:
        mib, rest = divmod(self.limit, 1 << 20)
        return f"{self.limit} bytes" if rest or not mib else f"{mib} MiB"


class ByteSource:
    """Bytes in chunks, none of them empty; only what :meth:`peek` asks for is held.

    ``inside`` names the compression that the bytes were unpacked from, ``base`` the offset of the
    compressed data in the file: errors name both.
    """

    def __init__(
        self, chunks: Iterable[bytes], limit: SizeLimit, *, inside: str = "", base: int = 0
    ) -> None:
        self.offset = 0
        self._chunks = iter(chunks)
        self._limit = limit
        self._inside = inside
        self._base = base
        self._buffer = b""
        self._at = 0

    @classmethod
    def of_bytes(cls, data: bytes | bytearray, start: int = 0, base: int = 0) -> ByteSource:
        """Bytes in memory from ``start`` on; ``base`` is the offset that errors name."""
        places = range(start, len(data), CHUNK)
        chunks = (bytes(data[at : at + CHUNK]) for at in places)
        return cls(chunks, SizeLimit(len(data)), base=base)

    @classmethod
    def of_file(cls, file: IO[bytes], limit: SizeLimit, head: bytes = b"") -> ByteSource:
        """The rest of a file after ``head``, which has been read from it."""
        return cls(_chunks_of(file, head), limit)

    @property
    def file_offset(self) -> int:
        """Offset in the file; for unpacked bytes, where the compressed data begins."""
        return self._base if self._inside else self._base + self.offset

    def fail(self, message: str, kind: type[InputError] = InputError) -> InputError:
        """The error to raise for what is at the current offset."""
        if self._inside:
            message = f"{message}, at {self.offset:#x} of the unpacked {self._inside} data"
        return kind(message, offset=self.file_offset)

    def more(self) -> bytes:
        """The bytes at hand, or else the next chunk; none at the end."""
        data = self._buffer[self._at :] or self._next()
        self._buffer, self._at = b"", 0
        self.offset += len(data)
        return data

    def give_back(self, data: bytes) -> None:
        """Put back the end of what :meth:`more` returned."""
        self._buffer, self._at = data + self._buffer[self._at :], 0
        self.offset -= len(data)

    def peek(self, size: int) -> bytes:
        """The next bytes, without passing over them; fewer at the end."""
        while len(self._buffer) - self._at < size and (data := self._next()):
            self._buffer, self._at = self._buffer[self._at :] + data, 0
        return self._buffer[self._at : self._at + size]

    def read(self, size: int) -> bytes:
        """As many bytes, fewer at the end: what tarfile expects of a file."""
        parts: list[bytes] = []
        while size > 0 and (data := self.more()):
            if len(data) > size:
                self.give_back(data[size:])
                data = data[:size]
            parts.append(data)
            size -= len(data)
        return b"".join(parts)

    def take(self, size: int) -> bytes:
        """Exactly as many bytes. Raises :class:`InputError` if there are fewer."""
        data = self.peek(size)
        if len(data) < size:
            raise self._cut(size, len(data))
        self._at += size
        self.offset += size
        return data

    def skip(self, size: int) -> None:
        """Pass over as many bytes without holding them. Raises as :meth:`take`."""
        left = size
        while left > (held := len(self._buffer) - self._at):
            left -= held
            self.offset += held
            self._buffer, self._at = self._next(), 0
            if not self._buffer:
                raise self._cut(size, size - left)
        self._at += left
        self.offset += left

    def skip_zeros(self) -> bool:
        """Pass over zero bytes; returns whether anything follows them."""
        while True:
            match = _ZEROS.match(self._buffer, self._at)
            end = match.end() if match else self._at
            self.offset += end - self._at
            self._at = end
            if end < len(self._buffer):
                return True
            self._buffer, self._at = self._next(), 0
            if not self._buffer:
                return False

    def __iter__(self) -> Iterator[bytes]:
        while data := self.more():
            yield data

    def _next(self) -> bytes:
        data = next(self._chunks, b"")
        self._limit.used += len(data)
        if self._limit.used > self._limit.limit:
            raise self.fail(f"{self._too_large()} {self._limit}", SizeLimitError)
        return data

    def _too_large(self) -> str:
        return "unpacks to more than" if self._inside else "more than"

    def _cut(self, expected: int, found: int) -> InputError:
        return self.fail(f"ends too early: {expected} bytes expected, {found} left")


def _chunks_of(file: IO[bytes], head: bytes) -> Iterator[bytes]:
    if head:
        yield head
    while data := file.read(CHUNK):
        yield data
