"""The process that runs dtschema: blobs come in by standard input, answers go out as JSON.

It is started by its path and imports nothing of dtlink. libfdt, below dtschema, is C code that can
crash on a damaged blob: then this process is lost, and no other. Each message is four bytes of
length, big-endian, and as many bytes. It ends when its standard input does, whatever it is doing.

Arguments: the folder of dtlink's own schemas, then what the user named (folders, or one file).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import queue
import re
import struct
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO

#: What dtschema prints while it loads is passed on up to this length.
_MOST_TEXT = 2000
#: Values are told up to this length.
_MOST_VALUE = 120
#: Errors beneath an error that are told.
_MOST_REASONS = 32

#: How jsonschema tells of one missing property, and of the one that asks for it.
_REQUIRED = re.compile(r"^'(.+)' is a required property$")
_DEPENDENCY = re.compile(r"^'(.+)' is a dependency of '(.+)'$")

_COMPATIBLES = "generated-compatibles"
_EXTRA = ("additionalProperties", "unevaluatedProperties")


class Checker:
    """dtschema's validator with dtlink's schemas, and the user's if there are any."""

    def __init__(self, own: str, named: list[str]) -> None:
        dtschema = import_module("dtschema")
        self._dtb = import_module("dtschema.dtb")
        processed = len(named) == 1 and os.path.isfile(named[0])  # noqa: PTH113 - as dtschema asks
        self._validator = dtschema.DTValidator(list(named) if processed else [own, *named])
        if processed:
            self._add(dtschema.validator.process_schemas([own], core_schema=False))
        always = self._validator.always_schemas
        if not named:
            # The core schemas alone take every property for unknown that they do not speak of.
            always[:] = [each for each in always if _is_own(each)]
            self._validator.compat_map.clear()
        self._deprecated = {
            each: names
            for each in self._validator.schemas
            if each != "version" and (names := self._deprecated_in(each))
        }

    def _add(self, schemas: dict[str, Any]) -> None:
        self._validator.schemas.update(schemas)
        self._validator.always_schemas.extend(schemas)

    def check(self, blob: bytes) -> dict[str, Any]:
        """What the schemas say of a blob: ``errors``, or what dtschema raised at it."""
        # What dtschema knows of the blob before would answer for phandles that this one lacks.
        self._dtb.phandles.clear()
        self._dtb.phandle_loc.clear()
        try:
            tree = self._validator.decode_dtb(blob, [])[0]
            return {"errors": list(self._errors(tree, "/", "/"))}
        except Exception as error:  # noqa: BLE001 - it raises whatever its look-ups raise
            return {"refused": type(error).__name__, "detail": _cut(str(error))}

    def _errors(self, node: dict[str, Any], name: str, path: str) -> Iterator[dict[str, Any]]:
        if name.startswith("__"):
            return
        node["$nodename"] = [name]
        yield from self._of_node(node, path)
        for key, value in node.items():
            if isinstance(value, dict):
                yield from self._errors(value, key, f"{path.rstrip('/')}/{key}")

    def _of_node(self, node: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
        found = [
            (error.schema_file, error)
            for error in self._validator.iter_errors(node)
            if error.schema_file != _COMPATIBLES and not self._is_undocumented(error)
        ]
        # Where a part of a schema fails, whatever that part allows counts as unexpected too.
        failed = {schema for schema, error in found if error.validator != _EXTRA[1]}
        for schema, error in found:
            if error.validator != _EXTRA[1] or schema not in failed:
                told = _told(error)
                told["path"] = told["path"] or _forbidden(node, error)
                yield {"node": path, "schema": schema, **told}
        for schema in self._applied(node):
            for name in self._deprecated.get(schema, ()):
                if name in node and not isinstance(node[name], dict):
                    yield _deprecation(path, schema, name)

    def _is_undocumented(self, error: Any) -> bool:
        """A property whose type no schema tells stays bytes, which suits no schema."""
        names = [each for each in error.absolute_path if isinstance(each, str)]
        is_raw = isinstance(error.instance, bytes) and bool(names)
        return is_raw and not self._validator.property_get_type(names[-1])

    def _applied(self, node: dict[str, Any]) -> Iterator[str]:
        """The schemas with deprecated properties that a node is checked against."""
        known = self._validator.compat_map
        names = node.get("compatible")
        for name in names if isinstance(names, list) else ():
            if name in known:
                yield known[name]
                break
        for schema in self._validator.always_schemas:
            if schema in self._deprecated and self._selects(schema, node):
                yield schema

    def _selects(self, schema: str, node: dict[str, Any]) -> bool:
        select = self._validator.schemas[schema]["select"]
        if select is True:
            return True
        validator = self._validator.DtValidator(select, registry=self._validator.registry)
        return bool(validator.is_valid(node))

    def _deprecated_in(self, schema: str, depth: int = 0) -> list[str]:
        """The properties that a schema, or one that it refers to, marks as deprecated.

        Only those that it marks for every node it is about: no conditions.
        """
        content = self._validator.schemas.get(schema)
        if not isinstance(content, dict) or depth > 8:
            return []
        names: list[str] = []
        for part in (content, *content.get("allOf", ())):
            for name, value in part.get("properties", {}).items():
                if isinstance(value, dict) and value.get("deprecated") is True:
                    names.append(name)
            if target := _target(schema, part.get("$ref")):
                names += self._deprecated_in(target, depth + 1)
        return list(dict.fromkeys(names))


def _target(schema: str, reference: object) -> str:
    """The schema that a reference to a whole schema names; empty for any other."""
    if not isinstance(reference, str) or reference.startswith("#"):
        return ""
    from urllib.parse import urljoin  # noqa: PLC0415 - few schemas

    path, _, part = reference.partition("#")
    return "" if part else urljoin(schema, path)


def _is_own(schema: str) -> bool:
    return schema.startswith("http://devicetree.org/schemas/dt/")


def _told(error: Any) -> dict[str, Any]:
    """An error as plain data."""
    told = {
        "path": [str(each) if isinstance(each, str) else each for each in error.absolute_path],
        "keyword": error.validator or "",
        "message": _cut(error.message),
        "expected": _holder(error) or _plain(error.validator_value),
        "value": _plain(error.instance),
        "length": len(error.instance) if isinstance(error.instance, list) else None,
        "names": _names(error),
    }
    reasons = [each for each in error.context or () if each.validator == "required"]
    if reasons and len(reasons) == len(error.context):
        told["choice"] = [_names(each) for each in reasons[:_MOST_REASONS]]
    return told


def _forbidden(node: dict[str, Any], error: Any) -> list[str]:
    """The property that a schema forbids: the error itself has its value, and no path to it."""
    if error.validator is not None or not isinstance(error.instance, list):
        return []
    return [name for name, value in node.items() if value is error.instance]


def _names(error: Any) -> list[str]:
    """The properties that are missing or too many, where that is the error. Nodes are none."""
    node = error.instance
    if not isinstance(node, dict):
        return []
    if error.validator == "required":
        missing = _REQUIRED.findall(error.message)
        return [each for each in missing if not _is_node(error.schema, each)]
    if error.validator == "dependentRequired":
        return [each for each, _ in _DEPENDENCY.findall(error.message)]
    if error.validator in _EXTRA:
        text = re.split(r" (?:was|were) unexpected| do(?:es)? not match", error.message)[0]
        extra = re.findall(r"'([^']+)'", text)
        return [each for each in extra if each in node and not isinstance(node[each], dict)]
    return []


def _holder(error: Any) -> str:
    """The property that asks for another, where that is missing."""
    found = _DEPENDENCY.findall(error.message) if error.validator == "dependentRequired" else ()
    return next((holder for _, holder in found), "")


def _is_node(schema: Any, name: str) -> bool:
    """Whether a schema describes a child node by that name, not a property."""
    part = schema.get("properties", {}).get(name) if isinstance(schema, dict) else None
    if not isinstance(part, dict):
        return False
    whole = str(part.get("$ref", "types.yaml"))
    return part.get("type") == "object" or "properties" in part or "types.yaml" not in whole


def _deprecation(path: str, schema: str, name: str) -> dict[str, Any]:
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
    """A value if it is small and plain, else nothing."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, list) and len(value) <= 16:
        plain = [_plain(each) for each in value]
        return plain if None not in plain and len(str(plain)) <= _MOST_VALUE else None
    return None


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_VALUE * 2 else text[: _MOST_VALUE * 2] + "…"


def _receive(stream: BinaryIO) -> bytes | None:
    head = stream.read(4)
    if len(head) < 4:
        return None
    (size,) = struct.unpack(">I", head)
    body = stream.read(size)
    return body if len(body) == size else None


def _send(stream: BinaryIO, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    stream.write(struct.pack(">I", len(body)) + body)
    stream.flush()


def _listen(stream: BinaryIO, jobs: queue.Queue[bytes]) -> None:
    """Take jobs; without anybody to answer to, end the process at once."""
    while (job := _receive(stream)) is not None:
        jobs.put(job)
    os._exit(0)


def main(own: str, named: list[str]) -> None:
    """Load the schemas, say so, and answer until nobody asks."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that dtschema prints may get between the answers
    jobs: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            checker = Checker(own, named)
    except Exception as error:  # noqa: BLE001 - told to the one who asked
        _send(answers, {"failed": _cut(f"{type(error).__name__}: {error}")})
        return
    _send(answers, {"said": said.getvalue()[:_MOST_TEXT]})
    while True:
        job = jobs.get()
        with contextlib.redirect_stderr(io.StringIO()):
            answer = checker.check(job)
        _send(answers, answer)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
