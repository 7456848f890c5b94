"""Which of the findings a baseline knows, and which of those that it has are fixed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from dtlink.firmware.inputs import Input
from dtlink.report.baseline import AcceptedFinding, Baseline, member_key, place_of
from dtlink.report.model import InputReport
from dtlink.rules.aliases import rules_of
from dtlink.rules.catalogue import family_of, ids, is_chosen
from dtlink.rules.model import Finding

#: Whether the rule of an id was asked of an input.
RuleFilter = Callable[[str], bool]


def asked(
    select: Sequence[str] = (), ignore: Sequence[str] = (), without: Container[str] = ()
) -> RuleFilter:
    """Whether a run asks the rules; ``select`` and ``ignore`` as those of the catalogue.

    ``without`` are the families to which the run gives nothing to go on: ``module`` if it names no
    kernel's build, ``version`` if it compares with no other, ``schema`` if no schema is asked.
    A rule that this version of dtlink does not have is not asked either. An alias is asked where
    one of its rules is.
    """

    def is_asked(rule: str) -> bool:
        if family_of(rule) in without:
            return False
        if rule in ids():
            return is_chosen(rule, select, ignore)
        return any(is_chosen(each, select, ignore, rule) for each in rules_of(rule))

    return is_asked


class BaselineComparison:
    """Compares inputs with a baseline, one after the other.

    ``inputs`` are all of them: those that share a name in the baseline share what it
    has of it. Each, in its turn, takes what it finds; what none has found is told as fixed with
    the last. An input that is named twice shares nothing with itself.
    """

    def __init__(self, baseline: Baseline, inputs: Iterable[Input | str]) -> None:
        self._path = baseline.path
        self._entries: defaultdict[str, list[AcceptedFinding]] = defaultdict(list)
        for entry in baseline.entries:
            self._entries[entry.told.input].append(entry)
        self._names: dict[tuple[str, int], _Name] = {}
        self._seen: Counter[Input] = Counter()
        for each in inputs:
            self._name(Input.of(each)).to_come += 1
        self._seen.clear()

    def _name(self, item: Input) -> _Name:
        """The name of an input, for the so-manyth time that it is named."""
        key, place = member_key(item, self._path), place_of(item)
        self._seen[place] += 1
        time = self._seen[place]
        if (key, time) not in self._names:
            self._names[key, time] = _Name(self._entries.get(key, ()))
        return self._names[key, time]

    def compare(self, item: InputReport, is_asked: RuleFilter | None = None) -> InputReport:
        """The report with what the baseline knows taken out of its findings.

        A finding that is worse than when it was accepted is new. An entry is fixed if nothing is
        found that it may stand for, and its rule has spoken: not if the input, or a table of its
        folder, could not be read, if the rule raised, or if it was not asked (``None``: all were).
        What the configuration ignores is neither new nor fixed.
        """
        mine = self._name(item.input)
        known = mine.take(item.findings)
        mine.seen.update(each.finding.fingerprint for each in item.ignored)
        mine.spoke.append(_spoke(item, is_asked))
        mine.to_come -= 1
        return item._replace(
            findings=[each for at, each in enumerate(item.findings) if at not in known],
            known=[each for at, each in enumerate(item.findings) if at in known],
            fixed=[entry.told for entry in mine.fixed()],
        )

    def kept(self) -> Iterator[AcceptedFinding]:
        """What a new baseline takes over of the old: what this run can say nothing of."""
        for key, entries in self._entries.items():
            name = self._names.get((key, 1))
            yield from entries if name is None else name.open()


class _Name:
    """What a baseline has of a name, and what was found so far."""

    def __init__(self, entries: Iterable[AcceptedFinding]) -> None:
        self.left: defaultdict[str, list[AcceptedFinding]] = defaultdict(list)
        """Entries that no finding has taken, by fingerprint."""
        for entry in entries:
            self.left[entry.identity].append(entry)
        self.seen: Counter[str] = Counter()
        """How many findings there were, by fingerprint, that took none."""
        self.spoke: list[RuleFilter] = []
        self.to_come = 0

    def take(self, findings: Sequence[Finding]) -> set[int]:
        """The places of the findings that are known: each takes an entry.

        The worst come first, and of the entries that are no better take the one nearest to them:
        so as many as possible find one.
        """
        known = set[int]()
        for at in sorted(range(len(findings)), key=lambda at: findings[at].severity.rank):
            finding, fingerprint = findings[at], findings[at].fingerprint
            fitting = [
                entry
                for entry in self.left.get(fingerprint, ())
                if entry.severity.rank <= finding.severity.rank
            ]
            if fitting:
                self.left[fingerprint].remove(max(fitting, key=lambda entry: entry.severity.rank))
                known.add(at)
            else:
                self.seen[fingerprint] += 1
        return known

    def unmatched(self) -> list[AcceptedFinding]:
        """The entries for which nothing stands any more, not even what is worse or ignored."""
        return [
            entry
            for fingerprint, entries in self.left.items()
            for entry in entries[self.seen[fingerprint] :]
        ]

    def fixed(self) -> list[AcceptedFinding]:
        """What is fixed, once all that share the name have been compared."""
        return [entry for entry in self.unmatched() if self.is_settled(entry)]

    def open(self) -> list[AcceptedFinding]:
        """The entries of which it is not known whether they are fixed."""
        return [entry for entry in self.unmatched() if not self.is_settled(entry)]

    def is_settled(self, entry: AcceptedFinding) -> bool:
        """Whether all the inputs that share the name are done, and have been asked for it."""
        return self.to_come <= 0 and all(spoke(entry.told.rule) for spoke in self.spoke)


def _spoke(item: InputReport, is_asked: RuleFilter | None) -> RuleFilter:
    """Whether a rule was asked of an input, and could answer."""
    silent = {*item.silent, *(fault.rule for fault in item.faults)}
    unread = item.error is not None or bool(item.refused)

    def spoke(rule: str) -> bool:
        answered = silent.isdisjoint((rule, family_of(rule), *rules_of(rule)))
        return not unread and answered and (is_asked is None or is_asked(rule))

    return spoke
