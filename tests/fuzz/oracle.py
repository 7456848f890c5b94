"""Runs an input's commands in this process, and says what no input may cause."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import click

from tests.fuzz import library
from tests.fuzz.case import HERE, Call, Case
from tests.fuzz.limits import LIMIT, TookTooLongError, cpu_limit

#: Bytes that one command may print of a small input: a list of many equal entries is a count.
LONGEST = 2 << 20
#: The same of a command that prints all that its input includes and expands to.
EXPANDED = 32 << 20
#: The same of SARIF: by its form a node's path is there three times, for each node of a result.
#: Services take files of 10 MB, compressed.
SARIF = 6 << 20
#: Where an input is larger: so many for each byte of it.
PER_BYTE = 40
#: What no output may contain, whatever its format: it would control a terminal.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
#: One document in so many is compared with the schema, which takes long.
VALIDATED = 40
#: The same of JSON, whose readers decode it before they show it.
_ASCII_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f]")
_JSON = ("json", "jsonl", "sarif", "gitlab", "rdjson")
_XML = ("junit", "checkstyle")
ROOT = Path(__file__).resolve().parents[2]


class Printed(NamedTuple):
    """What one command did."""

    status: int
    out: str
    err: str


class Outcome(NamedTuple):
    """What an input did: the exit status of each command, and what it may not do."""

    statuses: Sequence[int]
    fault: str = ""
    """Empty, or a line that says what is wrong, and a traceback if there is one."""
    is_slow: bool = False
    """Whether it is a fault of time."""


def run(case: Case, folder: Path) -> Outcome:
    """Run an input's commands in a folder of its own, which is removed."""
    place = folder / f"{case.reader}-{case.number}"
    write(case, place)
    size = sum(map(len, case.files.values()))
    statuses: list[int] = []
    try:
        for call in case.calls:
            with cpu_limit(LIMIT):
                printed = invoke([word.replace(HERE, str(place)) for word in call])
            statuses.append(printed.status)
            if told := wrong(call, printed, size, case.number):
                return Outcome(statuses, f"{' '.join(call)}: {told}")
    except (Exception, TookTooLongError) as error:  # noqa: BLE001 - none may come
        call = case.calls[len(statuses)]
        slow = isinstance(error, TookTooLongError)
        return Outcome(statuses, f"{' '.join(call)}: {_told(error)}", slow)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return Outcome(statuses)


def write(case: Case, place: Path) -> None:
    """Write an input's files."""
    place.mkdir(parents=True)
    for name, data in case.files.items():
        path = place / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def invoke(call: Call) -> Printed:
    """Run a command line as ``python -m dtlink`` does. What dtlink does not expect is raised."""
    from dtlink.cli.main import cli
    from dtlink.config.resolve import forget

    if call[0] in ("library", "live"):
        return Printed(*library.invoke(call))
    forget()  # what an earlier input's configuration said
    with _streams() as (out, err):
        try:
            status = cli.main(list(call), prog_name="dtlink", standalone_mode=False)
        except SystemExit as stop:
            status = stop.code
        except click.ClickException as error:
            error.show()
            status = error.exit_code
        return Printed(status or 0, _text(out), _text(err))


@contextmanager
def _streams() -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """Standard streams that are kept; there is nothing to read."""
    before = sys.stdin, sys.stdout, sys.stderr
    out, err = (
        io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="\n")
        for _ in range(2)
    )
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO()), out, err
    try:
        yield out, err
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    held = stream.buffer
    assert isinstance(held, io.BytesIO)
    return held.getvalue().decode("utf-8")


def _told(error: BaseException) -> str:
    """An exception: its type, its place in dtlink, its text, and the end of its traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f"{os.sep}dtlink{os.sep}" in f.filename]
    at = ours[-1] if ours else frames[-1]
    where = f"{at.filename.rpartition('/dtlink/')[2]}, {at.name}(), line {at.lineno}"
    lines = traceback.format_exception(error)
    return f"{type(error).__name__} in {where}: {error}"[:300] + "\n" + "".join(lines[-12:])


def wrong(call: Call, printed: Printed, size: int, number: int) -> str:
    """What is wrong with what a command did; empty if nothing is."""
    if printed.status not in (0, 1, 2):
        told = [line for line in printed.out.splitlines() if "fault" in line or "bug" in line]
        return f"exit status {printed.status}: {' | '.join(told)[:600]} {printed.err[-300:]}"
    if printed.status == 2 and not printed.err and not printed.out:
        return "exit status 2 without a word"
    if "not enough memory" in printed.err:
        return f"memory: {printed.err[-200:]}"
    form = _form(call)
    most = EXPANDED if call[0] == "preprocess" else SARIF if form == "sarif" else LONGEST
    if (longest := max(len(printed.out), len(printed.err))) > max(most, size * PER_BYTE):
        return f"{longest} characters of output"
    controls = _ASCII_CONTROLS if form in _JSON else _CONTROLS
    checked = {"standard error": (printed.err, _CONTROLS), "output": (printed.out, controls)}
    if form == "html" or "--diff" in call:
        del checked["output"]  # scripts have what they like, a patch has the bytes of its source
    for name, (text, wrong) in checked.items():
        if found := wrong.search(text):
            start = max(found.start() - 60, 0)
            return f"{name} has {found[0]!r}: {text[start : found.end() + 20]!r}"
    return _wrong_document(form, printed, number) if printed.status != 2 else ""


def _form(call: Call) -> str:
    return next((after for word, after in pairwise(call) if word == "--format"), "text")


def _wrong_document(form: str, printed: Printed, number: int) -> str:
    """What is wrong with a document of a machine's format."""
    try:
        if form == "jsonl":
            for line in printed.out.splitlines():
                json.loads(line)
        elif form in _JSON:
            document = json.loads(printed.out)
            if form == "json" and number % VALIDATED == 0:
                return _invalid(document)
        elif form in _XML:
            ET.fromstring(printed.out)  # noqa: S314 - dtlink wrote it
    except (ValueError, ET.ParseError) as error:
        return f"no {form}: {error}"
    return ""


def _invalid(document: object) -> str:
    error = next(_validator().iter_errors(document), None)
    return f"not of the schema: {error.json_path}: {error.message[:300]}" if error else ""


@lru_cache(maxsize=1)
def _validator():
    import jsonschema

    text = (ROOT / "schemas" / "report-1.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))
