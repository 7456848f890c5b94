"""Apply a parameter to a tree: what ``dtparam`` and the parameters of ``dtoverlay`` do.

Source: Raspberry Pi documentation, "Device Trees, overlays, and parameters"; compared with dtmerge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.facts.raspberry_pi import NUMBERS
from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.overlay.fragments import DORMANT, OVERLAY, OVERRIDES, SYMBOLS
from dtlink.firmware.overlay.nodes import TreeIndex, below, set_property, subnode
from dtlink.firmware.overlay.raspberry.targets import ParameterError, Target, TargetKind, targets

BOOTARGS = "bootargs"
_BYTES = 32
#: Upper bound on offsets, in bytes: no tree of the boot loader has as many (dtmerge's limit).
_FARTHEST = 200_000
_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_ESCAPES |= {each: ord(each) for each in "\\'\""}
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{2})|(.)|$)", re.DOTALL)


def has_parameter(root: SourceNode, name: str) -> bool:
    """Whether a tree has a parameter."""
    table = subnode(root, OVERRIDES)
    return table is not None and name in table.properties


def apply_parameter(
    root: SourceNode, name: str, value: str, *, is_base: bool
) -> list[tuple[str, str]]:
    """Change a tree; return the paths and the properties that were changed.

    Where a parameter renames a node, labels of a base follow, and those of an overlay do not.

    Raises :class:`ParameterError` for a value that the parameter does not take.
    """
    table = subnode(root, OVERRIDES)
    if table is None or name not in table.properties:
        raise ParameterError("there is no such parameter")
    return list(_changes(root, table.properties[name], value, is_base=is_base))


def _changes(
    root: SourceNode, data: bytes, value: str, *, is_base: bool
) -> Iterator[tuple[str, str]]:
    index = TreeIndex(root)
    for target in targets(data, value):
        if target.kind is TargetKind.FRAGMENTS:
            _switch(root, target.name, _number(target))
            continue
        found = index.at_phandle(target.phandle)
        if found is None:
            raise ParameterError(f"phandle {target.phandle:#x} in __overrides__ is that of no node")
        _CHANGE[target.kind](found.node, target)
        path = below(found.path.rpartition("/")[0], found.node.name)
        if path != found.path and is_base:
            _move_symbols(root, found.path, path)
        yield path, target.name


def _move_symbols(root: SourceNode, old: str, new: str) -> None:
    """Change the paths of labels below a node that has another name."""
    table = subnode(root, SYMBOLS) or SourceNode()
    for name, value in table.properties.items():
        path = value.decode("latin-1")
        if path.startswith((f"{old}/", f"{old}:", f"{old}\0")):
            table.properties[name] = (new + path[len(old) :]).encode("latin-1")


def _number(target: Target) -> int:
    """The value as an integer, as C reads one."""
    text = target.value
    if found := re.fullmatch(r"\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]{0,99})", text):
        digits = found[2].lower()
        base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10
        number = int(digits, base)
        return (-number if found[1] == "-" else number) & (1 << 64) - 1
    if not text:
        return 0
    if text in NUMBERS:
        return NUMBERS[text]
    if target.kind is TargetKind.FRAGMENTS:
        return 1
    raise ParameterError(f"{text!a} is not a number, and neither on nor off")


def _switch(root: SourceNode, text: str, value: int) -> None:
    """Switch fragments on and off: ``+0-1=2!3``."""
    for sign, number in re.findall(r"([+\-=!])([0-9]{1,18})", text):
        is_on = sign == "+" or (sign == "=" and value != 0) or (sign == "!" and value == 0)
        names = (f"fragment@{int(number)}", f"fragment-{int(number)}")
        fragment = next((each for name in names if (each := subnode(root, name))), None)
        if fragment is None:
            raise ParameterError(f"it switches fragment {number}, which is not there")
        content = subnode(fragment, DORMANT if is_on else OVERLAY)
        if content is not None:
            content.name = OVERLAY if is_on else DORMANT
    if re.sub(r"[+\-=!]\d+", "", text):
        raise ParameterError(f"{text!a} in __overrides__ names no fragments")


def _set_string(node: SourceNode, target: Target) -> None:
    text = _unescaped(target.value)
    if target.name == "name":
        node.name = _node_name(text)
    else:
        set_text(node, target.name, text + b"\0")


def _node_name(text: bytes) -> str:
    if not re.fullmatch(rb"[!-.0-~]+", text):
        raise ParameterError(f"{text.decode('latin-1')!a} is not the name of a node")
    return text.decode("ascii")


def set_text(node: SourceNode, name: str, value: bytes) -> None:
    """Set a property; bootargs get longer."""
    before = node.properties.get(name, b"")
    set_property(node, name, longer(before, value) if name == BOOTARGS else value)


def longer(before: bytes, value: bytes) -> bytes:
    """A command line with more at its end."""
    return before[:-1] + b" " + value if before[:1].strip(b"\0") else value


def _unescaped(text: str) -> bytes:
    def replace(found: re.Match[str]) -> str:
        octal, digits, letter = found.groups()
        number = int(octal, 8) if octal else int(digits, 16) if digits else _ESCAPES.get(letter)
        if number is None or number > 0xFF:
            raise ParameterError(f"invalid escape in {text!a}")
        return chr(number)

    return _ESCAPE.sub(replace, text).encode("latin-1", "replace")


def _set_bytes(node: SourceNode, target: Target) -> None:
    digits = re.findall(r"[: \t]|([0-9A-Fa-f]{2})|(.)", target.value)
    values = [pair for pair, _ in digits if pair]
    if any(wrong for _, wrong in digits) or len(values) > _BYTES:
        raise ParameterError(f"{target.value!a} is not up to {_BYTES} bytes in hexadecimal")
    set_property(node, target.name, bytes.fromhex("".join(values)))


def _set_integer(node: SourceNode, target: Target) -> None:
    number, end = _number(target), target.offset + target.size
    if not 0 <= target.offset < _FARTHEST:
        raise ParameterError(f"offset {target.offset} in __overrides__ is in no property")
    value = node.properties.get(target.name, b"")
    is_short = len(value) < end
    changed = (number & (1 << target.size * 8) - 1).to_bytes(target.size, "big")
    value = value.ljust(end, b"\0")
    # reg is in the name, too: it is not made longer, but the name follows it.
    if not (is_short and target.name == "reg"):
        value = value[: target.offset] + changed + value[end:]
        set_property(node, target.name, value)
    if target.name == "reg" and target.offset == 0 and "@" in node.name:
        node.name = f"{node.name.partition('@')[0]}@{number & 0xFFFFFFFF:x}"


def _set_presence(node: SourceNode, target: Target) -> None:
    if bool(_number(target)) == (target.kind is TargetKind.PRESENT):
        set_property(node, target.name, b"")
    else:
        node.properties.pop(target.name, None)


_CHANGE = {
    TargetKind.STRING: _set_string,
    TargetKind.BYTES: _set_bytes,
    TargetKind.INTEGER: _set_integer,
    TargetKind.PRESENT: _set_presence,
    TargetKind.ABSENT: _set_presence,
}
