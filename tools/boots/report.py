"""The results as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tools.boots.boot import Outcome
from tools.boots.trial import Removal, Trial, Verdict

_SUMMARY = (
    "| machine | kernel | root | made by | modules | whole list | empty list | without one |",
    "|---|---|---|---|---|---|---|---|",
)
_DETAILS = (
    "| machine | kernel | without | the boot | that is | the list says |",
    "|---|---|---|---|---|---|",
)


def word(outcome: Outcome) -> str:
    """How a boot ended, and the processor time that it took."""
    ended = {True: "reaches the root", False: "fails", None: "unknown"}[outcome.reached]
    return f"{ended} ({outcome.seconds:.0f} s)"


def summary(trials: Sequence[Trial]) -> Iterator[str]:
    """One row per machine."""
    yield from _SUMMARY
    for trial in trials:
        yield _row(
            *(trial.machine.name, trial.release, trial.machine.root, trial.form),
            *(str(len(trial.listing.rows)), word(trial.whole), word(trial.empty)),
            _counts(trial.removals),
        )


def _counts(removals: Sequence[Removal]) -> str:
    """How many modules have which verdict."""
    counted = Counter(each.verdict for each in removals)
    found = [f"{counted[each]} {each.value}" for each in Verdict if each in counted]
    return ", ".join(found) or "not tried"


def details(trials: Sequence[Trial]) -> Iterator[str]:
    """One row per module that was taken out."""
    yield from _DETAILS
    for trial in trials:
        for each in trial.removals:
            ended = f"{word(each.outcome)}: {each.outcome.last}" if each.outcome else "not tried"
            yield _row(
                *(trial.machine.name, trial.release, each.row.module),
                *(ended, each.verdict.value, each.row.reason),
            )


def _row(*cells: str) -> str:
    return "| " + " | ".join(each.replace("|", "\\|") for each in cells) + " |"
