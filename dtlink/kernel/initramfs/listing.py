"""Texts about an initramfs: what lists its files, or the modules to load.

Lists of files are what ``lsinitramfs``, ``lsinitrd``, ``lsinitcpio`` and ``cpio -t`` print, with
``-l``/``-v`` or without.
"""

from __future__ import annotations

import re

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings.files import named_module
from dtlink.kernel.initramfs.explicit import listed_modules
from dtlink.kernel.initramfs.members import (
    FILE,
    FOLDER,
    LINK,
    OTHER,
    UNKNOWN,
    Member,
    MemberCollector,
)
from dtlink.kernel.initramfs.model import Initramfs

_MAX_LINE = 4096 + 512
_MAX_LINES = 400_000

#: A line as ``ls -l`` has it (cpio, bsdtar), or as unsquashfs has it (``root/root``, a date of
#: digits).
_LONG = re.compile(
    r"([-dlhcbps])[rwxsStT-]{9}\S?\s(?:[\w.+-]+/[\w.+-]+\s)?[^/]*?\s"
    r"(?:[A-Z][a-z]{2}\s{1,2}\d{1,2}\s{1,2}(?:\d{1,2}:\d{2}|\d{4})"
    r"|\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?)\s{1,2}(.+)"
)
_KINDS = {"-": FILE, "h": FILE, "d": FOLDER, "l": LINK}
_TARGETS = {"l": " -> ", "h": " link to "}

_LSINITRD = ("Image: ", "initrd in UEFI: ")
_RULE = re.compile(r"={10,}")
_SQUASHED, _SQUASH_ROOT = "Squashed content", "squashfs-root/"

#: Names at the top of a root filesystem that are not modules.
_TOP = frozenset(
    (
        ".",
        "bin",
        "conf",
        "dev",
        "etc",
        "init",
        "lib",
        "lib64",
        "proc",
        "root",
        "run",
        "sbin",
        "scripts",
        "sys",
        "sysroot",
        "tmp",
        "usr",
        "var",
    )
)


def read_listing(text: str) -> Initramfs:
    """Read a text. Raises InputError for one that is neither sort of list."""
    lines = _lines(text)
    if _is_module_list(lines):
        return _module_list(text)
    found = MemberCollector()
    members = [member for line in lines if (member := _long(line)) is not None]
    for member in members or _short(lines):
        found.add(member)
    if not (found.has_init or found.modules):
        raise InputError("neither an image, a list of an initramfs' files, nor a list of modules")
    if found.modules and any(line.startswith(_SQUASHED) for line in lines):
        found.inner_image = False
    return found.result("listing", complete=_is_whole(found, lines))


def _lines(text: str) -> list[str]:
    if text.count("\n") > _MAX_LINES:
        raise InputError(f"more than {_MAX_LINES} lines: no list of an initramfs' files")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if any(len(line) > _MAX_LINE for line in lines):
        raise InputError(f"a line of more than {_MAX_LINE} characters: no list of files")
    return lines


def _is_whole(found: MemberCollector, lines: list[str]) -> bool:
    """Whether a listing is complete, as far as it shows.

    ``lsinitrd`` closes with a rule. Nothing else does: there it has to end with the end of a line,
    and either to name the index of modules, or to begin with the top folder (as cpio's lists do),
    to name modules, and to go on after their folder.
    """
    if lines[0].startswith(_LSINITRD):
        last = next((line for line in reversed(lines) if line.strip()), "")
        return _RULE.fullmatch(last) is not None
    entries = [line for line in lines if line.strip()]
    is_framed = entries[0].split()[-1] == "." and "lib/modules/" not in entries[-1]
    has_all = found.is_indexed or (is_framed and bool(found.modules))
    return has_all and not lines[-1]


def _is_module_list(lines: list[str]) -> bool:
    """Whether each line is a module: its name (and parameters), or its file's path."""
    words = [line.split() for line in lines]
    stated = [line for line in words if line and not line[0].startswith(("#", ";"))]
    return bool(stated) and all(_is_module_line(*line) for line in stated)


def _is_module_line(word: str, *parameters: str) -> bool:
    if word in _TOP or "lib/modules/" in word or any("=" not in each for each in parameters):
        return False
    return named_module(word) is not None


def _module_list(text: str) -> Initramfs:
    order = tuple(dict.fromkeys(listed_modules(text)))
    return Initramfs(
        modules=frozenset(order),
        order=order,
        form="list",
        complete=False,
        versions=(),
        udev=False,
        by_version={},
    )


def _long(line: str) -> Member | None:
    match = _LONG.fullmatch(line)
    if match is None:
        return None
    name = match[2].removeprefix(_SQUASH_ROOT)
    if (mark := _TARGETS.get(match[1])) is not None:
        name = name.partition(mark)[0]
    return Member(name, _KINDS.get(match[1], OTHER))


def _short(lines: list[str]) -> list[Member]:
    return [Member(line, UNKNOWN) for line in lines if line.strip()]
