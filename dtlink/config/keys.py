"""The keys of a configuration: a row for each, from which files are read and tables printed.

A default is in :class:`Settings` or in :class:`LintSettings`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from dtlink.config import readers
from dtlink.config.model import FIELD_DEFAULTS, FindingPattern
from dtlink.config.readers import ConfigPlace, ValueReader, of_type
from dtlink.facts.kernels import DEFAULT
from dtlink.records import NamedTuple
from dtlink.rules.model import Severity
from dtlink.rules.words import meant, short
from dtlink.typed import Any


class ConfigKey(NamedTuple):
    """One key."""

    name: str
    takes: str
    """What it takes, for people."""
    read: ValueReader
    help: str
    unset: str = ""
    """What holds without it, where that is not a value."""
    by_folder: bool = False
    """Whether a ``[[folder]]`` may have it too."""
    required: bool = False

    @property
    def field(self) -> str:
        """Its name in the settings, and among what the command line gives."""
        return self.name.replace("-", "_")

    @property
    def default(self) -> Any:
        """What holds without it."""
        return FIELD_DEFAULTS[self.field]


class FolderSettings(NamedTuple):
    """What holds for the inputs below a folder."""

    path: str
    """A pattern, seen from the configuration's folder."""
    values: dict[str, Any]


class Variant(NamedTuple):
    """A devicetree with overlays, which is linted as an input of its own."""

    name: str
    base: str
    overlays: tuple[str, ...]


def read_table(table: Any, keys: Sequence[ConfigKey], place: ConfigPlace) -> dict[str, Any]:
    """The values of a table, by field. Raises :class:`InputError` for what no key allows."""
    known = {key.name: key for key in keys}
    found = {}
    for name, value in of_type(dict, table, place).items():
        if name not in known:
            raise place.error(_unknown(name, known))
        found[known[name].field] = known[name].read(value, place.at(name))
    for key in keys:
        if key.required and key.field not in found:
            raise place.error(f"{key.name} is missing: {key.help[0].lower()}{key.help[1:]}")
    return found


def _unknown(name: str, known: dict[str, ConfigKey]) -> str:
    if _is_of_the_file(name):
        return f"no key is named {name} here; {_ABOVE}"
    near = meant(name, known) or f"; there are: {', '.join(known)}"
    return f"no key is named {short(name)}{near}"


def _is_of_the_file(name: str) -> bool:
    return name in {key.name for key in TOP}


#: In TOML whatever follows the head of a table is in the table.
_ABOVE = "keys of the whole file stand above its first table"


def _severities(value: Any, place: ConfigPlace) -> tuple[tuple[str, Severity], ...]:
    """Rules and families with their severities; from the library as pairs."""
    if isinstance(value, tuple):
        value = dict(value)
    for name in of_type(dict, value, place):
        if _is_of_the_file(name):
            raise place.inside().error(f"no rule or family is named {name}; {_ABOVE}")
    return readers.severities(value, place)


def _tables(value: Any, place: ConfigPlace) -> list[tuple[Any, ConfigPlace]]:
    """An array of tables, each with its place."""
    if isinstance(value, dict):
        raise place.error(f"write [[{place.prefix}{place.key}]], with two brackets")
    rows = of_type(list, value, place, "an array of tables")
    return [(row, place.inside(number)) for number, row in enumerate(rows, 1)]


def _entries(value: Any, place: ConfigPlace) -> tuple[FindingPattern, ...]:
    """Findings that are allowed or expected; from the command line as ``RULE[:NODE]``."""
    if isinstance(value, tuple):
        return tuple(_expectation(each, place) for each in value)
    return tuple(
        FindingPattern(**read_table(row, ENTRY, inside), source=place.file)
        for row, inside in _tables(value, place)
    )


def _expectation(value: Any, place: ConfigPlace) -> FindingPattern:
    if isinstance(value, FindingPattern):
        return value
    rule, _, node = readers.text(value, place).partition(":")
    return FindingPattern(readers.word(rule, place), node, source="--expect")


def _variants(value: Any, place: ConfigPlace) -> tuple[Variant, ...]:
    return tuple(
        Variant(**read_table(row, VARIANT, inside)) for row, inside in _tables(value, place)
    )


def _folders(value: Any, place: ConfigPlace) -> tuple[FolderSettings, ...]:
    tables = [read_table(row, FOLDER, inside) for row, inside in _tables(value, place)]
    return tuple(FolderSettings(table.pop("path"), table) for table in tables)


_folder_key = partial(ConfigKey, by_folder=True)

#: Keys with one value, which are options of the command line too.
KEYS = (
    _folder_key(
        "kernel-version",
        f'a version, such as "{DEFAULT}"',
        readers.version,
        "Kernel version whose fw_devlink behaviour to model.",
        unset=f"that of `kernel`, else {DEFAULT}",
    ),
    _folder_key(
        "against",
        "a version",
        readers.version,
        "Also report what changes relative to this kernel version.",
        unset="no comparison",
    ),
    _folder_key(
        "cmdline",
        "a string",
        readers.command_line,
        "Kernel command line.",
        unset="`bootargs` of `/chosen`",
    ),
    _folder_key(
        "root",
        "a node",
        readers.text,
        "Node that has the root file system.",
        unset="by `root=` of `bootargs`",
    ),
    _folder_key(
        "root-after",
        "a number",
        readers.seconds,
        "Seconds from the initramfs's last driver registration to the first module of the root "
        "filesystem.",
        unset="not known",
    ),
    _folder_key(
        "kernel",
        'a path, or "running"',
        readers.kernel,
        "Kernel to check against: /lib/modules/VERSION, unpacked package, build tree, .config or "
        "'running'.",
        unset="no kernel is named",
    ),
    _folder_key(
        "initramfs",
        "a path",
        readers.path,
        "Its initramfs: an image, the output of lsinitramfs or lsinitrd, or a modules.load.",
        unset="not known",
    ),
    _folder_key(
        "kernel-index",
        "a path",
        readers.path,
        "Index of the kernel's source ('dtlink kernel index').",
        unset="the nearest one shipped",
    ),
    _folder_key(
        "lspci",
        "a path",
        readers.path,
        "PCI functions that exist: the output of 'lspci -vvnn' by root, or /sys/bus/pci.",
        unset="not known",
    ),
    _folder_key(
        "iomem",
        "a path",
        readers.path,
        "Memory map: /proc/iomem as root reads it, or a kernel's log.",
        unset="not known",
    ),
    ConfigKey(
        "select",
        "an array of rules and families",
        readers.words,
        "Run only these rules ('all': every rule; 'default': those on by default).",
        unset='`["default"]`',
    ),
    ConfigKey(
        "ignore",
        "an array of rules and families",
        readers.words,
        "Do not run these rules.",
        unset="none",
    ),
    ConfigKey(
        "fail-on",
        '"error", "warning", "info" or "never"',
        readers.threshold,
        "Exit 1 if there is a finding of at least this severity.",
    ),
    ConfigKey(
        "show",
        '"error", "warning" or "info"',
        readers.level,
        "Minimum severity in text output (JSON contains all).",
    ),
    ConfigKey(
        "baseline",
        "a path",
        readers.path,
        "Baseline of accepted findings; only new ones are reported.",
        unset="none",
    ),
    ConfigKey(
        "exclude",
        "an array of patterns",
        readers.exclusions,
        "Files and folders to leave out of folders, as in .gitignore.",
        unset="none",
    ),
    ConfigKey(
        "force-exclude",
        "true or false",
        readers.flag,
        "Leave out excluded files that are named, too.",
    ),
    ConfigKey(
        "respect-gitignore",
        "true or false",
        readers.flag,
        "Leave sources that git ignores out of folders (blobs and tables are read).",
    ),
    ConfigKey(
        "max-boards",
        "a number",
        readers.count,
        "How many boards to read at most that include the named files (0: all).",
    ),
    ConfigKey(
        "schema",
        "true or false",
        readers.flag,
        "Also run dtschema's validator.",
    ),
    ConfigKey(
        "schema-dir",
        "a path, or an array of paths",
        readers.paths,
        "Additional schemas: a folder of bindings, or a processed schema file.",
        unset="only dtlink's own",
    ),
    _folder_key(
        "include",
        "a path, or an array of paths",
        readers.paths,
        "Folder in which devicetree source looks for included files first.",
        unset="only those of the source's tree",
    ),
    _folder_key(
        "define",
        "an array of strings",
        readers.macros,
        "Macro of devicetree source: NAME, which is 1, or NAME=TEXT.",
        unset="none",
    ),
    _folder_key(
        "allow-include",
        "a path, or an array of paths",
        readers.paths,
        "Folder outside the source's tree that devicetree source may include from.",
        unset="none",
    ),
    _folder_key(
        "overlay",
        "a path, or an array of paths",
        readers.paths,
        "Overlay to apply to devicetrees, a blob or source; several in the order given.",
        unset="none",
    ),
    _folder_key(
        "bases",
        "a path, or an array of paths",
        readers.paths,
        "Devicetrees, or folders of them, on which each overlay is tried.",
        unset="those on the command line",
    ),
)

#: Keys that are tables of their own.
TABLES = (
    ConfigKey(
        "severity",
        "a table: rule or family = severity",
        _severities,
        "The severity of the findings of a rule, or of a family where the rule has none.",
        unset="the rules' own",
    ),
    ConfigKey(
        "allow",
        "entries",
        _entries,
        "Findings that are acceptable.",
        unset="none",
    ),
    ConfigKey(
        "expect",
        "entries",
        _entries,
        "Findings that do not affect the exit status; the absence of one is reported.",
        unset="none",
    ),
    ConfigKey(
        "folder",
        "entries",
        _folders,
        "What is different for the inputs below a folder. Later entries win.",
        unset="none",
    ),
    ConfigKey(
        "variant",
        "entries",
        _variants,
        "A devicetree with overlays, linted as one more input wherever its base is one.",
        unset="none",
    ),
)

#: What a file may hold.
TOP = (*KEYS, *TABLES)

#: What an entry of allow or expect may hold.
ENTRY = (
    ConfigKey("rule", "a rule or a family", readers.word, "The rule or family.", required=True),
    ConfigKey("node", "a pattern", readers.text, "The node or table node.", unset="any"),
    ConfigKey(
        "file",
        "a pattern",
        readers.pattern,
        "The input or a folder above it, seen from this file's folder.",
        unset="any",
    ),
    ConfigKey("reason", "a string", readers.reason, "Why it is acceptable.", required=True),
)

#: What an entry of folder may hold.
FOLDER = (
    ConfigKey(
        "path",
        "a pattern",
        readers.pattern,
        "The folder or the inputs, seen from this file's folder.",
        required=True,
    ),
    *(key for key in KEYS if key.by_folder),
)

#: What an entry of variant may hold.
VARIANT = (
    ConfigKey("name", "a string", readers.reason, "What it is called.", required=True),
    ConfigKey("base", "a path", readers.path, "The devicetree.", required=True),
    ConfigKey(
        "overlays",
        "a path, or an array of paths",
        readers.paths,
        "The overlays, in the order in which they are applied.",
        required=True,
    ),
)
