"""The graph of one input: the whole, or what is near some nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from dtlink import arguments
from dtlink.board.tree import TreeBoard
from dtlink.firmware.errors import InputError
from dtlink.report.layout import BOLD, Line, Span, line
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT, Absent, CommandResult
from dtlink.views.graph.causes import causes, cycles
from dtlink.views.graph.findings import add_to_edges, rows
from dtlink.views.graph.levels import add_waves
from dtlink.views.graph.neighbourhood import Near, near
from dtlink.views.graph.rows import (
    FORM,
    GraphCycle,
    GraphEdge,
    GraphFinding,
    GraphIommu,
    GraphKernel,
    GraphModule,
    GraphNode,
    GraphSide,
    InView,
    WaitCause,
)
from dtlink.views.nodes import node_named, struct_named
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.observed.observation import Observation
    from dtlink.rules.model import Finding
    from dtlink.views.graph.collector import Collector


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class GraphView(CommandResult):
    """Devices, what they wait for, and where a reader begins.

    Made by :meth:`dtlink.Board.graph_view`; ``render("html")`` is a page.
    """

    member: ClassVar[str] = "graph"
    graph: int = FORM
    """The number of this form."""
    dtlink: str
    input: str
    model: str
    compatible: tuple[str, ...]
    firmware: str
    """``devicetree`` or ``tables``."""
    kernel: GraphKernel
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    findings: tuple[GraphFinding, ...]
    causes: tuple[WaitCause, ...]
    """The drivers that come late or never, the worst first."""
    cycles: tuple[GraphCycle, ...]
    """Those through an IOMMU, a power domain or a regulator first."""
    modules: tuple[GraphModule, ...]
    """The modules that drive the nodes, and those that these need."""
    iommu: GraphIommu | None
    """``None``: the input describes no IOMMU and no PCI host."""
    left_out: int
    """How many nodes, edges and findings there was no room for."""
    view: InView | Absent = ABSENT
    """The nodes that were asked for; without any: all is there."""
    old: GraphSide | Absent = ABSENT
    """What the input was compared with."""

    @classmethod
    def of(
        cls,
        board: AnyBoard,
        findings: Sequence[Finding] = (),
        *,
        path: str = "",
        names: Sequence[str] = (),
        near: Near = Near(),  # noqa: B008 - a value
        observed: Observation | None = None,
    ) -> GraphView:
        """The graph of a board, with findings that a lint of it made.

        ``path`` is the input's name. ``names`` are nodes to look at first, see
        :mod:`dtlink.views.nodes`; raises :class:`InputError` if there is no such node.
        ``observed`` is what the running board reports, of a devicetree.
        """
        collector = _collected(board)
        asked = [collector.add(_named(board, name)) for name in names]
        add_waves(board, collector)
        if observed is not None and isinstance(board, TreeBoard):
            from dtlink.views.graph.observed import add_observed

            add_observed(board, observed, collector)
        told = tuple(rows(findings, collector))
        add_to_edges(told, collector)
        nodes = tuple(collector.nodes)
        view = InView(nodes=tuple(dict.fromkeys(asked)), depth=near.depth, consumers=near.consumers)
        return cls(
            dtlink=_version(),
            input=path,
            model=_model(board),
            compatible=_compatible(board),
            firmware=board.firmware,
            kernel=_kernel(board),
            nodes=nodes,
            edges=collector.sorted_edges(),
            findings=told,
            causes=tuple(causes(board, collector)),
            cycles=tuple(cycles(board, collector)),
            modules=_modules(board, nodes),
            iommu=_iommu(board),
            left_out=collector.left_out + len(findings) - len(told),
            view=view if names else ABSENT,
        )

    def in_view(self) -> GraphView:
        """The part that is near the nodes that were asked for; all of it if none was."""
        return near(self) if self.view else self

    def render(self, form: str) -> str:
        """The text of ``html``, ``dot``, ``mermaid`` or ``graphml``.

        A page has all there is, the others what is in view. Raises :class:`ValueError` for a word
        that is not one of them.
        """
        from dtlink.views.graph.formats import TEXTS

        arguments.choice("form", form, TEXTS)
        return TEXTS[form](self if form == "html" else self.in_view())

    def text(self) -> Iterator[Line]:
        """What there is, counted."""
        yield line(
            Span(self.model or self.input, BOLD),
            f" · {counted(len(self.nodes), 'node')}, {counted(len(self.edges), 'edge')}, "
            f"{counted(len(self.cycles), 'cycle')}, {counted(len(self.findings), 'finding')}",
        )


def _collected(board: AnyBoard) -> Collector:
    if isinstance(board, TreeBoard):
        from dtlink.views.graph.tree import collected

        return collected(board)
    from dtlink.views.graph import tables

    return tables.collected(board)


def _named(board: AnyBoard, name: str) -> str:
    """The path of the device that a name is of, or is a part of."""
    if isinstance(board, TreeBoard):
        return board.device(node_named(board.tree, name)).path
    return struct_named(board.machine, name).path


def _version() -> str:
    from dtlink.version import __version__

    return __version__


def _model(board: AnyBoard) -> str:
    if isinstance(board, TreeBoard):
        return next(iter(board.tree.root.strings("model")), "")
    return " ".join(sorted(board.machine.tables))


def _compatible(board: AnyBoard) -> tuple[str, ...]:
    return tuple(board.tree.root.compatible) if isinstance(board, TreeBoard) else ()


def _kernel(board: AnyBoard) -> GraphKernel:
    facts = board.facts
    return GraphKernel(
        version=str(board.version),
        release=(facts.build.release or str(facts.version)) if facts else None,
        initramfs=facts is not None and facts.initramfs is not None,
        timeout=board.profile.deferred_probe_timeout,
    )


def _modules(board: AnyBoard, nodes: Sequence[GraphNode]) -> tuple[GraphModule, ...]:
    """The modules of the nodes, and those that they need."""
    facts = board.facts
    if facts is None:
        return ()
    own = [name for node in nodes for name in node.modules or ()]
    names = facts.build.closure(own) if facts.build.knows("modules") else own
    modules = facts.build.modules
    return tuple(
        GraphModule(
            name=name,
            depends=tuple(modules[name].depends) if name in modules else (),
            in_initramfs=facts.holds(name),
        )
        for name in sorted(set(names))
    )


def _iommu(board: AnyBoard) -> GraphIommu | None:
    from dtlink.views.iommu.view import IommuView

    try:
        found = IommuView.of(board)
    except InputError:
        return None
    if not found.ranges and not found.requesters:
        return None
    return GraphIommu(
        ranges=found.ranges,
        requesters=found.requesters,
        left_out=found.left_out,
        more_ranges=found.more_ranges,
    )
