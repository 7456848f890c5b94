"""``dtlink links``: the links between suppliers and consumers, one for each entry."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from typing import ClassVar

from dtlink.board.tree import TreeBoard
from dtlink.links.graph import Graph
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.bounds import Room, left_out
from dtlink.views.data import ABSENT, Absent, CommandResult, JsonRow, plain
from dtlink.wording import and_more, joined

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.tables import TablesBoard
    from dtlink.links.acpi.link import AcpiLink
    from dtlink.links.reference import Link
    from dtlink.report.entries import Json


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class LinkRow(JsonRow):
    """One consumer needs one supplier, said by one entry."""

    consumer: str
    supplier: str
    binding: str
    kind: str
    origin: str
    node: str
    """The node that has the entry."""
    property_name: str
    index: int
    args: tuple[int, ...]
    optional: bool
    followed: bool
    """Whether the kernel's fw_devlink makes the link, by default."""
    why_not: str | None
    used_by_linux: bool | Absent = ABSENT
    """For a link of ACPI tables, as the next ones."""
    inputs: tuple[int, ...] | Absent | None = ABSENT
    """The first and the last ID of the consumer."""
    output: int | Absent | None = ABSENT
    """What the first ID becomes."""
    through: str | Absent | None = ABSENT

    def text(self) -> Line:
        """The entry, the supplier and what the kernel makes of it, below the consumer."""
        at = "" if self.node in (self.consumer, self.supplier) else f" at {self.node}"
        where = f"{self.property_name}[{self.index}]{at}"
        if self.origin == "acpi":
            return self._table_text(where)
        args = " ".join(f"{arg:#x}" for arg in self.args)
        known = self.why_not if self.origin == "kernel" else self.origin
        note = f"  ({known})" if known else ""
        return line(
            f"    {where:<28} → {self.supplier}", f" <{args}>" if args else "", Span(note, DIM)
        )

    def _table_text(self, where: str) -> Line:
        """Which IDs become which, and whether Linux makes use of it."""
        output = "" if self.output in (None, ABSENT) else f" {self.output:#x}"
        notes = [self.kind]
        if self.through:
            notes.append(f"through {self.through}")
        if self.why_not:
            notes.append(f"not used by Linux: {self.why_not}")
        ids = id_range(self.inputs)
        ids = f" {ids} →" if ids else ""
        return line(
            f"    {where:<14} → {self.supplier}{ids}{output}",
            Span(f"  ({', '.join(notes)})", DIM),
        )


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class PropertyRow(JsonRow):
    """A flag or a number of a table that changes what a kernel does."""

    node: str
    """The header of a table, or a structure of it."""
    name: str
    value: int
    is_flag: bool
    """Whether it is a single bit."""
    meaning: str
    """What it means to a kernel."""

    @property
    def shown(self) -> str:
        """The value in words."""
        return ("set" if self.value else "clear") if self.is_flag else f"{self.value:#x}"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class LinksView(CommandResult):
    """The links of one board, in the order of the blob or the tables.

    Made by :meth:`dtlink.Board.links`; ``links`` has a row for each.
    """

    member: ClassVar[str] = "links"
    links: tuple[LinkRow, ...]
    needs_labels: tuple[str, ...] | Absent = ABSENT
    """The labels that an overlay needs of a base, which has the other ends of its links."""
    properties: tuple[PropertyRow, ...] | Absent = ABSENT
    """Of tables: what they say beside links."""
    left_out: Mapping[str, int] | Absent = ABSENT
    """How many rows ``links`` and ``properties`` lack, since there are too many."""

    @classmethod
    def of(
        cls, board: AnyBoard, *, disabled: bool = False, bindings: Collection[str] = ()
    ) -> LinksView:
        """The links of these bindings (all if none is named); of disabled consumers if wanted."""
        if not isinstance(board, TreeBoard):
            return cls._of_tables(board, bindings)
        graph = board.full_graph
        if disabled:
            graph = Graph.of(board.tree, board.version, disabled=True)
        found = [link for link in graph.links if _is(link, bindings)]
        first = Room().first(found, _texts)
        return cls(
            links=tuple(tree_link(graph, link) for link in first),
            needs_labels=tuple(board.overlays.labels) or ABSENT,
            left_out=left_out(links=(found, first)),
        )

    @classmethod
    def _of_tables(cls, board: TablesBoard, bindings: Collection[str]) -> LinksView:
        found = [link for link in board.graph.links if _is(link, bindings)]
        first = Room().first(found, _texts)
        told = table_properties(board)
        properties = tuple(Room().first(told, lambda row: (row.node, row.meaning)))
        return cls(
            links=tuple(map(table_link, first)),
            properties=properties,
            left_out=left_out(links=(found, first), properties=(told, properties)),
        )

    @property
    def number(self) -> int:
        """How many links there are, with those that are left out."""
        return len(self.links) + (self.left_out or {}).get("links", 0)

    def members(self) -> Mapping[str, Json]:
        """The links; of an overlay also the labels that it needs, of tables their properties."""
        names = ("needs_labels", "properties", "left_out")
        told = {name: getattr(self, name) for name in names}
        more = {name: plain(value) for name, value in told.items() if value is not ABSENT}
        return {self.member: self.to_json(), **more}

    def to_json(self) -> Json:
        """A list of the links."""
        return plain(self.links)

    def text(self, title: str = "") -> Iterator[Line]:
        """The links of each consumer."""
        number = counted(self.number, "link")
        yield line(Span(title, BOLD), f" · {number}" if title else number)
        consumer = None
        for link in self.links:
            if link.consumer != consumer:
                consumer = link.consumer
                yield line("  ", consumer)
            yield link.text()
        if more := self.number - len(self.links):
            yield line(Span(f"  … {and_more(more, 'link')}: --binding chooses some", DIM))
        headers = [each for each in self.properties or () if each.node.endswith("/header")]
        for node, rows in groupby(headers, key=lambda each: each.node):
            values = ", ".join(f"{each.name} {each.shown}" for each in rows)
            yield line(f"  {node}", Span(f"  {values}", DIM))
        if self.needs_labels:
            labels = ", ".join(self.needs_labels)
            yield line(Span(f"  an overlay; it needs labels of a base: {labels}", DIM))


def table_properties(board: TablesBoard) -> tuple[PropertyRow, ...]:
    """The flags and numbers of a machine's tables."""
    from dtlink.links.acpi.properties import properties

    return tuple(
        PropertyRow(
            node=each.where.path,
            name=each.row.name,
            value=each.value,
            is_flag=each.is_flag,
            meaning=each.row.meaning,
        )
        for each in properties(board.machine)
    )


def check_bindings(names: Collection[str]) -> None:
    """Raise :class:`ValueError`, which names what may be meant, for no name of a binding."""
    from dtlink.facts.bindings import BINDINGS, binding_of

    known = {row.name for row in BINDINGS}
    unknown = set(names) - known
    if unknown:
        from dtlink.links.acpi.graph import binding_names

        unknown -= binding_names()
    for name in sorted(unknown):
        row = binding_of(name)
        if row is not None and row.name != name:
            raise ValueError(f"no binding is named {name}: that property is read by {row.name}")
        near = get_close_matches(name, known, n=3)
        hint = f": did you mean {joined(near, 'or')}?" if near else ""
        raise ValueError(f"no binding is named {name}{hint}")


def _texts(link: Link | AcpiLink) -> Iterator[str]:
    return (each.path for each in (link.consumer, link.supplier, link.node))


def _is(link: Link | AcpiLink, bindings: Collection[str]) -> bool:
    return not bindings or link.binding.name in bindings


def tree_link(
    graph: Graph, link: Link, inputs: tuple[int, ...] | Absent | None = ABSENT
) -> LinkRow:
    """A link of a devicetree."""
    reference, binding, path = link.reference, link.binding, link.node.tree.path
    reason = graph.not_followed(reference)
    return LinkRow(
        consumer=path(reference.consumer),
        supplier=path(reference.supplier),
        binding=binding.name,
        kind=binding.kind,
        origin=binding.origin.value,
        node=path(reference.node),
        property_name=link.property_name,
        index=reference.entry,
        args=tuple(link.args),
        optional=binding.optional is not None,
        followed=not reason,
        why_not=reason or None,
        inputs=inputs,
    )


def table_link(link: AcpiLink) -> LinkRow:
    """A link of ACPI tables."""
    entry, args = link.table_link, link.args
    return LinkRow(
        consumer=link.consumer.path,
        supplier=link.supplier.path,
        binding=link.binding.name,
        kind=link.binding.kind,
        origin=link.binding.origin.value,
        node=link.node.path,
        property_name=link.property_name,
        index=link.index,
        args=args,
        optional=False,
        followed=False,
        why_not=entry.why_not or None,
        used_by_linux=link.used_by_linux,
        inputs=args[:2] if entry.inputs else None,
        output=entry.output,
        through=entry.through.path if entry.through else None,
    )


def id_range(ids: Sequence[int] | Absent | None) -> str:
    """The first and the last ID in words; empty if there are none."""
    if ids is ABSENT or not ids:
        return ""
    first, last = ids
    return f"{first:#x}" + (f"-{last:#x}" if last != first else "")
