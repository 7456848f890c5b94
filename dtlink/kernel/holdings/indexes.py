"""The text files that depmod and the kernel's build leave beside the modules.

They are told by kmod, tools/depmod.c, and by the kernel's Makefile (modules.order,
modules.builtin). All functions raise :class:`InputError` for a file that can't be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.kernel.holdings.files import module_name, read_text

SoftDependencies = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
"""Names, or aliases, of what is loaded before and after a module, by its name."""


def read_aliases(path: str) -> Iterator[tuple[str, str]]:
    """``alias PATTERN MODULE`` of modules.alias. A pattern may hold blanks, a module none."""
    for line in read_text(path).split("\n"):
        if line.startswith("alias "):
            pattern, _, module = line[6:].rstrip().rpartition(" ")
            yield pattern, module.replace("-", "_")


def read_dependencies(path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """``PATH: PATH …`` of modules.dep: each module's file, and the names of those that it needs.

    What is needed is listed to the end, the last to be loaded first; dtlink goes the other way.
    """
    for line in read_text(path).split("\n"):
        file, colon, needed = line.partition(":")
        if colon and not line.startswith("#"):
            yield file.strip(), tuple(module_name(each) for each in reversed(needed.split()))


def read_soft_dependencies(path: str) -> SoftDependencies:
    """``softdep MODULE pre: … post: …`` of modules.softdep; a module may have several lines."""
    found: SoftDependencies = {}
    for line in read_text(path).split("\n"):
        word, _, rest = line.partition(" ")
        name, _, lists = rest.strip().partition(" ")
        if word == "softdep" and name:
            pre, post = parse_softdep(lists)
            before, after = found.get(module_name(name), ((), ()))
            found[module_name(name)] = (before + pre, after + post)
    return found


def read_names(path: str) -> list[str]:
    """The files in modules.order or modules.builtin, as they are written there."""
    return [line.strip() for line in read_text(path).split("\n") if line.strip()]


def read_device_nodes(path: str) -> dict[str, str]:
    """The module by device node (below /dev) of modules.devname: ``MODULE NODE c10:203``."""
    lines = (line.split() for line in read_text(path).split("\n") if not line.startswith("#"))
    return {words[1]: module_name(words[0]) for words in lines if len(words) >= 2}


def parse_softdep(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``pre: a b post: c`` as what is loaded before, and after (modprobe.d(5), softdep)."""
    lists: dict[str, list[str]] = {"pre:": [], "post:": []}
    now: list[str] = []
    for word in text.split():
        if word in lists:
            now = lists[word]
        else:
            now.append(word)
    return tuple(lists["pre:"]), tuple(lists["post:"])
