"""A JSON schema as a page: its objects, each with a table of its members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def page(title: str, intro: str, schema: Schema, definitions: str) -> str:
    """The page of a schema whose shared parts are below ``definitions`` (``$defs``)."""
    parts = [f"# {title}\n", f"{intro}\n", "## The document\n"]
    parts += _object(schema, 3)
    for name, each in sorted(schema.get(definitions, {}).items()):
        parts += [f"## `{name}`\n", f"{_text(each)}\n"]
        if "enum" in each:
            continue
        parts += _object(each, 3)
    return "\n".join(parts)


def _object(schema: Schema, level: int, path: str = "") -> Iterator[str]:
    """The table of an object's members, and those of the objects in it."""
    properties = schema.get("properties", {})
    if not properties:
        return
    required = set(schema.get("required", ()))
    yield "| member | type | | |\n|---|---|---|---|"
    for name, each in properties.items():
        need = "required" if name in required else ""
        yield f"| `{name}` | {_type(each)} | {need} | {_text(each)} |"
    yield ""
    for name, each in properties.items():
        inner = each.get("items", each)
        if inner.get("properties"):
            whole = f"{path}{name}{'[]' if 'items' in each else ''}"
            yield f"{'#' * level} `{whole}`\n"
            yield from _object(inner, level, f"{whole}.")


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "const" in schema:
        return f"`{schema['const']!r}`".replace("'", '"')
    if "enum" in schema:
        return " \\| ".join(f"`{each}`" for each in schema["enum"][:8])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(map(_type, schema[word])))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"array of {_type(schema.get('items', {}))}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _text(schema: Schema) -> str:
    text = str(schema.get("description", ""))
    if "default" in schema:
        text += f" Default: `{schema['default']}`."
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
