"""Options without a prompt, which users cannot set, and those that select them.

Of Documentation/kbuild/kconfig-language.rst this is understood: ``config`` and ``menuconfig`` with
their prompts, ``select``, and ``default`` and ``def_…`` of a single option. What depends on what is
not read.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dtlink.kernel.source.files import read_source
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

_BEGINS = re.compile(r"\s*(?:menu)?config\s+(\w+)\s*$")
#: What ends the attributes of an option; of ``help`` only its text follows.
_ENDS = re.compile(
    r"\s*(?:menu|endmenu|choice|endchoice|if|endif|source|comment|help|---help---)\b"
)
_PROMPT = re.compile(r"\s+(?:tristate|bool|int|hex|string|prompt)\s+[\"']")
_SELECT = re.compile(r"\s+select\s+(\w+)")
_DEFAULT = re.compile(r"\s+(?:default|def_tristate|def_bool)\s+([A-Z]\w*)\s*(?:$|if\b)")

#: How far options without a prompt are followed to those that select them; how many are reported.
_DEPTH: Final = 4
_MOST: Final = 6


def hidden_options(tree: Path, of: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The options among ``of`` that have no prompt, with the options that turn them on.

    An option that more than a few turn on has none: no reader is helped by so many.
    """
    prompts: dict[str, bool] = {}
    by: dict[str, set[str]] = defaultdict(set)
    for text in _files(tree):
        _read(text, prompts, by)
    hidden = sorted(symbol for symbol in set(of) if prompts.get(symbol) is False)
    return {symbol: _settable(symbol, prompts, by) for symbol in hidden}


def _files(tree: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            if name.startswith("Kconfig"):
                path = Path(folder, name).relative_to(tree).as_posix()
                yield read_source(tree, path) or ""


def _read(text: str, prompts: dict[str, bool], by: dict[str, set[str]]) -> None:
    """Take what a file says; an option may be in several places."""
    symbol = ""
    for row in text.split("\n"):
        if (begins := _BEGINS.match(row)) is not None:
            symbol = begins[1]
            prompts.setdefault(symbol, False)
        elif _ENDS.match(row):
            symbol = ""
        elif symbol and _PROMPT.match(row):
            prompts[symbol] = True
        elif symbol and (select := _SELECT.match(row)) is not None:
            by[select[1]].add(symbol)
        elif symbol and (default := _DEFAULT.match(row)) is not None:
            by[symbol].add(default[1])


def _settable(
    symbol: str, prompts: Mapping[str, bool], by: Mapping[str, Iterable[str]]
) -> tuple[str, ...]:
    """The options with a prompt that turn one on, in order."""
    found: set[str] = set()
    seen, now = {symbol}, [symbol]
    for _ in range(_DEPTH):
        above = {each for name in now for each in by.get(name, ())} - seen
        found |= {each for each in above if prompts.get(each)}
        now = [each for each in above if prompts.get(each) is False]
        seen |= above
    return tuple(sorted(found)) if len(found) <= _MOST else ()
