"""What is known of one kernel: its release, its build, its initramfs, its source's tables."""

from __future__ import annotations

import os
from functools import lru_cache
from itertools import takewhile

from dtlink.cache import folder
from dtlink.facts.kernels import DEFAULT, KNOWN, LATEST, KernelVersion
from dtlink.records import NamedTuple
from dtlink.stamps import last_look, look
from dtlink.typed import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dtlink.kernel.holdings.model import Holdings
    from dtlink.kernel.initramfs import Initramfs
    from dtlink.kernel.source.index import SourceIndex


_Item = TypeVar("_Item")

#: Kernels, and initramfs images, whose facts are kept.
_KEPT = 4
#: The most digits of a version's numbers.
_MAJOR, _MINOR = 3, 4


class Paths(NamedTuple):
    """Where the facts are, as the user named it; empty for what was not named."""

    kernel: str = ""
    initramfs: str = ""
    kernel_index: str = ""
    version: KernelVersion | None = None
    """The version that the user gave: it counts for a kernel whose release is not known."""


class Facts(NamedTuple):
    """One kernel's facts."""

    build: Holdings
    source_index: SourceIndex
    initramfs: Initramfs | None
    given: KernelVersion | None = None
    """The version that the user gave."""
    stamp: str | None = None
    """What the files were before they were read, as text; ``None``: not known."""

    @property
    def version(self) -> KernelVersion:
        """The version of what the kernel holds: of its release, else the given one."""
        return version_in(self.build.release) or self.given or DEFAULT

    @property
    def is_assumed(self) -> bool:
        """Whether nothing says which version the kernel is, neither it nor the user."""
        return version_in(self.build.release) is None and self.given is None

    @property
    def modelled(self) -> KernelVersion:
        """The version whose behaviour is modelled: the given one, else the nearest that is known
        to :attr:`version`.
        """
        return self.given or min(max(self.version, KNOWN[0]), LATEST)

    def file_of(self, module: str) -> str | None:
        """The name of a module's file, such as ``phy-x.ko``; ``None``: not known.

        By the modules of the kernel, else by the objects of the source's Makefiles.
        """
        if (held := self.build.modules.get(module)) is not None:
            return f"{held.path.rpartition('/')[2].partition('.ko')[0]}.ko"
        return self.source_index.module_file(module)

    def holds(self, module: str) -> bool | None:
        """Whether the initramfs has a module; ``None``: not known."""
        if self.initramfs is None:
            return None
        if module in self.initramfs.modules_for(
            self.build.release, is_whole=self.build.has_whole_release
        ):
            return True
        return False if self.initramfs.complete else None


def version_in(release: str) -> KernelVersion | None:
    """The version of a release as ``uname -r`` prints it, however old; ``None`` if it has none."""
    major, _, rest = release.partition(".")  # not by re, which takes 2 ms to import
    minor = "".join(takewhile(str.isdecimal, rest))
    is_one = major.isdecimal() and len(major) <= _MAJOR and 0 < len(minor) <= _MINOR
    return KernelVersion(int(major), int(minor)) if is_one else None


def load(paths: Paths) -> Facts:
    """The facts; files are compared with what was read of them once a run.

    Raises :class:`InputError` for what cannot be read.
    """
    return _loaded(paths, last_look())


@lru_cache(maxsize=8)
def _loaded(paths: Paths, look: int) -> Facts:
    packed, initramfs = _initramfs(paths.initramfs, look)
    holdings = _holdings(paths.kernel, look)
    version = version_in(holdings.release) or paths.version or DEFAULT
    index = _kept_index(paths.kernel_index, version)
    is_known = holdings.stamp is not None and packed is not None and not paths.kernel_index
    stamp = f"{holdings.stamp}\n{packed}" if is_known else None
    return Facts(holdings, index, initramfs, paths.version, stamp)


@lru_cache(maxsize=4)
def _holdings(path: str, look: int) -> Holdings:
    """Read once, whatever else is named beside it, while its files are the same."""
    del look
    from dtlink.kernel.holdings.read import read_holdings

    found = read_holdings(path, _last_holdings.get(path))
    _keep(_last_holdings, path, found)
    return found


@lru_cache(maxsize=4)
def _initramfs(path: str, look: int) -> tuple[str | None, Initramfs | None]:
    """The stamp of an initramfs, and what it holds; the same while its file is the same."""
    del look
    if not path:
        return "", None
    from dtlink.kernel.initramfs.read import kept_initramfs, stamp_of

    stamp, last = stamp_of(path), _last_initramfs.get(path)
    # A pipe and standard input can be read once; a folder is read each time.
    if last is None or (stamp != last[0] if stamp else os.path.isdir(path)):  # noqa: PTH112 - text
        last = stamp, kept_initramfs(path)
        _keep(_last_initramfs, path, last)
    return last


#: What was read last, by path: what the files are compared with that it was read of.
_last_holdings: dict[str, Holdings] = {}
_last_initramfs: dict[str, tuple[str | None, Initramfs]] = {}


def _keep(kept: dict[str, _Item], path: str, item: _Item) -> None:
    """Keep what was read of a few paths."""
    kept.pop(path, None)
    kept[path] = item
    while len(kept) > _KEPT:
        kept.pop(next(iter(kept)))


def _kept_index(path: str, version: KernelVersion) -> SourceIndex:
    """As :func:`index_of`; what many strings are looked up in is kept, if it is the one shipped."""
    if path or not folder():
        return index_of(path, version)
    return _kept_shipped(version)


@lru_cache(maxsize=4)
def _kept_shipped(version: KernelVersion) -> SourceIndex:
    from dtlink.kernel.source.kept import kept_index

    return kept_index(version)


def index_of(path: str, version: KernelVersion) -> SourceIndex:
    """The source index of a file, of the release nearest to a version; no path: the one shipped.

    Raises :class:`InputError` for one that cannot be read.
    """
    return _index_of(path, version, look(path) if path else 0)


@lru_cache(maxsize=4)
def _index_of(path: str, version: KernelVersion, _: int) -> SourceIndex:
    if not path:
        from dtlink.kernel.source.parted import PartedIndex

        return PartedIndex(version)
    from dtlink.kernel.source.index import SourceIndex

    return SourceIndex.load(path, version)
