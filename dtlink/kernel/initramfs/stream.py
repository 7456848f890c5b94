"""Reading forward through bytes that come in chunks, with a bound on how many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from dtlink.firmware.errors import InputError

#: Bytes that are read, or unpacked, at a time.
CHUNK = 256 << 10

_ZEROS = re.compile(rb"\0*")


class Budget:
    """Bytes that may still come, of one or of several streams."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit


class Stream:
    """Bytes read once, forward; only what is looked at is held. No chunk may be empty.

    ``part`` and ``base`` tell, for the errors, what was unpacked from which offset of the file.
    """

    def __init__(
        self, chunks: Iterator[bytes], budget: Budget, *, part: str = "", base: int = 0
    ) -> None:
        self.offset = 0
        self._chunks = chunks
        self._budget = budget
        self._part = part
        self._base = base
        self._buffer = b""
        self._at = 0

    def fail(self, message: str) -> InputError:
        """The error to raise for what stands here."""
        if not self._part:
            return InputError(message, offset=self.offset)
        where = f"at {self.offset:#x} of what the {self._part} data unpacks to"
        return InputError(f"{message}, {where}", offset=self._base)

    def more(self) -> bytes:
        """Some bytes: those at hand, or the next chunk; none at the end."""
        data = self._buffer[self._at :] or self._next()
        self._buffer, self._at = b"", 0
        self.offset += len(data)
        return data

    def give_back(self, data: bytes) -> None:
        """Put back the end of what :meth:`more` gave."""
        self._buffer, self._at = data + self._buffer[self._at :], 0
        self.offset -= len(data)

    def peek(self, size: int) -> bytes:
        """The next bytes, without passing over them; fewer at the end."""
        while len(self._buffer) - self._at < size and (data := self._next()):
            self._buffer, self._at = self._buffer[self._at :] + data, 0
        return self._buffer[self._at : self._at + size]

    def take(self, size: int) -> bytes:
        """So many bytes."""
        data = self.peek(size)
        if len(data) < size:
            raise self.fail(f"cut: {size} bytes expected, {len(data)} there")
        self._at += size
        self.offset += size
        return data

    def skip(self, size: int) -> None:
        """Pass over so many bytes without holding them."""
        left = size
        while left > (held := len(self._buffer) - self._at):
            left -= held
            self.offset += held
            self._buffer, self._at = self._next(), 0
            if not self._buffer:
                raise self.fail(f"cut: {size} bytes expected, {size - left} there")
        self._at += left
        self.offset += left

    def skip_zeros(self) -> bool:
        """Pass over zero bytes; whether anything comes after them."""
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

    def _next(self) -> bytes:
        data = next(self._chunks, b"")
        self._budget.left -= len(data)
        if self._budget.left < 0:
            limit = self._budget.limit
            raise self.fail(f"more than {limit >> 20} MiB ({limit} bytes), the limit for one image")
        return data


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """A file, in chunks."""
    while data := file.read(CHUNK):
        yield data
