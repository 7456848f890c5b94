"""Helpers of the rules about entries that do not resolve."""

from __future__ import annotations

from dtlink.facts.binding import Walk
from dtlink.links.reference import Failure, Flaw, Link
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.facts.binding import SupplierBinding
    from dtlink.firmware.tree import Node


def severity_of(binding: SupplierBinding) -> Severity:
    """Error where a device probes only after the supplier that the entry references."""
    waits = binding.probes_first and binding.orders_probe and binding.walk is not Walk.ENDPOINT
    return Severity.ERROR if waits else Severity.WARNING


def size_in_cells(entry: Failure) -> int:
    """How many whole cells the entry's property has."""
    return entry.node.tree.size(entry.raw.at) >> 2


def bytes_left(entry: Failure) -> int:
    """How many bytes the entry's property has after its last whole cell."""
    return entry.node.tree.bytes_left(entry.raw.at)


def as_string(entry: Failure) -> str:
    """The property as text; empty if it is not text."""
    value = entry.node.get(entry.property_name) or b""
    text = value[:-1].decode("latin-1")
    is_text = text.isascii() and text.isprintable() and value.endswith(b"\0")
    return text if len(text) > 1 and is_text else ""


def cells_name(entry: Failure) -> str:
    """The supplier's property with the number of argument cells; empty if there is none."""
    return (
        "#interrupt-cells" if entry.binding.walk is Walk.INTERRUPTS else entry.binding.cells or ""
    )


def asked_cells(entry: Failure) -> str:
    """The cells property with its value, as DTS writes it: ``#clock-cells = <1>``."""
    name, target = cells_name(entry), entry.target
    width = target.cell(name) if target and name else None
    return f"{name} = <{width}>" if name else f"{entry.binding.fixed} cells"


def before(board: TreeBoard, entry: Failure) -> Link | None:
    """The entry before one that does not resolve; ``None`` if there is none."""
    near = [
        ref
        for ref in board.entries(entry.raw.at)
        if ref.cell < entry.raw.cell and ref.flaw is Flaw.NONE
    ]
    return Link(board.tree, near[-1]) if near else None


def read_by_list(entry: Failure) -> bool:
    """Whether the kernel reads the property with of_phandle_iterator_next(), which logs faults."""
    binding = entry.binding
    extended = binding.name == "interrupts-extended"
    return extended or (bool(binding.cells) and binding.walk is Walk.LIST)


def names(nodes: list[Node], most: int = 3) -> str:
    """The first nodes by path, and how many more there are."""
    return listed(dict.fromkeys(node.path for node in nodes), most)
