"""Plain devicetree source (already preprocessed), through dtlib of the package ``devicetree``.

The source is compiled in memory and read like any blob, so that every later room sees one kind
of tree. Nodes keep the line where their source begins.
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

#: Larger sources are refused; preprocessed boards have less than 1 MiB.
MAX_SIZE = 8 << 20
#: More files than these are not included; the largest boards take about fifty.
MAX_INCLUDES = 500


def read_file(path: str, name: str = "", patch: Mapping[str, bytes] | None = None) -> Tree:
    """Read a DTS file; ``name`` is what to call it in locations and messages.

    ``patch`` sets values of properties (by ``path:property``) behind the parser's back: so an
    example can hold what dtlib refuses, such as a phandle that two nodes have. A ``path`` alone
    gives the node another name.

    Raises :class:`InputError` where dtlib can't parse it; its message has file and line.
    """
    from devicetree import dtlib

    lines: dict[Any, tuple[str, int]] = {}

    class Parser(dtlib.DT):  # type: ignore[misc]
        """Keeps where each node was first opened, which dtlib itself forgets."""

        included = 0

        def _parse_node(self, node: Any) -> None:
            lines.setdefault(node, (self.filename, self._lineno))
            super()._parse_node(node)

        def _enter_file(self, filename: str) -> None:
            """Bounded, since dtlib does not know again a file that includes itself by folder."""
            self.included += 1
            if self.included > MAX_INCLUDES:
                self._parse_error(f"more than {MAX_INCLUDES} files: a recursive /include/?")
            super()._enter_file(filename)

        def _eval_shift(self) -> int:
            """Shifts within dtc's 64 bits: further ones would fill the memory."""
            value: int = self._eval_add()
            while self._peek_token().val in ("<<", ">>"):
                left = self._next_token().val == "<<"
                bits = self._eval_add()
                if not 0 <= bits < 64:
                    self._parse_error(f"a shift by {bits} bits")
                value = value << bits if left else value >> bits
            return value

    _check_preprocessed(path)
    try:
        parsed = Parser(path, force=True)
        source = _source(parsed.root)
    except dtlib.DTError as error:
        raise InputError(_message(error, path, name or path)) from error
    except RecursionError as error:
        raise InputError("nodes nested too deep") from error
    except (UnicodeError, ValueError, IndexError, OverflowError) as error:
        raise InputError(f"not devicetree source: {error}") from error
    tree = fdt.read(write(_patched(source, patch or {})))
    nodes = list(_walk(parsed.root))
    tree.locations = {
        node.path: Location(_message(lines[node][0], path, name or path), lines[node][1])
        for node in nodes
        if node in lines
    }
    tree.labels = {node.path: node.labels[0] for node in nodes if node.labels}
    return tree


def read_text(text: str, name: str = "<dts>", patch: Mapping[str, bytes] | None = None) -> Tree:
    """Read DTS from a string, by way of a temporary file, since dtlib reads files only.

    A missing ``/dts-v1/;`` is added: the short sources of examples go without it.
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
    """The parser knows no C preprocessor: say so before it stumbles."""
    with open(path, "rb") as file:
        for number, row in enumerate(file, 1):
            if row.startswith((b"#include", b"#define", b"#if")):
                word = row.split()[0].decode("ascii", "replace")
                raise InputError(
                    f"line {number}: {word}: preprocess the source first "
                    "(cpp -nostdinc -undef -x assembler-with-cpp), or lint the compiled blob"
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
    """A node of dtlib's as one of ours; its ``name`` property is implied by the node's name."""
    if depth > MAX_DEPTH:
        raise InputError(f"nodes nested deeper than {MAX_DEPTH}")
    return SourceNode(
        "" if node.parent is None else node.name,
        {name: prop.value for name, prop in node.props.items()},
        [_source(child, depth + 1) for child in node.nodes.values()],
    )
