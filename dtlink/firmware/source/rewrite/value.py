"""A value of a property, changed word by word: what stays the same keeps its text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import groupby

from dtlink.firmware.source.rewrite.words import Meaning, Token, WantedWord
from dtlink.records import NamedTuple

#: A longer list is written anew rather than compared, which costs the square of its length.
_COMPARED = 2_000
#: The columns of a line, and of a tab, in the kernel's style.
_COLUMNS, _TAB = 80, 8


class FileWord(NamedTuple):
    """A word of a value in its file, and what it means there: a macro may be several words."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]
    group: int


class Replaced(NamedTuple):
    """A stretch of the file, and what takes its place."""

    start: int
    end: int
    text: str


class FileValue(NamedTuple):
    """A value as its file has it, between ``=`` and ``;``."""

    text: str
    """The text of the file."""
    code: str
    """The same without comments."""
    start: int
    end: int
    words: Sequence[FileWord]
    groups: Sequence[tuple[int, int]]
    """Where each ``<…>``, ``[…]`` or string begins and ends."""


class _Change(NamedTuple):
    """Words ``first`` to ``last`` of the file give way to words ``begin`` to ``end`` wanted."""

    first: int
    last: int
    begin: int
    end: int


def changed(held: FileValue, new: Sequence[WantedWord]) -> Sequence[Replaced] | None:
    """What to replace so that a value has other words; ``None``: comments would be lost."""
    changes = _changes(held.words, new)
    found: list[Replaced] = []
    for each in changes or ():
        replaced = _replaced(held, new, each)
        if replaced is None:
            break
        found += replaced
    else:
        if changes is not None:
            return found
    return _anew(held, new, changes or ())


def grouped(words: Sequence[WantedWord], texts: Sequence[str]) -> Sequence[str]:
    """The ``<…>`` and strings that words are in; ``texts`` are the words' own."""
    numbered = groupby(zip(words, texts, strict=True), key=lambda pair: pair[0].group)
    return [_group([(word, text) for word, text in pairs]) for _, pairs in numbered]


def _group(pairs: Sequence[tuple[WantedWord, str]]) -> str:
    inside = " ".join(filter(None, (text for _, text in pairs)))
    return inside if pairs[0][0].meaning[0] in ("text", "bytes") else f"<{inside}>"


def rows(groups: Sequence[str], column: int, indent: str) -> str:
    """Groups as one line, or one below the other where the line would be too long."""
    line = ", ".join(groups)
    if column + len(line) < _COLUMNS or len(groups) < 2:
        return line
    width = len(indent.expandtabs(_TAB))
    tabs = indent + "\t" * ((column - width) // _TAB)
    blanks = " " * (column - len(tabs.expandtabs(_TAB)))
    return f",\n{tabs}{blanks}".join(groups)


def _changes(old: Sequence[FileWord], new: Sequence[WantedWord]) -> Sequence[_Change] | None:
    """The differences, by words of the file; ``None`` where there are too many words."""
    flat = [meaning for word in old for meaning in word.meanings]
    if len(flat) + len(new) > _COMPARED:
        return None
    owner = [number for number, word in enumerate(old) for _ in word.meanings]
    starts = [0]
    for word in old:
        starts.append(starts[-1] + len(word.meanings))
    matcher = SequenceMatcher(None, flat, [each.meaning for each in new], autojunk=False)
    found: list[_Change] = []
    for tag, first, last, begin, end in matcher.get_opcodes():
        if tag == "equal":
            continue
        # A word that is several is replaced as a whole: what is equal of it is written anew.
        low = owner[first] if first < len(flat) else len(old)
        high = owner[last - 1] + 1 if last > first else low
        if last == first and first != starts[low]:
            high = low + 1
        change = _Change(low, high, begin - (first - starts[low]), end + (starts[high] - last))
        if found and change.first < found[-1].last:
            before = found.pop()
            change = _Change(before.first, change.last, before.begin, change.end)
        found.append(change)
    return found


def _replaced(
    held: FileValue, new: Sequence[WantedWord], change: _Change
) -> Sequence[Replaced] | None:
    words, wanted = held.words[change.first : change.last], new[change.begin : change.end]
    if not words:
        return _inserted(held, new, change)
    if not wanted:
        return _deleted(held, change)
    # A string can't stand where a number or bytes did.
    kinds, wanted_kinds = [_kind(held, each) for each in words], [each.kind for each in wanted]
    if kinds == wanted_kinds:
        return [Replaced(a.start, a.end, b.text) for a, b in zip(words, wanted, strict=True)]
    is_alike = {*kinds} == {*wanted_kinds} and len({*kinds}) == 1
    is_one = words[0].group == words[-1].group and wanted[0].group == wanted[-1].group
    start, end = words[0].start, words[-1].end
    if not (is_alike and is_one) or held.text[start:end] != held.code[start:end]:
        return None
    return [Replaced(start, end, " ".join(each.text for each in wanted))]


def _inserted(
    held: FileValue, new: Sequence[WantedWord], change: _Change
) -> Sequence[Replaced] | None:
    """Words more: within a group of the file, or groups of their own."""
    before = held.words[change.first - 1] if change.first else None
    after = held.words[change.first] if change.first < len(held.words) else None
    wanted = new[change.begin : change.end]
    continues = change.begin > 0 and new[change.begin - 1].group == wanted[0].group
    goes_on = change.end < len(new) and new[change.end].group == wanted[-1].group
    inside = before is not None and after is not None and before.group == after.group
    if inside or continues or goes_on:
        text = " ".join(each.text for each in wanted)
        if before and (inside or not goes_on) and _is_cells(held, before):
            return [Replaced(before.end, before.end, f" {text}")]
        if after and not inside and not continues and _is_cells(held, after):
            return [Replaced(after.start, after.start, f"{text} ")]
        return None
    groups = grouped(wanted, [each.text for each in wanted])
    if before is not None:
        return _appended(held, before, groups)
    at = held.groups[after.group if after else 0][0]
    return [Replaced(at, at, "".join(f"{each}, " for each in groups))]


def _appended(held: FileValue, before: FileWord, groups: Sequence[str]) -> Sequence[Replaced]:
    """Groups after another one; on lines of their own where the others have such."""
    at = held.groups[before.group][1]
    between = ", "
    if before.group and "\n" in (gap := _gap(held, before.group)):
        between = f",{gap[gap.rindex(chr(10)) :]}"
    return [Replaced(at, at, "".join(f"{between}{each}" for each in groups))]


def _gap(held: FileValue, group: int) -> str:
    """What is between a group and the one before it, but for the comma."""
    return held.code[held.groups[group - 1][1] : held.groups[group][0]].replace(",", "")


def _kind(held: FileValue, word: FileWord) -> str:
    """What a word is in: ``<``, ``[``, or ``"`` for a string."""
    sign = held.code[held.groups[word.group][0]]
    return sign if sign in "<[" else '"'


def _is_cells(held: FileValue, word: FileWord) -> bool:
    return held.code.startswith("<", held.groups[word.group][0])


def _deleted(held: FileValue, change: _Change) -> Sequence[Replaced] | None:
    words = held.words[change.first : change.last]
    first, last = words[0].group, words[-1].group
    starts_group = change.first == 0 or held.words[change.first - 1].group != first
    ends_group = change.last == len(held.words) or held.words[change.last].group != last
    if starts_group and ends_group:
        return _without_groups(held, first, last)
    if first != last:
        return None
    if starts_group:
        return [Replaced(words[0].start, held.words[change.last].start, "")]
    return [Replaced(held.words[change.first - 1].end, words[-1].end, "")]


def _without_groups(held: FileValue, first: int, last: int) -> Sequence[Replaced] | None:
    if first > 0:
        start, end = held.groups[first - 1][1], held.groups[last][1]
    elif last + 1 < len(held.groups):
        start, end = held.groups[first][0], held.groups[last + 1][0]
    else:
        return None
    if held.text[start:end] == held.code[start:end]:
        return [Replaced(start, end, "")]
    # Comments stay: only the groups go, and the comma before them, or after the first ones.
    groups = held.groups[first][0], held.groups[last][1]
    gap = (start, groups[0]) if first > 0 else (groups[1], end)
    comma = held.code.index(",", *gap)
    sign = ""
    if last + 1 == len(held.groups):
        line = held.text[: groups[0]].rstrip()
        if "//" in held.text[comma : len(line)]:
            # The comment goes to the end of its line: the ';' comes before it.
            if held.text[groups[1] : held.end].strip():
                return None
            sign, groups = ";", (groups[0], held.end + 1)
        if not sign or held.text.startswith("\n", groups[1]):
            groups = len(line), groups[1]
    return sorted((Replaced(comma, comma + 1, sign), Replaced(*groups, "")))


def _anew(
    held: FileValue, new: Sequence[WantedWord], changes: Sequence[_Change]
) -> Sequence[Replaced] | None:
    """The whole value; words that stay keep their text."""
    start, end = held.groups[0][0], held.groups[-1][1]
    if held.text[start:end] != held.code[start:end]:
        return None
    texts = [each.text for each in new]
    if changes:
        _keep(held, changes, texts)
    line = held.text.rfind("\n", 0, start) + 1
    column = len(held.text[line:start].expandtabs(_TAB))
    indent = held.text[line:start]
    indent = indent[: len(indent) - len(indent.lstrip())]
    return [Replaced(start, end, rows(grouped(new, texts), column, indent))]


def _keep(held: FileValue, changes: Sequence[_Change], texts: list[str]) -> None:
    """Write the words that stay as the file has them."""
    at = wanted = 0
    for change in (*changes, _Change(len(held.words), 0, len(texts), 0)):
        while at < change.first:
            word = held.words[at]
            texts[wanted] = held.code[word.start : word.end]
            texts[wanted + 1 : wanted + len(word.meanings)] = [""] * (len(word.meanings) - 1)
            wanted += len(word.meanings)
            at += 1
        at, wanted = change.last, change.end


def file_words(
    tokens: Sequence[Token], meanings: Sequence[tuple[int, Meaning]]
) -> tuple[Sequence[FileWord], Sequence[tuple[int, int]]] | None:
    """The words and groups of a value: ``meanings`` by where each is in the file, in order.

    ``None`` if a word stands outside of all groups or means nothing, as what ``/incbin/`` names.
    """
    by_token: dict[int, list[Meaning]] = {}
    starts = [each.start for each in tokens]
    for at, meaning in meanings:
        by_token.setdefault(bisect_right(starts, at) - 1, []).append(meaning)
    words: list[FileWord] = []
    groups: list[tuple[int, int]] = []
    opened = -1
    for number, token in enumerate(tokens):
        if token.kind == "open":
            opened = token.start
        elif token.kind == "close":
            if opened < 0:
                return None
            groups.append((opened, token.end))
            opened = -1
        elif token.kind != "comma":
            found = by_token.get(number)
            if found is None or (opened < 0 and token.kind != "text"):
                return None
            words.append(FileWord(token.start, token.end, tuple(found), len(groups)))
            if opened < 0:
                groups.append((token.start, token.end))
    return (words, groups) if groups and opened < 0 else None
