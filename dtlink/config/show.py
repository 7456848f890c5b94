"""A configuration as text: TOML with the origin of each value, JSON, and the table of the keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dtlink.config.keys import ENTRY, FOLDER, KEYS, TABLES, ConfigKey
from dtlink.config.model import FindingPattern, LintSettings, ValueOrigin
from dtlink.config.readers import NEVER
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import KernelVersion
from dtlink.report.json import SCHEMA
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.rules.model import Severity
from dtlink.version import __version__

if TYPE_CHECKING:
    from dtlink.config.resolve import EffectiveSettings

#: Comments begin here, where the value leaves them room.
_COLUMN = 40


def lines(path: str, effective: EffectiveSettings, *, whole: bool) -> Iterator[Line]:
    """What holds for a path, as TOML that says the same; ``whole`` adds what is for others."""
    found = effective.configuration
    file = found.file if found else "no configuration file"
    yield line(Span(f"# {path}: {file}", DIM))
    for key in KEYS:
        value = _value(key, effective.settings)
        origin = str(effective.origins[key.field])
        if value is None:
            yield line(Span(f"# {key.name} is not set: {key.unset.replace('`', '')}", DIM))
        else:
            yield _row(f"{key.name} = {toml(value)}", origin)
    if effective.settings.severity:
        yield from _severity_lines(effective)
    for name, entries in _entries(effective, whole=whole).items():
        for entry in entries:
            yield from _table(f"[[{name}]]", _entry(entry), entry.source)
    for folder in _folders(effective, whole=whole):
        yield from _table("[[folder]]", folder, file)


def _severity_lines(effective: EffectiveSettings) -> Iterator[Line]:
    levels = {rule: level.value for rule, level in effective.settings.severity}
    return _table("[severity]", levels, str(effective.origins["severity"]))


def _table(head: str, rows: Mapping[str, Any], origin: str) -> Iterator[Line]:
    yield line()
    yield _row(head, origin, BOLD)
    for name, value in rows.items():
        label = toml(name) if "/" in name else name
        yield line(f"{label} = {toml(value)}")


def _row(text: str, origin: str, style: str = "") -> Line:
    return line(Span(text.ljust(_COLUMN), style), Span(f"  # {_comment(origin)}", DIM))


def _comment(text: str) -> str:
    """Fit for a comment, whatever a file is called."""
    return text if text.isprintable() else repr(text)


def document(path: str, effective: EffectiveSettings, *, whole: bool) -> dict[str, Any]:
    """The same as JSON data, in the envelope of all commands."""
    found = effective.configuration
    return {
        "schema": SCHEMA,
        "dtlink": __version__,
        "kernel": None,
        "summary": {"inputs": 0, "unreadable": 0},
        "inputs": [],
        "configuration": {
            "path": path,
            "file": found.file if found else None,
            "values": [
                {
                    "key": key.name,
                    "value": _value(key, effective.settings),
                    "origin": _origin(effective.origins[key.field]),
                }
                for key in KEYS
            ],
            "severity": [
                {"rule": rule, "severity": level.value}
                for rule, level in effective.settings.severity
            ],
            **{
                name: [each._asdict() for each in entries]
                for name, entries in _entries(effective, whole=whole).items()
            },
            "folders": [
                {
                    "path": folder.pop("path"),
                    "values": [{"key": key, "value": value} for key, value in folder.items()],
                }
                for folder in _folders(effective, whole=whole)
            ],
        },
    }


def _origin(origin: ValueOrigin) -> dict[str, Any]:
    return {
        "from": origin.kind.replace(" ", "-"),
        "file": origin.file or None,
        "folder": origin.folder or None,
    }


def _entries(effective: EffectiveSettings, *, whole: bool) -> dict[str, Iterable[FindingPattern]]:
    """What is allowed and expected: for this path, or all that the file has."""
    settings, found = effective.settings, effective.configuration
    if not whole or found is None:
        return {"allow": settings.allow, "expect": settings.expect}
    asked = [entry for entry in settings.expect if entry.source != found.file]
    values = found.values
    return {"allow": values.get("allow", ()), "expect": (*values.get("expect", ()), *asked)}


def _entry(entry: FindingPattern) -> dict[str, str]:
    values = entry._asdict()
    return {key.name: values[key.name] for key in ENTRY if values[key.name]}


def _folders(effective: EffectiveSettings, *, whole: bool) -> list[dict[str, Any]]:
    """What is different below folders; a path has its own already."""
    if not whole or effective.configuration is None:
        return []
    return [
        {"path": folder.path}
        | {
            key.name: written(folder.values[key.field])
            for key in FOLDER
            if key.field in folder.values
        }
        for folder in effective.configuration.folders
    ]


def _value(key: ConfigKey, settings: LintSettings) -> Any:
    """A value as TOML and JSON have it; ``None`` where it is not set."""
    value = settings.value(key.field)
    if key.name == "fail-on" and value is None:
        return NEVER
    unset = value == key.default and key.unset
    return None if unset else written(value)


def written(value: Any) -> Any:
    """A value as a file would have it."""
    if isinstance(value, Severity):
        return value.value
    if isinstance(value, KernelVersion):
        return str(value)
    if isinstance(value, CommandLine):
        return _parameters(value)
    if isinstance(value, tuple):
        return list(value)
    return value


def _parameters(parsed: CommandLine) -> str:
    """The parameters of a command line that matter to dtlink, which keeps no others."""
    values = {
        "fw_devlink": parsed.fw_devlink,
        "fw_devlink.strict": parsed.fw_devlink_strict,
        "fw_devlink.sync_state": parsed.fw_devlink_sync_state,
        "deferred_probe_timeout": parsed.deferred_probe_timeout,
        "driver_async_probe": ",".join(parsed.driver_async_probe) or None,
        "initcall_blacklist": ",".join(parsed.initcall_blacklist) or None,
        "root": parsed.root or None,
        "rootdelay": parsed.rootdelay,
    }
    named = [f"{name}={_quoted(value)}" for name, value in values.items() if value is not None]
    return " ".join((*named, *parsed.ignore_unused))


def _quoted(value: str | int) -> str:
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return f'"{text}"' if any(letter.isspace() for letter in text) else text


def toml(value: Any) -> str:
    """A string, a boolean or an array of strings as TOML, whose strings are written as JSON's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def table() -> str:
    """The keys, and those of the entries, as Markdown for the README."""
    rows = ["| key | takes | default | what it is |", "|---|---|---|---|"]
    rows += [_documented(key) for key in (*KEYS, *TABLES)]
    rows += ["", "| in `[[allow]]` and `[[expect]]` | takes | default | what it is |"]
    rows += ["|---|---|---|---|", *(_documented(key) for key in ENTRY)]
    return "\n".join(rows) + "\n"


def _documented(key: ConfigKey) -> str:
    default = "required" if key.required else key.unset or f"`{toml(_value(key, LintSettings()))}`"
    name = f"[{key.name}]" if key.name == "severity" else key.name
    name = f"[[{name}]]" if key.takes == "entries" else name
    return f"| `{name}` | {key.takes} | {default} | {key.help} |"
