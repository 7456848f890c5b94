"""The process that runs dtschema: reads blobs from standard input, writes answers as JSON.

It is started by its path. libfdt, which dtschema uses, is C code that can crash on a damaged blob;
only this process is lost then. A message is its length (four bytes, big-endian) and its content.
The process exits at the end of standard input, even during a check.

Arguments: the folder of dtlink's own schemas, then the user's folders or one processed file.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import queue
import struct
import sys
import threading
from importlib import import_module
from pathlib import Path

from dtlink.typed import Any, BinaryIO

#: Upper bound on the memory for one devicetree, in bytes, in addition to the schemas: dtschema
#: appends to a list forever if a cells property is 0.
_MEMORY = 512 << 20
#: Upper bound on the output of dtschema that is passed on, in characters.
_MAX_TEXT = 2000


def _receive(stream: BinaryIO) -> bytes | None:
    head = stream.read(4)
    if len(head) < 4:
        return None
    (size,) = struct.unpack(">I", head)
    body = stream.read(size)
    return body if len(body) == size else None


def _send(stream: BinaryIO, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    stream.write(struct.pack(">I", len(body)) + body)
    stream.flush()


def _listen(stream: BinaryIO, jobs: queue.Queue[bytes]) -> None:
    """Queue jobs; at the end of input end the process at once."""
    while (job := _receive(stream)) is not None:
        jobs.put(job)
    os._exit(0)


def _bound_memory() -> None:
    """Limit the memory to the current use plus ``_MEMORY``, if the system supports it."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        resource = import_module("resource")
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = used + _MEMORY
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def main(own: str, named: list[str]) -> None:
    """Load the schemas, send the result, and answer until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # keep the output of dtschema out of the answers
    jobs: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    # dtlink may not be on the path: the parent may have found it in its working folder.
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            from dtlink.schema.checker import Checker

            checker = Checker(own, named)
    except Exception as error:  # noqa: BLE001 - reported to the parent process
        _send(answers, {"failed": f"{type(error).__name__}: {error}"[:_MAX_TEXT]})
        return
    _bound_memory()
    _send(answers, {"said": said.getvalue()[:_MAX_TEXT]})
    while True:
        job = jobs.get()
        with contextlib.redirect_stderr(io.StringIO()):
            answer = checker.check(job)
        _send(answers, answer)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
