"""One Makefile of the kernel, as lists of words with the conditions that apply to them.

Only what Documentation/kbuild/makefiles.rst describes is understood: assignments to lists whose
names end in ``-y``, ``-m``, ``-objs`` or ``-$(CONFIG_X)``, references to other lists, ``ifeq`` and
its kind about symbols, ``include`` of files of the tree, ``patsubst``, ``addprefix`` and
``addsuffix``. Nothing is run; a word that is not understood is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dtlink.kernel.source.conditions import Conditions, joined, negated
from dtlink.kernel.source.index import UNKNOWN
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: How deep lists refer to lists, and files include files.
_DEPTH: Final = 12
#: How many conditions of an assignment are read, one within the other; Linux has fewer than ten.
_NESTED: Final = 32

_PART = r"(?:[\w./,@%~-]|\$\((?:[^()]|\([^()]*\))*\)|\$\{\w+\})+"
_ASSIGNMENT = re.compile(rf"\s*(?:export\s+|override\s+)*({_PART})\s*(?:[:+?]{{0,3}}=)\s*(.*)")
_SWITCH = re.compile(
    r"(?P<base>.*-)(?:(?P<fixed>y|m|objs)|\$[({]CONFIG_(?P<symbol>\w+)[)}]"
    r"|\$\(subst m,y,\s*\$\(CONFIG_(?P<on>\w+)\)\)|\$\(CONFIG_(?P<on2>\w+):m=y\))"
)
_COMPARED = re.compile(r"\(?\s*[\"']?(.*?)[\"']?\s*,\s*[\"']?(\w*)[\"']?\s*\)?")
_SYMBOL = re.compile(r"\$[({]CONFIG_(\w+)[)}]")
_INCLUDE = re.compile(r"\s*-?include\s+(\S+)\s*")
_FUNCTION = re.compile(r"\$\((patsubst|addprefix|addsuffix|sort|strip)\s+(.*)\)", re.DOTALL)
_REFERENCE = re.compile(r"\$[({]([\w./-]+|[\w./-]+-\$\(CONFIG_\w+\))[)}]")
_HERE = re.compile(r"\$[({](?:src|obj)[)}]/")
_TREE = re.compile(r"\$[({](?:srctree|objtree)[)}]/")


class Word(NamedTuple):
    """A word of a list: ``symbol`` of its ``-$(CONFIG_X)`` (empty: always), and conditions."""

    text: str
    symbol: str = ""
    also: Conditions = ()


@dataclass
class Makefile:
    """The lists of one Makefile, by name; ``foo-`` holds ``foo-y``, ``foo-objs`` and so on."""

    lists: dict[str, list[Word]] = field(default_factory=dict)

    def words(self, name: str, within: tuple[str, ...] = ()) -> Iterator[Word]:
        """The words of a list, references to other lists replaced by what they hold.

        ``within`` are the lists it is referred to from; what is one of them adds nothing.
        """
        if name in within or len(within) >= _DEPTH:
            return
        within = (*within, name)
        for word in self.lists.get(name, ()):
            for part in self._expanded(word.text, within):
                symbols = [symbol for symbol in (word.symbol, part.symbol) if symbol]
                also = joined(symbols[1:], word.also, part.also)
                yield Word(part.text, symbols[0] if symbols else "", also)

    def _expanded(self, text: str, within: tuple[str, ...]) -> Iterator[Word]:
        text = _HERE.sub("", text)
        if "$" not in text:
            yield Word(text)
        elif len(within) < _DEPTH:
            if (call := _FUNCTION.fullmatch(text)) is not None:
                yield from self._called(call[1], call[2], within)
            elif (name := _REFERENCE.fullmatch(text)) is not None:
                yield from self._referred(name[1], within)
            elif (plain := self._inlined(text, within)) is not None:
                yield Word(plain)

    def _referred(self, name: str, within: tuple[str, ...]) -> Iterator[Word]:
        base, symbol, also = _switched(name)
        for word in self.words(base, within):
            yield word if not symbol else word._replace(also=joined(word.also, (symbol,), also))

    def _called(self, function: str, arguments: str, within: tuple[str, ...]) -> Iterator[Word]:
        count = {"patsubst": 2, "sort": 0, "strip": 0}.get(function, 1)
        *given, listed = [part.strip() for part in arguments.split(",", count)]
        if len(given) != count:
            return
        edit = _EDITS[function]
        for text in split(listed):
            for word in self._expanded(text, within):
                yield word._replace(text=edit(word.text, *given))

    def _inlined(self, text: str, within: tuple[str, ...]) -> str | None:
        """A word with a reference inside, such as ``$(DIR)/a.o``, where that is one word."""

        def one(match: re.Match[str]) -> str:
            words = list(self._referred(match[1], within))
            return words[0].text if len(words) == 1 else "$"

        text = _REFERENCE.sub(one, text)
        return None if "$" in text else text


def _patsubst(word: str, pattern: str, replacement: str) -> str:
    head, percent, tail = pattern.partition("%")
    if not percent or not (word.startswith(head) and word.endswith(tail)):
        return word
    return replacement.replace("%", word[len(head) : len(word) - len(tail)], 1)


_EDITS: Final[dict[str, Callable[..., str]]] = {
    "patsubst": _patsubst,
    "addprefix": lambda word, prefix: prefix + word,
    "addsuffix": lambda word, suffix: word + suffix,
    "sort": lambda word: word,
    "strip": lambda word: word,
}


def split(text: str) -> list[str]:
    """The words of a line; parentheses are kept together."""
    words, depth, start = [], 0, 0
    for place, letter in enumerate(f"{text} "):
        depth += (letter == "(") - (letter == ")")
        if letter.isspace() and depth <= 0:
            words.append(text[start:place])
            start = place + 1
    return [word for word in words if word]


def read_makefile(text: str, include: Callable[[str], str | None]) -> Makefile:
    """Take a Makefile apart.

    ``include`` gives the text of an included file by its name (``$(src)/…`` becomes ``./…``, and
    ``$(srctree)/…`` ``/…``), or ``None``.
    """
    makefile = Makefile()
    _read(makefile, text, include, [], 0)
    return makefile


def _read(
    makefile: Makefile,
    text: str,
    include: Callable[[str], str | None],
    stack: list[Conditions],
    depth: int,
) -> None:
    for line in text.replace("\\\n", " ").splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line)
        if _conditional(bare.strip(), stack):
            continue
        if (found := _INCLUDE.fullmatch(bare)) is not None:
            name = _TREE.sub("/", _HERE.sub("./", found[1]))
            included = include(name) if depth < _DEPTH and "$" not in name else None
            if included is not None:
                _read(makefile, included, include, list(stack), depth + 1)
        elif (found := _ASSIGNMENT.match(bare)) is not None:
            also = joined(*stack) if len(stack) <= _NESTED else (UNKNOWN,)
            _assign(makefile, found[1], found[2], also)


def _assign(makefile: Makefile, name: str, value: str, also: Conditions) -> None:
    base, symbol, more = _switched(name)
    if name == "obj-m":
        # Written by hand where one symbol decides for another: "ifeq ($(CONFIG_USB),m)".
        symbol = next((what[:-2] for what in also if what.endswith("=m")), "")
        more = () if symbol else (UNKNOWN,)
    words = [Word(word, symbol, joined(also, more)) for word in split(value)]
    makefile.lists.setdefault(base, []).extend(words)


def _switched(name: str) -> tuple[str, str, Conditions]:
    """The list that a name means, the symbol that switches it, and conditions."""
    match = _SWITCH.fullmatch(name)
    if match is None:
        # What "obj-" alone lists is not built.
        return (f"{name}<off>" if name.endswith("-") else name), "", ()
    on = match["on"] or match["on2"]
    return match["base"], match["symbol"] or "", (on,) if on else ()


def _conditional(line: str, stack: list[Conditions]) -> bool:
    """Whether a line is ``ifeq`` or its kind, ``else`` or ``endif``; keeps the stack."""
    word, _, rest = line.partition(" ")
    if "(" in word:
        word, _, rest = line.partition("(")
        rest = f"({rest}"
    if word in ("ifeq", "ifneq"):
        stack.append(_compared(rest, equal=word == "ifeq"))
    elif word in ("ifdef", "ifndef"):
        name = rest.strip()
        known = (name.removeprefix("CONFIG_"),) if name.startswith("CONFIG_") else (UNKNOWN,)
        stack.append(known if word == "ifdef" else negated(known))
    elif word == "else" and stack:
        stack[-1] = (UNKNOWN,) if rest.strip() else negated(stack[-1])
    elif word == "endif" and stack:
        stack.pop()
    else:
        return False
    return True


def _compared(rest: str, *, equal: bool) -> Conditions:
    """The conditions of ``ifeq ($(CONFIG_X),y)``, or of ``ifneq``."""
    match = _COMPARED.fullmatch(rest.strip())
    if match is None:
        return (UNKNOWN,)
    left, right = match.groups()
    symbols = _SYMBOL.findall(left)
    if not symbols or _SYMBOL.sub("", left).strip() or (right and len(right) != len(symbols)):
        return (UNKNOWN,)
    if not right:
        met = tuple(f"!{symbol}" for symbol in symbols)
    else:
        met = tuple(f"{symbol}={how}" for symbol, how in zip(symbols, right, strict=True))
    return met if equal else negated(met)
