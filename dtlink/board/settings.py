"""What decides what is known of one board: a value that every board is made with."""

from __future__ import annotations

from functools import cached_property

from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.source.options import SourceOptions
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.seen import SeenMachine
    from dtlink.facts.cmdline import CommandLine
    from dtlink.kernel.facts import Facts, Paths


class Settings(NamedTuple):
    """The kernel, how it is started, and what else is asked. The defaults are those of dtlink."""

    kernel_version: KernelVersion | None = None
    """``None``: that of the kernel that is named, else the default."""
    against: KernelVersion | None = None
    """Another kernel version to compare with."""
    cmdline: CommandLine | None = None
    """``None``: bootargs of ``/chosen``."""
    root: str = ""
    """The node that has the root file system; empty: by ``root=`` of the command line."""
    root_after: float | None = None
    """Seconds from the last driver registration in the initramfs to the first module of the root
    filesystem; ``None``: not known."""
    kernel: str = ""
    """A path or ``running``; empty: no kernel is named."""
    initramfs: str = ""
    kernel_index: str = ""
    lspci: str = ""
    """The PCI functions that exist: the output of ``lspci``, or ``/sys/bus/pci``."""
    iomem: str = ""
    """The memory map: a copy of ``/proc/iomem``, or a kernel's log."""
    schema: bool = False
    """Whether dtschema's validator is asked."""
    schema_dir: tuple[str, ...] = ()
    """Schemas beside dtlink's own."""
    include: tuple[str, ...] = ()
    define: tuple[str, ...] = ()
    allow_include: tuple[str, ...] = ()
    overlay: tuple[str, ...] = ()
    """Overlays that are applied to a devicetree, in order."""
    bases: tuple[str, ...] = ()
    """Devicetrees on which an overlay that is an input of its own is tried."""

    @property
    def sources(self) -> SourceOptions:
        """How devicetree source is read."""
        return SourceOptions(self.include, self.define, self.allow_include, self.overlay)

    @property
    def paths(self) -> Paths | None:
        """Where the kernel's facts are; ``None`` where no kernel is named."""
        if not self.kernel:
            return None
        from dtlink.kernel.facts import Paths

        return Paths(self.kernel, self.initramfs, self.kernel_index, self.kernel_version)

    @property
    def files(self) -> tuple[str, ...]:
        """The files and folders that are named."""
        own = "" if self.kernel == "running" else self.kernel
        one = (own, self.initramfs, self.kernel_index, self.lspci, self.iomem)
        several = (self.schema_dir, self.include, self.allow_include, self.overlay, self.bases)
        return (*filter(None, one), *(each for paths in several for each in paths))

    @property
    def version(self) -> KernelVersion:
        """The version whose behaviour is modelled.

        Raises :class:`InputError` for a kernel that is named and can't be read.
        """
        if self.kernel_version is not None:
            return self.kernel_version
        paths = self.paths
        if paths is None:
            return DEFAULT
        from dtlink.kernel.facts import load

        return load(paths).modelled


DEFAULTS = Settings()


class BoardOfSettings:
    """What boards of either kind of firmware have by their settings, each read when asked for.

    What is given of ``facts`` and ``seen`` is not read.
    """

    def __init__(
        self, settings: Settings, facts: Facts | None = None, seen: SeenMachine | None = None
    ) -> None:
        self.settings = settings
        if seen is not None:
            self.seen = seen
        if facts is not None:
            self.facts = facts
            self.version = settings.kernel_version or facts.modelled

    @cached_property
    def version(self) -> KernelVersion:
        """The kernel version whose behaviour is modelled: as the settings say, else by the facts.

        Raises :class:`InputError` for facts that can't be read.
        """
        return self.settings.version

    @cached_property
    def seen(self) -> SeenMachine:
        """What the machine shows, where the user gave it: PCI functions, memory.

        Raises :class:`InputError` for what can't be read.
        """
        from dtlink.board.seen import SeenMachine

        return SeenMachine.of(self.settings)

    @cached_property
    def facts(self) -> Facts | None:
        """What the kernel that the user named holds; ``None``: no kernel is named.

        Raises :class:`InputError` for facts that can't be read.
        """
        paths = self.settings.paths
        if paths is None:
            return None
        from dtlink.kernel.facts import load

        return load(paths)
