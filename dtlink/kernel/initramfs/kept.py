"""An initramfs that was read before: unpacking an image costs more than all the rest of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dtlink.kernel import cache
from dtlink.kernel.initramfs.model import Initramfs
from dtlink.kernel.initramfs.read import read_initramfs


def kept_initramfs(path: str) -> Initramfs:
    """What :func:`read_initramfs` gives, from the cache where the file is as it was.

    A folder, standard input and a pipe are read each time. Raises :class:`InputError`.
    """
    if not Path(path).is_file():
        return read_initramfs(path)
    # One path may be given as a kernel and as an initramfs: they are kept apart.
    name, key = f"{path}\0initramfs", cache.key_of([path], ("initramfs",))
    facts = cache.load(name, key)
    if isinstance(facts, dict):
        return _from(facts)
    found = read_initramfs(path)
    cache.store(name, key, _facts(found))
    return found


def _facts(found: Initramfs) -> dict[str, Any]:
    """Everything, as JSON holds it."""
    return {
        "modules": sorted(found.modules),
        "order": found.order,
        "form": found.form,
        "complete": found.complete,
        "versions": found.versions,
        "udev": found.udev,
        "by_version": {name: sorted(each) for name, each in found.by_version.items()},
        "parts": found.parts,
    }


def _from(facts: dict[str, Any]) -> Initramfs:
    return Initramfs(
        modules=frozenset(facts["modules"]),
        order=tuple(facts["order"]),
        form=facts["form"],
        complete=facts["complete"],
        versions=tuple(facts["versions"]),
        udev=facts["udev"],
        by_version={name: frozenset(each) for name, each in facts["by_version"].items()},
        parts=tuple(facts["parts"]),
    )
