"""Commands of a GitHub workflow, which its runner reads from lines of the output.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands and the
runner's ``ActionCommand.cs``.
"""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.escaping.text import prose

# "%" first, because the other escapes contain it.
_DATA = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY = (*_DATA, (":", "%3A"), (",", "%2C"))


def command(name: str, properties: Mapping[str, str], message: str) -> str:
    """A command in one line; ``name`` is one that the runner knows."""
    listed = ",".join(f"{key}={_escaped(text, _PROPERTY)}" for key, text in properties.items())
    return f"::{name} {listed}::{_escaped(message, _DATA)}"


def _escaped(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    safe = prose(text)
    for character, code in escapes:
        safe = safe.replace(character, code)
    return safe
