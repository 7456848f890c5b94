"""Words of commands that a message suggests: pasted into a shell, each is one word."""

from __future__ import annotations

import re
import shlex

#: Letters, digits and signs that mean nothing to a shell inside of a word.
_PLAIN = re.compile(r"[\w@%+=:,./!#-]+")


def word(text: str) -> str:
    """One word of a command line of sh, bash or zsh."""
    return shlex.quote(text)


def is_plain(text: str) -> bool:
    """Whether a shell reads a text, as completion inserts it, as the one word that it is."""
    return _PLAIN.fullmatch(text) is not None


def file(path: str) -> str:
    """A path as one word, which is no option."""
    return word(f"./{path}" if path.startswith("-") else path)
