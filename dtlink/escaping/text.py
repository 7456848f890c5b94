"""Text for people: it controls no terminal, no log of a CI service, and not its own direction.

What is replaced is replaced by one character, so that columns and marks below a line stay right.
"""

from __future__ import annotations

from dtlink.late import pattern

#: What stands for a character that is not shown.
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
#: Unicode's controls but tab and newline (Cc), format characters (Cf: the direction of writing,
#: joiners, tags), line and paragraph separators (Zl, Zp), surrogates (Cs) and noncharacters.
#: A character class, without its brackets; written out, so that it is the same for any Python.
UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe"
    "\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    + "".join(chr((plane << 16) + end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
)
#: The sign before the bracket that makes a command of text anywhere in a line of a log: ``##[`` for
#: the runner of GitHub (ActionCommand.cs, TryParse()), ``##vso[`` for Azure Pipelines (Command.cs),
#: ``##teamcity[`` for TeamCity (its manual, service messages).
COMMAND = r"(?<=#)#(?=\w{0,16}\[)"
_UNSAFE = pattern(f"[{UNSEEN}]|{COMMAND}")


def is_plain(text: str) -> bool:
    """Whether there is nothing to replace: as a rule, and known in a tenth of the time."""
    return text.isprintable() and "##" not in text


def shown(text: str) -> str:
    """Text of several lines, in which tabs and newlines are kept."""
    if is_plain(text):
        return text
    return _UNSAFE.sub(REPLACEMENT, text)


def row(text: str) -> str:
    """One line: it has no newline, and is no command of a workflow (``::name::``)."""
    safe = shown(text).replace("\n", REPLACEMENT)
    # The runner of GitHub looks behind blanks (ActionCommand.cs, TryParseV2()).
    if safe.lstrip().startswith("::"):
        safe = safe.replace(":", REPLACEMENT, 1)
    return safe


def prose(text: str) -> str:
    """Text of several lines for a service: tabs are blanks, and a return is part of a newline."""
    if text.isascii() and text.isprintable():
        return shown(text)
    return shown(text.replace("\r\n", "\n").replace("\t", " "))


def sentence(text: str) -> str:
    """Text of several lines as one, with single blanks between its words."""
    return row(" ".join(prose(text).split()))


def name(text: str) -> str:
    """A path or a name in one line, with the blanks that it has."""
    return row(prose(text).replace("\n", " "))
