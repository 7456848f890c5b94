"""Which terminals show hyperlinks (OSC 8); others may print the address, or garbage.

What is not known here has none. FORCE_HYPERLINK=1 and =0 overrule it, as with other programs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from dtlink.records import NamedTuple


class _Sign(NamedTuple):
    """A variable by which a terminal is known."""

    name: str
    shows: Callable[[str], bool]
    """Whether its value is that of a terminal with hyperlinks."""
    source: str


def _since(*version: int) -> Callable[[str], bool]:
    return lambda value: _numbers(value) >= version


def _numbers(value: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", value)[:3])


def _one_of(*names: str) -> Callable[[str], bool]:
    return lambda value: value in names


#: Variables with a value of their own for each terminal.
_SIGNS = (
    _Sign(
        "VTE_VERSION",
        lambda value: _numbers(value) > (5000,),
        "VTE 0.50.1: 0.50.0 crashes (GNOME Terminal, Tilix, xfce4-terminal 0.8.9)",
    ),
    _Sign("KONSOLE_VERSION", _since(201200), "Konsole 20.12"),
    _Sign("WT_SESSION", bool, "Windows Terminal 1.4"),
    _Sign("DOMTERM", bool, "DomTerm"),
    _Sign("KITTY_WINDOW_ID", bool, "kitty 0.19"),
    _Sign(
        "TERM",
        _one_of("xterm-kitty", "alacritty", "foot", "foot-direct", "xterm-ghostty", "wezterm"),
        "kitty 0.19, Alacritty 0.11, foot 1.7, Ghostty, WezTerm",
    ),
)

#: Values of TERM_PROGRAM, with the first version that has hyperlinks (TERM_PROGRAM_VERSION).
_PROGRAMS = {
    "iTerm.app": (3, 1),
    "WezTerm": (2018,),
    "vscode": (1, 72),
    "ghostty": (1,),
    "tmux": (3, 4),
}


def shows_hyperlinks() -> bool:
    """Whether the terminal is known to show hyperlinks; what it is, its variables say."""
    environ = os.environ
    if forced := environ.get("FORCE_HYPERLINK"):
        return forced != "0"
    if environ.get("CI") or environ.get("TERM", "dumb") == "dumb":
        return False
    program = environ.get("TERM_PROGRAM", "")
    # Inside a multiplexer the variables are those of the terminal that it was started in.
    if program == "tmux" or environ["TERM"].startswith(("screen", "tmux")):
        return program == "tmux" and _is_new_enough(program)
    return _is_new_enough(program) or any(each.shows(environ.get(each.name, "")) for each in _SIGNS)


def _is_new_enough(program: str) -> bool:
    since = _PROGRAMS.get(program)
    return since is not None and _numbers(os.environ.get("TERM_PROGRAM_VERSION", "")) >= since
