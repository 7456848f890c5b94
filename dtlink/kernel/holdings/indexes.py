"""The indexes that depmod and the kernel's build leave beside the modules, as text and as tries.

Their formats are those of kmod (tools/depmod.c, libkmod/libkmod-index.c) and of the kernel's
Makefile (modules.order, modules.builtin). All functions raise :class:`InputError` for a file that
cannot be read.

An index ``modules.*.bin`` is a trie; its numbers have 32 bits, most significant byte first. A node
is named by its offset, whose upper bits say which of its parts are present: a string that continues
the key, children for a range of next characters, values.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.errors import InputError
from dtlink.kernel.holdings.files import module_name, read_text
from dtlink.records import NamedTuple

MAGIC = 0xB007F457
MAJOR = 2
_PREFIX = 0x80000000
_VALUES = 0x40000000
_CHILDREN = 0x20000000
_OFFSET = 0x0FFFFFFF
#: No alias is longer.
MAX_KEY = 4096

SoftDependencies = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
"""Names, or aliases, of what is loaded before and after a module, by its name."""


def read_aliases(path: str) -> Iterator[tuple[str, str]]:
    """``alias PATTERN MODULE`` of modules.alias. A pattern may hold blanks, a module none."""
    for line in read_text(path).split("\n"):
        if line.startswith("alias "):
            pattern, _, module = line[6:].rstrip().rpartition(" ")
            yield pattern, module.replace("-", "_")


def read_dependencies(path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """``PATH: PATH …`` of modules.dep: each module's file, and the names of those that it needs.

    What is needed is listed to the end, the last to be loaded first; dtlink goes the other way.
    """
    for line in read_text(path).split("\n"):
        file, colon, needed = line.partition(":")
        if colon and not line.startswith("#"):
            yield file.strip(), tuple(module_name(each) for each in reversed(needed.split()))


def read_soft_dependencies(path: str) -> SoftDependencies:
    """``softdep MODULE pre: … post: …`` of modules.softdep; a module may have several lines."""
    found: SoftDependencies = {}
    for line in read_text(path).split("\n"):
        word, _, rest = line.partition(" ")
        name, _, lists = rest.strip().partition(" ")
        if word == "softdep" and name:
            pre, post = parse_softdep(lists)
            before, after = found.get(module_name(name), ((), ()))
            found[module_name(name)] = (before + pre, after + post)
    return found


def read_names(path: str) -> list[str]:
    """The files in modules.order or modules.builtin, as they are written there."""
    return [line.strip() for line in read_text(path).split("\n") if line.strip()]


def parse_softdep(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``pre: a b post: c`` as what is loaded before, and after (modprobe.d(5), softdep)."""
    lists: dict[str, list[str]] = {"pre:": [], "post:": []}
    now: list[str] = []
    for word in text.split():
        if word in lists:
            now = lists[word]
        else:
            now.append(word)
    return tuple(lists["pre:"]), tuple(lists["post:"])


class _Node(NamedTuple):
    key: bytes
    values: list[bytes]
    children: list[tuple[bytes, int]]
    """The key of each, and what names it."""


def read_trie(data: bytes) -> list[tuple[str, str]]:
    """Every key with each of its values, sorted by key. Raises :class:`InputError`."""
    if _number(data, 0) != MAGIC:
        raise InputError("no index of kmod: the magic number is missing", offset=0)
    if _number(data, 4) >> 16 != MAJOR:
        raise InputError(f"version {_number(data, 4):#x} of kmod's index", offset=4)
    return [(key.decode("latin-1"), value.decode("latin-1")) for key, value in _walk(data)]


def _walk(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values. A node has a byte at least, so in a tree there are no more than bytes."""
    left = len(data)
    waiting = [(b"", _number(data, 8))]
    while waiting:
        node = _node(data, *waiting.pop())
        left -= 1 + len(node.children) + len(node.values)
        if left < 0:
            raise InputError("an index of kmod with a node that is in several places")
        yield from ((node.key, value) for value in node.values)
        waiting += reversed(node.children)


def _node(data: bytes, key: bytes, name: int) -> _Node:
    at = name & _OFFSET
    if name & _PREFIX:
        text, at = _text(data, at)
        key += text
    if len(key) > MAX_KEY:
        raise InputError(f"a key of more than {MAX_KEY} bytes", offset=at)
    children: list[tuple[bytes, int]] = []
    if name & _CHILDREN:
        first, last = _byte(data, at), _byte(data, at + 1)
        places = range(at + 2, at + 2 + 4 * (last - first + 1), 4)
        for character, place in zip(range(first, last + 1), places, strict=True):
            child = _number(data, place)
            if child & _OFFSET:
                children.append((key + bytes((character,)), child))
        at = places.stop if places else at + 2
    return _Node(key, _values(data, at) if name & _VALUES else [], children)


def _values(data: bytes, at: int) -> list[bytes]:
    """Values: a count, and for each a priority and a string."""
    count = _number(data, at)
    at += 4
    if count > len(data) // 5:
        raise InputError(f"{count} values in {len(data)} bytes", offset=at - 4)
    values = []
    for _ in range(count):
        _number(data, at)
        text, at = _text(data, at + 4)
        values.append(text)
    return values


def _number(data: bytes, at: int) -> int:
    if at + 4 > len(data):
        raise InputError("an index of kmod that ends too early", offset=at)
    return int.from_bytes(data[at : at + 4], "big")


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise InputError("an index of kmod that ends too early", offset=at)
    return data[at]


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    """A string, and the offset after it."""
    end = data.find(0, at, at + MAX_KEY + 1)
    if end < 0:
        raise InputError("an index of kmod with a string that has no end", offset=at)
    return data[at:end], end + 1
