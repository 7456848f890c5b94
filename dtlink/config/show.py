"""A configuration as text: TOML with the origin of each value, JSON, and the table of the keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dtlink.config.keys import ENTRY, FOLDER, KEYS, TABLES, VARIANT, ConfigKey
from dtlink.config.model import FindingPattern, LintSettings, ValueOrigin
from dtlink.config.readers import NEVER
from dtlink.escaping import jsontext
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.choice import Exclusion
from dtlink.report.columns import padded
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING, Any
from dtlink.views.data import CommandResult, JsonRow, plain

if TYPE_CHECKING:
    from dtlink.config.file import Configuration
    from dtlink.config.resolve import EffectiveSettings
    from dtlink.report.entries import Json

#: Comments begin here, where the value leaves them room.
_COLUMN = 40


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class OriginRow(JsonRow):
    """Where a value comes from."""

    from_: str
    file: str | None
    folder: str | None

    @classmethod
    def of(cls, origin: ValueOrigin) -> OriginRow:
        """The row of an origin."""
        kind = origin.kind.replace(" ", "-")
        return cls(from_=kind, file=origin.file or None, folder=origin.folder or None)

    def __str__(self) -> str:
        kind = self.from_.replace("-", " ")
        return str(ValueOrigin(kind, self.file or "", self.folder or ""))


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ValueRow(JsonRow):
    """The value of a key; ``None`` where it is not set."""

    key: str
    value: Json
    origin: OriginRow


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class SeverityRow(JsonRow):
    """The severity that findings of a rule or a family get."""

    rule: str
    severity: str


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class PatternRow(JsonRow):
    """Findings that are allowed, or expected."""

    rule: str
    node: str
    file: str
    reason: str
    source: str

    def text(self, name: str) -> Iterator[Line]:
        """The entry as TOML, without what is empty."""
        values = {key.name: getattr(self, key.name) for key in ENTRY}
        written = {key: value for key, value in values.items() if value}
        return _table(f"[[{name}]]", written, self.source)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class FolderValueRow(JsonRow):
    """What is different below a folder: the value of one key."""

    key: str
    value: Json


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class FolderRow(JsonRow):
    """What is different below a folder."""

    path: str
    values: tuple[FolderValueRow, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class VariantRow(JsonRow):
    """A devicetree with overlays that is linted too."""

    name: str
    base: str
    overlays: tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class ConfigView(CommandResult):
    """The configuration that holds for a path, and where each value comes from."""

    member: ClassVar[str] = "configuration"
    path: str
    file: str | None
    values: tuple[ValueRow, ...]
    severity: tuple[SeverityRow, ...]
    severity_from: str
    """Where :attr:`severity` comes from."""
    allow: tuple[PatternRow, ...]
    expect: tuple[PatternRow, ...]
    folders: tuple[FolderRow, ...]
    variants: tuple[VariantRow, ...]

    @classmethod
    def of(cls, path: str, effective: EffectiveSettings, *, whole: bool) -> ConfigView:
        """What holds for a path; ``whole`` adds what is for others."""
        settings, found = effective.settings, effective.configuration
        entries = {
            name: tuple(PatternRow(**each._asdict()) for each in patterns)
            for name, patterns in _entries(effective, whole=whole).items()
        }
        return cls(
            path=path,
            file=found.file if found else None,
            values=tuple(
                ValueRow(
                    key=key.name,
                    value=_value(key, settings),
                    origin=OriginRow.of(effective.origins[key.field]),
                )
                for key in KEYS
            ),
            severity=tuple(
                SeverityRow(rule=rule, severity=level.value) for rule, level in settings.severity
            ),
            severity_from=str(effective.origins["severity"]),
            allow=entries["allow"],
            expect=entries["expect"],
            folders=tuple(_folders(effective, whole=whole)),
            variants=tuple(_variants(effective.configuration)),
        )

    def to_json(self) -> Json:
        """The members of the document's ``configuration``."""
        names = ("path", "file", "values", "severity", "allow", "expect", "folders", "variants")
        return {name: plain(getattr(self, name)) for name in names}

    def text(self) -> Iterator[Line]:
        """TOML that says the same, with the origin of each value."""
        file = self.file or "no configuration file"
        yield line(Span(f"# {self.path}: {file}", DIM))
        for key, row in zip(KEYS, self.values, strict=True):
            if row.value is None:
                yield line(Span(f"# {key.name} is not set: {key.unset.replace('`', '')}", DIM))
            else:
                yield _row(f"{key.name} = {toml(row.value)}", str(row.origin))
        if self.severity:
            levels = {row.rule: row.severity for row in self.severity}
            yield from _table("[severity]", levels, self.severity_from)
        for name, entries in (("allow", self.allow), ("expect", self.expect)):
            for entry in entries:
                yield from entry.text(name)
        for folder in self.folders:
            different = {row.key: row.value for row in folder.values}
            yield from _table("[[folder]]", {"path": folder.path, **different}, file)
        for each in self.variants:
            named = {"name": each.name, "base": each.base, "overlays": each.overlays}
            yield from _table("[[variant]]", named, file)


def _table(head: str, rows: Mapping[str, Any], origin: str) -> Iterator[Line]:
    yield line()
    yield _row(head, origin, BOLD)
    for name, value in rows.items():
        label = toml(name) if "/" in name else name
        yield line(f"{label} = {toml(value)}")


def _row(text: str, origin: str, style: str = "") -> Line:
    return line(Span(padded(text, _COLUMN), style), Span(f"  # {_comment(origin)}", DIM))


def _comment(text: str) -> str:
    """Fit for a comment, whatever a file is called."""
    return text if text.isprintable() else repr(text)


def _entries(effective: EffectiveSettings, *, whole: bool) -> dict[str, Iterable[FindingPattern]]:
    """What is allowed and expected: for this path, or all that the file has."""
    settings, found = effective.settings, effective.configuration
    if not whole or found is None:
        return {"allow": settings.allow, "expect": settings.expect}
    asked = [entry for entry in settings.expect if entry.source != found.file]
    values = found.values
    return {"allow": values.get("allow", ()), "expect": (*values.get("expect", ()), *asked)}


def _variants(found: Configuration | None) -> Iterator[VariantRow]:
    """The variants of a file, with paths as seen from the working folder."""
    for each in found.variants if found else ():
        yield VariantRow(name=each.name, base=each.base, overlays=each.overlays)


def _folders(effective: EffectiveSettings, *, whole: bool) -> Iterator[FolderRow]:
    """What is different below folders; a path has its own already."""
    if not whole or effective.configuration is None:
        return
    for folder in effective.configuration.folders:
        yield FolderRow(
            path=folder.path,
            values=tuple(
                FolderValueRow(key=key.name, value=written(folder.values[key.field]))
                for key in FOLDER
                if key.field in folder.values
            ),
        )


def _value(key: ConfigKey, settings: LintSettings) -> Any:
    """A value as TOML and JSON have it; ``None`` where it is not set."""
    value = settings.value(key.field)
    if key.name == "fail-on" and value is None:
        return NEVER
    unset = value == key.default and key.unset
    return None if unset else written(value)


def written(value: Any) -> Any:
    """A value as a file would have it."""
    if isinstance(value, Severity):
        return value.value
    if isinstance(value, KernelVersion):
        return str(value)
    if isinstance(value, CommandLine):
        return _parameters(value)
    if isinstance(value, tuple):
        return [each.pattern if isinstance(each, Exclusion) else each for each in value]
    return value


def _parameters(parsed: CommandLine) -> str:
    """The parameters of a command line that matter to dtlink, which keeps no others."""
    values = {
        "fw_devlink": parsed.fw_devlink,
        "fw_devlink.strict": parsed.fw_devlink_strict,
        "fw_devlink.sync_state": parsed.fw_devlink_sync_state,
        "deferred_probe_timeout": parsed.deferred_probe_timeout,
        "driver_async_probe": ",".join(parsed.driver_async_probe) or None,
        "initcall_blacklist": ",".join(parsed.initcall_blacklist) or None,
        "root": parsed.root or None,
        "rootdelay": parsed.rootdelay,
    }
    named = [f"{name}={_quoted(value)}" for name, value in values.items() if value is not None]
    return " ".join((*named, *parsed.ignore_unused))


def _quoted(value: str | int) -> str:
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return f'"{text}"' if any(letter.isspace() for letter in text) else text


def toml(value: Any) -> str:
    """A string, a boolean or an array of strings as TOML, whose strings are written as JSON's."""
    return jsontext.value(value)


def table() -> str:
    """The keys, and those of the entries, as Markdown for the documentation."""
    rows = ["| key | takes | default | what it is |", "|---|---|---|---|"]
    rows += [_documented(key) for key in (*KEYS, *TABLES)]
    rows += ["", "| in `[[allow]]` and `[[expect]]` | takes | default | what it is |"]
    rows += ["|---|---|---|---|", *(_documented(key) for key in ENTRY)]
    rows += ["", "| in `[[variant]]` | takes | default | what it is |"]
    rows += ["|---|---|---|---|", *(_documented(key) for key in VARIANT)]
    return "\n".join(rows) + "\n"


def _documented(key: ConfigKey) -> str:
    default = "required" if key.required else key.unset or f"`{toml(_value(key, LintSettings()))}`"
    name = f"[{key.name}]" if key.name == "severity" else key.name
    name = f"[[{name}]]" if key.takes == "entries" else name
    return f"| `{name}` | {key.takes} | {default} | {key.help} |"
