"""The steps that commands about each of several devicetrees share."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from dtlink import engine
from dtlink.cli.complaints import complain, progress
from dtlink.cli.messages import say
from dtlink.cli.overwriting import refuse_inputs
from dtlink.cli.single import view_of
from dtlink.cli.sources import chosen_inputs, configured
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.engine.task import ONLY_TREES
from dtlink.firmware.inputs import Input
from dtlink.records import NamedTuple
from dtlink.report.layout import line
from dtlink.typed import TYPE_CHECKING, NoReturn, TypeVar
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.cli.single import Printing
    from dtlink.report.answer import Reportable
    from dtlink.report.entries import Json
    from dtlink.report.layout import Line
    from dtlink.report.model import InputReport, Report

ViewT = TypeVar("ViewT", bound="Reportable")


class Boards(NamedTuple):
    """The boards that paths mean, and what was passed over where they were looked for."""

    inputs: Sequence[Input]
    overlays: int
    """How many overlays of folders are left out: they are not boards."""
    unread: Sequence[InputReport]
    notes: Sequence[str]
    named: Sequence[str]
    """The paths, as the user wrote them."""
    tables: list[str]
    """The inputs of folders that turn out to be ACPI tables: they are no boards of this command."""

    @classmethod
    def of(cls, paths: Sequence[str]) -> Boards:
        """The boards; ends the program if there is no input."""
        chosen = chosen_inputs(paths)
        if not chosen.inputs:
            complain(chosen.unread, f"no inputs: no devicetree (.dtb, .dts) in {', '.join(paths)}")
            sys.exit(2)
        boards = [x for x in chosen.inputs if x.path in paths or not x.is_overlay]
        left_out = len(chosen.inputs) - len(boards)
        return cls(boards, left_out, chosen.unread, chosen.notes, paths, [])

    def reports(self, task: engine.Task, *, digest: bool, jobs: int = 1) -> Iterator[InputReport]:
        """The reports of all, one after the other."""
        make = partial(configured, task=task)
        run = engine.run(self.inputs, make, jobs=jobs, digest=digest)
        for item in progress(run, len(self.inputs), "reading"):
            is_of_tables = item.error is not None and item.error.message == ONLY_TREES
            if is_of_tables and item.path not in self.named:
                self.tables.append(item.path)
            else:
                yield item
        yield from self.unread

    def complain(self, reports: Sequence[InputReport]) -> None:
        """Print errors and notes; a note about many inputs once.

        Ends the program if nothing but tables was found.
        """
        often = Counter(note for item in reports for note in item.notes)
        shared = [note for note, number in often.items() if number > 1]
        rest = [[note for note in item.notes if note not in shared] for item in reports]
        complain(item._replace(notes=own) for item, own in zip(reports, rest, strict=True))
        for note in shared:
            say(f"dtlink: {note}")
        if self.overlays:
            say(f"dtlink: overlays (.dtbo, .dtso) passed over: {self.overlays}")
        if self.tables:
            say(f"dtlink: ACPI tables passed over: {counted(len(self.tables), 'input')}")
        if self.tables and not reports:
            say(f"dtlink: no inputs: no devicetree (.dtb, .dts) in {', '.join(self.named)}")
            sys.exit(2)


class _Data(NamedTuple):
    """A result as the data that the JSON document has of it: results hold whole trees."""

    of: Mapping[str, Json]

    def members(self) -> Mapping[str, Json]:
        return self.of


class Answers(NamedTuple):
    """What was found out about each board."""

    reports: list[InputReport]
    rows: list[Line]
    """The text about them, one below the other."""

    @classmethod
    def of(
        cls,
        boards: Boards,
        task: engine.Task,
        kind: type[ViewT],
        text: Callable[[InputReport, ViewT], Iterable[Line]],
        form: str,
        kernel: Callable[[ViewT], Mapping[str, Json] | None] = lambda _: None,
    ) -> Answers:
        """Do the task on each board; ``kernel`` is the one of a result, if each has its own."""
        reports: list[InputReport] = []
        rows: list[Line] = []
        for item in boards.reports(task, digest=form == "json"):
            view = view_of(item, kind)
            if view is None:
                reports.append(item)
            elif form == "json":
                data = _Data(view.members())
                reports.append(item._replace(view=data, kernel=kernel(view)))
            else:
                rows += [*([line()] if rows else []), *text(item, view)]
                reports.append(item._replace(view=None, kernel=kernel(view)))
        return cls(reports, rows)

    def finish(self, report: Report, boards: Boards, to: Printing) -> NoReturn:
        """Print what there is as text or JSON, and exit."""
        boards.complain(self.reports)
        refuse_inputs(to.output, (each.path for each in self.reports))
        if to.form == "json":
            emit_json(report, to.output)
        elif self.rows:
            emit_lines(self.rows, to.output, to.color, fold=to.fold)
        sys.exit(report.exit_status(None))
