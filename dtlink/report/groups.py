"""One fault that several inputs share is one finding, with the inputs that have it.

What makes findings of several inputs one fault is their place in the source, and all that is the
same there for each board: the rule, severity and confidence, the property and the entry, the names
of the node and of the supplier. Messages are not compared: they count other nodes of a board, or
contain paths in which only the parents differ.

Findings without a place in a source, as those of blobs, are one if they are equal in all that is
reported. In formats with fingerprints they stay apart: each is one of its file, and its fingerprint
must not depend on which other files are linted.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import chain, count, repeat

from dtlink.firmware.inputs import Input
from dtlink.packed import may_repeat
from dtlink.records import NamedTuple
from dtlink.report.model import InputReport, Report, identified
from dtlink.report.places import relative
from dtlink.rules.finding import Finding, PlaceRole, RelatedPlace, Severity
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted, listed

if TYPE_CHECKING:
    from dtlink.firmware.text_edits import TextEdit

#: How many boards a report names before it counts the rest: on a screen, and elsewhere.
BOARDS_IN_TEXT = 8
BOARDS = 20


class Member(NamedTuple):
    """A finding of one input."""

    item: InputReport
    finding: Finding
    fingerprint: str
    """With a number, where the input has several that are alike."""


class Group(NamedTuple):
    """A fault: a finding, and the inputs that have it."""

    finding: Finding
    """That of most of the inputs, where their messages differ."""
    fingerprint: str
    """Unique among the groups of one file; the same whatever other boards are linted."""
    members: Sequence[Member]

    @property
    def item(self) -> InputReport:
        """The first input that has it."""
        return self.members[0].item

    @property
    def inputs(self) -> Sequence[InputReport]:
        """The inputs that have it, each once."""
        return list({each.item.input: each.item for each in self.members}.values())

    @property
    def places(self) -> Sequence[RelatedPlace]:
        """The places of the finding's related nodes, and others that are those of all inputs."""
        every = [set(each.finding.places) for each in self.members]
        return [
            each
            for each in self.finding.places
            if each.role is PlaceRole.RELATED or all(each in places for places in every)
        ]

    @property
    def edits(self) -> Sequence[TextEdit]:
        """The edits of the source that fix it, if they are the same for all inputs."""
        written = {each.finding.written for each in self.members}
        found = next(iter(written)) if len(written) == 1 else None
        return found.edits if found else ()

    @property
    def is_shared(self) -> bool:
        """Whether several inputs have it."""
        first = self.item
        others = (each.item for each in self.members if each.item is not first)
        return any(each.input != first.input for each in others)

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is in another file than the input, which that includes or was made from."""
        location = self.finding.location
        return location is not None and relative(location.file) != relative(self.item.path)

    @property
    def others(self) -> int:
        """How many inputs have it with another message."""
        return sum(each.finding.message != self.finding.message for each in self.members)


def groups(report: Report, *, fingerprints: bool = False) -> list[Group]:
    """The faults of a report, the worst first; of one severity in the order of the inputs.

    Without ``fingerprints`` these are empty, since most formats have none and hashes take their
    time, and equal findings of several blobs are one.
    """
    members: defaultdict[Hashable, list[Member]] = defaultdict(list)
    file = cache(relative)
    keyed = partial(_keyed, file=file, fingerprints=fingerprints)
    for key, member in chain.from_iterable(map(keyed, count(), report.inputs)):
        members[key].append(member)
    if fingerprints:
        found = list(_numbered(members.values(), file))
    else:
        alike = members.values()
        found = [Group(_usual([one.finding for one in each]), "", each) for each in alike]
    return sorted(found, key=lambda each: each.finding.severity.rank)


def counts(groups: Iterable[Group], report: Report) -> dict[str, int]:
    """How many faults there are of each severity, with those that the report lacks."""
    there = Counter(each.finding.severity for each in groups)
    for (severity, _), number in report.totals.omitted.items():
        there[severity] += number
    return {severity.value: there[severity] for severity in Severity}


def repeats(groups: Iterable[Group], report: Report) -> str:
    """How many findings there are if each input is counted; empty if they are as many."""
    sizes = [len(each.members) for each in groups]
    total = counted(sum(sizes) + report.totals.omitted.total(), "finding")
    return f"{total} counted per input" if sum(sizes) > len(sizes) else ""


class ShortNames:
    """Names of inputs for lists: without the folder, where that leaves them distinct.

    ``total`` is the number of inputs.
    """

    def __init__(self, inputs: Collection[Input]) -> None:
        self.total = len(inputs)
        is_suspect = may_repeat(map(_short, inputs), self.total)
        taken = Counter(filter(is_suspect, map(_short, inputs)))
        self._shared = {name for name, number in taken.items() if number > 1}

    def __getitem__(self, item: Input) -> str:
        """The name of one of the inputs."""
        name = _short(item)
        return str(item._replace(path=relative(item.path))) if name in self._shared else name


def short_names(report: Report) -> ShortNames:
    """Names of all inputs of a report."""
    return ShortNames(report.named or {item.input for item in report.inputs})


def _short(item: Input) -> str:
    return str(item._replace(path=os.path.basename(item.path)))  # noqa: PTH119 - any text


def boards(group: Group, names: ShortNames, most: int = BOARDS_IN_TEXT) -> str:
    """The inputs that have a fault, in a sentence; empty for one that is where the fault is.

    ``names`` are those of all inputs of the report.
    """
    if not group.is_shared and not group.is_elsewhere:
        return ""
    inputs = group.inputs
    is_all = len(inputs) == names.total > most
    listing = listed((names[each.input] for each in inputs), most)
    text = f"all {names.total:,} inputs" if is_all else listing
    return f"{text} (details differ in {group.others:,} of them)" if group.others else text


def _keyed(
    at: int, item: InputReport, file: Callable[[str], str], *, fingerprints: bool
) -> Iterator[tuple[Hashable, Member]]:
    """The findings of an input, each with what makes it the same as those of other inputs.

    ``at`` is the position of the input in the report.
    """
    seen: Counter[Hashable] = Counter()
    named = (
        identified(item.findings, item.known) if fingerprints else zip(repeat(""), item.findings)
    )
    for number, (fingerprint, finding) in enumerate(named):
        key = _fault(finding, file)
        if key is None and not fingerprints:
            key = bare(finding)
        seen[key] += 1
        # Two of one input are two faults, as a macro makes them at one place.
        place = (at, number) if key is None else (key, seen[key])
        yield place, Member(item, finding, fingerprint)


def bare(finding: Finding) -> Finding:
    """A finding without what may differ between blobs that have it: offsets, and places."""
    return finding._replace(location=None, offset=None, places=(), snippet=None)


def _fault(finding: Finding, file: Callable[[str], str]) -> Hashable:
    """What a fault of a source is known by; ``None``: it has no place in a source."""
    location = finding.location
    if location is None:
        return None
    supplier = finding.subject._replace(path=finding.supplier)
    return (
        *(finding.identity, finding.severity, finding.confidence),
        *(file(location.file), location.line, location.column),
        *(finding.property_name, finding.index, finding.subject.name, supplier.name),
    )


def _numbered(groups: Iterable[Sequence[Member]], file: Callable[[str], str]) -> Iterator[Group]:
    """The groups with their fingerprints, which get a number where a file has several alike."""
    taken: Counter[tuple[str, str]] = Counter()
    for members in groups:
        finding = _usual([each.finding for each in members])
        fingerprint = min(each.fingerprint for each in members)
        if finding.location is not None:
            stem, _, number = fingerprint.partition("-")
            at = file(finding.location.file), stem
            # Findings in the baseline were numbered first.
            taken[at] = max(taken[at] + 1, int(number or 1))
            fingerprint = stem if taken[at] == 1 else f"{stem}-{taken[at]}"
        yield Group(finding, fingerprint, members)


def _usual(findings: Sequence[Finding]) -> Finding:
    messages = Counter(each.message for each in findings)
    message = max(messages, key=lambda each: messages[each])
    return next(each for each in findings if each.message == message)
