"""How shells hand over a command line, where click's own reading of it falls short.

``--option=value``: zsh and fish want the whole word back, which click cuts at ``=``. bash breaks
words at ``=``, ``:`` and ``@``, of which the paths of nodes are full, and wants the last piece. In
fish click cuts what it offers at commas, and they stand between rules and in summaries.
"""

from __future__ import annotations

import os

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

_BREAKS = "=:@"


class _Whole(ShellComplete):
    """Gives values of ``--option=value`` back with the option."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """What click finds, as words of the command line."""
        option, equals, _ = incomplete.partition("=")
        items = super().get_completions(args, incomplete)
        if not equals or not option.startswith("--"):
            return items
        return [_with_value(item, f"{option}={item.value}") for item in items]


class _Zsh(_Whole, ZshComplete):
    pass


class _Fish(_Whole, FishComplete):
    source_template = FishComplete.source_template.replace(
        'string split "," $completion', 'string split --max 1 "," $completion'
    )


class _Bash(_Whole, BashComplete):
    """Puts the pieces of words together, and cuts the answers where the shell cut the word."""

    _cut = 0

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the one at it."""
        pieces = split_arg_string(os.environ["COMP_WORDS"])
        at = int(os.environ["COMP_CWORD"])
        last = pieces[at] if at < len(pieces) else ""
        *args, incomplete = _joined([*pieces[1:at], last])
        self._cut = len(incomplete) - len(last.lstrip(_BREAKS))
        # What readline replaces begins with the @, for it may be the name of a host.
        self._cut -= incomplete[: self._cut].endswith("@")
        return args, incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """What click finds, less what the shell has in front of it."""
        items = super().get_completions(args, incomplete)
        return [
            item if item.type != "plain" else _with_value(item, item.value[self._cut :])
            for item in items
        ]


def _joined(pieces: list[str]) -> list[str]:
    """The words that pieces make. An empty piece is a word that has only begun."""
    words: list[str] = []
    for piece in pieces:
        if words and piece and (piece[0] in _BREAKS or words[-1][-1:] in (*_BREAKS,)):
            words[-1] += piece
        else:
            words.append(piece)
    return words


def _with_value(item: CompletionItem, value: str) -> CompletionItem:
    return CompletionItem(value, item.type, item.help)


def register() -> None:
    """Make click use these."""
    for kind in (_Bash, _Zsh, _Fish):
        add_completion_class(kind)
