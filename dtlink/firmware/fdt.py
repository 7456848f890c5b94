"""The flattened devicetree (DTB), versions 16 and 17.

Source: Devicetree Specification v0.4, chapter 5. One pass over the structure block; every
offset, size, alignment, terminator and name is checked before it is used.
"""

from __future__ import annotations

import struct
import sys
from array import array

from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import METADATA_NODES, PROP, Layout, Oddity, Tree
from dtlink.late import pattern
from dtlink.records import NamedTuple
from dtlink.typed import NoReturn

MAGIC = b"\xd0\x0d\xfe\xed"
#: Upper bound on a file, in bytes. Linux accepts at most 2 MiB on arm64 (MAX_FDT_SIZE).
MAX_SIZE = 64 << 20
#: Upper bound on nesting; Linux ignores deeper nodes (drivers/of/fdt.c, FDT_MAX_DEPTH).
MAX_DEPTH = 64
#: Upper bound on the length of a property name: names may overlap, so a strings block of 100 KB
#: could have thousands of that length. The specification allows 31 characters; boards have 47.
MAX_PROPERTY_NAME = 1024

_BEGIN_NODE, _END_NODE, _NOP, _END = 1, 2, 4, 9
_HEADER_SIZE = {16: 36, 17: 40}
# Printable ASCII: more than the specification allows, since real trees use more.
_PROPERTY_NAME = pattern(r"[!-~]+\Z")
_PRINTABLE = bytes(range(0x21, 0x7F))
_NODE_NAMES = pattern(rb"[!-.0-~]*\Z")


class Header(NamedTuple):
    """The header's fields; offsets and sizes in bytes."""

    total_size: int
    struct_offset: int
    strings_offset: int
    reserve_offset: int
    version: int
    last_compatible: int
    struct_size: int
    strings_size: int


def read(blob: bytes, most: int = MAX_SIZE) -> Tree:
    """Read a flattened devicetree of bounded size.

    Raises :class:`InputError` with the byte offset of the first invalid field or token.
    """
    return _Reader(blob, read_header(blob, most)).tree()


def read_header(blob: bytes, most: int = MAX_SIZE) -> Header:
    """Read the header; check it and the memory reservation block.

    Raises :class:`InputError` with the byte offset of the invalid field.
    """
    if len(blob) > most:
        _fail(0, f"the devicetree is {len(blob)} bytes long, more than the limit of {most}")
    if len(blob) < 36 or blob[:4] != MAGIC:
        _fail(0, "not a DTB: expected magic d00dfeed and a header of at least 36 bytes")
    fields = struct.unpack_from(">8I", blob, 4)
    total, struct_at, strings_at, reserve_at, version, last, _, strings_size = fields
    if version < 16 or last > 17:
        _fail(20, f"unsupported version {version} (compatible with {last}); supported: 16, 17")
    header_size = _HEADER_SIZE[min(version, 17)]
    if total > len(blob):
        _fail(4, f"truncated: totalsize is {total} bytes, the file has {len(blob)}")
    if total < header_size:
        _fail(4, f"totalsize {total} is smaller than the header")
    struct_size = struct.unpack_from(">I", blob, 36)[0] if version >= 17 else 0
    if version < 17:
        struct_size = (strings_at if strings_at > struct_at else total) - struct_at & ~3
    header = Header(
        total, struct_at, strings_at, reserve_at, version, last, struct_size, strings_size
    )
    _check_blocks(header, header_size)
    _check_reservations(blob, header)
    return header


def reservations(blob: bytes) -> bytes:
    """The entries of the memory reservation block, without the one that ends it."""
    at = start = read_header(blob).reserve_offset
    while blob[at : at + 16] != bytes(16):
        at += 16
    return blob[start:at]


def _check_blocks(header: Header, header_size: int) -> None:
    """Each block is aligned, starts after the header and ends within ``totalsize``."""
    blocks = (
        ("structure", header.struct_offset, header.struct_size, 4, 8),
        ("strings", header.strings_offset, header.strings_size, 1, 12),
        ("memory reservation", header.reserve_offset, 16, 8, 16),
    )
    for name, offset, size, alignment, field in blocks:
        if offset < header_size or size < 0 or offset + size > header.total_size:
            _fail(
                field, f"the {name} block ({size} bytes at {offset:#x}) does not fit in totalsize"
            )
        if offset % alignment:
            _fail(field, f"the {name} block at {offset:#x} is not aligned to {alignment} bytes")


def _check_reservations(blob: bytes, header: Header) -> None:
    """The memory reservation block ends with an entry of zeros."""
    end = header.total_size
    if header.struct_offset > header.reserve_offset:
        end = header.struct_offset
    for at in range(header.reserve_offset, end - 15, 16):
        if blob[at : at + 16] == bytes(16):
            return
    _fail(
        header.reserve_offset,
        "the memory reservation block has no terminating entry (16 zero bytes)",
    )


class _Reader:
    """One pass over one blob. Positions count 32-bit words of the structure block."""

    def __init__(self, blob: bytes, header: Header) -> None:
        self.blob = blob
        self.base = header.struct_offset
        self.end = header.struct_offset + header.struct_size
        self.strings_offset = header.strings_offset
        block = blob[header.strings_offset : header.strings_offset + header.strings_size]
        self.text = block.decode("latin-1")
        self.text_is_clean = not block.translate(None, _PRINTABLE + b"\0")
        self.names: list[bytes] = []
        self.parents: list[int] = []
        self.starts: list[int] = []
        self.strings: dict[int, str] = {}
        self.columns: dict[str, dict[int, int]] = {}
        self.oddities: list[Oddity] = []

    def tree(self) -> Tree:
        """Read the structure block, then check its end and the node names."""
        words = array("I", self.blob[self.base : self.end - (self.end - self.base) % 4])
        if sys.byteorder == "little":
            words.byteswap()
        size = len(words)
        # Padding: operands of a token are read before their position is checked.
        words.extend((0, 0, 0))
        end = self._walk(words, size)
        self._check_end(words, size, end)
        self._check_names()
        return Tree(
            self.blob,
            Layout(
                words,
                self.base,
                self.names,
                self.parents,
                self.starts,
                self.columns,
                self.strings,
                self.oddities,
            ),
        )

    def _walk(self, words: array[int], size: int) -> int:  # noqa: C901, PLR0912, PLR0915 - hot loop
        """Read all tokens; return the position of FDT_END, or ``size`` or more without one.

        The loop is one function with few checks because most of the time of a lint is spent
        here. A property that runs past the block ends the loop and is reported afterwards.
        """
        names, parents, starts = self.names, self.parents, self.starts
        find, blob, base, end = self.blob.find, self.blob, self.base, self.end
        hardware: dict[int, dict[int, int]] = {}
        metadata: dict[int, dict[int, int]] = {}
        columns = hardware
        get = columns.get
        prop, begin, end_node = PROP, _BEGIN_NODE, _END_NODE  # locals are faster
        node = -1
        owner = -1  # the node that may have properties here; -1 after a child node
        depth = at = 0
        while at < size:
            token = words[at]
            if token == prop:
                if owner < 0:
                    self._misplaced_property(at, node)
                column = get(words[at + 2])
                if column is None:
                    column = self._column(words[at + 2], at, metadata=columns is metadata)
                    columns[words[at + 2]] = column
                if owner in column:
                    self._duplicate_property(owner, words[at + 2])
                else:
                    column[owner] = at
                at += (words[at + 1] + 15) >> 2  # the token, two operands, and the value
            elif token == begin:
                where = base + (at << 2) + 4
                stop = find(b"\0", where, end)
                if stop < 0 or depth >= MAX_DEPTH or (node < 0 and names):
                    self._bad_node(at, stop, depth)
                parents.append(node)
                starts.append(at)
                owner = node = len(names)
                names.append(blob[where:stop])
                if depth < 2:
                    columns = metadata if depth and names[-1] in METADATA_NODES else hardware
                    get = columns.get
                depth += 1
                at += 1 + ((stop - where + 4) >> 2)
            elif token == end_node:
                if node < 0:
                    self._fail_at(at, "FDT_END_NODE without FDT_BEGIN_NODE")
                node = parents[node]
                owner = -1
                depth -= 1
                at += 1
            elif token == _NOP:
                at += 1
            elif token == _END:
                break
            else:
                self._fail_at(at, f"unknown token {token:#x} in the structure block")
        if at < size and (node >= 0 or not names):
            self._fail_at(at, "the structure block ends inside a node")
        return at

    def _column(self, offset: int, at: int, *, metadata: bool) -> dict[int, int]:
        """The column of the property whose name is at an offset of the strings block."""
        end = self.text.find("\0", offset, offset + MAX_PROPERTY_NAME + 1)
        if end < 0:
            self._bad_name(offset, at)
        name = self.strings[offset] = self.text[offset:end]
        if not name or not (self.text_is_clean or _PROPERTY_NAME.match(name)):
            _fail(self.strings_offset + offset, f"invalid property name {name[:40]!r}")
        return {} if metadata else self.columns.setdefault(name, {})

    def _bad_name(self, offset: int, at: int) -> NoReturn:
        why = "is not a string of the strings block"
        if self.text.find("\0", offset) >= 0:
            why = f"is of a name with more than {MAX_PROPERTY_NAME} characters"
        self._fail_at(at + 2, f"property name offset {offset:#x} {why}")

    def _duplicate_property(self, node: int, offset: int) -> None:
        self.oddities.append(Oddity("duplicate-property", node, self.strings[offset]))

    def _check_end(self, words: array[int], size: int, end: int) -> None:
        """Raise for a block without FDT_END, or for the property that runs past its end."""
        if end < size:
            return
        names = iter(self.names)
        at = 0
        while at < size:
            start, token = at, words[at]
            if token == PROP:
                at += 3 + ((words[at + 1] + 3) >> 2)
            else:
                at += 1 + ((len(next(names)) + 4) >> 2 if token == _BEGIN_NODE else 0)
            if at > size and token == PROP:
                self._fail_at(
                    start + 1,
                    f"property of {words[start + 1]} bytes ends after the structure block",
                )
        self._fail_at(size, "the structure block has no FDT_END token")

    def _check_names(self) -> None:
        """Raise for an invalid node name; note siblings with the same name."""
        names = self.names
        if names[0] in (b"", b"/") and _all_names(names[1:]):
            seen = set(zip(self.parents, names, strict=True))
            if len(seen) != len(names):
                self._duplicate_nodes()
            return
        for node, name in enumerate(names):
            good = bool(name) and _NODE_NAMES.match(name) if node else name in (b"", b"/")
            if not good:
                self._fail_at(self.starts[node] + 1, f"invalid node name {name[:40]!r}")

    def _duplicate_nodes(self) -> None:
        seen: set[tuple[int, bytes]] = set()
        for node, key in enumerate(zip(self.parents, self.names, strict=True)):
            if key in seen:
                self.oddities.append(Oddity("duplicate-node", node, key[1].decode("ascii")))
            seen.add(key)

    def _misplaced_property(self, at: int, node: int) -> NoReturn:
        where = "outside any node" if node < 0 else "after a child node"
        self._fail_at(at, f"property {where}")

    def _bad_node(self, at: int, stop: int, depth: int) -> NoReturn:
        if stop < 0:
            self._fail_at(at + 1, "unterminated node name")
        if depth >= MAX_DEPTH:
            self._fail_at(at, f"nodes are nested deeper than {MAX_DEPTH} levels")
        self._fail_at(at, "second root node")

    def _fail_at(self, at: int, message: str) -> NoReturn:
        _fail(self.base + at * 4, message)


def _all_names(names: list[bytes]) -> bool:
    """Whether all are valid node names; much faster than checking each one."""
    joined = b"".join(names)
    return not joined.translate(None, _PRINTABLE) and b"/" not in joined and b"" not in names


def _fail(offset: int, message: str) -> NoReturn:
    raise InputError(message, offset=offset)
