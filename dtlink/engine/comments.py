"""What the comments of a source make of the findings of its board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dtlink.firmware.source.coverage import Coverage
from dtlink.records import NamedTuple
from dtlink.report.model import CommentEntry, Ignored
from dtlink.rules.catalogue import known_words, words_for
from dtlink.rules.model import Covers, Finding
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.source.placed_comments import SourceComment
    from dtlink.firmware.tree import Location, Tree
    from dtlink.rules.model import Rule


class Sifted(NamedTuple):
    """The findings of a board, those that comments take out, and what became of each comment."""

    findings: Sequence[Finding]
    ignored: Sequence[Ignored]
    comments: Sequence[CommentEntry]


def sifted(tree: Tree, findings: Sequence[Finding], rules: Sequence[Rule]) -> Sifted:
    """Take out what comments allow or expect.

    One finding about several nodes (:attr:`Covers.RELATED`) is taken out if each of its places is
    covered: a comment at one of them must not hide the others.
    """
    comments = tree.origins.comments if tree.origins else ()
    by_word, covers = _by_word(comments), Coverage(comments)
    several = {rule.id for rule in rules if rule.covers is Covers.RELATED}
    hits = Counter[tuple[int, str]]()  # by the number of a comment, and a rule that it names
    kept, ignored = [], []
    for finding in findings:
        words = [word for word in words_for(finding.rule, finding.alias) if word in by_word]
        places = _places(tree, finding, several=finding.rule in several) if words else ()
        found = [
            [(number, word) for word in words for number in by_word[word] if number in covering]
            for covering in (covers.covering(*place) for place in places)
        ]
        hits.update({key for each in found for key in each})
        if found and all(found):
            comment = comments[found[0][0][0]]
            ignored.append(Ignored(finding, comment.reason, source_of(comment.place)))
        else:
            kept.append(finding)
    # On an overlay without its base most rules have nothing to say yet.
    entries = _entries(comments, by_word, hits)
    return Sifted(kept, ignored, [each._replace(checked=not tree.is_overlay) for each in entries])


def source_of(place: Location) -> str:
    """A comment's place as where a finding is allowed."""
    return f"{place.file}:{place.line}"


def _by_word(comments: Sequence[SourceComment]) -> Mapping[str, Sequence[int]]:
    """The comments that can be followed, as numbers, by each rule or family that they name."""
    found: dict[str, list[int]] = {}
    for number, comment in enumerate(comments):
        for word in () if comment.fault else comment.rules:
            if word in known_words():
                found.setdefault(word, []).append(number)
    return found


def _places(
    tree: Tree, finding: Finding, *, several: bool
) -> Iterator[tuple[str, Location | None]]:
    """The nodes that a finding is about, and where each is wrong."""
    yield finding.subject.path, finding.location
    name = finding.property_name
    if not several or not name or tree.origins is None:
        return
    for path in finding.related:
        node = tree.find(path)
        if node is not None and node.has(name):
            yield path, tree.origins.location(path, name)


def _entries(
    comments: Sequence[SourceComment],
    by_word: Mapping[str, Sequence[int]],
    hits: Mapping[tuple[int, str], int],
) -> Iterator[CommentEntry]:
    named = sorted((number, word) for word, held in by_word.items() for number in held)
    for number, word in named:
        comment = comments[number]
        is_expected = comment.kind == "expect"
        found = hits.get((number, word), 0)
        yield CommentEntry(word, is_expected, comment.reason, comment.place, found)
