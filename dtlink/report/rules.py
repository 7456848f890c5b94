"""The rules as a table and as pages, in text and in Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from dtlink.records import NamedTuple
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line, rule_name
from dtlink.rules.defaults import off_by_default
from dtlink.rules.model import Dts, Rule, Tables
from dtlink.version import page_url

#: The parts of a page, in their order.
HEADINGS = ("What it finds:", "Why it matters:", "What to do:", "References:")

#: Maximum width of text; longer lines are hard to read.
_WIDEST = 100
#: Minimum width of the column of summaries; if it is narrower, they go below their rules.
_NARROWEST = 28
_SEVERITY, _SINCE = len("severity") + 1, len("since") + 2
#: What is at the left of a piece of an example.
_INDENT = "    "

_KINDS = {Dts: "devicetree", Tables: "ACPI tables"}
_FENCES = {Dts: "dts", Tables: "text"}


def default_of(rule: Rule) -> str:
    """``on``, ``off``, or ``no notes``: whether a rule runs without --select."""
    off = off_by_default(rule.id)
    return "on" if off is None else "no notes" if off.notes_only else "off"


def _default_section(rule: Rule) -> list[tuple[str, str]]:
    """A part of the page, as of :func:`sections`: why a rule, or its notes, are off by default."""
    off = off_by_default(rule.id)
    if off is None:
        return []
    heading = "Notes off by default:" if off.notes_only else "Off by default:"
    return [(heading, f"{off.reason} (``--select {rule.id}`` reports them).")]


def _fix_section(rule: Rule) -> list[tuple[str, str]]:
    """The part of the page about the edits of a rule's fixes."""
    if rule.fix is None:
        return []
    safe, unsafe = "``--fix`` makes the fix", "``--fix --unsafe-fixes`` makes the fix"
    how = safe if rule.fix.is_safe else unsafe
    return [("Fix:", f"{how} where the input determines it: {rule.fix.reason}.")]


def _own_sections(rule: Rule) -> list[tuple[str, str]]:
    """The parts of a page that the rule's text does not have."""
    return [*_fix_section(rule), *_default_section(rule)]


def table(rules: Sequence[Rule], width: int | None) -> Iterator[Line]:
    """Id, severity, version and summary of each rule.

    At ``width`` columns the summaries are wrapped under themselves, below a head. ``None`` gives
    one line a rule and nothing else, which is what ``grep`` and ``cut`` want.
    """
    ids = max((len(rule.id) for rule in rules), default=0) + 2
    left = ids + _SEVERITY + _SINCE
    if width is not None:
        head = "rule".ljust(ids) + "severity".ljust(_SEVERITY) + "since".ljust(_SINCE)
        yield line(Span(f"{head}summary"[:width].rstrip(), DIM))
    for rule in rules:
        severity = rule.severity.value
        first, *more = _summary(rule, width, left)
        yield line(
            rule_name(rule.id),
            " " * (ids - len(rule.id)),
            Span(severity.ljust(_SEVERITY), STYLES[severity]),
            rule.since.ljust(_SINCE if first else 0),
            first,
        )
        yield from (line(row) for row in more)


def _summary(rule: Rule, width: int | None, left: int) -> list[str]:
    """The text beside the rule, and the rows below it."""
    if width is None:
        return [rule.summary]
    if width - left < _NARROWEST:
        return ["", *_wrap(rule.summary, width, _INDENT)]
    first, *more = _wrap(rule.summary, min(width - left, _WIDEST))
    return [first, *(" " * left + row for row in more)]


def page(rule: Rule, width: int | None) -> Iterator[Line]:
    """The page of a rule, wrapped at ``width`` columns (``None``: not on a terminal)."""
    severity, columns = rule.severity.value, min(width or _WIDEST, _WIDEST)
    yield line(
        Span(rule.id, BOLD), "  ", Span(severity, STYLES[severity]), f"  since dtlink {rule.since}"
    )
    yield line()
    yield from (line(row) for row in _wrap(_without_ticks(rule.summary), columns))
    for heading, text in (*sections(rule), *_own_sections(rule)):
        yield line()
        for row in _wrap(f"{heading} {_without_ticks(text)}", columns):
            yield _with_bold(heading, row)
    for title, example in _examples(rule):
        yield line()
        yield line(Span(f"{title}:", BOLD))
        for note, source in _pieces(example):
            yield line()
            yield from (line(Span(_INDENT + row, DIM)) for row in _wrap(note, columns - 4))
            yield from (line((_INDENT + row).rstrip()) for row in source.splitlines())
    yield line()
    yield line(Span("Page:", BOLD), " ", Span(page_url(rule.id), "", page_url(rule.id)))


def sections(rule: Rule) -> list[tuple[str, str]]:
    """The parts of a page: heading (with its colon) and text, in one line each."""
    pattern = "|".join(map(re.escape, HEADINGS))
    _, *parts = re.split(rf"^({pattern})", rule.page, flags=re.MULTILINE)
    texts = [" ".join(text.split()) for text in parts[1::2]]
    return list(zip(parts[::2], texts, strict=True))


class Parts(NamedTuple):
    """The parts of a rule's page, for what lays it out in its own way."""

    texts: Sequence[tuple[str, str]]
    """Headings (with their colons) and texts, in which code is between double backquotes."""
    examples: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    """Titles, each with remarks and the sources that they are about; either may be empty."""


def parts(rule: Rule) -> Parts:
    """The parts of a rule's page."""
    texts = [*sections(rule), *_own_sections(rule)]
    return Parts(texts, [(title, list(_pieces(each))) for title, each in _examples(rule)])


def _examples(rule: Rule) -> Iterator[tuple[str, Dts | Tables]]:
    """The examples with their titles, which name the kind of firmware or the table."""
    for pair in rule.examples:
        kind = pair.about or (_KINDS[type(pair.bad)] if len(rule.examples) > 1 else "")
        kind = f" ({kind})" if kind else ""
        yield f"Bad{kind}", pair.bad
        yield f"Good{kind}", pair.good


def _pieces(example: Dts | Tables) -> Iterator[tuple[str, str]]:
    """The parts of an example: a remark and the text that it is about; either may be empty."""
    yield "", _dedented(example.source)
    if isinstance(example, Dts) and example.patch:
        # A \0 in the name is how an example gets a second property of one name.
        set_to = (f"{at.strip(chr(0))} = {_value(data)}" for at, data in example.patch.items())
        yield f"in the blob with {', '.join(set_to)}", ""
    if isinstance(example, Dts):
        for text in example.overlays:
            yield "with the overlay:", _dedented(text)
        if example.config_txt:
            yield "with the config.txt:", _dedented(example.config_txt)
        for text in example.bases:
            yield "with --bases that have:", _dedented(text)
    if example.kernel:
        yield "with a kernel that has:", _dedented(example.kernel)
    if isinstance(example, Tables):
        yield from _seen(example)
    if isinstance(example, Dts) and example.against:
        yield f"with --against {example.against}", ""
    if example.finds:
        yield f"found at {', '.join(dict.fromkeys(example.finds))}", ""


def _seen(example: Tables) -> Iterator[tuple[str, str]]:
    if example.lspci:
        yield "with --lspci of a machine that has:", _dedented(example.lspci)
    if example.iomem:
        yield "with --iomem that has:", _dedented(example.iomem)


def _value(data: bytes) -> str:
    """The value of a property, as DTS."""
    text = data[:-1].decode("latin-1")
    if data.endswith(b"\0") and text.isprintable() and text:
        return f'"{text}"'
    if len(data) % 4:
        return f"[{data.hex(' ')}]"
    cells = (int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4))
    return f"<{' '.join(map(hex, cells))}>"


def _dedented(text: str) -> str:
    return textwrap.dedent(text).strip("\n").rstrip()


def _wrap(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        max(width, 20),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _with_bold(heading: str, row: str) -> Line:
    if not row.startswith(heading):
        return line(row)
    return line(Span(heading, BOLD), row.removeprefix(heading))


def _without_ticks(text: str) -> str:
    return text.replace("``", "")


def markdown_table(rules: Iterable[Rule]) -> str:
    """The rules as a table in Markdown."""
    rows = [
        "| rule | severity | default | since | what it finds |",
        "|---|---|---|---|---|",
    ]
    for rule in rules:
        summary = _markdown(rule.summary).replace("|", r"\|")
        level, default = rule.severity.value, default_of(rule)
        rows.append(f"| `{rule.id}` | {level} | {default} | {rule.since} | {summary} |")
    return "\n".join(rows) + "\n"


def markdown_pages(rules: Sequence[Rule]) -> str:
    """A document of one page, or of several below a title and their table."""
    if len(rules) == 1:
        return markdown_page(rules[0])
    pages = (markdown_page(rule, level=2) for rule in rules)
    return "\n".join(["# The rules of dtlink\n", markdown_table(rules), *pages])


def markdown_page(rule: Rule, level: int = 1) -> str:
    """The page of a rule in Markdown (CommonMark); ``level`` is that of its heading."""
    blocks = [
        f"{'#' * level} `{rule.id}`",
        f"**{rule.severity.value}**, since dtlink {rule.since}",
        _markdown(rule.summary),
        *(
            f"**{heading}** {_markdown(text)}"
            for heading, text in (*sections(rule), *_own_sections(rule))
        ),
    ]
    for title, example in _examples(rule):
        blocks.append(f"{'#' * (level + 1)} {title}")
        fence = _FENCES[type(example)]
        for note, source in _pieces(example):
            blocks += _block(note, source, fence)
            fence = "text"
    return "\n\n".join(blocks) + "\n"


def _block(note: str, source: str, fence: str) -> Iterator[str]:
    if note:
        yield _markdown(note)
    if source:
        # A fence is longer than any row of backticks inside.
        ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", source) or [""]))
        yield f"{ticks}{fence}\n{source}\n{ticks}"


#: What Markdown would take for markup: not the _ within a word, which pages are full of.
_MARKUP = re.compile(
    r"[\\`*<>~]|\](?=\()|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|^[-+](?=\s)|^#(?=#*\s)"
)


def _markdown(text: str) -> str:
    r"""Prose as Markdown with the same meaning: text between \`\` is code, all else is not."""
    prose, code = text.split("``")[::2], text.split("``")[1::2]
    escaped = (_MARKUP.sub(r"\\\g<0>", piece) for piece in prose)
    spans = (f"`` {piece} ``" if "`" in piece else f"`{piece}`" for piece in code)
    return "".join(chain.from_iterable(zip(escaped, [*spans, ""], strict=True)))
