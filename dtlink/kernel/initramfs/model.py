"""What is known of an initramfs."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.records import NamedTuple


class Initramfs(NamedTuple):
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

    def __hash__(self) -> int:
        """For tables of what was found of an initramfs: all its modules would take long."""
        return hash((self.form, self.versions, len(self.modules)))

    def modules_for(self, release: str, *, is_whole: bool = True) -> frozenset[str]:
        """What a kernel of this release can load: it looks into its own folder alone.

        A list names no releases: it counts for every kernel. A release that is not ``is_whole`` is
        a version alone, as a configuration has it: what is after it is not known.
        """
        if not self.by_version:
            return self.modules
        folders = ["", *self._folders(release, is_whole=is_whole)]
        return frozenset().union(*(self.by_version.get(each, ()) for each in folders))

    def is_for(self, release: str, *, is_whole: bool = True) -> bool:
        """Whether a kernel of this release finds a folder of modules of its own, or needs none."""
        is_named = self.by_version.keys() - {""}
        return not is_named or bool(self._folders(release, is_whole=is_whole))

    def _folders(self, release: str, *, is_whole: bool) -> list[str]:
        """The folders of a release; of a version, those that go on with a local version."""
        if is_whole or release in self.by_version:
            return [each for each in self.by_version if each == release]
        rest = (
            (each, each[len(release) :]) for each in self.by_version if each.startswith(release)
        )
        return [each for each, local in rest if local[:1] in tuple("-+_~") and local[:3] != "-rc"]
