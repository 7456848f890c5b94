"""Plain devicetree source (already preprocessed), through dtlib of the package ``devicetree``.

The source is compiled in memory and read like any blob, so that later stages see one kind of
tree. Nodes keep the file and line where their source begins.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt import MAX_DEPTH
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.firmware.tree import Location, Tree

#: Upper bound on a source, in bytes; preprocessed boards have less than 1 MiB.
MAX_SIZE = 8 << 20


def read_file(path: str, name: str = "", patch: Mapping[str, bytes] | None = None) -> Tree:
    """Read a DTS file; ``name`` replaces the path in locations and messages.

    ``patch`` sets property values (keys are ``path:property``) after parsing, so that an example
    can contain what dtlib rejects, such as a duplicate phandle. A key that is a ``path`` alone
    renames the node.

    Raises :class:`InputError` if dtlib cannot parse the source; the message has file and line.
    """
    from dtlink.firmware.dts_parser import BoundedParser, ParseError

    _check_preprocessed(path)
    try:
        parsed = BoundedParser(path)
        source = _source(parsed.root)
    except ParseError as error:
        raise InputError(_message(error, path, name or path)) from error
    except RecursionError as error:
        raise InputError("nodes or expressions are nested too deep") from error
    except (UnicodeError, ValueError, IndexError, OverflowError) as error:
        raise InputError(f"invalid devicetree source: {error}") from error
    tree = fdt.read(write(_patched(source, patch or {})))
    nodes = list(_walk(parsed.root))
    lines = parsed.lines
    tree.locations = {
        node.path: Location(_message(lines[node][0], path, name or path), lines[node][1])
        for node in nodes
        if node in lines
    }
    tree.labels = {node.path: node.labels[0] for node in nodes if node.labels}
    return tree


def read_text(text: str, name: str = "<dts>", patch: Mapping[str, bytes] | None = None) -> Tree:
    """Read DTS from a string, through a temporary file, since dtlib reads only files.

    A missing ``/dts-v1/;`` is added: the short sources of examples omit it. Raises
    :class:`InputError` as :func:`read_file` does.
    """
    if "/dts-v1/" not in text:
        text = "/dts-v1/; " + text
    handle, path = tempfile.mkstemp(suffix=".dts")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return read_file(path, name, patch)
    finally:
        os.unlink(path)


def _patched(root: SourceNode, patch: Mapping[str, bytes]) -> SourceNode:
    for place, value in patch.items():
        path, colon, name = place.partition(":")
        node = root
        for part in path.strip("/").split("/"):
            node = node.child(part)
        if colon:
            node.properties[name] = value
        else:
            node.name = value.decode("ascii")
    return root


def _check_preprocessed(path: str) -> None:
    """Reject source that needs the C preprocessor, with the command that runs it."""
    with open(path, "rb") as file:
        for number, row in enumerate(file, 1):
            if row.startswith((b"#include", b"#define", b"#if")):
                directive = row.split()[0].decode("ascii", "replace")
                raise InputError(
                    f"line {number}: uses {directive}: pipe it through "
                    "cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp -I include "
                    "-I scripts/dtc/include-prefixes, or lint the .dtb"
                )


def _message(error: object, path: str, name: str) -> str:
    return str(error).replace(path, name)


def _walk(node: Any) -> Iterator[Any]:
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(node.nodes.values())))


def _source(node: Any, depth: int = 1) -> SourceNode:
    """Convert a dtlib node; its ``name`` property is implied by the node's name."""
    if depth > MAX_DEPTH:
        raise InputError(f"nodes are nested deeper than {MAX_DEPTH} levels")
    return SourceNode(
        "" if node.parent is None else node.name,
        {name: prop.value for name, prop in node.props.items()},
        [_source(child, depth + 1) for child in node.nodes.values()],
    )
