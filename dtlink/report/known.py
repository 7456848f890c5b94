"""Which findings are in a baseline, and which entries of the baseline are fixed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from dtlink.firmware.inputs import Input
from dtlink.firmware.read import blob_of
from dtlink.report.baseline import AcceptedFinding, Baseline, member_key, place_of
from dtlink.report.model import BaselineEntry, InputReport
from dtlink.rules.aliases import rules_of
from dtlink.rules.catalogue import family_of, has_notes, ids, is_chosen
from dtlink.rules.model import Finding, Severity

#: Whether findings of a rule, of a severity, are reported of an input.
RuleFilter = Callable[[str, Severity], bool]


def asked(
    select: Sequence[str] = (), ignore: Sequence[str] = (), without: Container[str] = ()
) -> RuleFilter:
    """Whether a run reports findings of a rule; ``select`` and ``ignore`` as in the catalogue.

    ``without`` are the families that cannot run: ``module`` without a kernel, ``version`` without
    another kernel to compare with, ``schema`` without schemas. A rule that this version of dtlink
    does not have is not included either. An alias is included if one of its rules is.
    """

    def is_asked(rule: str, severity: Severity) -> bool:
        if family_of(rule) in without:
            return False
        if rule in ids():
            noted = severity is not Severity.INFO or has_notes(rule, select)
            return noted and is_chosen(rule, select, ignore)
        return any(is_chosen(each, select, ignore, rule) for each in rules_of(rule))

    return is_asked


def matched(findings: Sequence[Finding], entries: Iterable[AcceptedFinding]) -> set[int]:
    """The indexes of the findings of an input that are among the entries."""
    return _Name(entries).take(findings)


class BaselineComparison:
    """Compares inputs with a baseline, one after the other.

    ``inputs`` are all of them: those with the same name in the baseline share its entries. Each
    input in turn takes the entries that match; those that none has matched are reported as fixed
    with the last. An input that is given twice does not share with itself.
    """

    def __init__(self, baseline: Baseline, inputs: Iterable[Input | str]) -> None:
        self._path = baseline.path
        self._entries: defaultdict[str, list[AcceptedFinding]] = defaultdict(list)
        for entry in baseline.entries:
            self._entries[entry.entry.input].append(entry)
        self._names: dict[tuple[str, int], _Name] = {}
        self._seen: Counter[Input] = Counter()
        for each in inputs:
            if name := self._name(Input.of(each)):
                name.to_come += 1
        self._seen.clear()

    def _name(self, item: Input) -> _Name | None:
        """The entries of an input's name; another object each time that the same input is given.

        ``None`` if there are none: most inputs of a long run leave nothing here.
        """
        key, place = self._key(item), place_of(item)
        if key not in self._entries:
            return None
        self._seen[place] += 1
        time = self._seen[place]
        if (key, time) not in self._names:
            self._names[key, time] = _Name(self._entries[key])
        return self._names[key, time]

    def _key(self, item: Input) -> str:
        """The name of an input in the baseline.

        A source may be there under the name of its blob, which a folder stood for before.
        """
        key = member_key(item, self._path)
        blob = blob_of(key)
        return blob if key not in self._entries and blob in self._entries else key

    def compare(self, item: InputReport, is_asked: RuleFilter | None = None) -> InputReport:
        """The report without the findings that are in the baseline.

        A finding that is more severe than when it was accepted is new. An entry is fixed if no
        finding matches it and its rule was run: not if the input, or a table of its folder, could
        not be read, if the rule failed, or if it was not included (``None``: all were).
        Findings that the configuration ignores are neither new nor fixed.
        """
        mine = self._name(item.input)
        if mine is None:
            return item
        known = mine.take(item.findings)
        mine.seen.update(each.finding.fingerprint for each in item.ignored)
        mine.spoke.append(_spoke(item, is_asked))
        mine.to_come -= 1
        return item._replace(
            findings=[each for at, each in enumerate(item.findings) if at not in known],
            known=[each for at, each in enumerate(item.findings) if at in known],
            fixed=[entry.entry for entry in mine.fixed()],
        )

    def fixed(self) -> Iterator[BaselineEntry]:
        """The entries that are fixed, once all inputs have been compared."""
        for (_, time), name in self._names.items():
            if time == 1:
                yield from (each.entry for each in name.fixed())

    def kept(self) -> Iterator[AcceptedFinding]:
        """The entries that a new baseline keeps of the old: those that this run did not check."""
        for key, entries in self._entries.items():
            name = self._names.get((key, 1))
            yield from entries if name is None else name.open()


class _Name:
    """The entries of a baseline for a name, and what was found so far."""

    def __init__(self, entries: Iterable[AcceptedFinding]) -> None:
        self.left: defaultdict[str, list[AcceptedFinding]] = defaultdict(list)
        """Entries that no finding has taken, by fingerprint."""
        for entry in entries:
            self.left[entry.identity].append(entry)
        self.seen: Counter[str] = Counter()
        """The number of findings without an entry, by fingerprint."""
        self.spoke: list[RuleFilter] = []
        self.to_come = 0

    def take(self, findings: Sequence[Finding]) -> set[int]:
        """The indexes of the findings that are in the baseline: each takes an entry.

        The worst findings are first, and take the closest entry that is at least as severe, so
        that as many as possible have one.
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
        """The entries that no finding matches any more, not even a worse or ignored one."""
        return [
            entry
            for fingerprint, entries in self.left.items()
            for entry in entries[self.seen[fingerprint] :]
        ]

    def fixed(self) -> list[AcceptedFinding]:
        """The fixed entries, once all inputs with this name have been compared."""
        return [entry for entry in self.unmatched() if self.is_settled(entry)]

    def open(self) -> list[AcceptedFinding]:
        """The entries that may be fixed or not."""
        return [entry for entry in self.unmatched() if not self.is_settled(entry)]

    def is_settled(self, entry: AcceptedFinding) -> bool:
        """Whether all inputs with this name are done, and the rule was run on each."""
        return self.to_come <= 0 and all(
            spoke(entry.entry.rule, entry.severity) for spoke in self.spoke
        )


def _spoke(item: InputReport, is_asked: RuleFilter | None) -> RuleFilter:
    """Whether a rule was run on an input, and did not fail."""
    silent = {*item.silent, *(fault.rule for fault in item.faults)}
    unread = item.error is not None or bool(item.refused)

    def spoke(rule: str, severity: Severity) -> bool:
        answered = silent.isdisjoint((rule, family_of(rule), *rules_of(rule)))
        return not unread and answered and (is_asked is None or is_asked(rule, severity))

    return spoke
