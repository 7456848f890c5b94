"""Lines with styles: text is laid out once, and printed with colours or without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO

from dtlink.escaping.text import row as row_of
from dtlink.records import NamedTuple
from dtlink.report.columns import columns
from dtlink.typed import TextIO
from dtlink.version import page_url


class Span(NamedTuple):
    """A piece of a line; ``style`` is a rich style, empty for none."""

    text: str
    style: str = ""
    url: str = ""
    """What a terminal with hyperlinks opens; empty for none."""


Line = tuple[Span, ...]

STYLES = {"error": "bold red", "warning": "bold yellow", "info": "cyan"}
#: Marks a blank where a line must not be broken; no text has this character.
_STAYS = "\ufffc"
DIM = "dim"
BOLD = "bold"


def rule_name(rule: str, style: str = "", suffix: str = "") -> Span:
    """A rule's id, which opens its page where the terminal has hyperlinks."""
    return Span(rule + suffix, style, page_url(rule))


def line(*parts: str | Span) -> Line:
    """A line of plain and styled pieces."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def paragraph(label: str, text: str, width: int | None) -> list[Line]:
    """Text after a label, wrapped under itself at ``width`` columns (``None``: not wrapped).

    Lines of the text are kept, so that DTS stays as it was written.
    """
    first = label.ljust(9)
    space = None if width is None else max(width - len(first), 30)
    wrapped = [piece for row in text.splitlines() for piece in _wrap(row, space)]
    prefixes = [first, *[" " * len(first)] * len(wrapped)]
    return [
        line(Span(prefix, DIM), piece) for prefix, piece in zip(prefixes, wrapped, strict=False)
    ]


def flow(
    spans: Iterable[Span], width: int | None, between: str = " ", indent: int = 4
) -> Iterator[Line]:
    """Pieces one after the other, in as few lines as ``width`` columns allow.

    No piece is cut: one that is longer than a line has a line of its own.
    """
    row: list[Span] = []
    used = 0
    for span in spans:
        used += len(between) * bool(row) + columns(span.text)
        if row and width is not None and used > width:
            yield tuple(row)
            row = [span._replace(text=" " * indent + span.text)]
            used = columns(row[0].text)
        else:
            row += [Span(between), span] if row else [span]
    if row:
        yield tuple(row)


def _wrap(row: str, width: int | None) -> list[str]:
    if width is None or len(row) <= width:
        return [row]
    import re
    import textwrap

    # The cells of one entry stay together.
    kept = re.sub(r"<[^<>]{1,40}>", lambda cells: cells[0].replace(" ", _STAYS), row)
    pieces = textwrap.wrap(kept, width, break_long_words=False, break_on_hyphens=False)
    pieces = [piece.replace(_STAYS, " ") for piece in pieces]
    return [pieces[0], *("  " + piece if row.startswith(" ") else piece for piece in pieces[1:])]


def plain(lines: Iterable[Line]) -> str:
    """The lines without styles."""
    return "".join(row_of("".join(span.text for span in row)) + "\n" for row in lines)


def show(lines: Iterable[Line], stream: TextIO, *, color: bool, hyperlinks: bool = False) -> None:
    """Print the lines, with colours, and with hyperlinks (OSC 8), if asked."""
    if not color:
        stream.write(plain(lines))
        return
    from rich.console import Console
    from rich.style import Style
    from rich.text import Text

    def styled(span: Span) -> Style:
        style = Style.parse(span.style)
        return style + Style(link=span.url) if span.url and hyperlinks else style

    # What to use was decided by the caller, who knows the options: nothing is guessed here. A
    # console that writes to the stream itself ends the program when the reader goes away.
    shown = StringIO()
    console = Console(
        file=shown,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        highlight=False,
        soft_wrap=True,
    )
    for row in lines:
        console.print(Text.assemble(*((span.text, styled(span)) for span in _safe(row))))
    stream.write(shown.getvalue())


def _safe(row: Line) -> Iterator[Span]:
    """The spans of a line that is escaped as a whole: a span may end within what is replaced."""
    text, at = row_of("".join(span.text for span in row)), 0
    for span in row:
        end = at + len(span.text)
        yield span._replace(text=text[at:end])
        at = end
