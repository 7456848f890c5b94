"""The supplier table of a kernel's source: ``of_supplier_bindings[]`` in drivers/of/property.c."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from dtlink.facts.binding import SupplierBinding, Walk
from dtlink.facts.bindings import KERNEL_BINDINGS
from dtlink.facts.kernels import KernelVersion
from dtlink.kernel.source.text import bare

#: The file, in the kernel's source.
FILE = "drivers/of/property.c"

_TABLE = re.compile(r"supplier_bindings\s+of_supplier_bindings\[\]\s*=\s*\{(.*?)\n\};", re.DOTALL)
_ENTRY = re.compile(r"\{([^{}]*\.parse_prop[^{}]*)\}")
_FIELD = re.compile(r"\.(\w+)\s*=\s*(\w+)")
_DEFINED = re.compile(
    r"^DEFINE_(SIMPLE|SUFFIX)_PROP\(\s*(\w+)\s*,\s*\"([^\"]+)\"\s*,\s*(?:NULL|\"([^\"]+)\")\s*\)",
    re.MULTILINE,
)
_FUNCTION = re.compile(
    r"^static struct device_node \*(parse_\w+)\([^)]*\)\s*\{(.*?)^\}", re.MULTILINE | re.DOTALL
)
_EQUALS = re.compile(r"strcmp\(prop_name,\s*\"([^\"]+)\"\)")
_BEGINS = re.compile(r"strstarts\(prop_name,\s*\"([^\"]+)\"\)")
_ENDS = re.compile(r"parse_suffix_prop_cells\([^\"]*\"([^\"]+)\"")
_CELLS = re.compile(r"\"(#[\w,-]+-cells)\"")


class SupplierRow(NamedTuple):
    """How one property is read; a missing ``cells`` may also mean a reader of its own."""

    cells: str | None = None
    optional: bool = False
    """Followed with fw_devlink.strict=1 only."""
    ignored: bool = False
    """Takes a link away (FWLINK_FLAG_IGNORE)."""


#: Rows by property: ``*-supply`` is a suffix, ``pinctrl-*`` a prefix.
SupplierTable = Mapping[str, SupplierRow]


def read_table(text: str) -> SupplierTable:
    """The table of a property.c, given as text; empty if it has none.

    A function that reads a property in a way that is not known here gives a row in its own name.
    """
    code = bare(text)
    found = _TABLE.search(code)
    readers = dict(_readers(code))
    table: dict[str, SupplierRow] = {}
    for entry in _ENTRY.finditer(found[1]) if found else ():
        fields = dict(_FIELD.findall(entry[1]))
        function = fields["parse_prop"]
        names, cells = readers.get(function) or ((function + "()",), None)
        row = SupplierRow(
            cells, fields.get("optional") == "true", "IGNORE" in fields.get("fwlink_flags", "")
        )
        table.update(dict.fromkeys(names, row))
    return table


def _readers(code: str) -> Iterator[tuple[str, tuple[tuple[str, ...], str | None]]]:
    """The functions that read properties: the names of these, and the cells property."""
    for form, name, text, cells in _DEFINED.findall(code):
        yield f"parse_{name}", ((f"*{text}" if form == "SUFFIX" else text,), cells or None)
    for name, body in _FUNCTION.findall(code):
        names = (*_EQUALS.findall(body), *(f"{each}*" for each in _BEGINS.findall(body)))
        names += tuple(f"*{each}" for each in _ENDS.findall(body))
        cells = _CELLS.search(body)
        if names:
            yield name, (names, cells[1] if cells else None)


def known_table(version: KernelVersion) -> SupplierTable:
    """The table of a kernel as dtlink's rows have it."""
    rows = [row for row in KERNEL_BINDINGS if row.in_kernel(version)]
    prefixes = tuple(row.name.removesuffix("*") for row in rows if row.name.endswith("*"))
    return {
        row.name: _known(row, version)
        for row in rows
        if row.name.endswith("*") or not (prefixes and row.name.startswith(prefixes))
    }


def _known(row: SupplierBinding, version: KernelVersion) -> SupplierRow:
    is_optional = row.optional is not None and version in row.optional
    return SupplierRow(row.cells, is_optional, not row.orders_probe)


def differences(old: SupplierTable, new: SupplierTable) -> Iterator[str]:
    """What is different, a line each: ``+`` only in the new table, ``-`` only in the old."""
    for name in sorted(old.keys() - new.keys()):
        yield f"- {name}{_shown(old[name])}"
    for name in sorted(new.keys() - old.keys()):
        yield f"+ {name}{_shown(new[name])}"
    for name in sorted(old.keys() & new.keys()):
        if not _alike(name, old[name], new[name]):
            yield f"~ {name}{_shown(old[name])} →{_shown(new[name])}"


#: Properties with readers of their own, whose cells the text of a function does not say.
_OWN_READERS = frozenset(
    row.name for row in KERNEL_BINDINGS if row.walk in (Walk.ID_MAP, Walk.INTERRUPTS)
)


def _alike(name: str, one: SupplierRow, other: SupplierRow) -> bool:
    if name in _OWN_READERS and None in (one.cells, other.cells):
        return one._replace(cells=None) == other._replace(cells=None)
    return one == other


def _shown(row: SupplierRow) -> str:
    words: Iterable[str] = filter(
        None, (row.cells, "optional" * row.optional, "ignored" * row.ignored)
    )
    return f" ({', '.join(words)})" if any(row) else " (no cells)"
