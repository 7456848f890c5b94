"""What the terminal at standard output can do, and what the user wants of it."""

from __future__ import annotations

import os
import sys


def use_color(choice: str, output: str | None) -> bool:
    """Whether text is coloured.

    ``--color`` decides; without it NO_COLOR (https://no-color.org), FORCE_COLOR
    (https://force-color.org), and whether standard output is a terminal that has colours.
    """
    if choice != "auto":
        return choice == "always"
    if output is not None or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal(output) and not is_dumb())


def is_terminal(output: str | None) -> bool:
    """Whether the output is seen by a person."""
    return output is None and sys.stdout.isatty()


def is_dumb() -> bool:
    """Whether the terminal only prints (TERM, see terminfo(5))."""
    return os.environ.get("TERM") == "dumb"


def terminal_width(output: str | None) -> int | None:
    """The columns to wrap at; ``None`` if the output is not a terminal."""
    return _size()[0] if is_terminal(output) else None


def terminal_height() -> int:
    """The rows of the terminal."""
    return _size()[1]


def _size() -> tuple[int, int]:
    import shutil

    return shutil.get_terminal_size()
