"""The man pages, from the help of the commands: ``python -m tools.docs.man FOLDER``.

They have no date, so that the same source gives the same bytes. The form is that of man(7).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from dtlink.cli.main import COMMANDS, cli
from dtlink.version import SITE, __version__
from tools.docs.commands import commands

_EXIT = (
    ("0", "There is no finding of at least the severity of --fail-on (default: error)."),
    ("1", "There are findings."),
    (
        "2",
        "Wrong usage, an input that cannot be read, or nothing to check.",
    ),
    ("3", "A fault of dtlink."),
)
_ENVIRONMENT = (
    ("NO_COLOR", "If it is not empty, text has no colours."),
    ("FORCE_COLOR", "If it is not empty, text has colours, also in a pipe."),
    ("DTLINK_CACHE", "Folder for what is read from a kernel. Empty: nothing is cached."),
    ("DTLINK_PAGER, PAGER", "The pager for long answers on a terminal."),
)
_FILES = (
    ("dtlink.toml", "The configuration of the inputs in its folder and below."),
    ("pyproject.toml", "The same, in its table [tool.dtlink]."),
)
Rows = Sequence[tuple[str, str]]


def pages() -> Iterator[tuple[str, str]]:
    """The name of each page's file, and its text."""
    for words in commands():
        yield f"{'-'.join(('dtlink', *words))}.1", page(words)


def page(words: tuple[str, ...]) -> str:
    """The page of a command."""
    context = _context(words)
    command = context.command
    name = "-".join(("dtlink", *words))
    parts = [
        f'.TH {_text(name.upper())} 1 "" "dtlink {__version__}" "dtlink"',
        ".SH NAME",
        f"{_text(name)} \\- {_text(_summary(words, command))}",
        ".SH SYNOPSIS",
        f".B {_text(' '.join(('dtlink', *words)))}",
        _text(" ".join(command.collect_usage_pieces(context))),
        ".SH DESCRIPTION",
        *_paragraphs(command.help or ""),
        *_list("OPTIONS", _options(command, context)),
        *_list("COMMANDS", _inner(words, command)),
    ]
    if not words:
        parts += [*_list("ENVIRONMENT", _ENVIRONMENT), *_list("FILES", _FILES)]
    if words in {(), ("lint",)}:
        parts += _list("EXIT STATUS", _EXIT)
    return "\n".join((*parts, *_see_also(words))) + "\n"


def _context(words: tuple[str, ...]) -> click.Context:
    """The context of a command, with those that it is in."""
    context = click.Context(cli, info_name="dtlink", **cli.context_settings)
    for word in words:
        command = context.command
        inner = command.get_command(context, word) if isinstance(command, click.Group) else None
        if inner is None:
            raise KeyError(word)
        context = click.Context(inner, parent=context, info_name=word, **inner.context_settings)
    return context


def _summary(words: tuple[str, ...], command: click.Command) -> str:
    """What ``whatis`` prints: no capital, no full stop."""
    text = COMMANDS[words[0]] if len(words) == 1 else command.get_short_help_str(200)
    text = text.rstrip(".")
    return text[0].lower() + text[1:]


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of a help; lines after a backspace are kept as they are, as click does."""
    for part in re.split(r"\n\s*\n", text.strip()):
        kept, _, lines = part.partition("\b\n")
        if lines.startswith("Exit status"):
            continue  # it has a section of its own
        if lines and not kept.strip():
            yield from (".PP", ".nf", *map(_text, lines.splitlines()), ".fi")
        else:
            yield from (".PP", _text(" ".join(part.split())))


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        row = parameter.get_help_record(context)
        if row is not None:
            yield row


def _inner(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, str]]:
    if not words:
        yield from ((f"dtlink-{name}(1)", text) for name, text in COMMANDS.items())
    elif isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield f"{'-'.join(('dtlink', *words, name))}(1)", inner.get_short_help_str(200)


def _list(heading: str, rows: Iterator[tuple[str, str]] | Rows) -> Iterator[str]:
    """A section of terms and what they mean; nothing if there are none."""
    for number, (term, text) in enumerate(rows):
        if not number:
            yield f".SH {heading}"
        yield from (".TP", f".B {_text(term)}", _text(" ".join(text.split())))


def _see_also(words: tuple[str, ...]) -> Iterator[str]:
    yield ".SH SEE ALSO"
    if words:
        yield ".BR dtlink (1),"
    yield f".UR {SITE}"
    yield ".UE"


def _text(text: str) -> str:
    """Text that troff takes for nothing else."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"[^\x00-\x7f]", lambda match: f"\\[u{ord(match[0]):04X}]", text)
    return "\\&" + text if text.startswith((".", "'")) else text


def write(folder: Path) -> None:
    """Write all pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "build/man"))
