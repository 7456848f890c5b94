"""Where results go: standard output, or a file that is whole or not there at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext

from dtlink.cli.overwriting import refuse_overwritten
from dtlink.cli.terminal import terminal_width, use_color
from dtlink.cli.usage import usage_error
from dtlink.report.layout import Line, plain, show
from dtlink.typed import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pathlib import Path

    from dtlink.report.model import Report
    from dtlink.views.data import CommandResult


@contextmanager
def opened(output: str | None) -> Iterator[TextIO]:
    """Standard output, or a file that gets its name when all is written.

    Raises :class:`click.UsageError` for a file that can't be written.
    """
    if output is None or _is_stdout(output):
        yield sys.stdout
        return
    from pathlib import Path

    try:
        with _beside(Path(output)) as stream:
            yield stream
    except OSError as error:
        raise usage_error(f"{output}: {error.strerror or error}") from error


def _is_stdout(output: str) -> bool:
    """Whether a path names standard output: what is there already is not to be replaced."""
    try:
        return os.path.samestat(os.stat(output), os.fstat(1))  # noqa: PTH116 - any text
    except (OSError, ValueError):
        return False


@contextmanager
def _beside(path: Path) -> Iterator[TextIO]:
    from dtlink.api.beside import beside, into, is_special

    if is_special(path):
        # What /dev/fd names has no other path.
        with open(path, "w", encoding="utf-8", errors="backslashreplace", opener=into) as stream:
            yield stream
        return
    target = path.resolve()
    from dtlink.firmware.termination import terminable

    with terminable(), beside(target) as (part, number):
        with open(number, "w", encoding="utf-8", errors="backslashreplace") as stream:
            yield stream
        refuse_overwritten()
        part.replace(target)


@contextmanager
def lines_to(output: str | None) -> Iterator[Callable[[str], None]]:
    """A function that writes one line: whole, and at once on standard output."""
    from dtlink.signals import held_back

    with opened(output) as stream:

        def write(text: str) -> None:
            # Ctrl-C while Python writes would leave half a line.
            with held_back("SIGINT"):
                stream.write(text + "\n")
                if output is None:
                    stream.flush()

        yield write


def write_file(data: bytes, output: str | None) -> None:
    """Write a file that is whole or stays as it was, or to standard output.

    Raises :class:`click.UsageError` for one that can't be written.
    """
    if output is None or _is_stdout(output):
        sys.stdout.buffer.write(data)
        return
    from pathlib import Path

    from dtlink.api.replacing import replace

    try:
        refuse_overwritten()
        replace({Path(output): data})
    except OSError as error:
        raise usage_error(f"{output}: {error.strerror or error}") from error


def emit(text: str, output: str | None) -> None:
    """Write results to standard output, or to a file."""
    emit_pieces((text,), output)


def emit_pieces(pieces: Iterable[str], output: str | None) -> None:
    """Write results, piece by piece."""
    with opened(output) as stream:
        stream.writelines(pieces)


def emit_lines(
    lines: Iterable[Line],
    output: str | None,
    color: str,
    *,
    fold: bool = True,
    page: bool = True,
) -> None:
    """Write laid-out text, coloured if the user sees it.

    On a terminal, ``fold``: what is wider than it is broken between words; ``page``: what is longer
    than its screen goes to a pager.
    """
    if output is not None:
        emit(plain(lines), output)
        return
    width, colored = terminal_width(output), use_color(color, output)
    if width is None:
        show(lines, sys.stdout, color=colored)
        return
    from dtlink.cli.hyperlinks import shows_hyperlinks
    from dtlink.cli.pager import paged
    from dtlink.report.folding import folded

    rows = list(folded(lines, width) if fold else lines)
    with paged(len(rows)) if page else nullcontext(sys.stdout) as stream:
        show(rows, stream, color=colored, hyperlinks=shows_hyperlinks())


def emit_json(report: Report, output: str | None) -> None:
    """Write the JSON document."""
    from dtlink.report import json

    emit_pieces(json.pieces(report), output)


def emit_data(result: CommandResult) -> None:
    """Write the JSON document of a command that reads no inputs."""
    from dtlink.escaping import jsontext
    from dtlink.report.json import without_inputs

    emit(jsontext.document(without_inputs(result.members())), None)
