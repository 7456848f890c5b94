"""What ``dtlink modules`` prints for a machine, and such a list without one module."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tools.boots.boot import command_line
from tools.boots.machines import Machine
from tools.boots.systems import System

_TOP = Path(__file__).parents[2]


class Row(NamedTuple):
    """What the list says of a module."""

    module: str
    """Its name as initramfs tools get it."""
    reason: str
    optional: bool
    """Needed only under a condition, which the reason has."""


class Listing(NamedTuple):
    """A list of modules."""

    text: str
    """Exactly what the initramfs tool gets."""
    rows: tuple[Row, ...]
    notes: str
    """What was printed besides: lines without a module, and standard error."""


class ListingError(Exception):
    """``dtlink modules`` failed; the message is what it printed."""


def list_modules(machine: Machine, system: System, devicetree: Path, form: str) -> Listing:
    """Run ``dtlink modules``: for the initramfs tool, for a reader, and for a program."""
    command = (
        *(sys.executable, "-m", "dtlink", "modules", str(devicetree)),
        *("--kernel", str(system.folder / "usr/lib/modules" / system.release)),
        *("--cmdline", command_line(machine)),
    )
    text, notes = _output(*command, "--format", form)
    lines = [each.partition("#") for each in _output(*command)[0].splitlines()]
    optional = _optional(json.loads(_output(*command, "--format", "json")[0]))
    rows = [
        Row(name.strip(), reason.strip(), plain(name.strip()) in optional)
        for name, _, reason in lines
        if name.strip()
    ]
    remarks = [reason.strip() for name, _, reason in lines if not name.strip()]
    return Listing(text, tuple(rows), "\n".join((*remarks, *notes.splitlines())))


def _optional(report: dict[str, list[dict[str, dict[str, list[dict[str, str]]]]]]) -> set[str]:
    rows = report["inputs"][0]["modules"]["modules"]
    return {plain(row["name"]) for row in rows if row.get("optional")}


def plain(module: str) -> str:
    """The name as ``/sys/module`` has it."""
    return module.replace("-", "_")


def _output(*command: str) -> tuple[str, str]:
    """What it printed to standard output and to standard error."""
    result = subprocess.run(  # noqa: S603 - this interpreter, this project
        command, cwd=_TOP, capture_output=True, text=True, check=False
    )
    if result.returncode > 1:
        raise ListingError(f"dtlink modules: status {result.returncode}: {result.stderr.strip()}")
    return result.stdout, result.stderr.strip()


def without(text: str, module: str) -> str:
    """A list without one module, in any of the formats: a list with a name a line, or in quotes.

    Raises :class:`ValueError` if the list does not have it.
    """
    name = re.sub("[-_]", "[-_]", module)
    left, count = re.subn(rf"^{name}(?=\s|$).*\n?", "", text, flags=re.MULTILINE)
    if not count:
        left, count = re.subn(rf"(?<=[ \"(]){name}(?=[ \")])", "", text)
    if not count:
        raise ValueError(f"{module} is not in the list")
    return left
