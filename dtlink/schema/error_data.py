"""dtschema's errors as plain data, to be sent to another process."""

from __future__ import annotations

import re

from dtlink.typed import Any

#: Upper bound on the length of a value, in characters.
_MAX_VALUE = 120
#: Upper bound on the errors that caused an error.
_MAX_REASONS = 32

#: Messages of jsonschema for a missing property, and for one that another property requires.
_REQUIRED = re.compile(r"^'(.+)' is a required property$")
_DEPENDENCY = re.compile(r"^'(.+)' is a dependency of '(.+)'$")

#: Keywords that fail for properties that no part of a schema allows.
EXTRA = ("additionalProperties", "unevaluatedProperties")


def error_data(error: Any) -> dict[str, Any]:
    """Return an error of dtschema as plain data: the members of SchemaError.

    ``node`` and ``schema`` are not included.
    """
    data = {
        "path": [str(each) if isinstance(each, str) else each for each in error.absolute_path],
        "keyword": error.validator or "",
        "message": cut(error.message),
        "expected": _holder(error) or _plain(error.validator_value),
        "value": _plain(error.instance),
        "length": len(error.instance) if isinstance(error.instance, list) else None,
        "names": _names(error),
    }
    reasons = [each for each in error.context or () if each.validator == "required"]
    if reasons and len(reasons) == len(error.context):
        data["choice"] = [_names(each) for each in reasons[:_MAX_REASONS]]
    return data


def forbidden(node: dict[str, Any], error: Any) -> list[str]:
    """Return the property that a schema forbids: the error has its value, but no path."""
    if error.validator is not None or not isinstance(error.instance, list):
        return []
    return [name for name, value in node.items() if value is error.instance]


def _names(error: Any) -> list[str]:
    """The missing or unexpected properties, if that is the error; not child nodes."""
    node = error.instance
    if not isinstance(node, dict):
        return []
    if error.validator == "required":
        missing = _REQUIRED.findall(error.message)
        return [each for each in missing if not _is_node(error.schema, each)]
    if error.validator == "dependentRequired":
        return [each for each, _ in _DEPENDENCY.findall(error.message)]
    if error.validator in EXTRA:
        text = re.split(r" (?:was|were) unexpected| do(?:es)? not match", error.message)[0]
        extra = re.findall(r"'([^']+)'", text)
        return [each for each in extra if each in node and not isinstance(node[each], dict)]
    return []


def _holder(error: Any) -> str:
    """The property that requires a missing one (``dependentRequired``); else empty."""
    pairs = _DEPENDENCY.findall(error.message) if error.validator == "dependentRequired" else ()
    return next((holder for _, holder in pairs), "")


def _is_node(schema: Any, name: str) -> bool:
    """Whether a schema describes a child node by that name, not a property."""
    part = schema.get("properties", {}).get(name) if isinstance(schema, dict) else None
    if not isinstance(part, dict):
        return False
    whole = str(part.get("$ref", "types.yaml"))
    return part.get("type") == "object" or "properties" in part or "types.yaml" not in whole


def deprecation(path: str, schema: str, name: str) -> dict[str, Any]:
    """Return the data of an error for a property that a schema marks as deprecated."""
    return {
        "node": path,
        "schema": schema,
        "path": [name],
        "keyword": "deprecated",
        "message": f"{name} is deprecated",
        "expected": None,
        "value": None,
        "length": None,
        "names": [],
    }


def _plain(value: Any) -> Any:
    """The value if it is short and a plain type, else ``None``."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, list) and len(value) <= 16:
        plain = [_plain(each) for each in value]
        return plain if None not in plain and len(str(plain)) <= _MAX_VALUE else None
    return None


def cut(text: str) -> str:
    """Return a text, cut with ``…`` if it is too long."""
    return text if len(text) <= _MAX_VALUE * 2 else text[: _MAX_VALUE * 2] + "…"
