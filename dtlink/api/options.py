"""The keywords that the functions of the library share: names and values of the command's options.

They are read by the rows that read a configuration, so that a value means the same in both.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypedDict

from dtlink.config.resolve import COMMAND_LINE, read_given
from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.board.settings import Settings
    from dtlink.engine.executors import Executor
    from dtlink.engine.runner import Workers
    from dtlink.facts.cmdline import CommandLine
    from dtlink.facts.kernels import KernelVersion
    from dtlink.rules.model import Severity

    AnyPath = str | os.PathLike[str]
    #: A word, or several.
    Words = str | Iterable[str]


class BoardOptions(TypedDict, total=False):
    """What decides what is known of one input."""

    kernel_version: str | KernelVersion
    """The kernel whose fw_devlink behaviour is modelled, such as ``"6.12"``."""
    against: str | KernelVersion | None
    """Another kernel version to compare with."""
    cmdline: str | CommandLine | None
    """The kernel's command line; by default bootargs of ``/chosen``."""
    root: str
    """The node that has the root file system; by default the one that ``root=`` names."""
    root_after: float | None
    """Seconds from the last driver registration in the initramfs to the first module of the root
    filesystem; by default not known."""
    kernel: AnyPath
    """A folder of modules, an unpacked package, a build tree, a .config, or ``running``."""
    initramfs: AnyPath
    kernel_index: AnyPath
    lspci: AnyPath
    """The PCI functions that exist: the output of ``lspci -vvnn``, or ``/sys/bus/pci``."""
    iomem: AnyPath
    """The memory map: a copy of ``/proc/iomem``, or a kernel's log."""
    schema: bool
    """Whether dtschema's validator is run."""
    schema_dir: AnyPath | Iterable[AnyPath]
    """Schemas beside dtlink's own."""
    include: AnyPath | Iterable[AnyPath]
    """Folders in which devicetree source looks for what it includes, first."""
    define: Words
    """Macros of devicetree source: ``NAME`` or ``NAME=TEXT``."""
    allow_include: AnyPath | Iterable[AnyPath]
    """Folders outside its tree that devicetree source may include from."""
    overlay: AnyPath | Iterable[AnyPath]
    """Overlays, blobs or sources, to apply in order."""
    bases: AnyPath | Iterable[AnyPath]
    """Devicetrees, or folders of them, on which an overlay is tried."""


class LintOptions(BoardOptions, total=False):
    """What decides which findings there are, and which of them count."""

    select: Words
    """Run only these rules or families."""
    ignore: Words
    """Do not run these rules or families."""
    expect: Words
    """``RULE`` or ``RULE:NODE``: findings that do not count, and that must be there."""
    severity: Mapping[str, str | Severity]
    """Rules and families with the severity of their findings; added to a configuration's."""
    fail_on: str | Severity
    """The least severity for which :attr:`Report.status` is 1, or ``never``."""
    baseline: AnyPath
    """The file of accepted findings."""
    exclude: Words
    """Patterns of files and folders that are left out of folders, as in ``.gitignore``."""
    force_exclude: bool
    """Whether files that are named are left out too."""
    respect_gitignore: bool
    """Whether sources that git ignores are left out of folders."""
    max_boards: int
    """How many boards are linted at most because they include a file that is named; 0: all."""


#: The keywords that are a board's.
_OF_BOARDS = frozenset(BoardOptions.__annotations__)


def arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords as the reader of a configuration takes them.

    Raises :class:`ValueError`, naming the keyword and the word, for a value that it refuses.
    """
    given = {name: _plain(name, value) for name, value in options.items()}
    if unknown := given.keys() - LintOptions.__annotations__.keys():
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
    with refused_values():
        read_given(given)
    return given


def values(options: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords as a lint takes them. Raises :class:`ValueError` as :func:`arguments` does."""
    return read_given(arguments(options))


def processes(jobs: object) -> int:
    """The number of processes. Raises :class:`ValueError` for what is no such number."""
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 0:
        raise ValueError(f"jobs: a number of processes is needed, 0 or more, not {jobs!r}")
    return jobs


def workers_of(executor: Executor | None, jobs: object) -> Workers:
    """An executor, if there is one, else the number of processes.

    Raises :class:`ValueError` as :func:`processes`, and :class:`TypeError` for what is no executor.
    """
    if executor is None:
        return processes(jobs)
    if not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor: what has submit() is needed, not {type(executor).__name__}")
    return executor


def settings(options: Mapping[str, Any]) -> Settings:
    """The settings of a board. Raises :class:`ValueError` as :func:`arguments` does."""
    from dtlink.board.settings import Settings

    if others := (options.keys() & LintOptions.__annotations__) - _OF_BOARDS:
        name = min(others)
        raise TypeError(f"unexpected keyword argument {name!r}: it goes to lint(), not to a board")
    made = Settings(**values(options))
    if not made.kernel and (made.initramfs or made.kernel_index):
        raise ValueError("initramfs and kernel_index need kernel beside them")
    return made


@contextmanager
def refused_values() -> Iterator[None]:
    """Turn the reader's :class:`InputError` about a keyword into a :class:`ValueError`."""
    try:
        yield
    except InputError as error:
        if error.path != COMMAND_LINE.kind:
            raise
        option, _, wrong = error.message.partition(": ")
        if option.startswith("["):  # a table, and then its key
            raise ValueError(f"{option.strip('[]')}: {wrong.removeprefix('--')}") from error
        keyword = option.removeprefix("--").replace("-", "_")
        raise ValueError(f"{keyword}: {wrong}") from error


#: Keywords that take one word or several.
_WORDS = ("select", "ignore", "expect", "define", "exclude")


def _plain(name: str, value: Any) -> Any:
    """A value in the types of a command line: paths as text, several values as a tuple."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, str):
        return (value,) if name in _WORDS else value
    if isinstance(value, Mapping):
        return tuple(value.items())
    if isinstance(value, tuple) or not isinstance(value, Iterable):
        return value
    return tuple(_plain("", each) for each in value)
