"""The options of ``dtlink lint`` that are read without click; other commands share some."""

from __future__ import annotations

import os

from dtlink.cli.plain import PlainOption
from dtlink.cli.targets import Target
from dtlink.report.formats import FORMATS
from dtlink.rules.finding import Severity

_LEVELS = tuple(severity.value for severity in Severity)


def _file(word: str) -> str:
    if os.path.isdir(word):  # noqa: PTH112 - paths stay as the user wrote them
        raise ValueError(f"{word} is a folder")
    return word


def _folder(word: str) -> str:
    """A folder, which need not be there yet. No shell expands a ``~`` that follows ``=``."""
    where = os.path.expanduser(word) if word.startswith("~") else word  # noqa: PTH111 - paths stay text
    if os.path.lexists(where) and not os.path.isdir(where):  # noqa: PTH112
        raise ValueError(f"{word} is not a folder")
    return where


def format_option(names: tuple[str, ...]) -> PlainOption:
    """``--format`` of a command that has these formats."""
    return PlainOption(
        ("--format",),
        "targets",
        f"Output format, optionally with a file; repeatable: {', '.join(names)}. [default: text]",
        metavar="FORMAT[=FILE]",
        multiple=True,
        parse=lambda word: Target.parse(word, names),
    )


#: By what :func:`dtlink.cli.options.options` calls them.
PLAIN = {
    "format": format_option(tuple(FORMATS)),
    "output": PlainOption(
        ("-o", "--output"),
        "output",
        "Write the report to FILE instead of stdout.",
        metavar="FILE",
        parse=_file,
    ),
    "select": PlainOption(
        ("--select",),
        "select",
        "Run only these rules ('all': every rule; 'default': those on by default).",
        metavar="RULE|FAMILY",
        multiple=True,
    ),
    "ignore": PlainOption(
        ("--ignore",), "ignore", "Do not run these rules.", metavar="RULE|FAMILY", multiple=True
    ),
    "expect": PlainOption(
        ("--expect",),
        "expect",
        "Expect this finding: it does not affect the exit status; its absence is reported.",
        metavar="RULE[:NODE]",
        multiple=True,
    ),
    "fail_on": PlainOption(
        ("--fail-on",),
        "fail_on",
        "Exit 1 if there is a finding of at least this severity.",
        choices=(*_LEVELS, "never"),
        default="error",
        show_default=True,
    ),
    "show": PlainOption(
        ("--show",),
        "show",
        "Minimum severity in text output (JSON contains all).",
        choices=_LEVELS,
        default="warning",
        show_default=True,
    ),
    "quiet": PlainOption(
        ("-q", "--quiet"), "quiet", "In text, errors and the summary only.", is_flag=True
    ),
    "verbose": PlainOption(
        ("-v", "--verbose"),
        "verbose",
        "In text, notes too, whole lists, and the inputs without findings.",
        is_flag=True,
    ),
    "statistics": PlainOption(
        ("--statistics",),
        "statistics",
        "In text, count the findings of each rule instead.",
        is_flag=True,
    ),
    "baseline": PlainOption(
        ("--baseline",),
        "baseline",
        "Baseline of accepted findings; only new ones are reported.",
        metavar="FILE",
        default="",
    ),
    "kernel": PlainOption(
        ("--kernel",),
        "kernel",
        "Kernel to check against: /lib/modules/VERSION, unpacked package, build tree, .config "
        "or 'running'.",
        metavar="PATH",
        default="",
    ),
    "initramfs": PlainOption(
        ("--initramfs",),
        "initramfs",
        "Its initramfs: an image, the output of lsinitramfs or lsinitrd, or a modules.load.",
        metavar="FILE",
        default="",
    ),
    "kernel_index": PlainOption(
        ("--kernel-index",),
        "kernel_index",
        "Index of the kernel's source ('dtlink kernel index'). [default: the nearest one shipped]",
        metavar="FILE",
        default="",
    ),
    "allow_empty": PlainOption(
        ("--allow-empty",),
        "allow_empty",
        "Do not fail because no input is left, or no board includes a file that is named.",
        is_flag=True,
    ),
    "strict": PlainOption(
        ("--strict",), "strict", "Exit 2 if anything was passed over.", is_flag=True
    ),
    "file": PlainOption(
        ("--config",), "file", "Configuration file for every input.", metavar="FILE"
    ),
    "isolated": PlainOption(
        ("--no-config",), "isolated", "Ignore configuration files.", is_flag=True
    ),
    "jobs": PlainOption(
        ("-j", "--jobs"),
        "jobs",
        "Number of processes. [default: one per processor if there are many inputs]",
        minimum=0,
        default=0,
    ),
    "no_cache": PlainOption(
        ("--no-cache",),
        "no_cache",
        "Do not use the cache: neither results nor facts of kernels are read or kept.",
        is_flag=True,
    ),
    "cache_dir": PlainOption(
        ("--cache-dir",),
        "cache_dir",
        "Folder of the cache. [default: DTLINK_CACHE, else $XDG_CACHE_HOME/dtlink]",
        metavar="DIR",
        default="",
        parse=_folder,
    ),
    "color": PlainOption(
        ("--color",),
        "color",
        "Colours in text. [default: auto: on a terminal, unless NO_COLOR is set]",
        choices=("auto", "always", "never"),
        default="auto",
    ),
}
