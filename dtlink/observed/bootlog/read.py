"""A kernel's log as lines, whatever carried it.

Forms seen: ``dmesg`` with and without times (also ``-T``, ``-x``, ``-d``), ``journalctl -k`` in its
short forms, ``/dev/kmsg`` and netconsole records, ``<6>`` levels, the caller that
CONFIG_PRINTK_CALLER adds, and serial consoles with what their capture puts before a line; and the
list of devices that wait, which the kernel keeps apart (debugfs, devices_deferred). The text comes
from elsewhere: its size and the length of its lines are bounded.
"""

from __future__ import annotations

import os
import re
import sys

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.packing import ByteSource, SizeLimit, plain
from dtlink.records import NamedTuple
from dtlink.typed import IO

STDIN = "-"

#: Bytes of a log after decompression, and characters of a line (the kernel writes up to 2,048).
MAX_BYTES = 64 << 20
#: What compressed data may unpack to: text, and logs too, unpack to ten or twenty times as much.
_SURE, _RATIO = 4 << 20, 100
MAX_LINE = 2048
#: Lines of a log: those of the largest buffer (CONFIG_LOG_BUF_SHIFT=25) are fewer.
MAX_LINES = 1_000_000

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]{0,16}[ -/]?[@-~]|[()][0-9A-B]|[=>78cDEHM])")
_CONTROLS = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")

#: How far into a line the kernel's own time may begin: capture tools put their time before it.
_HEAD = 96
_TIME = re.compile(r"\[ {0,8}(\d{1,10}\.\d{3,9})(?: {1,4}<[ \d.+-]{1,24}>)?\] ?")
_CALLER = re.compile(r"\[ {0,8}[TC]\d{1,10}\] ?")
_KMSG = re.compile(r"\d{1,4},\d{1,20},(\d{1,18}),[^;]{1,80};")
#: Prefixes of a message without the kernel's own time, one after the other.
_PREFIXES = tuple(
    re.compile(pattern)
    for pattern in (
        r"<\d{1,3}>",
        r"\[(?:[A-Z][a-z]{2} ){2}[ \d]\d \d\d:\d\d:\d\d \d{4}\] ",
        r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?:? {1,4}",
        r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? ",
        r"(?:kern|user|daemon) {0,4}: ?(?:emerg|alert|crit|err|warn|notice|info|debug) {0,4}: ?",
        r"\S{1,64} kernel: ?",
        r"kernel: ?",
    )
)
#: What a message looks like, for a text without times: a name before a colon.
_MESSAGE = re.compile(r"[A-Za-z][\w.,@/-]{0,63}(?: [\w.,:@/-]{1,128}){0,2}: \S")

#: A row of devices_deferred: a device, a tab, the reason (drivers/base/dd.c, deferred_devs_show()).
_DEFERRED = re.compile(r"(?P<device>[\w.,:@+-]{1,200})\t(?P<reason>.*)")


class LogLine(NamedTuple):
    """A line; ``number`` counts from 1, ``time`` is in seconds since the start of the kernel."""

    number: int
    time: float | None
    text: str
    """The message, without its prefixes."""


def read_log(path: str) -> list[LogLine]:
    """The lines of a log; ``-`` is standard input, compressed data is unpacked.

    Raises :class:`InputError`, with the path in it, for what cannot be read, is larger than
    :data:`MAX_BYTES`, has more than :data:`MAX_LINES`, or none that looks like a kernel's.
    """
    try:
        if path == STDIN:
            reading.note_stream(sys.stdin.buffer)
            return parse(_bytes(sys.stdin.buffer, MAX_BYTES))
        with open(path, "rb", opener=reading.named) as file:
            return parse(_bytes(file, os.fstat(file.fileno()).st_size or MAX_BYTES))
    except InputError as error:
        raise InputError(error.message, offset=error.offset, path=path) from error
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error


def _bytes(file: IO[bytes], size: int) -> bytes:
    source = ByteSource.of_file(file, SizeLimit(MAX_BYTES))
    limit = min(MAX_BYTES, _SURE + (_RATIO * size >> 20 << 20))
    return plain(source, SizeLimit(limit)).read(MAX_BYTES + 1)


def parse(data: bytes) -> list[LogLine]:
    """The lines of a text. Raises :class:`InputError` for what is not a kernel's log."""
    if not data.strip():
        raise InputError("an empty log", offset=0)
    if data.count(b"\n") + data.count(b"\r") > 2 * MAX_LINES:
        raise InputError(f"more than {MAX_LINES:,} lines: not the log of one boot")
    lines, known = [], False
    rows = _decode(data).split("\n")
    if (listed := _deferred(rows)) is not None:
        return listed
    for number, row in enumerate(rows, 1):
        for piece in row.split("\r"):
            if piece.strip():
                line, marked = _line(number, piece[:MAX_LINE])
                known = known or marked
                lines.append(line)
    if not known:
        raise InputError("no line of it looks like one of a kernel's log")
    return lines


def _deferred(rows: list[str]) -> list[LogLine] | None:
    """The rows of devices_deferred, as the log has them after the timeout; ``None``: no such list.

    The kernel logs the same of each device (deferred_probe_timeout_work_func()).
    """
    filled = [(number, row[:MAX_LINE].rstrip("\r")) for number, row in enumerate(rows, 1) if row]
    found = [(number, _DEFERRED.fullmatch(row)) for number, row in filled]
    if not all(match for _, match in found):
        return None
    return [
        LogLine(
            number,
            None,
            f"platform {m['device']}: deferred probe pending: {m['reason']}".rstrip(": "),
        )
        for number, m in found
        if m
    ]


def _decode(data: bytes) -> str:
    """Text without what a terminal would obey; other bytes than UTF-8 are left out."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        # Each NUL would be a piece of its own for the patterns below.
        whole = data.translate(None, b"\0") if data.count(0) > len(data) // 2 else data
        text = whole.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return _CONTROLS.sub("", _ESCAPE.sub("", text))


def _line(number: int, row: str) -> tuple[LogLine, bool]:
    """A line, and whether it looks like one of a kernel's log."""
    record = _KMSG.match(row)
    if record:
        return LogLine(number, int(record[1]) / 1e6, row[record.end() :]), True
    time = _TIME.search(row[:_HEAD])
    text = row[time.end() :] if time else row
    caller = _CALLER.match(text) if time else None
    text, stripped = _strip(text[caller.end() :] if caller else text)
    known = bool(time) or stripped or bool(_MESSAGE.match(text))
    return LogLine(number, float(time[1]) if time else None, text.rstrip()), known


def _strip(text: str) -> tuple[str, bool]:
    """A message without its prefixes, and whether there were any."""
    before = text
    for pattern in _PREFIXES:
        found = pattern.match(text)
        text = text[found.end() :] if found else text
    return text, text != before
