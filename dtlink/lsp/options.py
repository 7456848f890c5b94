"""What an editor gives when it starts the server."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.records import NamedTuple
from dtlink.typed import Any

#: How long the server waits for the next keystroke before it reads a source, in milliseconds.
_DELAY = 100
_LONGEST_DELAY = 10_000
#: The server's own keys, with the type of each; all others are those of ``dtlink.toml``.
_OWN = {"board": str, "config": str, "isolated": bool, "delay": int, "codeLens": bool}


class ServerOptions(NamedTuple):
    """The ``initializationOptions``, as far as they mean anything."""

    given: Mapping[str, Any] = {}
    """Settings that win over ``dtlink.toml``, by field."""
    board: str = ""
    """The board that included files are read as a part of, where it includes them."""
    config: str | None = None
    """The configuration of all files; ``None``: the nearest one."""
    isolated: bool = False
    """Whether no configuration is read."""
    delay: int = _DELAY
    code_lens: bool = True
    problems: tuple[str, ...] = ()
    """What was not understood."""


def read_options(value: object) -> ServerOptions:
    """The options; what is not understood is left out, and reported."""
    from dtlink.config.model import FIELDS

    if value is None:
        return ServerOptions()
    if not isinstance(value, Mapping):
        return ServerOptions(problems=("initializationOptions: not an object",))
    own: dict[str, Any] = {}
    given: dict[str, Any] = {}
    problems: list[str] = []
    for key, each in value.items():
        field = str(key).replace("-", "_")
        if key in _OWN:
            if type(each) is _OWN[key]:
                own[key] = each
            else:
                problems.append(f"initializationOptions: {key}: {_OWN[key].__name__} is needed")
        elif field in FIELDS and field not in ("allow", "severity"):
            given[field] = tuple(each) if isinstance(each, list) else each
        else:
            problems.append(f"initializationOptions: {str(key)[:60]}: not a setting")
    given, refused = _readable(given)
    return ServerOptions(
        given,
        own.get("board", ""),
        own.get("config"),
        own.get("isolated", False),
        max(0, min(own.get("delay", _DELAY), _LONGEST_DELAY)),
        own.get("codeLens", True),
        (*problems, *refused),
    )


def _readable(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The settings that a lint takes, and why not the others."""
    from dtlink.config.resolve import read_given
    from dtlink.firmware.errors import InputError

    taken: dict[str, Any] = {}
    refused = []
    for name, value in given.items():
        try:
            read_given({name: value})
        except (InputError, ValueError, TypeError) as error:
            message = error.message if isinstance(error, InputError) else str(error)
            refused.append(f"initializationOptions: {message}")
        else:
            taken[name] = value
    return taken, refused
