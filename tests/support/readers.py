"""Other people's FDT readers, each in a process of its own.

Run as a program it prints, for each path on standard input, one JSON line:
``[path, [[node path, digest of its properties], …]]`` or ``[path, "what went wrong"]``.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

#: Node path and properties, in blob order.
Shape = Iterable[tuple[str, Sequence[tuple[str, bytes]]]]


def digests(shape: Shape) -> list[list[str]]:
    """Each node's path with a digest of its properties, their order included."""
    rows = []
    for path, properties in shape:
        state = hashlib.sha256()
        for name, value in properties:
            state.update(b"%d %d " % (len(name), len(value)) + name.encode("latin-1") + value)
        rows.append([path, state.hexdigest()])
    return rows


def ask(reader: str, paths: Sequence[Path]) -> dict[str, Any]:
    """What a reader makes of each file; those it did not live to answer are missing."""
    done = subprocess.run(
        [sys.executable, __file__, reader],
        input="".join(f"{path}\n" for path in paths),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return dict(map(json.loads, done.stdout.splitlines()))


def pylibfdt(blob: bytes) -> Shape:
    """By libfdt, node by node."""
    import libfdt

    tree = libfdt.FdtRo(blob)
    stack: list[str] = []
    at, depth = 0, 0
    while at >= 0:
        name = tree.get_name(at)
        stack[depth:] = [name]
        yield "/".join(stack) or "/", list(_pylibfdt_properties(libfdt, tree, at))
        at, depth = tree.next_node(at, depth, [libfdt.NOTFOUND])
        if depth < 0:
            return


def _pylibfdt_properties(libfdt: Any, tree: Any, node: int) -> Iterator[tuple[str, bytes]]:
    at = tree.first_property_offset(node, [libfdt.NOTFOUND])
    while at >= 0:
        found = tree.get_property_by_offset(at)
        yield found.name, bytes(found)
        at = tree.next_property_offset(at, [libfdt.NOTFOUND])


def pyfdt(path: str) -> Shape:
    """By pyfdt's tokens: its own tree can't be walked where a property is empty."""
    from pyfdt.pyfdt import FdtBlobParse

    with open(path, "rb") as file:
        tokens = FdtBlobParse(file).fdt_dt_tags
    stack: list[str] = []
    nodes: list[tuple[str, list[tuple[str, bytes]]]] = []
    for token, content in tokens:
        if token == 1:
            stack.append("" if content == "/" else content)
            nodes.append(("/".join(stack) or "/", []))
        elif token == 2:
            stack.pop()
        elif token == 3:
            nodes[-1][1].append(content)
    return nodes


READERS: Mapping[str, Callable[[str], Shape]] = {
    "pylibfdt": lambda path: pylibfdt(Path(path).read_bytes()),
    "pyfdt": pyfdt,
}


def main() -> None:
    """Answer for each path on standard input."""
    read = READERS[sys.argv[1]]
    for line in sys.stdin:
        path = line.rstrip("\n")
        try:
            answer: Any = digests(read(path))
        except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps([path, answer]), flush=True)  # noqa: T201 - this is a program


if __name__ == "__main__":
    main()
