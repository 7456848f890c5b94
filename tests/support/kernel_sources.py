"""Devicetree sources of Linux, where there are some, and what gcc and dtc make of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.boards import SHARED

#: The kernel's Makefiles take another dtc the same way.
DTC = os.environ.get("DTC") or shutil.which("dtc")
GCC = shutil.which("gcc")
_PREFIXES = "scripts/dtc/include-prefixes"
#: What of a packed source is needed: boards, what they include, and the tests of drivers/of.
_WANTED = ("arch/", "include/dt-bindings/", f"{_PREFIXES}/", "drivers/of/unittest-data/")
#: What would leave the folder is refused, where Python can: since 3.11.4.
_FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


#: Lines of dtc -O dts -T -T.
_OPENED = re.compile(r"\t*(?:\w+: )*([^\s{}=;]+) \{(?: /\*.*)?\Z")
_SET = re.compile(r"\t+(?:\w+: )*([^\s=;]+)(?: = .*)?; /\* (\S+):(\d+):(\d+)-\d+:\d+ \*/\Z")


class Place(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int


class Compiled(NamedTuple):
    """A blob, or the message of the program that refused the source."""

    blob: bytes
    refused: str = ""


def trees() -> list[Path]:
    """Unpacked sources: the folder ``DTLINK_KERNEL_SOURCE``, else all that are there."""
    named = os.environ.get("DTLINK_KERNEL_SOURCE")
    if named:
        found = [Path(named)]
    else:
        found = [*sorted(SHARED.parent.glob("src-*")), *sorted(Path("/usr/src").glob("linux*"))]
    return [each for each in found if (each / _PREFIXES).is_dir()]


def packed() -> list[Path]:
    """The sources that Debian's packages linux-source-* install."""
    return sorted(Path("/usr/src").glob("linux-source-*.tar.*"))


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack what devicetree sources need of an archive; the top of the tree."""
    with tarfile.open(archive) as files:
        for member in files:
            name = member.name.partition("/")[2]
            if name.startswith(_WANTED) and ("/dts/" in name or not name.startswith("arch/")):
                files.extract(member, folder, **_FILTER)
    return next(folder.iterdir())


def sources(tree: Path) -> list[Path]:
    """The boards and overlays of a tree, in a fixed order."""
    patterns = (
        *("arch/*/boot/dts/**/*.dts", "arch/*/boot/dts/**/*.dtso"),
        *("drivers/**/*.dts", "drivers/**/*.dtso"),
    )
    return sorted({path for each in patterns for path in tree.glob(each) if path.is_file()})


def need_compilers() -> None:
    """Skip where gcc or dtc is not installed."""
    if GCC is None or DTC is None:
        pytest.skip("gcc or dtc is not installed")


def preprocessed(path: Path, tree: Path) -> Compiled:
    """A source after gcc, called as scripts/Makefile.lib does."""
    options = ("-E", "-nostdinc", "-I", str(tree / _PREFIXES), "-undef", "-D__DTS__")
    return _run([str(GCC), *options, "-x", "assembler-with-cpp", str(path)])


def compiled(text: bytes, path: Path, tree: Path, *, symbols: bool) -> Compiled:
    """The blob that dtc makes of a preprocessed source."""
    include = [option for folder in (path.parent, tree / _PREFIXES) for option in ("-i", folder)]
    options = ["-q", "-I", "dts", "-O", "dtb", "-b", "0", *include, *["-@"] * symbols]
    return _run([str(DTC), *map(str, options)], text)


def places(text: bytes, path: Path, tree: Path) -> dict[tuple[str, str], Place]:
    """Where dtc says that each property of a preprocessed source begins, by node and name.

    dtc counts columns in the text that gcc leaves: they are those of the file as far as no comment
    and no macro comes before on the line.
    """
    include = [option for folder in (path.parent, tree / _PREFIXES) for option in ("-i", folder)]
    options = ["-q", "-I", "dts", "-O", "dts", "-T", "-T", *include]
    found: dict[tuple[str, str], Place] = {}
    above: list[str] = []
    for line in _run([str(DTC), *map(str, options)], text).blob.decode("latin-1").split("\n"):
        if opened := _OPENED.match(line):
            above.append(opened[1])
        elif line.lstrip("\t").startswith("};"):
            above.pop()
        elif held := _SET.match(line):
            place = Place(os.path.realpath(held[2]), int(held[3]), int(held[4]))
            found["/" + "/".join(above[1:]), held[1]] = place
    return found


def _run(command: list[str], text: bytes | None = None) -> Compiled:
    done = subprocess.run(command, input=text, capture_output=True, check=False)
    refused = done.stderr.decode(errors="replace") or "refused"
    return Compiled(b"", refused) if done.returncode else Compiled(done.stdout)
