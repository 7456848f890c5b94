"""What the user's paths stand for: the inputs of a run, and what is said of those it leaves out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from dtlink.engine.inputs import expand
from dtlink.firmware.choice import InputOptions
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import INCLUDED, STDIN
from dtlink.report.model import InputFault, InputReport
from dtlink.wording import listed

_ItemT = TypeVar("_ItemT")
#: Text in a file that makes it a devicetree source of its own, whatever it is called.
_OWN = b"/dts-v1/"
_LISTED = 3


class ChosenInputs(NamedTuple):
    """The inputs of a run."""

    inputs: Sequence[Input]
    notes: Sequence[str] = ()
    """What was left out, and how to have it."""
    unread: Sequence[InputReport] = ()
    """The named files that stand for no input."""


def choose(
    paths: Iterable[str],
    options_of: Callable[[str], InputOptions],
    *,
    search: bool = False,
) -> ChosenInputs:
    """The inputs that paths stand for: files, those of folders, and the boards that include a file.

    ``options_of`` gives the options that hold for a path; ``search`` is as in :func:`expand`.
    """
    inputs: list[Input] = []
    included: list[str] = []
    passed: list[str] = []
    for path in paths:
        if path.endswith(INCLUDED) and path != STDIN and os.path.isfile(path):  # noqa: PTH113 - text
            included.append(path)
        else:
            inputs += expand([path], search=search, passed=passed)
    if not included:
        return ChosenInputs(inputs, passed)
    chosen = _with_boards(inputs, included, options_of)
    return chosen._replace(notes=[*passed, *chosen.notes])


def _with_boards(
    inputs: list[Input], included: Sequence[str], options_of: Callable[[str], InputOptions]
) -> ChosenInputs:
    """The inputs, and the boards that include the other files, each once."""
    from dtlink.firmware.source.includers import boards_with, forget

    forget()  # files may have changed since an earlier run of this process
    boards: dict[str, str] = {}
    alone: list[str] = []
    for path in dict.fromkeys(included):
        found = boards_with(path, options_of(path).include)
        if not found and _is_own(path):
            inputs.append(Input(path))
        elif not found:
            alone.append(path)
        boards.update((os.path.realpath(each), each) for each in found)
    for each in inputs:
        boards.pop(os.path.realpath(each.path), None)
    every = sorted(boards.values())
    most = max((options_of(path).max_boards for path in included), default=0)
    kept = spread(every, most) if most else every
    reaching = [path for path in dict.fromkeys(included) if path not in alone]
    notes = [_cut(reaching, len(kept), len(every))] if len(kept) < len(every) else []
    return ChosenInputs(
        [*inputs, *map(Input, kept)], notes, [InputReport(path, error=_ALONE) for path in alone]
    )


def spread(items: Sequence[_ItemT], number: int) -> Sequence[_ItemT]:
    """At most so many items, evenly from all of them: of a sorted list, some of each kind."""
    if len(items) <= number:
        return items
    return [items[at * len(items) // number] for at in range(number)]


def _cut(included: Sequence[str], kept: int, there: int) -> str:
    them = "it" if len(included) == 1 else "them"
    return (
        f"{listed(included, _LISTED)}: {there:,} boards include {them}; {kept:,} of them, spread "
        f"over all, are read and {there - kept:,} are not (--max-boards 0: all)"
    )


def _is_own(path: str) -> bool:
    """Whether a file is a source of its own, although it is called like one that is included."""
    try:
        with open(path, "rb") as file:
            return _OWN in file.read(65536)
    except OSError:
        return True  # reading it says why it can't be


_ALONE = InputFault("nothing was checked: no board (.dts, .dtso) of its tree includes it")
