"""Comments of sources that nothing needs: known when all boards of a run are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from dtlink.firmware.inputs import Input
from dtlink.firmware.source.options import SourceOptions
from dtlink.report.model import CommentEntry, InputReport, Unmet

#: A rule in a comment: file, line and column, the rule, and whether it is expected.
_Key = tuple[str, int, int, str, bool]
#: How an input's source is read.
SourcesOf = Callable[[InputReport], SourceOptions]


def settled(
    reports: Iterable[InputReport], sources: SourcesOf, inputs: Sequence[Input]
) -> Iterator[InputReport]:
    """The reports of these inputs, with the comments that no board needs, each once.

    A comment is needed if one of the boards that include its file has such a finding. It is
    reported with the first of them, and only if all boards of the tree that include the file were
    read, and its rule was run on each: others may need it. Reports are held back until no comment
    of them is open.
    """
    run = _Run(sources, inputs)
    held: list[InputReport] = []
    for item in reports:
        run.add(item)
        if held or not run.is_settled(item):
            held.append(item)
        else:
            yield item._replace(comments=()) if item.comments else item
    for item in held:
        yield item._replace(comments=(), unmet=[*item.unmet, *run.unneeded(item)])


class _Run:
    """What is known so far of each comment."""

    def __init__(self, sources: SourcesOf, inputs: Sequence[Input]) -> None:
        self._sources = sources
        self._inputs = inputs
        self._needed: set[_Key] = set()
        self._closed: set[_Key] = set()
        """What is reported already, or was not checked in one of the boards."""
        self._real: dict[str, str] = {}
        self._unread: set[Input] = set()
        self._boards: dict[str, bool] = {}

    def add(self, item: InputReport) -> None:
        """Take in what one board needs."""
        if item.error is not None:
            self._unread.add(item.input)
        for each in item.comments:
            if each.found:
                self._needed.add(self._key(each))
            elif not each.checked:
                self._closed.add(self._key(each))

    def is_settled(self, item: InputReport) -> bool:
        """Whether all comments of an input are needed, whatever comes later."""
        return all(self._key(each) in self._needed for each in item.comments)

    def unneeded(self, item: InputReport) -> Sequence[Unmet]:
        """The comments of an input that no board needs, and that have not been reported."""
        found = []
        for each in item.comments:
            key = self._key(each)
            is_open = key not in self._needed and key not in self._closed
            if is_open and self._has_all_boards(each.location.file, item):
                self._closed.add(key)
                found.append(_unmet(each))
        return found

    def _key(self, entry: CommentEntry) -> _Key:
        file, line, column, *_ = entry.location
        if file not in self._real:
            # Boards may be named in different ways.
            self._real[file] = os.path.realpath(file)
        return self._real[file], line, column, entry.rule, entry.is_expected

    def _has_all_boards(self, file: str, item: InputReport) -> bool:
        """Whether every board of its tree that includes a file was read."""
        if file not in self._boards:
            self._boards[file] = self._looked_up(file, item)
        return self._boards[file]

    def _looked_up(self, file: str, item: InputReport) -> bool:
        from dtlink.firmware.source.includers import boards_with, forget

        if not self._boards:
            forget()  # files may have changed since an earlier run of this process
        if not os.path.isfile(file):  # noqa: PTH113 - text, as all paths
            return file == item.path  # it is standard input, or of a commit
        there = {os.path.realpath(x.path) for x in self._inputs if x not in self._unread}
        return all(
            os.path.realpath(each) in there for each in boards_with(file, self._sources(item))
        )


def _unmet(entry: CommentEntry) -> Unmet:
    source = f"{entry.location.file}:{entry.location.line}"
    return Unmet(entry.rule, "", entry.reason, source, entry.location, entry.is_expected)
