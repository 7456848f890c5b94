"""Faults put into a scratch copy of real sources, and what their fixes make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dtlink.board.settings import DEFAULTS
from dtlink.config.model import LintSettings
from dtlink.config.plan import LintPlan
from dtlink.engine.fixing import FixOutcome, WantedFixes, fix_all
from dtlink.engine.written import ExpectedTree
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware import fdt
from dtlink.firmware.blob_source import difference, is_same_property
from dtlink.firmware.dts import read_source_file
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.source.read import SourcePlaces
from dtlink.firmware.storage import DISK, Disk
from dtlink.firmware.tree import Tree
from dtlink.report.model import InputReport
from dtlink.rules.model import Finding
from tests.support.kernel_sources import compiled, preprocessed
from tests.support.source_faults.bed import Bed, Splice
from tests.support.source_faults.kinds import Planted, SourceFault
from tests.support.source_faults.lines import strange_lines

#: A kernel that reads post-init-providers.
_SETTINGS = LintSettings(
    board=DEFAULTS._replace(kernel_version=KernelVersion(7, 2)), select=("all",)
)
_WANTED = WantedFixes(unsafe=True, shared=True, most=0)


class Verdict(NamedTuple):
    """What became of one fault."""

    board: str
    fault: SourceFault
    word: str
    """``restored``: the tree is as it was; ``fixed``: the finding is gone in another way;
    ``refused``; ``advice``: the fix has no edits; ``silent``: no finding; ``unreadable``: the
    fault is one of the language; ``wrong``."""
    detail: str = ""
    rule: str = ""
    """The rule that reports it: the fault's, or another one if that is silent."""


class _Planting(NamedTuple):
    fault: SourceFault
    planted: Planted


class Sweep:
    """A scratch copy of a kernel's sources."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def board(self, path: Path, faults: Sequence[SourceFault], seed: str) -> Iterator[Verdict]:
        """Put some faults into a board, as many as fit beside each other, and fix it."""
        try:
            clean = read_source_file(str(path)).tree
        except InputError:
            return  # it includes a file that the copy lacks
        chosen = list(_chosen(clean, faults, seed))
        yield from self._all(path, clean, chosen)

    def as_it_is(self, path: Path) -> Iterator[tuple[str, str, str]]:
        """Make all fixes of a board as it is; for each finding its rule, a word and a reason."""
        try:
            clean = read_source_file(str(path)).tree
        except InputError:
            return
        outcome = _fixed(path, set())
        problem = self._problem(path, clean, outcome)
        for each in outcome.fixed:
            yield each.finding.rule, "wrong" if problem else "fixed", problem
        for left in outcome.left:
            rule = left.proposal.finding.rule
            yield rule, "wrong" if left.is_fault else "refused", left.reason

    def _all(self, path: Path, clean: Tree, chosen: Sequence[_Planting]) -> Iterator[Verdict]:
        """All together; each alone, where together something is wrong, or one breaks the source."""
        found = list(self._run(path, clean, chosen)) if chosen else []
        if len(chosen) > 1 and any(each.word in ("wrong", "unreadable") for each in found):
            for each in chosen:
                yield from self._run(path, clean, [each])
        else:
            yield from found

    def _run(self, path: Path, clean: Tree, chosen: Sequence[_Planting]) -> Iterator[Verdict]:
        splices = [splice for each in chosen for splice in each.planted.splices]
        before = {each.file: Path(each.file).read_bytes() for each in splices}
        try:
            for file, data in _spliced(before, splices).items():
                Path(file).write_bytes(data)
            yield from self._judged(path, clean, chosen)
        finally:
            for file, data in before.items():
                Path(file).write_bytes(data)

    def _judged(self, path: Path, clean: Tree, chosen: Sequence[_Planting]) -> Iterator[Verdict]:
        name = path.stem
        try:
            spoilt = read_source_file(str(path)).tree
        except InputError as error:
            yield from (Verdict(name, each.fault, "unreadable", error.message) for each in chosen)
            return
        old = _keys(_lint(path, clean))
        found = [each for each in _lint(path, spoilt) if _key(each) not in old]
        outcome = _fixed(path, old)
        problem = self._problem(path, spoilt, outcome)
        after = next(iter(outcome.reports.values()))
        fixed = _read(path, outcome)
        for each in chosen:
            mine = _about(each, found)
            word, detail = _word(mine, outcome, after)
            if word == "fixed" and problem:
                word, detail = "wrong", problem
            elif word == "fixed" and _is_restored(clean, fixed, each.planted):
                word = "restored"
            yield Verdict(name, each.fault, word, detail, mine[0].rule if mine else each.fault.rule)

    def _problem(self, path: Path, spoilt: Tree, outcome: FixOutcome) -> str:
        """What gcc and dtc say of the files, and whether other lines were touched."""
        if not outcome.contents:
            return ""
        edits = [
            e
            for p in outcome.fixed
            for held in p.holders.values()
            for f in held
            for e in f.fix.edits
        ]
        if strange := strange_lines(spoilt, edits, outcome.contents):
            return strange
        try:
            for file, (_, data) in outcome.contents.items():
                Path(file).write_bytes(data)
            text = preprocessed(path, self._top)
            made = (text.refused and text) or compiled(text.blob, path, self._top, symbols=False)
        finally:
            for file, (data, _) in outcome.contents.items():
                Path(file).write_bytes(data)
        if made.refused:
            return (
                f"dtc: {made.refused.strip().splitlines()[-1]}"
                if _compiles(path, self._top)
                else ""
            )
        tree = _read(path, outcome)
        if not isinstance(tree.origins, SourcePlaces):
            return "no source"
        return difference(fdt.read(made.blob), tree, tree.origins)


def _compiles(path: Path, top: Path) -> bool:
    """Whether dtc takes the spoilt source: it refuses some of the faults itself."""
    text = preprocessed(path, top)
    return not text.refused and not compiled(text.blob, path, top, symbols=False).refused


def _chosen(tree: Tree, faults: Sequence[SourceFault], seed: str) -> Iterator[_Planting]:
    """The faults that fit beside each other: none is about a node that another is about."""
    taken: set[str] = set()
    spans: list[Splice] = []
    bed = Bed(tree, seed)
    for each in faults:
        planted = each.plant(bed)
        if planted is None or taken & planted.nodes or _meet(spans, planted.splices):
            continue
        taken |= planted.nodes
        spans += planted.splices
        yield _Planting(each, planted)


def _meet(one: Sequence[Splice], other: Sequence[Splice]) -> bool:
    return any(
        a.file == b.file and a.start <= b.end and b.start <= a.end for a in one for b in other
    )


def _spliced(files: Mapping[str, bytes], splices: Sequence[Splice]) -> Mapping[str, bytes]:
    texts = {file: data.decode() for file, data in files.items()}
    for each in sorted(splices, key=lambda each: -each.start):
        held = texts[each.file]
        texts[each.file] = held[: each.start] + each.text + held[each.end :]
    return {file: text.encode() for file, text in texts.items()}


def _plan(path: Path) -> LintPlan:
    item = Input(str(path))
    return LintPlan([item], {item: _SETTINGS})


def _lint(path: Path, tree: Tree) -> Sequence[Finding]:
    return _plan(path).report_of(Input(str(path)), tree).findings


def _key(each: Finding) -> tuple[str, str, str | None, str]:
    return each.rule, each.subject.path, each.property_name, each.supplier


def _keys(findings: Sequence[Finding]) -> set[tuple[str, str, str | None, str]]:
    return set(map(_key, findings))


def _fixed(path: Path, old: set[tuple[str, str, str | None, str]]) -> FixOutcome:
    """Make the fixes of the findings that the board did not have."""
    plan = _plan(path)

    def lint(
        inputs: Mapping[Input, Input], storage: Disk, expected: Mapping[Input, ExpectedTree]
    ) -> Iterator[InputReport]:
        for report in plan.reports_of(inputs, storage, expected, jobs=1):
            kept = [e._replace(written=None) if _key(e) in old else e for e in report.findings]
            yield report._replace(findings=kept)

    return fix_all(lint, lambda _: [str(path)], plan.inputs, _WANTED)


def _read(path: Path, outcome: FixOutcome) -> Tree:
    from dtlink.firmware.source.options import NO_OPTIONS
    from dtlink.firmware.text_edits import EditedDisk

    contents = {file: data for file, (_, data) in outcome.contents.items()}
    return read_source_file(
        str(path), NO_OPTIONS, storage=EditedDisk(contents) if contents else DISK
    ).tree


def _about(each: _Planting, found: Sequence[Finding]) -> Sequence[Finding]:
    """The findings about a fault: those of its rule, or of one that reports it instead."""
    about = [f for f in found if {f.subject.path, *f.related} & each.planted.nodes]
    first = next((f for f in about if f.fix.edits), about[0] if about else None)
    own = [f for f in about if f.rule == each.fault.rule]
    return own or [f for f in about if first and f.rule == first.rule]


def _word(mine: Sequence[Finding], outcome: FixOutcome, after: InputReport) -> tuple[str, str]:
    if not mine:
        return "silent", ""
    keys = _keys(mine)
    for left in outcome.left:
        if any(_key(f) in keys for held in left.proposal.holders.values() for f in held):
            return ("wrong" if left.is_fault else "refused"), left.reason
    still = [f for f in after.findings if _key(f) in keys]
    if not still:
        return "fixed", mine[0].fix.text
    refused = next((f.written.refused for f in still if f.written and f.written.refused), "")
    return ("refused", refused) if refused else ("advice", still[0].fix.text)


def _is_restored(clean: Tree, fixed: Tree, planted: Planted) -> bool:
    if not isinstance(fixed.origins, SourcePlaces):
        return False
    for path, name in planted.places:
        mine, theirs = clean.by_path.get(path), fixed.by_path.get(path)
        if mine is None or theirs is None or mine.has(name) != theirs.has(name):
            return False
        if mine.has(name) and not is_same_property(mine, theirs, name, fixed.origins):
            return False
    return True
