"""The JSON schema of ``dtlink.toml``, from the keys of a configuration.

``python -m tools.docs.toml_schema`` writes it; a test compares. The form is that which
https://www.schemastore.org asks for: draft 07, an ``$id``, descriptions, no unknown keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dtlink.config import readers
from dtlink.config.keys import ENTRY, FOLDER, KEYS, TABLES, VARIANT, ConfigKey
from dtlink.rules.aliases import alias_ids
from dtlink.rules.catalogue import families, ids
from dtlink.version import SITE

Schema = dict[str, Any]

FILE = Path(__file__).resolve().parents[2] / "schemas" / "dtlink-toml.schema.json"

_TEXT: Schema = {"type": "string"}
_PATH: Schema = {"type": "string", "pattern": "^[^\\u0000]*$"}
_LEVEL: Schema = {"enum": list(readers.LEVELS)}
_WORD: Schema = {"$ref": "#/definitions/rule"}
_NOT_EMPTY: Schema = {"type": "string", "pattern": "\\S"}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


#: What each reader of a single value accepts.
ACCEPTED: Mapping[Callable[..., Any], Schema] = {
    readers.command_line: _TEXT,
    readers.count: {"type": "integer", "minimum": 0},
    readers.exclusions: _array(_NOT_EMPTY),
    readers.flag: {"type": "boolean"},
    readers.kernel: _PATH,
    readers.level: _LEVEL,
    readers.macros: _array({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*(=[^\\n]*)?$"}),
    readers.path: _PATH,
    readers.paths: {"anyOf": [_PATH, _array(_PATH)]},
    readers.pattern: {"type": "string", "pattern": "^(?!/)"},
    readers.reason: _NOT_EMPTY,
    readers.seconds: {"type": "number", "minimum": 0},
    readers.text: _TEXT,
    readers.threshold: {"enum": [*readers.LEVELS, readers.NEVER]},
    readers.version: {"type": "string", "pattern": "^(v?[0-9]+\\.[0-9]+.*|latest)$"},
    readers.word: _WORD,
    readers.words: _array(_WORD),
}

#: The keys of the tables that are arrays, by the table's name.
_ENTRIES: Mapping[str, Sequence[ConfigKey]] = {
    "allow": ENTRY,
    "expect": ENTRY,
    "folder": FOLDER,
    "variant": VARIANT,
}


def schema() -> Schema:
    """The whole schema."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"{SITE}schemas/{FILE.name}",
        "title": "dtlink.toml",
        "description": "dtlink's configuration: dtlink.toml, or [tool.dtlink] of pyproject.toml.",
        **_object((*KEYS, *TABLES)),
        "definitions": {
            "rule": {
                "description": "A rule, an alias, or a family.",
                "enum": ["all", "default", *families(), *sorted({*ids(), *alias_ids()})],
            }
        },
    }


def _object(keys: Sequence[ConfigKey]) -> Schema:
    found: Schema = {
        "type": "object",
        "properties": {key.name: _described(key) for key in keys},
        "additionalProperties": False,
    }
    if required := [key.name for key in keys if key.required]:
        found["required"] = required
    return found


def _described(key: ConfigKey) -> Schema:
    default = "" if key.required or not key.unset else f" Default: {key.unset}."
    found = {"description": (key.help + default).replace("`", ""), **_value(key)}
    if not key.unset and not key.required:
        found["default"] = _plain(key.default)
    return found


def _value(key: ConfigKey) -> Schema:
    if key.name == "severity":
        return {"type": "object", "propertyNames": _WORD, "additionalProperties": _LEVEL}
    if key.name in _ENTRIES:
        return _array(_object(_ENTRIES[key.name]))
    return ACCEPTED[key.read]


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


def render() -> str:
    """The schema as a file has it."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
