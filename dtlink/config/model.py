"""What holds for one input, and where each value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtlink.facts.kernels import DEFAULT
from dtlink.rules.catalogue import AGAINST_FAMILY, KERNEL_FAMILY, SCHEMA_FAMILY
from dtlink.rules.model import Severity

if TYPE_CHECKING:
    from dtlink.facts.cmdline import CommandLine
    from dtlink.facts.kernels import KernelVersion
    from dtlink.kernel.facts import Paths


class Entry(NamedTuple):
    """Findings that are allowed, or expected."""

    rule: str
    """A rule or a family."""
    node: str = ""
    """A pattern of subjects; empty for all."""
    file: str = ""
    """A pattern of inputs, seen from the configuration's folder; empty for all."""
    reason: str = ""
    source: str = ""
    """Where it stands: a file, or ``--expect``."""


class Settings(NamedTuple):
    """Every option of a lint as it holds for one input. The defaults are those of dtlink."""

    kernel_version: KernelVersion = DEFAULT
    against: KernelVersion | None = None
    cmdline: CommandLine | None = None
    """``None``: bootargs of ``/chosen``."""
    root: str = ""
    """A node; empty: by ``root=`` of bootargs."""
    kernel: str = ""
    """A path or ``running``; empty: no kernel is named."""
    initramfs: str = ""
    kernel_index: str = ""
    select: tuple[str, ...] = ()
    """Rules and families; none: all."""
    ignore: tuple[str, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    """``None``: never."""
    show: Severity = Severity.WARNING
    baseline: str = ""
    schema: bool = False
    schema_dir: tuple[str, ...] = ()
    severity: tuple[tuple[str, Severity], ...] = ()
    """Rules and families with the severity that the user gives them."""
    allow: tuple[Entry, ...] = ()
    """Those that concern this input."""
    expect: tuple[Entry, ...] = ()
    """Those that concern this input."""

    @property
    def not_asked(self) -> tuple[str, ...]:
        """The families of rules to which the user gives nothing to go on."""
        given = {
            KERNEL_FAMILY: bool(self.kernel),
            AGAINST_FAMILY: self.against is not None,
            SCHEMA_FAMILY: self.schema,
        }
        return tuple(family for family, named in given.items() if not named)

    @property
    def paths(self) -> Paths | None:
        """Where the kernel's facts are; ``None`` where no kernel is named."""
        if not self.kernel:
            return None
        from dtlink.kernel.facts import Paths

        return Paths(self.kernel, self.initramfs, self.kernel_index)


class Origin(NamedTuple):
    """Where a value comes from."""

    kind: str = "default"
    """``default``, ``file``, ``folder`` (an entry of a file) or ``command line``."""
    file: str = ""
    folder: str = ""
    """The pattern of a ``[[folder]]``."""

    def __str__(self) -> str:
        if self.kind == "folder":
            return f"{self.file}, [[folder]] {self.folder}"
        return self.file or self.kind
