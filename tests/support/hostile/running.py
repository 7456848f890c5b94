"""dtlink in this process, from the arguments to the bytes of its streams."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from dtlink import __main__
from dtlink.config.resolve import forget


class Output(NamedTuple):
    """What a run left."""

    status: int
    stdout: bytes
    stderr: bytes


class Call(NamedTuple):
    """A command line, and the format of its standard output."""

    args: tuple[str, ...]
    form: str = "text"
    stdin: bytes = b""


@contextmanager
def _patched(
    folder: Path, call: Call, variables: Mapping[str, str]
) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    out, err = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["dtlink", *call.args])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(call.stdin)))
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, "utf-8", "strict"))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, "utf-8", "backslashreplace"))
        yield out, err
        sys.stdout.flush()
        sys.stderr.flush()


def run(folder: Path, call: Call, **variables: str) -> Output:
    """Run a command line in a folder."""
    forget()
    with _patched(folder, call, variables) as (out, err):
        status = __main__._run()
        sys.stdout.flush()
        sys.stderr.flush()
        return Output(status, out.getvalue(), err.getvalue())
