"""The keywords that the functions of the library share: names and values of the command's options.

They are read by the rows that read a configuration, so that a value means the same in both.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypedDict

from dtlink import arguments as taken
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
    from dtlink.typed import Literal

    AnyPath = str | os.PathLike[str]
    #: The bytes of a file.
    AnyBytes = bytes | bytearray | memoryview
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

    Raises :class:`ValueError`, naming the keyword and the word, for a value that it refuses, and
    :class:`TypeError` for one that is of a wrong kind.
    """
    if unknown := options.keys() - _KEYWORDS:
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
    given = {name: _plain(name, value) for name, value in options.items()}
    with refused_values():
        read_given(given)
    return given


def values(options: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords as a lint takes them. Raises :class:`ValueError` as :func:`arguments` does."""
    return read_given(arguments(options))


def processes(jobs: object) -> int:
    """The number of processes. Raises :class:`ValueError` for what is no such number."""
    return taken.number("jobs", jobs, 0, "a number of processes")


def config_file(config: object) -> str | Literal[False] | None:
    """A configuration for all inputs; ``False``: none is read, ``None``: each input has its own."""
    if config is None or config is False:
        return config
    return taken.path("config", config, "a path (str or Path), False or None")


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
    for name, value in (("initramfs", made.initramfs), ("kernel_index", made.kernel_index)):
        if value and not made.kernel:
            raise ValueError(f"{name}: needs a kernel beside it")
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


#: All keywords.
_KEYWORDS = frozenset(LintOptions.__annotations__)
#: Keywords that take one word or several.
_WORDS = frozenset(("select", "ignore", "expect", "define", "exclude"))
#: Keywords that take one path or several.
_MANY_PATHS = frozenset(("schema_dir", "include", "allow_include", "overlay", "bases"))
#: Keywords that take a path; an empty one is not a path.
_PATHS = frozenset(("kernel", "initramfs", "kernel_index", "lspci", "iomem", "baseline"))
#: What other keywords take, where a path, several values or bytes are not among it.
_OTHERS = {
    "kernel_version": "a version, as a string or a KernelVersion,",
    "against": "a version, as a string or a KernelVersion,",
    "cmdline": "a string or a CommandLine",
    "root": "a node, as a string,",
    "root_after": "a number of seconds",
    "fail_on": "a severity, or 'never',",
}


def _plain(name: str, value: Any) -> Any:
    """A value in the types of a command line: paths as text, several values as a tuple."""
    if value is None:
        return None  # as if it were not given
    if name in _WORDS:
        return taken.words(name, value, "a word, or several,")
    if name in _MANY_PATHS:
        return () if isinstance(value, str) and not value else tuple(taken.paths(name, value))
    if name in _PATHS:
        return value if isinstance(value, str) and not value else taken.path(name, value)
    if name == "severity":
        needed = "a mapping of rules and families to severities"
        return tuple(taken.mapping(name, value, needed).items())
    if name in _OTHERS and isinstance(value, _NEVER_ONE):
        raise taken.refused(name, _OTHERS[name], value)
    return value


#: What is never the value of a keyword that takes one word or number.
_NEVER_ONE = (bytes, bytearray, memoryview, os.PathLike, list, set, frozenset, Mapping, Iterator)
