"""The process that runs dtschema: one for each process of dtlink, started when it is needed."""

from __future__ import annotations

import atexit
import json
import os
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from dtlink.firmware.errors import InputError
from dtlink.schema.model import SchemaError, SchemaResult

#: Seconds that dtschema gets to load the schemas: those of a kernel take minutes.
LOAD_LIMIT = 900.0
#: Seconds that it gets for one devicetree; the largest take about fifteen with a kernel's schemas.
CHECK_LIMIT = 180.0
#: An answer longer than this is none.
_MOST = 256 << 20
_WORKER = Path(__file__).with_name("worker.py")


class _Answer(NamedTuple):
    """What came back: ``told`` is ``None`` if the process was lost, ``late`` if it was too slow."""

    told: dict[str, Any] | None
    late: bool = False


class Validator:
    """dtschema with one set of schemas; ``limit`` is the time for one devicetree, in seconds."""

    def __init__(self, own: str, named: tuple[str, ...], limit: float = CHECK_LIMIT) -> None:
        self._arguments = (own, *named)
        self._limit = limit
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._failed: InputError | None = None
        self._left_out = ""

    def start(self) -> None:
        """Have the schemas loaded, if they are not.

        Raises :class:`InputError` if they can't be; it is not tried again.
        """
        if self._failed:
            raise self._failed
        if not self._is_running():
            self._process = self._launch()
            self._owner = os.getpid()
            answer = self._exchange(self._process, None, LOAD_LIMIT)
            told = answer.told or {"failed": "too slow" if answer.late else "it ended"}
            if "failed" in told:
                self.close()
                named = ", ".join(self._arguments[1:])
                self._failed = InputError(_why_not(told["failed"]), path=named or "--schema")
                raise self._failed
            self._left_out = _left_out(told["said"])

    def check(self, blob: bytes) -> SchemaResult:
        """What the schemas say of a blob. A crash or a time-out becomes the verdict's note.

        Raises :class:`InputError` as :meth:`start` does.
        """
        self.start()
        if self._process is None:
            raise RuntimeError("started without a process")
        note, self._left_out = self._left_out, ""
        answer = self._exchange(self._process, blob, self._limit)
        if answer.told is None:
            self.close()
            what = f"took over {self._limit:g} s" if answer.late else "crashed"
            note = f"dtschema {what} on this input: no schema was checked"
            return SchemaResult(note=note, answered=False)
        if "refused" in answer.told:
            note = _refusal(answer.told["refused"], answer.told["detail"])
            return SchemaResult(note=note, answered=False)
        return SchemaResult(tuple(map(SchemaError.of, answer.told["errors"])), note)

    def close(self) -> None:
        """End the process."""
        if self._process and self._owner == os.getpid():
            self._process.kill()
            with suppress(OSError):
                self._process.communicate()
        self._process = None

    def _is_running(self) -> bool:
        """A process that was inherited by a fork is the parent's to talk to."""
        return self._process is not None and self._owner == os.getpid()

    def _launch(self) -> subprocess.Popen[bytes]:
        # -P: nothing of the folder that the user happens to be in is imported.
        process = subprocess.Popen(  # noqa: S603 - this interpreter, a file of dtlink's
            [sys.executable, "-P", str(_WORKER), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(self.close)
        return process

    @staticmethod
    def _exchange(process: subprocess.Popen[bytes], body: bytes | None, seconds: float) -> _Answer:
        """Send a message, if there is one, and wait for the answer."""
        timer = threading.Timer(seconds, process.kill)
        timer.daemon = True
        timer.start()
        started = time.monotonic()
        try:
            told = _converse(process, body)
        except (OSError, ValueError):  # a broken pipe, half a message
            told = None
        finally:
            timer.cancel()
        return _Answer(told, told is None and time.monotonic() - started >= seconds)


def _converse(process: subprocess.Popen[bytes], body: bytes | None) -> dict[str, Any] | None:
    if process.stdin is None or process.stdout is None:
        return None
    if body is not None:
        process.stdin.write(struct.pack(">I", len(body)) + body)
        process.stdin.flush()
    head = process.stdout.read(4)
    if len(head) < 4:
        return None
    (size,) = struct.unpack(">I", head)
    if size > _MOST:
        return None
    told: dict[str, Any] = json.loads(process.stdout.read(size))
    return told


def _why_not(failed: str) -> str:
    if "out of date" in failed:
        return (
            "processed by another version of dtschema: make it anew "
            "(dt-mk-schema -j -o FILE FOLDER)"
        )
    return f"dtschema can't load the schemas: {failed}"


def _left_out(said: str) -> str:
    """What dtschema said while it loaded, as far as schemas are not used for it."""
    lines = [line for line in said.splitlines() if ": ignoring" in line]
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return f"dtschema leaves out a schema: {lines[0]}{more}" if lines else ""


def _refusal(kind: str, detail: str) -> str:
    """Why dtschema gave up: what it raises is not meant for its users."""
    if kind == "KeyError" and detail.isdecimal():
        why = f"it meets phandle {int(detail):#x}, which no node has"
    elif kind == "MemoryError":
        why = "it takes all memory that it is given (a #…-cells of 0 makes it loop)"
    else:
        why = f"it raises {kind}{': ' if detail else ''}{detail}"
    return f"dtschema can't take this input, {why}: no schema was checked"
