"""What holds for one input, and where each value comes from."""

from __future__ import annotations

from collections.abc import Mapping

from dtlink.board.settings import DEFAULTS, Settings
from dtlink.firmware.choice import MAX_BOARDS, Exclusion, InputOptions
from dtlink.records import NamedTuple
from dtlink.rules.catalogue import AGAINST_FAMILY, KERNEL_FAMILY, SCHEMA_FAMILY
from dtlink.rules.defaults import DEFAULT as DEFAULT_RULES
from dtlink.rules.model import Severity
from dtlink.typed import Any


class FindingPattern(NamedTuple):
    """Findings that are allowed, or expected."""

    rule: str
    """A rule or a family."""
    node: str = ""
    """A pattern of subjects; empty for all."""
    file: str = ""
    """A pattern of inputs, seen from the configuration's folder; empty for all."""
    reason: str = ""
    source: str = ""
    """Where it is written: a file, or ``--expect``."""


class LintSettings(NamedTuple):
    """Every option of a lint as it holds for one input. The defaults are those of dtlink."""

    board: Settings = DEFAULTS
    """What decides what is known of the input; all else is about which findings count."""
    select: tuple[str, ...] = ()
    """Rules and families; none: those that are on by default."""
    ignore: tuple[str, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    """``None``: never."""
    show: Severity = Severity.WARNING
    baseline: str = ""
    max_boards: int = MAX_BOARDS
    exclude: tuple[Exclusion, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    severity: tuple[tuple[str, Severity], ...] = ()
    """Rules and families with the severity that the user gives them."""
    allow: tuple[FindingPattern, ...] = ()
    """Those that concern this input."""
    expect: tuple[FindingPattern, ...] = ()
    """Those that concern this input."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> LintSettings:
        """The settings of these values, by field: the board's and all others together."""
        board = {name: value for name, value in values.items() if name in Settings._fields}
        others = {name: value for name, value in values.items() if name not in board}
        return cls(Settings(**board), **others)

    def value(self, field: str) -> Any:
        """The value of a field, the board's or another."""
        return getattr(self.board if field in Settings._fields else self, field)

    @property
    def inputs(self) -> InputOptions:
        """What decides which inputs a path means."""
        return InputOptions(
            self.max_boards,
            self.board.sources,
            self.exclude,
            self.force_exclude,
            self.respect_gitignore,
        )

    @property
    def selected(self) -> tuple[str, ...]:
        """What to run: a rule that is expected, or given a severity, is on too."""
        named = (*(word for word, _ in self.severity), *(each.rule for each in self.expect))
        rules = tuple(dict.fromkeys(word for word in named if "/" in word))
        return (DEFAULT_RULES, *rules) if rules and not self.select else self.select

    @property
    def not_asked(self) -> tuple[str, ...]:
        """The families of rules to which the user gives nothing to go on."""
        given = {
            KERNEL_FAMILY: bool(self.board.kernel),
            AGAINST_FAMILY: self.board.against is not None,
            SCHEMA_FAMILY: self.board.schema,
        }
        return tuple(family for family, named in given.items() if not named)


#: The names of all options, of the board and of its report.
FIELDS = (*Settings._fields, *(name for name in LintSettings._fields if name != "board"))
#: Their defaults.
FIELD_DEFAULTS = Settings._field_defaults | LintSettings._field_defaults


class ValueOrigin(NamedTuple):
    """Where a value comes from."""

    kind: str = "default"
    """``default``, ``file``, ``folder`` (an entry of a file) or ``command line``."""
    file: str = ""
    folder: str = ""
    """The pattern of a ``[[folder]]``."""

    def __str__(self) -> str:
        if self.kind == "folder":
            return f"{self.file}, [[folder]] {self.folder}"
        return self.file or self.kind
