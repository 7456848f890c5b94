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
    sys.stderr.write(f"{_CLEAR}dtlink: reading the kernel: {text}" if text else _CLEAR)
    sys.stderr.flush()
