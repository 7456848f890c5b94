"""The forms of a list of modules: each is valid for the program that reads it.

A comment has a line of its own: after a name, initramfs-tools takes it for the module's parameters
(initramfs-tools, hook-functions, add_modules_from_file()), and others for further names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dtlink.typed import Protocol
from dtlink.wording import counted

#: What a module can be called. Shells read some of these files: another name may be a command.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
#: Between a name and its comment, in the list for people.
_BESIDE = "  # "


class NamedModule(Protocol):
    """A module of a list."""

    @property
    def file_name(self) -> str:
        """Its name, as its file has it."""
        ...

    @property
    def reason(self) -> str:
        """What needs it."""
        ...


@dataclass(frozen=True)
class Form:
    """One form of a list."""

    reader: str
    """What reads it, and where that says how."""
    modules: Callable[[Sequence[NamedModule]], Iterator[str]]

    def lines(self, modules: Sequence[NamedModule], remarks: Sequence[str]) -> Iterator[str]:
        """The lines: remarks as comments, then the modules. Without modules, comments alone."""
        yield from (f"# {remark}" for remark in remarks)
        named = [each for each in modules if _NAME.fullmatch(each.file_name)]
        if len(named) < len(modules):
            left_out = counted(len(modules) - len(named), "module")
            yield f"# {left_out} left out: no module can be called that (--format json names all)"
        yield from self.modules(named)


def _list(modules: Sequence[NamedModule]) -> Iterator[str]:
    width = max((len(each.file_name) for each in modules), default=0)
    for each in modules:
        yield f"{each.file_name:{width}}{_BESIDE}{each.reason}"


def beside(rows: Iterable[str], width: int) -> Iterator[str]:
    """The rows of a list for people, the comments wrapped under themselves: still comments."""
    import textwrap

    for row in rows:
        name, mark, comment = row.partition(_BESIDE.lstrip() if row.startswith("#") else _BESIDE)
        left = " " * len(name) + mark
        space = max(width - len(left), 20)
        first, *rest = textwrap.wrap(
            comment, space, break_long_words=False, break_on_hyphens=False
        ) or [""]
        yield name + mark + first
        yield from (left + each for each in rest)


def _initramfs_tools(modules: Sequence[NamedModule]) -> Iterator[str]:
    for each in modules:
        yield f"# {each.reason}"
        yield each.file_name


def _plain(modules: Sequence[NamedModule]) -> Iterator[str]:
    yield from (each.file_name for each in modules)


def _dracut(modules: Sequence[NamedModule]) -> Iterator[str]:
    if modules:
        yield f'add_drivers+=" {" ".join(_plain(modules))} "'


def _mkinitcpio(modules: Sequence[NamedModule]) -> Iterator[str]:
    if modules:
        yield f"MODULES=({' '.join(_plain(modules))})"


def _nixos(modules: Sequence[NamedModule]) -> Iterator[str]:
    quoted = " ".join(f'"{name}"' for name in _plain(modules))
    if quoted:
        yield f"boot.initrd.availableKernelModules = [ {quoted} ];"


#: By the names of ``--format``.
FORMS = {
    "list": Form("a person", _list),
    "initramfs-tools": Form(
        "mkinitramfs, /etc/initramfs-tools/modules (initramfs-tools(7))", _initramfs_tools
    ),
    "dracut": Form("dracut, /etc/dracut.conf.d/*.conf (dracut.conf(5)), as a shell", _dracut),
    "mkinitcpio": Form("mkinitcpio.conf(5), as bash", _mkinitcpio),
    "nixos": Form("a NixOS configuration", _nixos),
    "modules.load": Form("modules-load.d(5); Android's init (system/core, libmodprobe)", _plain),
}
