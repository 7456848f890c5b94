"""The steps of reading a kernel, for a program that shows them: a cold read takes seconds."""

from __future__ import annotations

from collections.abc import Callable

Watcher = Callable[[str], None]

_watchers: list[Watcher] = []


def watch(watcher: Watcher) -> None:
    """Call a function with every step from now on, and with an empty text after the last."""
    _watchers[:] = [watcher]


def step(text: str) -> None:
    """Report a step: words of dtlink's own, no names from a file."""
    for watcher in _watchers:
        watcher(text)
