"""The lists by which an initramfs loads modules by name, before or beside udev.

- ``lib/modules/[VERSION/]modules.load``: Android's first-stage init.
- ``config``: mkinitcpio, ``MODULES="…"``, loaded by its ``init`` before the hooks.
- ``conf/modules``: initramfs-tools, ``load_modules()`` in ``scripts/functions``; a line is a module
  and its parameters.
- ``modules-load.d``: systemd-modules-load and its like, modules-load.d(5). dracut without systemd
  does not read them.
- ``etc/cmdline.d``, ``etc/cmdline``: dracut, ``rd.driver.pre=`` (``force_drivers``), loaded before
  udev starts; its ``lib/dracut/hostonly-kernel-modules.txt`` is not a list of modules to load.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from dtlink.kernel.holdings.files import named_module

#: The folders of modules-load.d(5): a file in an earlier one replaces its namesake in a later.
_LOAD_FOLDERS = ("etc", "run", "usr/local/lib", "usr/lib", "lib")
_LOAD_FILES = frozenset(f"{folder}/modules-load.d" for folder in _LOAD_FOLDERS)
_CMDLINE, _CMDLINES = "etc/cmdline", "etc/cmdline.d"
_MKINITCPIO = re.compile(r"""^\s*MODULES=(["']?)([^"'\n]*)\1""", re.MULTILINE)
_DRIVER_PRE = re.compile(r"(?:^|\s)(?:rd\.driver\.pre|rdloaddriver)=[\"']?([^\s\"']+)")


def is_explicit_list(path: str) -> bool:
    """Whether a path is that of a list of modules to load."""
    folder, _, base = path.rpartition("/")
    if base == "modules.load":
        return f"/{path}".startswith(("/lib/modules/", "/usr/lib/modules/"))
    if folder in _LOAD_FILES or folder == _CMDLINES:
        return base.endswith(".conf")
    return path in {"conf/modules", "config", _CMDLINE}


def explicit_order(texts: Mapping[str, bytes], *, modules_load: bool) -> tuple[str, ...]:
    """The modules that these files load by name, each once, in the order of loading.

    ``texts``: contents by path; ``modules_load``: whether modules-load.d is read.
    """
    known = {path: text.decode("utf-8", "replace") for path, text in sorted(texts.items())}
    names: list[str] = []
    for path in (path for path in known if path.endswith("/modules.load")):
        names += listed_modules(known[path])
    for match in _MKINITCPIO.finditer(known.get("config", "")):
        names += _words(match[2].split())
    names += listed_modules(known.get("conf/modules", ""))
    for text in _load_files(known) if modules_load else ():
        names += listed_modules(text)
    for path in (*(path for path in known if path.startswith(f"{_CMDLINES}/")), _CMDLINE):
        names += _driver_pre(known.get(path, ""))
    return tuple(dict.fromkeys(names))


def listed_modules(text: str) -> Iterator[str]:
    """The modules of a list: one a line, parameters after it; ``#`` and ``;`` begin comments."""
    for line in text.splitlines():
        words = line.split(maxsplit=1)
        if words and not words[0].startswith(("#", ";")):
            yield from _words(words[:1])


def _words(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if (name := named_module(word)) is not None:
            yield name


def _load_files(texts: Mapping[str, str]) -> list[str]:
    """The files of modules-load.d, by name, whichever folder they are in."""
    chosen: dict[str, str] = {}
    for folder in _LOAD_FOLDERS:
        prefix = f"{folder}/modules-load.d/"
        for path in texts:
            if path.startswith(prefix):
                chosen.setdefault(path.removeprefix(prefix), texts[path])
    return [chosen[base] for base in sorted(chosen)]


def _driver_pre(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            for match in _DRIVER_PRE.finditer(line):
                yield from _words(match[1].split(","))
