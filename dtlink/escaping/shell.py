"""Words of commands that a message suggests: pasted into a shell, each is one word."""

from __future__ import annotations

import shlex


def word(text: str) -> str:
    """One word of a command line of sh, bash or zsh."""
    return shlex.quote(text)


def file(path: str) -> str:
    """A path as one word, which is no option."""
    return word(f"./{path}" if path.startswith("-") else path)
