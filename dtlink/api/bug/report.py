"""What a report of a wrong finding contains, as files."""

from __future__ import annotations

import io
import platform
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dtlink.api.bug.minimal import smallest
from dtlink.api.bug.privacy import Removed, scrub
from dtlink.api.bug.source import dts
from dtlink.board.boards import board_of
from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.config.show import written
from dtlink.escaping import shell
from dtlink.facts.cmdline import CommandLine
from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.firmware.overlay.nodes import editable, walk
from dtlink.firmware.read import read
from dtlink.firmware.tree import Tree
from dtlink.records import NamedTuple
from dtlink.report.wording import details
from dtlink.rules.finding import Confidence, Finding
from dtlink.typed import TYPE_CHECKING
from dtlink.version import __version__
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.tables import TablesBoard
    from dtlink.firmware.acpi.machine import Machine

DEFAULTS = Settings()

#: Names in the report.
TEXT, TREE, BLOB, TABLES = "report.txt", "input.dts", "input.dtb", "tables.txt"
#: A zip file has the time of each member; this is the first that it can have.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_ROW = 16


class Wanted(NamedTuple):
    """A rule or a family, and a node if it is about one alone."""

    rule: str
    node: str = ""

    @classmethod
    def of(cls, word: str) -> Wanted:
        """From ``RULE`` or ``RULE:NODE``."""
        rule, _, node = word.partition(":")
        return cls(rule, node)

    def is_meant(self, finding: Finding) -> bool:
        """Whether it is this finding that is wrong."""
        names = (finding.rule, finding.alias, finding.rule.partition("/")[0])
        return self.rule in names and self.node in ("", finding.subject.path)


@dataclass(frozen=True, kw_only=True)
class BugReport:
    """The files of a report, and what is in them."""

    files: Mapping[str, bytes]
    findings: Sequence[Finding]
    """Those that the packed input shows."""
    lost: Sequence[Finding]
    """Those that it does not show: they depend on what was removed."""
    removed: Sequence[Removed]
    nodes: tuple[int, int]
    """How many nodes are packed, and how many there are."""

    @classmethod
    def of(
        cls,
        firmware: Tree | Machine,
        settings: Settings = DEFAULTS,
        words: Sequence[str] = (),
        *,
        minimal: bool = False,
    ) -> BugReport:
        """The report about the findings that rules, families or ``RULE:NODE`` name; all without.

        Raises :class:`ValueError` for a word that is not a rule or family, and :class:`InputError`
        if there is no such finding.
        """
        wanted = tuple(map(Wanted.of, words))
        board = board_of(firmware, settings)
        found = _found(board, wanted)
        if not found:
            which = "such finding" if wanted else "finding"
            raise InputError(f"no {which}: there is nothing to report")
        if isinstance(board, TreeBoard):
            return _of_tree(board, settings, wanted, found, minimal=minimal)
        return _of_tables(board, settings, found)

    def zipped(self) -> bytes:
        """All files as a zip archive; the same report gives the same bytes."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in self.files.items():
                archive.writestr(zipfile.ZipInfo(name, _NO_TIME), data)
        return stream.getvalue()

    def joined(self) -> str:
        """All files as one text. Raises :class:`InputError` if one is not text."""
        if BLOB in self.files:
            raise InputError("no source can be written of this tree: name a .zip")
        parts = (f"==== {name} ====\n{data.decode()}" for name, data in self.files.items())
        return "\n".join(parts)

    def contents(self) -> Iterator[str]:
        """What is in the report, a line for each thing."""
        packed, whole = self.nodes
        for name, data in self.files.items():
            yield f"  {name:<12} {len(data):,} bytes"
        yield f"findings:      {_rules(self.findings)}"
        yield f"nodes:         {packed} of {whole}"
        yield f"removed:       {_kinds(self.removed) or 'nothing private was found'}"
        if self.lost:
            yield f"not shown:     {_rules(self.lost)}: what was removed is needed to see this"


def _found(board: AnyBoard, wanted: Sequence[Wanted]) -> list[Finding]:
    from dtlink import engine

    select = tuple(dict.fromkeys(each.rule for each in wanted))
    findings = engine.lint_board(board, select).get("findings", ())
    return [each for each in findings if not wanted or any(one.is_meant(each) for one in wanted)]


def _of_tree(
    board: TreeBoard,
    settings: Settings,
    wanted: Sequence[Wanted],
    found: Sequence[Finding],
    *,
    minimal: bool,
) -> BugReport:
    root = editable(board.tree)
    removed = scrub(root)
    told = settings._replace(cmdline=_harmless(board.command_line), overlay=(), include=())

    def shown(tree: SourceNode) -> list[Finding]:
        return _found(TreeBoard(_reread(tree), told), wanted)

    there = shown(root)
    ids = {each.fingerprint for each in found}
    kept = [each for each in there if each.fingerprint in ids]
    packed = root
    if minimal:
        needed = {each.fingerprint for each in kept}
        whole = TreeBoard(_reread(root), told)
        packed = smallest(
            root, whole, kept, lambda tree: needed <= {each.fingerprint for each in shown(tree)}
        )
        kept = [each for each in shown(packed) if each.fingerprint in needed]
    lost = [each for each in found if each.fingerprint not in {one.fingerprint for one in kept}]
    nodes = (sum(1 for _ in walk(packed)), len(board.tree))
    name, data = _packed(packed)
    text = _text(name, told, kept, lost, removed, nodes) + _drivers(board, kept)
    files = {TEXT: text.encode(), name: data}
    return BugReport(files=files, findings=kept, lost=lost, removed=removed, nodes=nodes)


def _packed(tree: SourceNode) -> tuple[str, bytes]:
    """The tree as source, which people can read; as a blob if no source makes the same."""
    source = dts(tree).encode()
    try:
        again = read(source, TREE)
    except InputError:
        return BLOB, write(tree)
    is_same = isinstance(again, Tree) and write(editable(again)) == write(tree)
    return (TREE, source) if is_same else (BLOB, write(tree))


def _reread(tree: SourceNode) -> Tree:
    return fdt.read(write(tree))


def _of_tables(board: TablesBoard, settings: Settings, found: Sequence[Finding]) -> BugReport:
    nodes = (len(board.machine), len(board.machine))
    tables = "".join(_dump(name, each.data) for name, each in board.machine.tables.items())
    text = _text(TABLES, settings, found, (), (), nodes)
    files = {TEXT: text.encode(), TABLES: tables.encode()}
    return BugReport(files=files, findings=found, lost=(), removed=(), nodes=nodes)


def _dump(name: str, data: bytes) -> str:
    """A table as ``acpidump`` prints it."""
    rows = [f"{name} @ 0x0000000000000000"]
    for at in range(0, len(data), _ROW):
        piece = data[at : at + _ROW]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        rows.append(f"    {at:04X}: {piece.hex(' ').upper():<47}  {text}")
    return "\n".join(rows) + "\n\n"


def _harmless(given: CommandLine) -> CommandLine:
    """The parameters that decide what fw_devlink does, without all others."""
    return CommandLine(
        fw_devlink=given.fw_devlink,
        fw_devlink_strict=given.fw_devlink_strict,
        fw_devlink_sync_state=given.fw_devlink_sync_state,
        deferred_probe_timeout=given.deferred_probe_timeout,
    )


def _command(name: str, settings: Settings, findings: Sequence[Finding]) -> str:
    """The command that shows the findings, without paths of the machine that it was run on."""
    parameters = written(settings.cmdline) if settings.cmdline else ""
    options = [f"--select {','.join(dict.fromkeys(each.rule for each in findings))}"]
    if settings.kernel_version or settings.kernel:
        options.append(f"--kernel-version {settings.version}")
    options += [f"--cmdline {shell.word(parameters)}"] if parameters else []
    options += ["--kernel (its drivers are below)"] if settings.kernel else []
    return " ".join(("dtlink lint", shell.file(name), *options))


def _text(
    name: str,
    settings: Settings,
    kept: Sequence[Finding],
    lost: Sequence[Finding],
    removed: Sequence[Removed],
    nodes: tuple[int, int],
) -> str:
    packed, whole = nodes
    rows = [
        f"dtlink {__version__}, Python {platform.python_version()} on {platform.system()}",
        _command(name, settings, kept),
        f"{packed} of {whole} nodes",
        f"removed: {_kinds(removed) or 'nothing'}",
    ]
    rows += ["what was left out is missing: references to it do not resolve"] * (packed < whole)
    rows += [f"not shown by what is packed: {_rules(lost)}"] * bool(lost)
    rows += ["", "Why the finding is wrong:", "", "(please write it here)", ""]
    for each in kept:
        confidence = " (likely)" if each.confidence is Confidence.LIKELY else ""
        rows.append(f"{each.severity.value} {each.rule}{confidence} {each.subject.path}")
        rows += [f"        {each.message}", details(each), ""]
    return "\n".join(rows)


def _drivers(board: TreeBoard, findings: Sequence[Finding]) -> str:
    """The drivers of the nodes of the findings, where a kernel was given."""
    if board.facts is None:
        return ""
    from dtlink.views.drivers import DriversView

    nodes = {path for each in findings for path in (each.subject.path, *each.related)}
    rows = [row for row in DriversView.of(board).nodes if row.node in nodes]
    return "\n".join(["drivers:", *(f"  {row.node}: {row.state.value}" for row in rows)]) + "\n"


def _rules(findings: Iterable[Finding]) -> str:
    counts = Counter(each.rule for each in findings)
    return listed([f"{rule} ({number})" for rule, number in sorted(counts.items())], 8) or "none"


def _kinds(removed: Iterable[Removed]) -> str:
    counts = Counter(each.what for each in removed)
    return ", ".join(f"{what} ({number})" for what, number in sorted(counts.items()))
