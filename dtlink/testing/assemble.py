"""Tables from a few lines of text, by the names of their fields: for examples and for tests.

    IORT revision=3
      its: its-group ids=0
      smmu: smmu-v3 base=0x9050000
        map count=0xffff output=its
      root-complex segment=0
        map count=0xffff output=smmu

A line is a structure: perhaps a label, its word, its fields. What is indented below it is what it
holds. A value is a number, ``"text"``, several numbers with commas between, or a label (the byte
offset of that structure in its table), perhaps ``+`` a number. Lengths, counts, offsets and
checksums that are not given are right. Beside the fields, ``gap=N`` leaves N bytes before a
structure, ``size=N`` cuts or pads it to N bytes, and ``trailing=N`` adds N bytes to the table that
its length does not count.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from dtlink.firmware.acpi.layout import Numbers, Part, Struct, Text, Value
from dtlink.firmware.acpi.registry import REGISTRY
from dtlink.records import NamedTuple
from dtlink.typed import Any

_SPECIAL = ("gap", "size", "trailing")


class AssemblyError(ValueError):
    """A line that cannot be assembled."""


class Item(NamedTuple):
    """One line, and the lines below it."""

    label: str
    word: str
    values: dict[str, str]
    items: list[Item]


def assemble(text: str) -> dict[str, bytes]:
    """The tables of a text, by signature. Raises :class:`AssemblyError` for what it cannot read."""
    return {item.word: _table(item) for item in parse(text)}


def label_offsets(text: str) -> dict[str, tuple[str, int]]:
    """The table, by its signature, and the byte offset there of each label's structure."""
    return {label: (item.word, at) for item in parse(text) for label, at in _offsets(item).items()}


def parse(text: str) -> list[Item]:
    """The lines as a tree, by indentation."""
    top: list[Item] = []
    stack: list[tuple[int, list[Item]]] = [(-1, top)]
    for row in text.splitlines():
        if not row.strip() or row.strip().startswith("#"):
            continue
        depth = len(row) - len(row.lstrip())
        while depth <= stack[-1][0]:
            stack.pop()
        item = _item(row)
        stack[-1][1].append(item)
        stack.append((depth, item.items))
    return top


def _item(row: str) -> Item:
    words = shlex.split(row, comments=True, posix=False)
    label = words.pop(0)[:-1] if words[0].endswith(":") else ""
    pairs = [word.partition("=") for word in words[1:]]
    return Item(label, words[0], {name: value for name, _, value in pairs}, [])


def table_class(signature: str) -> tuple[type[Struct], int]:
    """The class of a table, and its usual revision."""
    row = REGISTRY.get(signature)
    if row is None:
        raise AssemblyError(f"no table is named {signature}")
    return row.load(), row.revision


def _table(item: Item) -> bytes:
    kind, revision = table_class(item.word)
    values = {"signature": f'"{item.word}"', "table_revision": str(revision), **item.values}
    item = item._replace(values=values)
    data = bytearray(_Writer(_offsets(item), final=True).write(kind, item, 0))
    if "length" not in values:
        data[4:8] = len(data).to_bytes(4, "little")
    if "checksum" not in values:
        data[9] = 0
        data[9] = -sum(data) & 0xFF
    return bytes(data) + bytes(_number(values.get("trailing", "0")))


def _offsets(item: Item) -> dict[str, int]:
    """The byte offset of each label's structure, in its table."""
    labels: dict[str, int] = {}
    _Writer(labels, final=False).write(table_class(item.word)[0], item, 0)
    return labels


class _Writer:
    """Writes structures twice: first to learn where the labels are, then with them."""

    def __init__(self, labels: dict[str, int], *, final: bool) -> None:
        self._labels = labels
        self._final = final

    def write(self, kind: type[Struct], item: Item, at: int) -> bytes:
        """The bytes of a structure that begins at an offset of its table."""
        if item.label:
            self._labels[item.label] = at
        values: dict[str, Value] = {
            name: self._value(value) for name, value in item.values.items() if name not in _SPECIAL
        }
        body = self._fixed(kind, values)
        for part in kind.PARTS:
            body += self._part(part, kind, item, values, body, at)
        for child in item.items:
            if _part_of(kind, child.word) is None:
                raise AssemblyError(f"a {item.word} holds no {child.word}")
        body += bytes(-len(body) % kind.ALIGN)
        return self._finish(kind, item, values, body)

    def _finish(
        self, kind: type[Struct], item: Item, values: Mapping[str, Value], body: bytearray
    ) -> bytes:
        """Cut or pad it to the size that was asked for, and fill in the length."""
        if "size" in item.values:
            size = _number(item.values["size"])
            body = body[:size] + bytes(max(size - len(body), 0))
        fields = kind.fields()
        if "length" in fields and "length" not in values:
            field = fields["length"]
            body[field.offset : field.offset + field.size] = field.write(len(body))
        return bytes(body)

    def _fixed(self, kind: type[Struct], values: Mapping[str, Value]) -> bytearray:
        """The fixed part and the texts and arrays of numbers that end it."""
        fields = kind.fields()
        if unknown := values.keys() - fields.keys():
            raise AssemblyError(f"{kind.WORD or kind.__name__} has no field {min(unknown)}")
        body = bytearray(kind.SIZE)
        for name, field in fields.items():
            if name in values or not isinstance(field, Text | Numbers):
                value = values.get(name, kind.TYPE if name == "type" else field.default)
                data = field.write(value)
                body[field.offset : field.offset + len(data)] = data
            if isinstance(field, Numbers) and field.counted_by not in values and name in values:
                count = fields[field.counted_by]
                number = len(field.write(values[name])) // field.width
                body[count.offset : count.offset + count.size] = count.write(number)
        return body

    def _part(
        self,
        part: Part,
        kind: type[Struct],
        item: Item,
        values: Mapping[str, Value],
        body: bytearray,
        at: int,
    ) -> bytes:
        """What a structure holds of one part; its count and offset go into the body."""
        mine = [child for child in item.items if _find(part, child.word)]
        if part.at:
            body += bytes(-len(body) % 4)
        for name, number in ((part.counted_by, len(mine)), (part.at, len(body) if mine else 0)):
            if name and name not in values:
                field = kind.fields()[name]
                told = number or (field.default if name == part.at else 0)
                body[field.offset : field.offset + field.size] = field.write(told)
        held = b""
        for child in mine:
            held += bytes(_number(child.values.get("gap", "0")))
            child_kind = _find(part, child.word)
            if child_kind is not None:
                held += self.write(child_kind, child, at + len(body) + len(held))
        return held

    def _value(self, word: str) -> Value:
        if word.startswith('"'):
            return word.strip('"')
        if "," in word:
            return [_number(each) for each in word.split(",") if each]
        if word[:1].isdigit():
            return _number(word)
        label, _, more = word.partition("+")
        if self._final and label not in self._labels:
            raise AssemblyError(f"no structure has the label {label}")
        return self._labels.get(label, 0) + _number(more or "0")


def _find(part: Part, word: str) -> type[Struct] | None:
    return next((kind for kind in part.kinds if word == kind.WORD), None)


def _part_of(kind: type[Struct], word: str) -> Any:
    return next((part for part in kind.PARTS if _find(part, word)), None)


def _number(word: str) -> int:
    try:
        return int(word, 0)
    except ValueError as error:
        raise AssemblyError(f"{word} is not a number") from error
