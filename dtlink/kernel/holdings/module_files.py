"""The modules' own files, which are read where depmod left no indexes."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings.files import is_file
from dtlink.kernel.holdings.indexes import read_names
from dtlink.kernel.holdings.layout import Layout

#: More modules than any kernel has.
MAX_MODULES = 1 << 16
_KO = (".ko", ".ko.gz", ".ko.xz", ".ko.zst")


def needs_modules(layout: Layout) -> bool:
    """Whether aliases, or what modules depend on, stand nowhere but in the modules themselves."""
    names = layout.indexes.keys()
    aliases = "modules.alias" in names or "modules.alias.bin" in names
    return bool(layout.folder) and not (aliases and "modules.dep" in names)


def module_files(layout: Layout) -> dict[str, str]:
    """The file of each module that is there, by its path below the folder of modules."""
    if not layout.folder:
        return {}
    return dict(_in_tree(layout) if layout.form == "tree" else _below(layout.folder))


def _in_tree(layout: Layout) -> Iterator[tuple[str, str]]:
    """Modules of a build tree, which modules.order lists as ``.ko``, or since 6.2 as ``.o``."""
    order = layout.indexes.get("modules.order")
    for line in read_names(order) if order else ():
        name = f"{line.rpartition('.')[0]}.ko"
        # Before 5.3 with the folder that they are installed in.
        for each in (name, name.removeprefix("kernel/")):
            if is_file(f"{layout.folder}/{each}"):
                yield each, f"{layout.folder}/{each}"
                break


def _below(folder: str) -> Iterator[tuple[str, str]]:
    """Every module below a folder; links to folders are not followed."""
    count = 0
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = f"{where}/{name}"
            if name.endswith(_KO) and is_file(path):
                count += 1
                if count > MAX_MODULES:
                    raise InputError(f"more than {MAX_MODULES} modules", path=folder)
                yield os.path.relpath(path, folder), path
