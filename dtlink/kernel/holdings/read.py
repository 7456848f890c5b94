"""Reading what one kernel holds, from whatever form it comes in."""

# Paths are text here: there may be thousands, and pathlib is slow.

from __future__ import annotations

import os
from contextlib import suppress

from dtlink import cache
from dtlink.kernel.holdings.aliases import AliasIndex
from dtlink.kernel.holdings.kept import packed, unpacked
from dtlink.kernel.holdings.layout import (
    RUNNING,
    KernelFiles,
    find,
    module_files,
    needs_modules,
)
from dtlink.kernel.holdings.model import Holdings, Modules
from dtlink.kernel.progress import step
from dtlink.typed import Any


def read_holdings(path: str, last: Holdings | None = None) -> Holdings:
    """What a kernel holds: what it was found to hold at ``last``, if its files are the same.

    ``path`` is a folder of modules (``lib/modules/VERSION``), the root of an unpacked package, a
    build tree, a configuration, or ``running``. What was found out is kept
    (:mod:`dtlink.cache`). Raises :class:`InputError`, with the path of the file that
    cannot be read in it.
    """
    layout = find(path)
    name = _name(layout)
    key = _key(layout)
    if last is not None and key is not None and last.stamp == key:
        return last
    return _kept(name, key) or _gathered(layout, name, key)


def _name(layout: KernelFiles) -> str:
    """What is the same whatever path names a kernel: its form, and where its files are."""
    first = layout.folder or layout.config or layout.image
    return f"{_form(layout)}\n{os.path.realpath(first)}"


def _form(layout: KernelFiles) -> str:
    """The form, if more is read of it than of the same files in another."""
    return layout.form if layout.form in (RUNNING, "tree", "config") else ""


def _kept(name: str, key: str | None) -> Holdings | None:
    """What the cache has, if it is of the form that is understood here."""
    found = cache.load_with_text(name, key)
    try:
        return _holdings(unpacked(*found), key) if found.facts else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _gathered(layout: KernelFiles, name: str, key: str | None) -> Holdings:
    from dtlink.kernel.holdings.gather import Gatherer

    try:
        facts = Gatherer(layout).gather()
    finally:
        step("")
    # Under the key from before: if a file changed meanwhile, that key is never asked for again.
    with suppress(ValueError):
        few, text = packed(facts)
        cache.store(name, key, few, text=text)
    return _holdings(facts, key)


def _key(layout: KernelFiles) -> str | None:
    """What the facts depend on: the files, and for what /proc reports, the running kernel."""
    parts = [path for each in layout.all for path in each.indexes.values()]
    paths = [each for each in (layout.config, layout.image, *parts) if each]
    paths = [os.path.realpath(each) for each in paths if not each.startswith("/proc/")]
    # An image that may not be read now may be readable another time.
    readable = [str(os.access(each, os.R_OK)) for each in paths]
    running = os.uname() if layout.form == RUNNING else ()
    if needs_modules(layout):
        paths += map(os.path.realpath, module_files(layout).values())
    return cache.key_of(paths, (_form(layout), layout.release, *readable, *running))


def _holdings(facts: dict[str, Any], stamp: str | None) -> Holdings:
    compatibles = facts["builtin_compatibles"]
    return Holdings(
        release=facts["release"],
        config=facts["config"],
        modules=Modules(facts["modules"]),
        builtin=frozenset(facts["builtin"]),
        order=dict(zip(facts["order"], range(len(facts["order"])), strict=True)),
        builtin_compatibles=None if compatibles is None else frozenset(compatibles),
        sources=facts["sources"],
        notes=tuple(facts["notes"]),
        aliases=AliasIndex(**facts["aliases"]),
        builtin_aliases=AliasIndex(**facts["builtin_aliases"]),
        stamp=stamp,
    )
