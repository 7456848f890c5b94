"""``dtlink --version``: which dtlink this is, and what it found installed."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from typing import ClassVar

from dtlink.firmware.programs import environment
from dtlink.firmware.programs import program as find
from dtlink.records import NamedTuple
from dtlink.report.layout import Line, line
from dtlink.version import __version__
from dtlink.views.data import CommandResult, JsonRow

_MISSING = "missing"
_UNKNOWN = "found"

#: Upper bound on the seconds that a program may take to print its version.
TIMEOUT = 2.0


class Package(NamedTuple):
    """A Python package, and what dtlink needs it for."""

    name: str
    needed_for: str
    module: str = ""
    """Its module, where some systems install it under no name, or another."""
    before: tuple[int, int] = (99, 0)
    """The Python version that needs it no more."""


class Program(NamedTuple):
    """A program, and what it is good for."""

    name: str
    needed_for: str
    option: str
    """The option that makes it print its version."""


PACKAGES = (
    Package("click", "the command line"),
    Package("rich", "colours on a terminal"),
    Package("dtschema", "lint --schema"),
    Package("pylibfdt", "lint --schema: dtschema reads blobs with it", module="libfdt"),
    Package("zstandard", "kernels, initramfs images and logs packed with zstd", before=(3, 14)),
    Package("lz4", "kernels, initramfs images and logs packed with lz4"),
    Package("pathspec", "exclude, and .gitignore in folders"),
    Package("pyelftools", "--kernel: modules (.ko) without a modules.alias"),
    Package("junitparser", "lint --format junit"),
    Package("pygls", "dtlink lsp"),
    Package("distributed", "lint --executor dask://HOST:PORT"),
)

PROGRAMS = (
    Program("dtc", "not used; handy for compiling .dts", "--version"),
    Program("iasl", "device paths of the DSDT, to check names in the IORT and RIMT", "-v"),
)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class InstalledRow(JsonRow):
    """A package or a program."""

    name: str
    version: str | None
    """``None`` if it is not there."""
    needed_for: str
    hint: str = ""
    """How to get it."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class VersionView(CommandResult):
    """The version of dtlink, and the packages and programs that it can use."""

    member: ClassVar[str] = "version"
    dtlink: str
    installed: tuple[InstalledRow, ...]

    @classmethod
    def of(
        cls, packages: Sequence[Package] = PACKAGES, programs: Sequence[Program] = PROGRAMS
    ) -> VersionView:
        """What is installed. Imports none of the packages, and runs the programs there are."""
        python = f"{platform.python_implementation()} on {platform.system()} {platform.machine()}"
        there = InstalledRow(name="Python", version=platform.python_version(), needed_for=python)
        needed = (each for each in packages if sys.version_info < each.before)
        rows = (there, *map(_package, needed), *_programs(programs))
        return cls(dtlink=__version__, installed=rows)

    def text(self) -> Iterator[Line]:
        """The version, an empty line, and a line for each package and program."""
        rows = self.installed
        name = max(len(each.name) for each in rows)
        version = max(len(each.version or _MISSING) for each in rows)
        yield line(f"dtlink, version {self.dtlink}")
        yield line()
        for each in rows:
            hint = f" ({each.hint})" if each.hint and each.version is None else ""
            found = each.version or _MISSING
            yield line(f"{each.name:<{name}}  {found:<{version}}  {each.needed_for}{hint}")


def _package(package: Package) -> InstalledRow:
    version = None
    try:
        version = metadata.version(package.name)
    except metadata.PackageNotFoundError:
        if package.module and find_spec(package.module):
            version = _UNKNOWN
    return InstalledRow(
        name=package.name,
        version=version,
        needed_for=package.needed_for,
        hint=f"pip install {package.name}",
    )


def _programs(programs: Sequence[Program]) -> Iterator[InstalledRow]:
    """Start all of them, then wait for each."""
    started = [(program, _start(program)) for program in programs]
    for program, process in started:
        version = None if process is None else _version(process)
        yield InstalledRow(name=program.name, version=version, needed_for=program.needed_for)


def _start(program: Program) -> subprocess.Popen[str] | None:
    path = find(program.name)
    if path is None:
        return None
    with suppress(OSError):
        return subprocess.Popen(  # noqa: S603 - the user's own program, by a name given here
            [path, program.option],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    return None


def _version(process: subprocess.Popen[str]) -> str:
    """What the program says; that it is there if it does not say, or not in time."""
    with process:
        try:
            told, _ = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            return _UNKNOWN
    match = re.search(r"\bv?(\d[\w.+-]*)", told.partition("version ")[2] or told)
    return match[1] if match else _UNKNOWN
