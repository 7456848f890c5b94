"""The devices that the programs of the firmware (DSDT, SSDTs) describe, as iasl disassembles them.

Nothing in them is run, here or by iasl: it prints them, and the printed nesting of scopes is read.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from dtlink.firmware.programs import environment, limit, program
from dtlink.firmware.termination import terminable
from dtlink.records import NamedTuple

PROGRAM = "iasl"
#: Seconds, for all tables together. The largest DSDTs take about two.
TIMEOUT = 30
#: Bytes that iasl may write of one table, and that are read of it.
MAX_LISTING = 64 << 20
#: Bytes that iasl may take of memory.
MAX_MEMORY = 1 << 30

#: The segments of a path, four characters each.
Names = tuple[str, ...]
#: Scopes that there are without being declared.
_PREDEFINED = frozenset(((), ("_GPE",), ("_PR_",), ("_SB_",), ("_SI_",), ("_TZ_",)))
_LINE = re.compile(
    r"^( *)(?:(Scope|Device|Processor|ThermalZone|PowerResource|Method) \(([\\^A-Z0-9_.]+)|\})",
    re.MULTILINE,
)


def device_paths(code: Mapping[str, bytes]) -> frozenset[str] | None:
    r"""The full paths of the devices, in segments of four characters: ``\_SB_.PCI0``.

    That is how Linux writes them (ACPI_FULL_PATHNAME). ``code`` are the DSDT and what adds to it,
    by names of which the DSDT's begins so. Devices that methods would make, or tables that methods
    would load, are not among them. ``None``: there is no DSDT, no iasl, or a table is damaged.
    """
    iasl = program(PROGRAM)
    if iasl is None or not any(name.startswith("DSDT") for name in code):
        return None
    # Of damaged programs iasl makes what it can, and does not say so.
    if any(sum(data) & 0xFF for data in code.values()):
        return None
    with terminable(), tempfile.TemporaryDirectory(prefix="dtlink-") as folder:
        files = [f"{number}.aml" for number in range(len(code))]
        # The DSDT first, for the others add to its scopes.
        for file, (_, data) in zip(files, sorted(code.items()), strict=True):
            (Path(folder) / file).write_bytes(data)
        if not _run([iasl, "-vs", "-d", *files], folder):
            return None
        return _devices(_listings(folder, len(files)))


def _run(command: list[str], folder: str) -> bool:
    """Whether a program did its work in time, and within the bounds of what it may write."""
    with subprocess.Popen(  # noqa: S603 - the arguments are names made here
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        limit(process.pid, memory=MAX_MEMORY, file=MAX_LISTING)
        try:
            return process.wait(TIMEOUT) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            return False


def _listings(folder: str, count: int) -> Iterator[str]:
    for number in range(count):
        with open(f"{folder}/{number}.dsl", "rb") as file:
            yield file.read(MAX_LISTING).decode("latin-1")


class _Open(NamedTuple):
    """What a brace opened: how far it is indented, and the path within it (None: a method's)."""

    indent: int
    path: Names | None


def _devices(listings: Iterator[str]) -> frozenset[str] | None:
    found: set[str] = set()
    known: set[Names] = set(_PREDEFINED)
    try:
        for text in listings:
            for path, is_device in _named(text, known):
                known.add(path)
                if is_device:
                    found.add("\\" + ".".join(path))
    except OSError:
        return None
    return frozenset(found)


def _named(text: str, known: set[Names]) -> Iterator[tuple[Names, bool]]:
    """The objects that a listing names, and whether each is a device; nothing within methods."""
    open_: list[_Open] = [_Open(-1, ())]
    for line in _LINE.finditer(text):
        indent = len(line[1])
        while open_[-1].indent >= indent:
            open_.pop()
        inside = open_[-1].path
        if line[2] is None:
            continue
        if inside is None or line[2] == "Method":
            open_.append(_Open(indent, None))
            continue
        path = _resolve(line[3], inside, known if line[2] == "Scope" else None)
        open_.append(_Open(indent, path))
        yield path, line[2] == "Device"


def _resolve(word: str, inside: Names, known: set[Names] | None) -> Names:
    """The full path of a name; one segment alone is looked for upwards among those known."""
    name = word.lstrip("\\^")
    segments = tuple(each.ljust(4, "_") for each in name.split(".") if each)
    if word.startswith("\\"):
        return segments
    ups = len(word) - len(name)
    if ups:
        return (*inside[: max(len(inside) - ups, 0)], *segments)
    if known is not None and len(segments) == 1:
        for depth in range(len(inside), -1, -1):
            if (*inside[:depth], *segments) in known:
                return (*inside[:depth], *segments)
    return (*inside, *segments)
