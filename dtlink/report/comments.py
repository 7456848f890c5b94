"""Comments of sources that nothing needs: known when all boards of a run are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dtlink.report.model import CommentEntry, InputReport, Unmet

#: A rule in a comment: file, line and column, the rule, and whether it is expected.
_Key = tuple[str, int, int, str, bool]


def settled(reports: Iterable[InputReport]) -> Iterator[InputReport]:
    """The reports, with the comments that no board of the run needs, each once.

    A comment in a file that several boards include is needed if one of them has such a finding. It
    is reported with the first of them, and only if its rule was run on each of them. Where an
    input could not be read, it may be that one that needs the comments of shared files. Reports
    are held back until no comment of them is open.
    """
    run = _Run()
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

    def __init__(self) -> None:
        self._needed: set[_Key] = set()
        self._unchecked: set[_Key] = set()
        self._reported: set[_Key] = set()
        self._is_incomplete = False

    def add(self, item: InputReport) -> None:
        """Take in what one board needs."""
        self._is_incomplete |= item.error is not None
        for each in item.comments:
            if each.found:
                self._needed.add(_key(each))
            elif not each.checked:
                self._unchecked.add(_key(each))

    def is_settled(self, item: InputReport) -> bool:
        """Whether all comments of an input are needed, whatever comes later."""
        return all(_key(each) in self._needed for each in item.comments)

    def unneeded(self, item: InputReport) -> Sequence[Unmet]:
        """The comments of an input that no board needs, and that have not been reported."""
        found = [each for each in item.comments if self._is_unneeded(each, item)]
        self._reported.update(map(_key, found))
        return [_unmet(each) for each in found]

    def _is_unneeded(self, entry: CommentEntry, item: InputReport) -> bool:
        key = _key(entry)
        is_open = self._is_incomplete and entry.location.file != item.path
        return not is_open and not any(
            key in each for each in (self._needed, self._unchecked, self._reported)
        )


def _key(entry: CommentEntry) -> _Key:
    file, line, column, *_ = entry.location
    return file, line, column, entry.rule, entry.is_expected


def _unmet(entry: CommentEntry) -> Unmet:
    source = f"{entry.location.file}:{entry.location.line}"
    return Unmet(entry.rule, "", entry.reason, source, entry.location, entry.is_expected)
