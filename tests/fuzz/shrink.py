"""Makes an input that is a fault smaller: fewer nodes and properties, fewer lines, fewer bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.fuzz.case import Case, Files
from tests.fuzz.nodes import PlainNode, parse, write
from tests.fuzz.oracle import run

#: How often a smaller input is tried.
TRIES = 2000

Fails = Callable[[bytes], bool]


def shrunk(case: Case) -> Case:
    """The input with the same fault in less."""
    wanted = _kind(case)
    left = TRIES
    files = case.files
    for name in sorted(case.files, key=lambda each: -len(case.files[each])):

        def fails(data: bytes, name: str = name, files: Files = files) -> bool:
            nonlocal left
            left -= 1
            return left > 0 and _kind(case._replace(files={**files, name: data})) == wanted

        files = {**files, name: _smaller(files[name], fails)}
    return case._replace(files=files)


def _kind(case: Case) -> str:
    """What distinguishes a fault from others: all but the numbers of its first line."""
    with tempfile.TemporaryDirectory() as folder:
        told = run(case, Path(folder)).fault.partition("\n")[0]
    words = (word for word in told.split() if not any(map(str.isdigit, word)))
    return " ".join(words)[:120]


def _smaller(data: bytes, fails: Fails) -> bytes:
    """Less of a file, by what it is made of."""
    if data[:4] == b"\xd0\x0d\xfe\xed":
        data = _smaller_tree(data, fails)
    elif b"\0" not in data:
        data = _smaller_parts(data.split(b"\n"), b"\n", fails)
    return _smaller_parts([data[at : at + 1] for at in range(len(data))], b"", fails)


def _smaller_parts(parts: list[bytes], between: bytes, fails: Fails) -> bytes:
    """Runs of parts left out, long ones first."""
    size = len(parts) // 2
    while size:
        at = 0
        while at < len(parts):
            fewer = parts[:at] + parts[at + size :]
            if fails(between.join(fewer)):
                parts = fewer
            else:
                at += size
        size //= 2
    return between.join(parts)


def _smaller_tree(data: bytes, fails: Fails) -> bytes:
    """Nodes left out with all below them, then properties."""
    try:
        root = parse(data)
    except (IndexError, ValueError):
        return data
    if not fails(write(root)):
        return data
    for holder in _holders(root):
        at = 0
        while at < len(holder):
            kept = holder.pop(at)
            if not fails(write(root)):
                holder.insert(at, kept)
                at += 1
    return write(root)


def _holders(root: PlainNode) -> Iterator[list]:
    """The lists that nodes and properties are in, from the root on."""
    for node in root.walk():
        yield node.children
    for node in root.walk():
        yield node.properties
