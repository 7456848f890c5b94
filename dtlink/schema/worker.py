"""The process that runs dtschema: blobs come in by standard input, answers go out as JSON.

It is started by its path. libfdt, below dtschema, is C code that can crash on a damaged blob: then
this process is lost, and no other. Each message is four bytes of length, big-endian, and as many
bytes. It ends when its standard input does, whatever it is doing.

Arguments: the folder of dtlink's own schemas, then what the user named (folders, or one file).
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
from typing import Any, BinaryIO

#: The memory that one devicetree may take, in bytes, beside the schemas: dtschema appends to a list
#: without end where a cells property is 0.
_MEMORY = 512 << 20
#: What dtschema prints while it loads is passed on up to this length.
_MOST_TEXT = 2000


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
    """Take jobs; without anybody to answer to, end the process at once."""
    while (job := _receive(stream)) is not None:
        jobs.put(job)
    os._exit(0)


def _bound_memory() -> None:
    """Bound the memory from what is in use now, where the system can."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        resource = import_module("resource")
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = used + _MEMORY
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def main(own: str, named: list[str]) -> None:
    """Load the schemas, say so, and answer until nobody asks."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that dtschema prints may get between the answers
    jobs: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    # The package may be no part of the path: its parent found it in the folder it was started in.
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            from dtlink.schema.checker import Checker

            checker = Checker(own, named)
    except Exception as error:  # noqa: BLE001 - told to the one who asked
        _send(answers, {"failed": f"{type(error).__name__}: {error}"[:_MOST_TEXT]})
        return
    _bound_memory()
    _send(answers, {"said": said.getvalue()[:_MOST_TEXT]})
    while True:
        job = jobs.get()
        with contextlib.redirect_stderr(io.StringIO()):
            answer = checker.check(job)
        _send(answers, answer)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
