"""What is known of one kernel beside its version: its build, its initramfs, its source's tables."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dtlink.facts.kernels import KernelVersion

if TYPE_CHECKING:
    from dtlink.kernel.holdings.model import Holdings
    from dtlink.kernel.initramfs import Initramfs
    from dtlink.kernel.source.index import SourceIndex


class Paths(NamedTuple):
    """Where the facts are, as the user named it; empty for what was not named."""

    kernel: str = ""
    initramfs: str = ""
    kernel_index: str = ""


class Facts(NamedTuple):
    """One kernel's facts."""

    build: Holdings
    source_index: SourceIndex
    initramfs: Initramfs | None

    def holds(self, module: str) -> bool | None:
        """Whether the initramfs has a module; ``None``: not known."""
        if self.initramfs is None:
            return None
        if module in self.initramfs.modules_for(self.build.release):
            return True
        return False if self.initramfs.complete else None


@lru_cache(maxsize=8)
def load(paths: Paths) -> Facts:
    """Read the facts, once a process. Raises :class:`InputError` for what cannot be read."""
    from dtlink.kernel.holdings.read import read_holdings
    from dtlink.kernel.source.index import SourceIndex

    initramfs = None
    if paths.initramfs:
        from dtlink.kernel.initramfs.read import kept_initramfs

        initramfs = kept_initramfs(paths.initramfs)
    holdings = read_holdings(paths.kernel)
    version = KernelVersion.of_release(holdings.release)
    return Facts(holdings, SourceIndex.load(paths.kernel_index, version), initramfs)
