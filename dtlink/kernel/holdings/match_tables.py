"""The match tables of the drivers in a kernel image: struct of_device_id, found by its looks.

include/linux/mod_devicetable.h: name[32], type[32], compatible[128], and a pointer; so 200 bytes a
record on 64-bit, 196 on 32-bit, at the alignment of a pointer. A table ends with a record of zeros.
The tables that the linker gathers for what starts early (OF_DECLARE_1() and its kind) are made of
the same records.
"""

from __future__ import annotations

import re

_ZEROS = bytes(64)
_NOT_ZERO = re.compile(rb"[^\0]").search
_COMPATIBLE = re.compile(rb"[A-Za-z0-9][!-~]{1,126}\0").match
_PRINTABLE = re.compile(rb"[ -~]*").fullmatch
#: Fields before the string: name and type. Bytes of the string itself.
_BEFORE = 64
_STRING = 128
_RECORD = _BEFORE + _STRING
#: Bytes that are looked at around the beginning of a string: the record before, the record after.
_BACK = 2 * (_RECORD + 8)
_AHEAD = _STRING + 8 + _RECORD + 8
_KEPT = _BACK + _AHEAD
#: init/version.c, linux_banner: what every image has.
_BANNER = b"Linux version "
_RELEASE = re.compile(rb"(\d[!-~]{0,100}) ").match


class MatchTables:
    """Gathers the compatible strings of an image that is fed in pieces.

    ``pointers`` are the sizes of a pointer that are possible. A record is taken for one if its
    strings are printable and filled up with zeros, and if there is another one, or the end of a
    table, beside it.
    """

    def __init__(self, pointers: tuple[int, ...] = (8, 4)) -> None:
        self.compatibles: set[str] = set()
        self.release = ""
        """The version in the image's banner; empty: it is not an image of Linux."""
        self._align = min(pointers)
        self._sizes = tuple(_RECORD + pointer for pointer in pointers)
        self._window = b""
        self._base = 0

    def feed(self, piece: bytes) -> None:
        """Look at the next bytes of the image."""
        self._window += piece
        self._look()
        passed = max(0, len(self._window) - _KEPT)
        self._window = self._window[passed:]
        self._base += passed

    def finish(self) -> None:
        """Look at what was kept for the sake of bytes to come."""
        self._window += bytes(_AHEAD)
        self._look()

    def _look(self) -> None:
        """Look at every string beside 64 zeros: the two fields before it, or the rest of its own.

        Runs of zeros this long are rare in an image, and searching for them is fast.
        """
        data = self._window
        if not self.release:
            self.release = _release(data)
        end = len(data) - _AHEAD
        at = 0
        while (zeros := data.find(_ZEROS, at)) >= 0:
            self._try(data, data.rfind(0, max(0, zeros - _STRING), zeros) + 1, end)
            after = _NOT_ZERO(data, zeros + len(_ZEROS))
            if not after:
                return
            at = after.start()
            self._try(data, at, end)

    def _try(self, data: bytes, string: int, end: int) -> None:
        """Take a string if it is the compatible of a record."""
        if string < _BEFORE or string > end or (self._base + string) % self._align:
            return
        found = _COMPATIBLE(data, string)
        start = string - _BEFORE
        if found and _is_record(data, start) and self._has_neighbour(data, start):
            self.compatibles.add(found[0][:-1].decode("ascii"))

    def _has_neighbour(self, data: bytes, start: int) -> bool:
        """Whether a record, or the end of a table, comes after this one, or a record before it."""
        for size in self._sizes:
            after = start + size
            if data.count(0, after, after + size) == size or _is_record(data, after):
                return True
            if start >= size and data[start - size + _BEFORE] and _is_record(data, start - size):
                return True
        return False


def _release(data: bytes) -> str:
    """The version in the banner; other texts begin like it, but go on with no version."""
    at = 0
    while (at := data.find(_BANNER, at) + 1) > 0:
        if found := _RELEASE(data, at + len(_BANNER) - 1):
            return found[1].decode("ascii")
    return ""


def _is_record(data: bytes, start: int) -> bool:
    string = start + _BEFORE
    return (
        _is_field(data, string, _STRING)
        and _is_field(data, start, 32)
        and _is_field(data, start + 32, 32)
    )


def _is_field(data: bytes, start: int, size: int) -> bool:
    """Whether a field is a printable string, or none, and zeros to its end."""
    stop = start + size
    end = data.find(0, start, stop)
    if end < 0 or data.count(0, end, stop) != stop - end:
        return False
    return end == start or _PRINTABLE(data, start, end) is not None
