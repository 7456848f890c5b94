"""``dtlink devlink``: what a kernel's fw_devlink does with a devicetree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dtlink.board.tree import TreeBoard
from dtlink.boot.devlink.effects import LinkEffect
from dtlink.boot.devlink.ordering import Ordering
from dtlink.facts.behaviours import FWNODE_LINKS
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.profile import KernelProfile
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.report.rows import SHOWN, by, counted, listing
from dtlink.typed import TYPE_CHECKING
from dtlink.views import device_links
from dtlink.views.data import CommandResult
from dtlink.views.prediction import prediction_json
from dtlink.views.profile import VIEWS, checked, log_words, timeout
from dtlink.wording import noun

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import FwnodeLink
    from dtlink.boot.devlink.predict import View
    from dtlink.facts.errors import OptionError
    from dtlink.firmware.tree import Tree
    from dtlink.observed.observation import Observation
    from dtlink.report.entries import Json, JsonObject
    from dtlink.views.against import AgainstView
    from dtlink.views.observed import ObservedView

_ENDPOINT = "remote-endpoint"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class DevlinkView(CommandResult):
    """What a kernel's fw_devlink does with one devicetree.

    Made by :meth:`dtlink.Board.devlink`; ``ordering.prediction`` has what the kernel does.
    """

    member: ClassVar[str] = "devlink"
    tree: Tree
    profile: KernelProfile
    ordering: Ordering
    set_by: str = ""
    """The source of the parameters that are not the kernel's defaults; empty if all are."""
    notes: tuple[str, ...] = ()
    against: AgainstView | None = None
    observed: ObservedView | None = None

    @classmethod
    def of(
        cls, board: TreeBoard, view: View = "full", observation: Observation | None = None
    ) -> DevlinkView:
        """The prediction for a board; beside what it reports, with the command line it reports."""
        board, set_by, notes = _started(board, observation)
        profile, version = board.profile, board.version
        if board.command_line.fw_devlink_strict and not profile.strict:
            mode = profile.fw_devlink.value
            notes = (*notes, f"fw_devlink.strict has no effect together with fw_devlink={mode}")
        ordering = board.order
        if view != "full":
            ordering = Ordering(board.predicted(profile, view), profile)
        return cls(
            tree=board.tree,
            profile=profile,
            ordering=ordering,
            set_by="" if profile == KernelProfile.of(version, CommandLine()) else set_by,
            notes=notes,
            against=_against(board, ordering, view),
            observed=None if observation is None else _observed(board, ordering, observation),
        )

    def __repr__(self) -> str:
        return f"<DevlinkView: {self.tree!r}, kernel {self.profile.release}>"

    def to_json(self) -> Json:
        """The prediction."""
        return prediction_json(self.ordering.prediction)

    def members(self) -> Mapping[str, Json]:
        """The prediction and, where asked for, the comparisons."""
        found: JsonObject = {self.member: self.to_json()}
        if self.against is not None:
            found["against"] = self.against.to_json()
        if self.observed is not None:
            found["observed"] = self.observed.to_json()
        return found

    def text(self, title: str = "", *, everything: bool = False) -> Iterator[Line]:
        """The groups, the ones to act on first; of a comparison, what differs."""
        if self.against is not None:
            yield line(Span(title, BOLD), self.identity)
            yield from self.against.text(self.ordering.prediction.view, everything=everything)
        else:
            yield from self._head(title)
            if self.observed is None:
                yield from self._groups(everything=everything)
        if self.observed is not None:
            yield line()
            yield from self.observed.text(everything=everything)

    @property
    def identity(self) -> str:
        """Model, compatible and size of the board."""
        root, devices = self.tree.root, len(self.ordering.prediction.devices)
        model = next(iter(root.strings("model")), "")
        name = f" · {model}" if model else ""
        compatible = f" ({root.compatible[0]})" if root.compatible else ""
        return (
            f"{name}{compatible} · {counted(len(self.tree), 'node')}, {counted(devices, 'device')}"
        )

    def _head(self, title: str) -> Iterator[Line]:
        """Which board, which kernel, and what is assumed."""
        profile, view = self.profile, self.ordering.prediction.view
        yield line(Span(title, BOLD), self.identity)
        set_by = f" ({self.set_by})" if self.set_by else ""
        yield line(
            f"Linux {profile.release}, fw_devlink={profile.fw_devlink.value}, "
            f"strict {'on' if profile.strict else 'off'}, "
            f"deferred_probe_timeout {timeout(profile.deferred_probe_timeout)}{set_by}"
        )
        yield line(Span(f"view {view}: {VIEWS[view]}{checked(profile)}", DIM))

    def _groups(self, *, everything: bool) -> Iterator[Line]:
        limit = None if everything else SHOWN
        for group in (_waiting, _cycles, _relaxed, device_links.refused, device_links.counts):
            yield line()
            yield from group(self, limit)
        if everything:
            yield line()
            yield from device_links.every_link(self.ordering)


def _started(
    board: TreeBoard, observation: Observation | None
) -> tuple[TreeBoard, str, tuple[str, ...]]:
    """The board with the command line that counts, the source of that, what the kernel refuses."""
    settings = board.settings
    if settings.cmdline is not None:
        return board, "--cmdline", ()
    log = observation.command_line if observation is not None else ""
    if log:
        read, refused = CommandLine.read(log)
        reported = TreeBoard(board.tree, settings._replace(cmdline=read))
        return reported, "the board's log", _refused("log", refused)
    return board, "bootargs of /chosen", _refused("/chosen:bootargs", board.refused)


def _refused(where: str, errors: Iterable[OptionError]) -> tuple[str, ...]:
    return tuple(f"{where}: {error}; the kernel ignores it" for error in errors)


def _against(board: TreeBoard, ordering: Ordering, view: View) -> AgainstView | None:
    other = board.against
    if other is None:
        return None
    from dtlink.boot.devlink.compare import compare
    from dtlink.views.against import AgainstView

    before = Ordering(board.predicted(other, view), other)
    return AgainstView(comparison=compare(before, ordering, other, board.profile))


def _observed(board: TreeBoard, ordering: Ordering, observation: Observation) -> ObservedView:
    from dtlink.observed.compare import compare
    from dtlink.views.observed import ObservedView

    return ObservedView(comparison=compare(ordering.prediction, observation, board.tree))


def _waiting(result: DevlinkView, limit: int | None) -> Iterator[Line]:
    """The devices that wait, and for what."""
    ordering, prediction = result.ordering, result.ordering.prediction
    if not result.profile.orders_probing:
        mode = result.profile.fw_devlink.value
        yield line(Span("no device waits", BOLD), f" for a supplier: fw_devlink={mode}")
        return
    full = prediction.view == "full"
    held = {who: what for who, what in ordering.held_up.items() if full}
    if not prediction.waiting and not held:
        yield line(Span("no device waits forever" if full else "no device waits", BOLD))
        return
    waits = "waits forever for" if full else "waits for"
    number = len({x.device for x in prediction.waiting} | held.keys())
    title = "waiting for suppliers that are not devices"
    title = noun(number, "that never probes", "that never probe") if full else title
    style = STYLES["error"] if full else BOLD
    yield line(Span(f"{counted(number, 'device')} {title}", style))
    rows = []
    told: dict[tuple[str, str], str] = {}  # nodes of one name share their paths
    for who in prediction.waiting:
        for supplier in who.suppliers:
            ends = who.device, supplier
            if ends not in told:
                tie = ordering.dependencies.get(ends)
                told[ends] = by(tie.origins) if tie else ""
            rows.append(line(f"  {who.device} {waits} {supplier}", Span(f"  {told[ends]}", DIM)))
    rows += [
        line(f"  {who} waits for {', '.join(what)}, which never probes")
        for who, what in held.items()
    ]
    yield from listing(rows, limit)
    if full:
        hint = 'the kernel: "wait for supplier …" in /sys/kernel/debug/devices_deferred'
        yield line(Span(f"  {hint}; dtlink lint suggests fixes", DIM))


def _cycles(result: DevlinkView, limit: int | None) -> Iterator[Line]:
    """The kernel's own lines, those of graph endpoints only counted."""
    prediction = result.ordering.prediction
    if not prediction.cycles:
        logs = FWNODE_LINKS.on(result.profile.version)
        yield line(Span("no cycles", BOLD), "" if logs else ": this kernel logs none")
        return
    reports = Counter((report.consumer, report.supplier) for report in prediction.cycles)
    endpoints = _endpoint_pairs(prediction.fwnode_links)
    words = log_words(result.profile)
    rows = [
        line(
            f"  {pair[0]}: {words} {pair[1]}", Span(f"  ({times} times)" if times > 1 else "", DIM)
        )
        for pair, times in reports.items()
        if limit is None or pair not in endpoints
    ]
    lines_told = counted(len(prediction.cycles), "line")
    names = "" if result.profile.links_nodes else "; this kernel names devices, not nodes"
    yield line(
        Span("cycles", BOLD),
        f" · the log has {lines_told} about {counted(len(reports), 'pair')} of nodes{names}",
    )
    yield from listing(rows, limit)
    graph = len(reports.keys() & endpoints)
    if graph and limit is not None:
        told = f"  {counted(graph, 'pair')} by {_ENDPOINT} alone, as any graph has (--all)"
        yield line(Span(told, DIM))


def _endpoint_pairs(links: Iterable[FwnodeLink]) -> set[tuple[str, str]]:
    """The links that nothing but graph endpoints make."""
    return {
        (link.consumer, link.supplier)
        for link in links
        if link.origins and {origin.property_name for origin in link.origins} == {_ENDPOINT}
    }


def _relaxed(result: DevlinkView, limit: int | None) -> Iterator[Line]:
    """The links that order nothing."""
    found = list(result.ordering.of(LinkEffect.RELAXED, LinkEffect.IGNORED))
    if not found:
        yield line(Span("every link between devices is ordered", BOLD))
        return
    title = f"{counted(len(found), 'link')} not ordered"
    yield line(Span(title, BOLD), ": the consumer may probe before its supplier")
    rows, graph, inside = [], 0, 0
    for (consumer, supplier), tie in found:
        names = {origin.property_name for origin in tie.origins}
        if limit is not None and names == {_ENDPOINT}:
            graph += 1
        elif limit is not None and supplier.startswith(consumer + "/"):
            inside += 1
        else:
            given_up = (
                ", given up by post-init-providers" if tie.effect is LinkEffect.IGNORED else ""
            )
            note = f"  {by(tie.origins)}{given_up}"
            rows.append(line(f"  {consumer} → {supplier}", Span(note, DIM)))
    yield from listing(rows, limit)
    if inside:
        yield line(Span(f"  {inside} to a node of the consumer's own (--all)", DIM))
    if graph:
        yield line(Span(f"  {graph} by {_ENDPOINT} alone (--all)", DIM))
