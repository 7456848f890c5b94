"""``Board``: one input, and everything that the commands find out about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from dtlink import arguments as taken
from dtlink.api.options import BoardOptions, settings, values
from dtlink.board.boards import board_of
from dtlink.board.tree import TreeBoard
from dtlink.facts.kernels import DEFAULT
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import read
from dtlink.firmware.tree import Tree
from dtlink.stamps import look_anew
from dtlink.typed import TYPE_CHECKING, Literal, Unpack

if TYPE_CHECKING:
    from dtlink.api.options import AnyPath, Words
    from dtlink.board.boards import AnyBoard
    from dtlink.board.settings import Settings
    from dtlink.board.tables import TablesBoard
    from dtlink.firmware.read import Source
    from dtlink.links.acpi.graph import AcpiGraph
    from dtlink.links.graph import Graph
    from dtlink.observed.observation import Observation
    from dtlink.report.model import Report
    from dtlink.typed import Self
    from dtlink.views.cycles import CyclesView
    from dtlink.views.devlink import DevlinkView
    from dtlink.views.drivers import DriversView
    from dtlink.views.graph.view import GraphView
    from dtlink.views.iommu.view import IommuView
    from dtlink.views.iort import IortView
    from dtlink.views.links import LinksView
    from dtlink.views.modules import ModulesView
    from dtlink.views.order import OrderView
    from dtlink.views.preprocess import PreprocessView
    from dtlink.views.why import WhyView

#: What names a node.
_NODE = "a node (its path, label, alias or name), as a string,"


class Board:
    """One devicetree, or the ACPI tables of one machine, for one kernel.

    Each method is the command of its name, and returns its result: rows to work with,
    ``to_json()`` and ``text()``. What several of them need is computed once.
    """

    def __init__(
        self, firmware: Tree | Machine, *, path: str = "", **options: Unpack[BoardOptions]
    ) -> None:
        if not isinstance(firmware, (Tree, Machine)):
            hint = "; Board.read() reads one" if _is_source(firmware) else ""
            raise TypeError(f"{taken.refused('firmware', 'a Tree or a Machine', firmware)}{hint}")
        self.firmware = firmware
        self.path: str = taken.text("path", path)
        """The name in messages and reports."""
        self.settings: Settings = settings(options)
        self.parts: AnyBoard = board_of(firmware, self.settings)
        """What rules and results are made of: each part computed once, on demand."""

    @classmethod
    def read(cls, source: Source, *, name: str = "", **options: Unpack[BoardOptions]) -> Self:
        """Read a file, a folder of tables, ``-`` (standard input) or bytes.

        The keywords are options of the commands: ``kernel_version``, ``against``, ``cmdline``,
        ``root``, ``root_after``, ``kernel``, ``initramfs``, ``kernel_index``, ``lspci``,
        ``iomem``, ``schema``, ``schema_dir``, ``include``, ``define``, ``allow_include`` and
        ``overlay``: overlays to apply, in order, which ``"base.dtb+a.dtbo"`` names too. On
        ``bases`` an overlay is tried.
        Raises :class:`InputError` for an input that cannot be read, and :class:`ValueError` for
        a value that the commands refuse. No ``dtlink.toml`` is read.
        """
        look_anew()  # files that an earlier board was made of may have changed
        sources = settings(options).sources
        firmware = read(source, name, sources)
        path = name or ("" if isinstance(source, taken.BYTES) else os.fspath(source))
        return cls(firmware, path=path, **options)

    def __repr__(self) -> str:
        path = f"{self.path}: " if self.path else ""
        version = self.settings.kernel_version or self.settings.kernel or DEFAULT
        return f"<Board {path}{self.firmware!r}, kernel {version}>"

    @property
    def graph(self) -> Graph | AcpiGraph:
        """The links of the board, with the vendors' own properties."""
        parts = self.parts
        return parts.full_graph if isinstance(parts, TreeBoard) else parts.graph

    def lint(self, *, select: Words = (), ignore: Words = ()) -> Report:
        """The findings of the rules that are chosen, as a report of one input.

        Raises :class:`ValueError` for a word that is not a rule or family, and :class:`InputError`
        for a kernel, schemas, ``lspci`` or ``iomem`` that cannot be read.
        """
        from dtlink import engine
        from dtlink.config.model import LintSettings
        from dtlink.config.plan import LintPlan
        from dtlink.config.tasks import sieved
        from dtlink.firmware.inputs import Input
        from dtlink.report.model import Report

        held = LintSettings(self.settings, **values({"select": select, "ignore": ignore}))
        item = Input.of(self.path).with_overlays(self.settings.overlay)
        plan = LintPlan.of_input(item, held)
        found = engine.lint_board(self.parts, held.select, held.ignore, write_fixes=True)
        report = sieved(engine.report_of(item, self.firmware, found), held)
        kernel, inputs = plan.kernel(digest=True), list(plan.settled([report]))
        whole = Report("lint", inputs, kernel["version"], kernel, machine=plan.machine())
        return plan.note_unchecked(whole._replace(notes=plan.notes))

    def links(self, *bindings: str, disabled: bool = False) -> LinksView:
        """The links of these bindings (all if none is named); of disabled consumers if wanted.

        Raises :class:`ValueError` for what is not the name of a binding.
        """
        from dtlink.views.links import LinksView, check_bindings

        for each in bindings:
            taken.text("bindings", each, "the name of a binding, as a string,")
        taken.flags(disabled=disabled)
        try:
            check_bindings(bindings)
        except ValueError as error:
            raise ValueError(f"bindings: {error}") from None
        return LinksView.of(self.parts, disabled=disabled, bindings=bindings)

    def cycles(self) -> CyclesView:
        """The devices that wait for each other, and how to break each cycle."""
        from dtlink.views.cycles import CyclesView

        return CyclesView.of(self.parts)

    def order(self) -> OrderView:
        """The devices in waves: what a device needs is in earlier ones."""
        from dtlink.views.order import OrderView

        return OrderView.of(self.parts)

    def graph_view(
        self,
        *nodes: str,
        depth: int = 3,
        consumers: int = 1,
        old: Board | None = None,
        observed: AnyPath | None = None,
    ) -> GraphView:
        """Devices and what they wait for, to draw: ``graph_view().render("html")`` is a page.

        ``nodes`` are those to look at first; other formats than the page have what is near them:
        suppliers to ``depth``, consumers to ``consumers``. With an ``old`` board, what was gained,
        lost and changed since is marked. ``observed`` is as of :meth:`devlink`.
        """
        from dtlink import engine
        from dtlink.views.graph.change import compared
        from dtlink.views.graph.neighbourhood import Near
        from dtlink.views.graph.view import GraphView

        for each in nodes:
            taken.text("nodes", each, _NODE)
        taken.number("depth", depth, 0)
        taken.number("consumers", consumers, 0)
        if old is not None:
            taken.instance("old", old, Board, "a Board")
        with self._named():
            found = engine.lint_board(self.parts).get("findings", ())
            near = Near(depth, consumers)
            seen = None if observed is None else _observation(observed)
            view = GraphView.of(
                self.parts, found, path=self.path, names=nodes, near=near, observed=seen
            )
        return view if old is None else compared(old.graph_view(), view)

    def preprocess(self, node: str = "") -> PreprocessView:
        """A devicetree source as it was read, with the places of nodes and properties.

        ``node``: only that node, and what is below it. Raises :class:`InputError` for a board that
        was not read from source, and for a node that is not there.
        """
        from dtlink.views.preprocess import PreprocessView

        taken.text("node", node, _NODE)
        with self._named():
            return PreprocessView.of(self._tree(), node)

    def devlink(
        self, view: Literal["full", "bare"] = "full", *, observed: AnyPath | None = None
    ) -> DevlinkView:
        """What the kernel's fw_devlink does with a devicetree.

        ``view``: with a driver for every device, or with none. ``observed``: what the running
        board reports (a copy of its /sys, its log, or what the script of ``dtlink devlink --help``
        prints), to be compared with the prediction.
        """
        from dtlink.views.devlink import DevlinkView

        taken.choice("view", view, ("full", "bare"))
        observation = None if observed is None else _observation(observed)
        with self._named():
            return DevlinkView.of(self._tree(), view, observation)

    def why(self, node: str, *, depth: int | None = None, only_waiting: bool = False) -> WhyView:
        """What a node waits for, down to the roots, or ``depth`` levels of it.

        ``only_waiting``: only suppliers that hold their consumer back.

        ``node`` is a path, a label, an alias or a name that no other node has. Raises
        :class:`InputError`, which suggests nodes, if there is none.
        """
        from dtlink.views.why import WhyView

        taken.text("node", node, _NODE)
        taken.flags(only_waiting=only_waiting)
        if depth is not None:
            taken.number("depth", depth, 1)
        with self._named():
            return WhyView.of(self.parts, node, depth=depth, only_waiting=only_waiting)

    def drivers(self) -> DriversView:
        """The driver of each device in the kernel that the board was read with."""
        from dtlink.views.drivers import DriversView

        with self._named():
            return DriversView.of(self._tree())

    def modules(self, *nodes: str, missing: bool = False) -> ModulesView:
        """The modules that nodes need before they can probe, in load order.

        Without nodes: every storage controller. ``missing``: only those that the initramfs lacks.
        """
        from dtlink.views.modules import ModulesView

        for each in nodes:
            taken.text("nodes", each, _NODE)
        taken.flags(missing=missing)
        if missing and not self.settings.initramfs:
            raise ValueError("missing needs a board with initramfs")
        with self._named():
            return ModulesView.of(self._tree(), nodes, missing=missing)

    def iommu(self, function: str = "", *, lspci: AnyPath = "") -> IommuView:
        """The IOMMU of a requester, its IDs there, its MSIs, its reserved memory, and what keeps
        it from a guest; of all that the input names without ``function``.

        ``function`` is a PCI function such as ``"0000:3b:00.0"``, a node, or a device that tables
        name. ``lspci`` is a list of the machine's functions: the output of ``lspci -Dvvnn``, or
        ``/sys/bus/pci``. Raises :class:`InputError` if there is no such device.
        """
        from dtlink.views.iommu.view import IommuView

        taken.text("function", function, "a PCI function or a node, as a string,")
        listing = "" if isinstance(lspci, str) and not lspci else taken.path("lspci", lspci)
        with self._named():
            return IommuView.of(self.parts, function, listing)

    def iort(
        self, *, rid: str | tuple[int, int] | None = None, component: str | None = None
    ) -> IortView:
        """How the ID of one requester is translated: by ``rid``, such as ``"0000:01:00.0"`` (or
        its segment and its requester ID), or by the path of a named component.
        """
        from dtlink.views.iort import IortView

        if (rid is None) == (component is None):
            raise ValueError("one of rid and component is needed")
        if component is not None:
            taken.text("component", component, "the path of a named component, as a string,")
            with self._named():
                return IortView.of_component(self._tables(), component)
        segment, requester = _requester(rid)
        with self._named():
            return IortView.of_function(self._tables(), segment, requester)

    def _tree(self) -> TreeBoard:
        if not isinstance(self.parts, TreeBoard):
            raise InputError("ACPI tables: this is about devicetrees")
        return self.parts

    def _tables(self) -> TablesBoard:
        if isinstance(self.parts, TreeBoard):
            raise InputError("a devicetree: this is about ACPI tables")
        return self.parts

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Put the board's path into an :class:`InputError`."""
        try:
            yield
        except InputError as error:
            error.path = error.path or self.path
            raise


def _is_source(value: object) -> bool:
    """Whether it is a path or bytes."""
    return isinstance(value, (str, os.PathLike, *taken.BYTES))


def _observation(path: AnyPath) -> Observation:
    """What a running board reports."""
    from dtlink.observed import sysfs

    return sysfs.read(taken.path("observed", path))


def _requester(rid: object) -> tuple[int, int]:
    """The segment and the requester ID of a PCI function."""
    from dtlink.facts.pci import parse_bdf

    if isinstance(rid, str):
        try:
            return parse_bdf(rid)
        except ValueError as error:
            raise ValueError(f"rid: {error}") from None
    needed = "a PCI function such as '0000:01:00.0', or (segment, requester ID),"
    if not isinstance(rid, tuple) or len(rid) != len(("segment", "requester")):
        raise taken.refused("rid", needed, rid)
    segment, requester = rid
    return taken.number("rid", segment, 0, needed), taken.number("rid", requester, 0, needed)
