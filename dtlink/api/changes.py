"""What ``dtlink diff`` compares: the inputs of both sides, read, and pair by pair what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

from dtlink import engine
from dtlink.api.pairs import Pair, PairInput, inputs, is_same_blob, pairs
from dtlink.config.by_input import SettingsByInput
from dtlink.config.plan import LintPlan
from dtlink.config.resolve import forget, settings_of
from dtlink.escaping import shell
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN
from dtlink.report.model import InputFault, InputReport, Refused, Report
from dtlink.typed import TYPE_CHECKING, Any
from dtlink.version import __version__

if TYPE_CHECKING:
    from dtlink.engine.runner import Workers

    #: Gathers reports, of which it also gets the number.
    Collect = Callable[[Iterable[InputReport], int], list[InputReport]]

    from dtlink.config.model import LintSettings
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.git.commit import Commit
    from dtlink.firmware.source.reach import Reach
    from dtlink.firmware.tree import Tree
    from dtlink.report.answer import InputAnswer
    from dtlink.views.diff.sides import Side
    from dtlink.views.diff.view import DiffView


def compared(
    old: str,
    new: str,
    given: Mapping[str, Any],
    file: str | None,
    *,
    isolated: bool,
    jobs: Workers,
    digest: bool,
    collect: Collect | None = None,
    tell: Callable[[list[str]], object] = lambda _: None,
) -> Report:
    """The report of all pairs; ``given`` and what follows are as for a lint.

    ``tell`` gets what :meth:`LintPlan.check` returns.

    Raises :class:`InputError` for what cannot be read at all, and :class:`UnpairedError` for
    sides that have no pair.
    """
    forget()  # files that an earlier run of this process read may have changed
    _reach.cache_clear()
    of = partial(settings_of, given=given, file=file, isolated=isolated)
    found = [each for each in pairs(inputs(old), inputs(new)) if not _is_excluded(each, of)]
    settings = {
        item.path: held
        for pair in found
        for held in (of(Input.of(_judged(pair).place).path),)
        for item in pair
        if item and not item.saved
    }
    by_input = [(Input(path), held) for path, held in settings.items()]
    plan = LintPlan([item for item, _ in by_input], SettingsByInput(by_input))
    tell(plan.check())
    untouched = frozenset(
        pair[0].path for pair in found if pair[0] and _is_untouched(pair, settings)
    )
    read = _run(found, settings, untouched, jobs, digest=digest)
    kernel = plan.kernel(digest=digest)
    each = _each(found, read, settings, untouched, kernel["version"])
    told = list(each) if collect is None else collect(each, len(found))
    return Report("diff", told, kernel["version"], kernel)


def _is_excluded(pair: Pair, of: Callable[[str], LintSettings]) -> bool:
    """Whether the user excludes a file of two folders."""
    judged = _judged(pair)
    exclude = of(judged.place).exclude if judged.below and not judged.saved else ()
    if not exclude:
        return False
    from dtlink.engine.excluded import is_excluded

    return is_excluded(judged.place, exclude)


def _judged(pair: Pair) -> PairInput:
    """The input whose configuration holds for both: that of NEW, if it is firmware."""
    old, new = pair
    both = [each for each in (new, old) if each is not None]
    return next((each for each in both if not each.saved), both[0])


def _run(
    found: Sequence[Pair],
    settings: Mapping[str, LintSettings],
    untouched: frozenset[str],
    jobs: Workers,
    *,
    digest: bool,
) -> Iterator[InputReport]:
    """The pictures of all firmware, pair by pair; of untouched ones that of NEW."""
    items = [item for pair in found for item in pair if item and not item.saved]
    alike: set[str] = set()
    if len(settings) == len(items):
        same = [pair for pair in found if is_same_blob(pair) or _is_in(pair, untouched)]
        alike = {item.path for pair in same for item in pair if item}
    tasks = {
        Input.of(item.path): (
            _ALIKE if item.path in alike else _task(settings[item.path])
        )._replace(at=item.at, sources=settings[item.path].board.sources)
        for item in items
    }
    wanted = [Input.of(item.path) for item in items if item.path not in untouched]
    return engine.run(wanted, tasks.__getitem__, jobs=jobs, digest=digest)


def _is_in(pair: Pair, untouched: frozenset[str]) -> bool:
    old, _ = pair
    return old is not None and old.path in untouched


def _is_untouched(pair: Pair, settings: Mapping[str, LintSettings]) -> bool:
    """Whether a source and all that it includes are the same on both sides."""
    old, new = pair
    if old is None or new is None or old.saved or new.saved or old.at is None:
        return False
    if old.place != new.place or STDIN in (old.path, new.path):
        return False
    include = settings[new.path].board.include
    return not _reach(old.at.commit, new.at and new.at.commit).reaches(old.place, include)


@lru_cache(maxsize=1)
def _reach(old: Commit, new: Commit | None) -> Reach:
    from dtlink.firmware.git.tree import tree_of
    from dtlink.firmware.source.reach import Reach
    from dtlink.firmware.storage import DISK

    return Reach(tree_of(old), tree_of(new) if new else DISK)


def _task(settings: LintSettings) -> engine.Task:
    task = partial(_linted, settings=settings)
    return engine.Task(task, task, settings.board.sources)


def _linted(firmware: Tree | Machine, settings: LintSettings) -> InputAnswer:
    """The findings of an input, and its snapshot, both of one board."""
    from dtlink.board.boards import assumptions, board_of
    from dtlink.views.diff.firmware import snapshot_of

    board = board_of(firmware, settings.board)
    found = engine.lint_board(board, settings.selected, settings.ignore)
    notes = [*found.get("notes", ()), *assumptions(board)]
    return {**found, "view": snapshot_of(board), "notes": notes}


def _alike(firmware: Tree | Machine) -> InputAnswer:
    """The snapshot of a blob that is the same on both sides: whatever is in it, nothing differs."""
    from dtlink.views.diff.snapshot import SAME

    del firmware
    return {"view": SAME}


_ALIKE = engine.Task(_alike, _alike)


def _each(
    found: Sequence[Pair],
    read: Iterator[InputReport],
    settings: Mapping[str, LintSettings],
    untouched: frozenset[str],
    version: str,
) -> Iterator[InputReport]:
    """The report of each pair, as soon as both are read; a note is reported once."""
    noted: set[str] = set()
    for pair in found:
        same = _is_in(pair, untouched)
        sides = pair[1:] if same else pair
        old, new = _both([None if x is None else _side(x, read, settings) for x in sides])
        held = settings.get(_judged(pair).path)
        kernel = version if held is None else str(held.board.version)
        item = _pair(old, new, kernel)
        notes = tuple(note for note in item.notes if note not in noted)
        noted.update(notes)
        yield item._replace(notes=notes, kernel=None if kernel == version else {"version": kernel})


def _both(
    sides: Sequence[InputReport | Side | None],
) -> tuple[InputReport | Side | None, InputReport | Side | None]:
    """OLD and NEW; of an untouched pair there is NEW, and if it was read, OLD is the same."""
    if len(sides) == 2:
        return sides[0], sides[1]
    (new,) = sides
    return None if isinstance(new, InputReport) and new.error else new, new


def _side(
    item: PairInput, read: Iterator[InputReport], settings: Mapping[str, LintSettings]
) -> InputReport | Side:
    """A side that can be compared, or the report that says why it can't, or brings faults."""
    if item.saved is None:
        return _sieved(next(read), settings[item.path])
    if item.saved.error:
        fault = f"could not be read when the report was made: {item.saved.error}"
        return InputReport(item.path, error=InputFault(fault))
    return item.saved.side


def _sieved(item: InputReport, settings: LintSettings) -> InputReport:
    """The report with its findings, as the configuration wants them, in its snapshot."""
    from dtlink.config.apply import apply
    from dtlink.views.diff.firmware import with_findings
    from dtlink.views.diff.snapshot import Snapshot

    if not isinstance(item.view, Snapshot):
        return item
    told = apply(item, settings, item.tables)
    ignored = [each.finding for each in told.ignored]
    return item._replace(view=with_findings(item.view, told.findings, ignored))


def _pair(
    old: InputReport | Side | None, new: InputReport | Side | None, version: str
) -> InputReport:
    """The report of a pair: that of NEW, with what changed."""
    from dtlink.views.diff.sides import notes, of_firmware
    from dtlink.views.diff.view import DiffView

    items = [each for each in (new, old) if isinstance(each, InputReport)]
    if broken := [each for each in items if each.error]:
        return _broken(broken)
    before, after = (
        of_firmware(each) if isinstance(each, InputReport) else each for each in (old, new)
    )
    if before and after and before.kind != after.kind:
        return InputReport(after.path, error=InputFault(_unlike(before, after)))
    if before and after and before.is_overlay != after.is_overlay:
        return InputReport(after.path, error=InputFault(_is_no_tree(before, after)))
    told = [note for each in items for note in each.notes]
    if before and after:
        told += notes(before, after, version, __version__)
    return _report(after or before, items, DiffView.of(before, after), told)


def _broken(items: Sequence[InputReport]) -> InputReport:
    """Of two that can't be read, one is reported as refused beside the other."""
    first, *others = items
    also = [
        Refused(x.path, x.error.message, x.error.offset, x.error.faults) for x in others if x.error
    ]
    return first._replace(view=None, refused=[*first.refused, *also])


def _report(
    side: Side | None, items: Sequence[InputReport], view: DiffView, notes: Sequence[str]
) -> InputReport:
    if side is None:
        raise ValueError("a pair of nothing")
    return InputReport(
        side.path,
        form=side.form,
        sha256=side.identity.sha256 or "",
        model=side.identity.model or "",
        compatible=side.identity.compatible,
        view=view,
        faults=[fault for each in items for fault in each.faults],
        refused=[refused for each in items for refused in each.refused],
        notes=list(dict.fromkeys(notes)),
    )


def _unlike(old: Side, new: Side) -> str:
    return (
        f"OLD is {_kind(old)}, and NEW {_kind(new)}: --same-machine compares the two that describe "
        "one machine"
    )


def _is_no_tree(old: Side, new: Side) -> str:
    tree, overlay = (new, old) if old.is_overlay else (old, new)
    both = shell.file(f"{tree.path}+{overlay.path}")
    return (
        f"{overlay.path} is an overlay, which is no tree to compare with; see what it adds with: "
        f"dtlink diff {shell.file(tree.path)} {both}"
    )


def _kind(side: Side) -> str:
    return "ACPI tables" if side.kind == "tables" else "a devicetree"
