"""``dtlink rules`` and ``dtlink explain``: the rules there are, and their pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from dtlink.report.layout import DIM, Line, Span, line
from dtlink.report.rules import default_of, markdown_pages, markdown_table, page, table
from dtlink.rules.aliases import meaning, rules_of
from dtlink.rules.catalogue import all_rules, choose, find
from dtlink.rules.defaults import off_by_default
from dtlink.rules.model import Dts, Rule, Tables
from dtlink.typed import TYPE_CHECKING
from dtlink.version import page_url
from dtlink.views.data import CommandResult, JsonRow, plain
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.report.entries import Json

_KINDS = {Dts: "devicetree", Tables: "tables"}


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ExampleRow(JsonRow):
    """A pair of examples for one kind of firmware."""

    of: str
    bad: str
    good: str


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class RuleRow(JsonRow):
    """A rule and its page."""

    id: str
    severity: str
    since: str
    summary: str
    default: str
    """``on``, ``off``, or ``no notes``: errors and warnings alone."""
    default_reason: str | None
    page: str
    url: str
    """The address of the page in the documentation."""
    bad: str
    good: str
    examples: tuple[ExampleRow, ...]

    @classmethod
    def of(cls, rule: Rule) -> RuleRow:
        """The row of a rule."""
        examples = tuple(
            ExampleRow(of=_KINDS[type(each.bad)], bad=each.bad.source, good=each.good.source)
            for each in rule.examples
        )
        return cls(
            id=rule.id,
            severity=rule.severity.value,
            since=rule.since,
            summary=rule.summary,
            default=default_of(rule),
            default_reason=off.reason if (off := off_by_default(rule.id)) else None,
            page=rule.page,
            url=page_url(rule.id),
            bad=examples[0].bad,
            good=examples[0].good,
            examples=examples,
        )


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class RulesView(CommandResult):
    """Rules, as a table."""

    member: ClassVar[str] = "rules"
    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, words: Sequence[str] = ()) -> RulesView:
        """The rules of these ids and families, by id; all if none is given.

        Raises :class:`ValueError` for a word that is not a rule or family.
        """
        return cls(rules=tuple(choose(words) if words else all_rules()))

    def to_json(self) -> Json:
        """A list of the rules, with their pages."""
        return plain([RuleRow.of(rule) for rule in self.rules])

    def text(self, width: int | None = None) -> Iterator[Line]:
        """Id, severity, version and summary of each; on a terminal, with what there is to do next.

        ``width`` is the terminal's; ``None``: what programs read.
        """
        yield from table(self.rules, width)
        if width is not None:
            yield line()
            number = counted(len(self.rules), "rule")
            yield line(Span(f"{number} (dtlink explain RULE for details)", DIM))

    def markdown(self) -> str:
        """The table in Markdown."""
        return markdown_table(self.rules)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class ExplainView(CommandResult):
    """The pages of rules."""

    member: ClassVar[str] = "rules"
    names: tuple[str, ...]
    """What was asked for: ids, aliases and families."""
    rules: tuple[Rule, ...]
    """The rules that these mean, each once."""

    @classmethod
    def of(cls, names: Iterable[str]) -> ExplainView:
        """The rules of ids, aliases and families, in the order in which they are asked for.

        Raises :class:`ValueError` for a word that is not a rule or family.
        """
        words = tuple(name.rstrip("/") for name in names)
        found = {rule.id: rule for word in words for rule in _pages(word) or choose((word,))}
        return cls(names=words, rules=tuple(found.values()))

    def to_json(self) -> Json:
        """A list of the rules, with their pages."""
        return plain([RuleRow.of(rule) for rule in self.rules])

    def text(self, width: int | None = None) -> Iterator[Line]:
        """Pages for rules, tables for families; ``width`` as of :meth:`RulesView.text`."""
        for number, name in enumerate(self.names):
            if number:
                yield line()
            if text := meaning(name):
                yield line(text)
                yield line()
            pages = _pages(name)
            for page_number, rule in enumerate(pages):
                if page_number:
                    yield line()
                yield from page(rule, width)
            if not pages:
                yield from RulesView.of((name,)).text(width)

    def markdown(self) -> str:
        """The pages in Markdown, also those of families."""
        return markdown_pages(self.rules)


def _pages(name: str) -> Sequence[Rule]:
    """The rule of an id, or those of an alias; none for a family."""
    rules = map(find, rules_of(name) or (name,))
    return [rule for rule in rules if rule is not None]
