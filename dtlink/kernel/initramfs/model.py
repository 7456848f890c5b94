"""What is known of an initramfs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Initramfs:
    """The modules of one initramfs, and what loads them.

    ``modules`` are module names with ``_`` for ``-``, as ``/sys/module`` has them; ``order`` those
    that are loaded by name before udev runs, in that order (a name there need not be in
    ``modules``: it may be built in, an alias, or missing). ``versions`` are the kernel releases
    found below ``lib/modules``, sorted.

    ``complete``: every module of the initramfs is known. It is False for a list of explicit
    modules, for a text that is cut or filtered, for an image without ``/init`` (the boot loader
    adds another), and for one that hides its files in a squashfs or erofs.

    ``udev``: modules are loaded by alias (udev, or mdev set up to). Where it is False, a module
    outside ``order`` may still be loaded by the initramfs' own scripts, which names do not show.
    """

    modules: frozenset[str]
    order: tuple[str, ...]
    form: str
    """``image``, ``listing``, ``list`` or ``folder``."""
    complete: bool
    versions: tuple[str, ...]
    udev: bool
    by_version: Mapping[str, frozenset[str]]
    """The modules by kernel release; under ``""`` those directly in ``lib/modules`` (Android)."""
    parts: tuple[str, ...] = ()
    """Of an image: how each part is packed, as ``("cpio", "zstd")``."""

    def modules_for(self, release: str) -> frozenset[str]:
        """What a kernel of this release can load: it looks into its own folder alone.

        A list names no releases: it counts for every kernel.
        """
        if not self.by_version:
            return self.modules
        nothing: frozenset[str] = frozenset()
        return self.by_version.get(release, nothing) | self.by_version.get("", nothing)
