"""Progress on standard error while a kernel is read."""

from __future__ import annotations

import sys

#: Return to the first column and clear the line.
_CLEAR = "\r\x1b[K"


def show_steps() -> None:
    """Show what is read of a kernel; nothing remains on the terminal."""
    from dtlink.kernel.progress import watch

    watch(_show)


def _show(text: str) -> None:
    from shutil import get_terminal_size

    from dtlink.escaping.text import row

    # What is wider than the terminal would remain on it.
    shown = row(f"dtlink: reading the kernel: {text}")[: get_terminal_size().columns - 1]
    sys.stderr.write(_CLEAR + shown if text else _CLEAR)
    sys.stderr.flush()
