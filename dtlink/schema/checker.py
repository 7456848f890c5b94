"""dtschema's validator for one set of schemas. Only the worker process imports dtschema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module

from dtlink.schema.error_data import EXTRA, cut, deprecation, error_data, forbidden
from dtlink.typed import Any

#: Schemas that only check names of vendors and devices: a third of the time, and no suppliers.
_SKIPPED = ("generated-compatibles", "http://devicetree.org/schemas/vendor-prefixes.yaml")


class Checker:
    """dtschema's validator with dtlink's schemas and those that the user gave."""

    def __init__(self, own: str, named: list[str]) -> None:
        dtschema = import_module("dtschema")
        self._dtb = import_module("dtschema.dtb")
        processed = len(named) == 1 and os.path.isfile(named[0])  # noqa: PTH113 - as dtschema asks
        self._validator = dtschema.DTValidator(list(named) if processed else [own, *named])
        if processed:
            self._add(dtschema.validator.process_schemas([own], core_schema=False))
        always = self._validator.always_schemas
        always[:] = [each for each in always if each.rstrip("#") not in _SKIPPED]
        if not named:
            # The core schemas alone report every property that they do not describe as unknown.
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
        """Check a blob; return ``errors``, or the exception as ``refused`` and ``detail``."""
        # Otherwise phandles of the previous blob would be found in this one.
        self._dtb.phandles.clear()
        self._dtb.phandle_loc.clear()
        try:
            tree = self._validator.decode_dtb(blob)[0]
            return {"errors": list(self._errors(tree, "/", "/"))}
        except Exception as error:  # noqa: BLE001 - dtschema raises what its lookups raise
            return {"refused": type(error).__name__, "detail": cut(str(error))}

    def _errors(self, node: dict[str, Any], name: str, path: str) -> Iterator[dict[str, Any]]:
        if name.startswith("__"):
            return
        node["$nodename"] = [name]
        yield from self._of_node(node, path)
        for key, value in node.items():
            if isinstance(value, dict):
                yield from self._errors(value, key, f"{path.rstrip('/')}/{key}")

    def _of_node(self, node: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
        errors = [
            (error.schema_file, error)
            for error in self._validator.iter_errors(node)
            if not self._is_undocumented(error)
        ]
        # If a part of a schema fails, dtschema reports what that part allows as unexpected too.
        failed = {schema for schema, error in errors if error.validator != EXTRA[1]}
        for schema, error in errors:
            if error.validator != EXTRA[1] or schema not in failed:
                data = error_data(error)
                data["path"] = data["path"] or forbidden(node, error)
                yield {"node": path, "schema": schema, **data}
        for schema in self._applied(node):
            for name in self._deprecated.get(schema, ()):
                if name in node and not isinstance(node[name], dict):
                    yield deprecation(path, schema, name)

    def _is_undocumented(self, error: Any) -> bool:
        """Whether the error is about a property whose type no schema defines: it stays bytes."""
        names = [each for each in error.absolute_path if isinstance(each, str)]
        is_raw = isinstance(error.instance, bytes) and bool(names)
        return is_raw and not self._validator.property_get_type(names[-1])

    def _applied(self, node: dict[str, Any]) -> Iterator[str]:
        """The schemas with deprecated properties that apply to a node."""
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

        Properties that are deprecated only under a condition are not included.
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
    """The target of a reference to a whole schema; empty for other references."""
    if not isinstance(reference, str) or reference.startswith("#"):
        return ""
    from urllib.parse import urljoin

    path, _, part = reference.partition("#")
    return "" if part else urljoin(schema, path)


def _is_own(schema: str) -> bool:
    return schema.startswith("http://devicetree.org/schemas/dt/")
