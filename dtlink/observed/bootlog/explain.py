"""A boot log explained: what is harmful, by root cause; what is harmless, counted and hidden."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dtlink.board.settings import Settings
from dtlink.facts.cmdline import CommandLine, words
from dtlink.facts.errors import OptionError
from dtlink.facts.kernels import DEFAULT, LATEST, KernelVersion
from dtlink.facts.loglines import HEADER_LINES
from dtlink.facts.profile import KernelProfile
from dtlink.observed.bootlog.causes import CauseTracer
from dtlink.observed.bootlog.cures import cure
from dtlink.observed.bootlog.faults import described, explain_faults
from dtlink.observed.bootlog.history import History
from dtlink.observed.bootlog.lost_root import explain_lost_root
from dtlink.observed.bootlog.model import CauseKind, Explanation, RootCause
from dtlink.observed.bootlog.outcomes import Outcomes
from dtlink.observed.bootlog.tally import counts, put_away
from dtlink.observed.naming import NodeNames
from dtlink.observed.observation import Observation, ReportCollector
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.firmware.tree import Tree
    from dtlink.observed.bootlog.kernel_side import KernelSide
    from dtlink.observed.bootlog.read import LogLine
    from dtlink.observed.bootlog.suppliers import Suppliers

_HEADER_WORDS = tuple(word for row in HEADER_LINES for word in row.needles)
_TABLE = re.compile(r"ACPI: (IORT|VIOT) 0x")

_DEFERRED = "/sys/kernel/debug/devices_deferred, as root: which devices wait now, and for what"
_WHY = "dtlink why TREE NODE: what a device needs, down to the roots"
_KERNEL = (
    "pass the kernel (--kernel CONFIG or MODULES, --initramfs): it shows which suppliers can never "
    "have probed"
)
_DEBUG = (
    'boot with dyndbg="file drivers/base/dd.c +p; file drivers/base/core.c +p" and loglevel=8: the '
    "log then shows which devices bind, and what each one waits for"
)


class _Side(NamedTuple):
    """What the tree adds."""

    names: NodeNames | None = None
    suppliers: Suppliers | None = None
    kernel: KernelSide | None = None


def explain(
    lines: Sequence[LogLine],
    tree: Tree | None = None,
    version: KernelVersion | None = None,
    board: TreeBoard | None = None,
) -> Explanation:
    """Explain a log with the tree that the board booted with, or without one.

    ``version`` is the kernel to assume; without it, that of the log. ``board`` is the tree with
    the kernel, if one is named. Raises :class:`InputError` for more devices than a machine can
    have, and for facts that cannot be read.
    """
    tree = tree if board is None else board.tree
    history, told = History(lines), _header(lines)
    notes: list[str] = []
    profile = _profile(version, told, notes)
    board = _of_log(tree, board, told, profile)
    side = _side(board, told, history)
    notes += _idle_vtd(history, told)
    if tree is not None:
        notes += _other_board(told, tree)
    tracer = CauseTracer(
        history,
        complete=told.log_begins and not history.dropped and _debugs(told.command_line),
        names=side.names,
        suppliers=side.suppliers,
        kernel=side.kernel,
        acpi=" or the ".join(_tables(lines)),
    )
    found = Outcomes(history, profile, tracer, side.suppliers)
    causes = [*found.causes(), *explain_faults(history, side.names, side.suppliers)]
    faulty = [*described(history, side.names)]
    causes += faulty
    explained = {victim.device for cause in faulty for victim in cause.victims}
    causes += explain_lost_root(history, causes, board)
    for cause in causes:
        cause.origin = cause.origin._replace(cure=cure(cause, cause.origin.group, side.kernel))
    return Explanation(
        profile=profile,
        kernel=told.kernel,
        command_line=told.command_line,
        model=told.model,
        lines=lines[-1].number if lines else 0,
        causes=sorted(causes, key=_weight),
        open=found.open,
        own_failures=[each for each in found.own_failures if each.device not in explained],
        put_away=put_away(history, found),
        notes=notes,
        look_at=_look_at(history, causes, found, board),
        told=counts(history, found, causes),
        board=board,
    )


def _debugs(command_line: str) -> bool:
    """Whether the driver core reports bindings from the start."""
    return any(name.endswith("dyndbg") and "dd.c" in value for name, value in words(command_line))


def _header(lines: Iterable[LogLine]) -> Observation:
    """The kernel, its command line and its board."""
    collector = ReportCollector()
    for line in lines:
        if any(word in line.text for word in _HEADER_WORDS):
            collector.line(line.text)
    return collector.found


def _profile(version: KernelVersion | None, told: Observation, notes: list[str]) -> KernelProfile:
    """The kernel that wrote the log; what it would refuse of its command line has no effect."""
    line, refused = CommandLine.read(told.command_line)
    notes += [f"command line: {error}; the kernel passes over it" for error in refused]
    return KernelProfile.of(version or _version(told.kernel, notes), line)


def _version(release: str, notes: list[str]) -> KernelVersion:
    """The version of the release that a log names: the nearest that is known."""
    if not release:
        notes.append(f"the log does not name its kernel; {DEFAULT} is assumed")
        return DEFAULT
    try:
        return min(KernelVersion.parse(release), LATEST)
    except OptionError:
        notes.append(
            f"kernel {release} is not known; {DEFAULT} is assumed, and messages that only other "
            "kernels print are not explained"
        )
        return DEFAULT


def _of_log(
    tree: Tree | None, board: TreeBoard | None, told: Observation, profile: KernelProfile
) -> TreeBoard | None:
    """The board as it was when it wrote the log: with the log's kernel and command line."""
    if tree is None:
        return None
    from dtlink.board.tree import TreeBoard

    line, _ = CommandLine.read(told.command_line)
    settings = (board.settings if board else Settings())._replace(kernel_version=profile.version)
    facts = board.facts if board else None
    if told.command_line or facts is None:
        settings = settings._replace(cmdline=line)
    # Facts of the settings are read again: which tables count depends on the log's version.
    return TreeBoard(tree, settings, facts=None if settings.kernel else facts)


def _side(board: TreeBoard | None, told: Observation, history: History) -> _Side:
    if board is None:
        return _Side()
    from dtlink.observed.bootlog.suppliers import Suppliers

    kernel = None
    if board.facts is not None:
        from dtlink.observed.bootlog.kernel_side import KernelSide

        mounted = "root-mounted" in history.stages
        kernel = KernelSide(board, told.kernel, until_root=not mounted)
    names = NodeNames(board.tree, hosts=told.pci_hosts, made=lambda: board.makers)
    return _Side(names, Suppliers(board), kernel)


def _tables(lines: Iterable[LogLine]) -> list[str]:
    """The ACPI tables that name IOMMUs for the kernel, of those that the log lists."""
    found = (_TABLE.search(line.text) for line in lines if "ACPI: " in line.text)
    listed = dict.fromkeys(match[1] for match in found if match)
    return ["VIOT"] if "VIOT" in listed else list(listed)


def _other_board(told: Observation, tree: Tree) -> list[str]:
    model = next(iter(tree.root.strings("model")), "")
    if told.model and model and told.model != model:
        return [f'the log is of "{told.model}", the tree of "{model}"']
    return []


def _idle_vtd(history: History, told: Observation) -> list[str]:
    """That VT-d is there and not used, which no line says (intel_iommu_init(), dmar_disabled)."""
    options = dict(words(told.command_line))
    off = "off" in (options.get("iommu"), options.get("intel_iommu", "").partition(",")[0])
    if "init-runs" not in history.stages or "vtd-on" in history.vtd or off:
        return []
    return [
        f"line {line.number}: the DMAR has VT-d units, with which this kernel translates no DMA: "
        "intel_iommu=on on the command line switches it on (no device can be given to a guest "
        "before)"
        for kind, line in history.vtd.items()
        if kind == "vtd-units"
    ]


def _weight(cause: RootCause) -> tuple[bool, bool, int]:
    """The worst first: what is known before what is not, many victims before few."""
    mild = all(victim.effect.is_mild for victim in cause.victims)
    return not cause.origin.root.is_known, mild, -len(cause.victims)


def _look_at(
    history: History, causes: Sequence[RootCause], found: Outcomes, board: TreeBoard | None
) -> list[str]:
    """Hints, where the log and the tree do not show everything."""
    roots = {cause.origin.root for cause in causes}
    doubtful = any(not cause.sure for cause in causes) or CauseKind.UNCLEAR in roots
    hints = []
    if any(each.device for each in found.open) or CauseKind.UNCLEAR in roots:
        hints.append(_DEFERRED)
    if doubtful and not history.tells_binding:
        hints.append(_DEBUG)
    if board is None and (causes or found.open) and not history.is_acpi:
        hints.append("pass the tree that the board booted with: --dtb /sys/firmware/fdt")
    elif board is not None and board.facts is None and found.open:
        hints.append(_KERNEL)
    elif CauseKind.NO_DRIVER in roots or CauseKind.UNCLEAR in roots:
        hints.append(_WHY)
    return hints
