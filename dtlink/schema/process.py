"""The client of the dtschema process: one per dtlink process, started on first use."""

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

from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple
from dtlink.schema.model import SchemaError, SchemaResult
from dtlink.typed import Any
from dtlink.wording import besides

#: Time limit for loading schemas, in seconds; those of a kernel take minutes.
LOAD_LIMIT = 900.0
#: Time limit for one devicetree, in seconds; the largest take about 15 with a kernel's schemas.
CHECK_LIMIT = 180.0
#: Upper bound on the length of an answer, in bytes.
_MAX_ANSWER = 256 << 20
_WORKER = Path(__file__).with_name("worker.py")


#: The validators that have a process, or had one.
_STARTED: list[Validator] = []


@atexit.register
def end_processes() -> None:
    """End the processes that this one has started, and wait for them.

    Who leaves by ``os._exit`` calls it before: nothing is run at the exit then.
    """
    while _STARTED:
        _STARTED.pop().close()


class _Answer(NamedTuple):
    """An answer: ``content`` is ``None`` if the process ended, ``late`` if it was too slow."""

    content: dict[str, Any] | None
    late: bool = False


class Validator:
    """dtschema with one set of schemas; ``limit`` is the time for one devicetree in seconds."""

    def __init__(self, own: str, named: tuple[str, ...], limit: float = CHECK_LIMIT) -> None:
        self._arguments = (own, *named)
        self._limit = limit
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._failed: InputError | None = None
        self._ignored = ""

    def start(self) -> None:
        """Load the schemas unless they are loaded.

        Raises :class:`InputError` if that fails; later calls raise the same error.
        """
        if self._failed:
            raise self._failed
        if not self._is_running():
            self._owner = os.getpid()
            self._process = self._launch()
            answer = self._exchange(self._process, None, LOAD_LIMIT)
            content = answer.content or {
                "failed": "time limit exceeded" if answer.late else "the process ended"
            }
            if "failed" in content:
                self.close()
                named = ", ".join(self._arguments[1:])
                self._failed = InputError(_load_error(content["failed"]), path=named or "--schema")
                raise self._failed
            self._ignored = _ignored(content["said"])

    def check(self, blob: bytes) -> SchemaResult:
        """Check a blob. A crash or a time-out is reported as the note of the result.

        Raises :class:`InputError` as :meth:`start` does.
        """
        self.start()
        if self._process is None:
            raise RuntimeError("started without a process")
        note, self._ignored = self._ignored, ""
        answer = self._exchange(self._process, blob, self._limit)
        if answer.content is None:
            self.close()
            event = f"took over {self._limit:g} s" if answer.late else "crashed"
            note = f"dtschema {event} on this input: no schema was checked"
            return SchemaResult(note=note, answered=False)
        if "refused" in answer.content:
            note = _failure(answer.content["refused"], answer.content["detail"])
            return SchemaResult(note=note, answered=False)
        return SchemaResult(tuple(map(SchemaError.of, answer.content["errors"])), note)

    def close(self) -> None:
        """End the process."""
        if self._process and self._owner == os.getpid():
            self._process.kill()
            with suppress(OSError):
                self._process.communicate()
        self._process = None
        if self in _STARTED:
            _STARTED.remove(self)

    def _is_running(self) -> bool:
        """Whether this process has a worker; one inherited by a fork belongs to the parent."""
        return self._process is not None and self._owner == os.getpid()

    def _launch(self) -> subprocess.Popen[bytes]:
        # -P: do not import modules from the working folder.
        process = subprocess.Popen(  # noqa: S603 - this interpreter, a file of dtlink's
            [sys.executable, "-P", str(_WORKER), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        _STARTED.append(self)
        return process

    @staticmethod
    def _exchange(process: subprocess.Popen[bytes], body: bytes | None, seconds: float) -> _Answer:
        """Send a message, if ``body`` is given, and wait for the answer."""
        timer = threading.Timer(seconds, process.kill)
        timer.daemon = True
        timer.start()
        started = time.monotonic()
        try:
            content = _converse(process, body)
        except (OSError, ValueError):  # a broken pipe, a truncated message
            content = None
        finally:
            timer.cancel()
        return _Answer(content, content is None and time.monotonic() - started >= seconds)


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
    if size > _MAX_ANSWER:
        return None
    content: dict[str, Any] = json.loads(process.stdout.read(size))
    return content


def _load_error(failed: str) -> str:
    if "out of date" in failed:
        return (
            "processed by another version of dtschema: regenerate it "
            "(dt-mk-schema -j -o FILE FOLDER)"
        )
    return f"dtschema cannot load the schemas: {failed}"


def _ignored(said: str) -> str:
    """A note about the schemas that dtschema ignored while it loaded them."""
    lines = [line for line in said.splitlines() if ": ignoring" in line]
    return f"dtschema ignores a schema: {lines[0]}{besides(len(lines))}" if lines else ""


def _failure(kind: str, detail: str) -> str:
    """The note for an exception of dtschema, in words that help a user."""
    if kind == "KeyError" and detail.isdecimal():
        cause = f"no node has phandle {int(detail):#x}"
    elif kind == "MemoryError":
        cause = "out of memory: a #…-cells of 0 makes it loop"
    else:
        cause = f"{kind}{': ' if detail else ''}{detail}"
    return f"dtschema failed on this input ({cause}): no schema was checked"
