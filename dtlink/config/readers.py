"""Readers of single values: from what a file or the command line has to what a lint takes.

Each takes a value and its place, and raises :class:`InputError` for what is not one. An array comes
as a list from a file, as a tuple from the command line, where a word may hold several with commas.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple
from dtlink.rules.model import Severity
from dtlink.rules.words import problem, short
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.facts.cmdline import CommandLine
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.choice import Exclusion

LEVELS = tuple(level.value for level in Severity)
NEVER = "never"
#: In place of a path: the kernel that runs here.
RUNNING = "running"
_LONGEST_RELEASE = 64
_FOREVER = 1 << 31
_LONGEST_NUMBER = 12
_LONGEST_LINE = 1 << 16

_FORMS = {
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "a table",
}


class ConfigPlace(NamedTuple):
    """Where a value is written, for messages and for the paths in it."""

    file: str
    """As the user knows it."""
    base: str = ""
    """The folder that paths are seen from, absolute; empty: the working folder."""
    prefix: str = ""
    """What the names of the file's tables begin with."""
    dashes: str = ""
    """What keys begin with: those of the command line."""
    table: str = ""
    key: str = ""

    def at(self, key: str) -> ConfigPlace:
        """The place of a member of this table."""
        return self._replace(key=key)

    def inside(self, number: int = 0) -> ConfigPlace:
        """The place of the table that this key names, or of one of the tables."""
        name = f"{self.prefix}{self.key}"
        table = f"[[{name}]] number {number}" if number else f"[{name}]"
        return self._replace(table=table, key="")

    def error(self, message: str) -> InputError:
        """What is wrong here."""
        key = self.dashes + short(self.key) if self.key else ""
        where = filter(None, (self.table, key))
        return InputError(": ".join((*where, message)), path=self.file)


ValueReader = Callable[[Any, ConfigPlace], Any]


def of_type(kind: type, value: Any, place: ConfigPlace, needed: str = "") -> Any:
    """The value, if it is of a type that TOML has."""
    if type(value) is kind:
        return value
    found = _FORMS.get(type(value)) or _form(value)
    raise place.error(f"{needed or _FORMS[kind]} is needed, not {found}")


def _form(value: Any) -> str:
    """What a value is that no form of TOML has, but a program may give."""
    kind = type(value)
    return "a date or a time" if kind.__module__ == "datetime" else kind.__name__


def text(value: Any, place: ConfigPlace) -> str:
    """A string."""
    found: str = of_type(str, value, place)
    return found


def flag(value: Any, place: ConfigPlace) -> bool:
    """True or false."""
    found: bool = of_type(bool, value, place)
    return found


def seconds(value: Any, place: ConfigPlace) -> float:
    """A number of seconds, not negative; from the command line also as text."""
    if isinstance(value, str) and place.dashes:
        try:
            value = float(value)
        except ValueError:
            value = -1
    number = value if type(value) is int else of_type(float, value, place)
    if not 0 <= number < _FOREVER:
        raise place.error("a number of seconds is needed, 0 or more")
    return float(number)


def count(value: Any, place: ConfigPlace) -> int:
    """A whole number, not negative; from the command line also as text."""
    if isinstance(value, str) and place.dashes:
        value = int(value) if value.isdecimal() and len(value) < _LONGEST_NUMBER else -1
    number: int = of_type(int, value, place)
    if not 0 <= number < _FOREVER:
        raise place.error("a number is needed, 0 or more")
    return number


def several(value: Any, place: ConfigPlace) -> tuple[str, ...]:
    """An array of strings."""
    if isinstance(value, tuple):
        return tuple(word for each in value for word in text(each, place).split(",") if word)
    return tuple(text(each, place) for each in of_type(list, value, place, "an array of strings"))


def words(value: Any, place: ConfigPlace) -> tuple[str, ...]:
    """Rules and families."""
    return tuple(word(each, place) for each in several(value, place))


def word(value: Any, place: ConfigPlace) -> str:
    """A rule or a family."""
    found = text(value, place).rstrip("/")
    if wrong := problem(found):
        raise place.error(wrong)
    return found


def macros(value: Any, place: ConfigPlace) -> tuple[str, ...]:
    """Macros of the preprocessor: ``NAME`` or ``NAME=TEXT``, which may have commas."""
    whole = (
        value if isinstance(value, tuple) else of_type(list, value, place, "an array of strings")
    )
    return tuple(_macro(text(each, place), place) for each in whole)


def _macro(found: str, place: ConfigPlace) -> str:
    name = found.partition("=")[0]
    if not (name.isascii() and name.isidentifier()) or "\n" in found:
        raise place.error(f"{short(found)}: a name is needed, or NAME=TEXT")
    return found


def path(value: Any, place: ConfigPlace) -> str:
    """A path, seen from the working folder; an empty one is not a path."""
    found = text(value, place)
    if "\0" in found:
        raise place.error("a path can't have a NUL in it")
    if not found or not place.base:
        return found
    whole = os.path.normpath(os.path.join(place.base, found))  # noqa: PTH118 - a str, as all paths
    if _is_special(whole):
        raise place.error(f"{short(found)} is a pipe or a device, not a file or a folder")
    seen = shown(whole)
    reading.refuse_special(seen)
    return seen


def _is_special(path: str) -> bool:
    """Whether reading may never end: the files of a repository need not be trusted."""
    import stat

    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a str, as all paths
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def shown(whole: str) -> str:
    """An absolute path as seen from the working folder, unless only the root has them both."""
    here = os.getcwd()  # noqa: PTH109 - paths stay text
    try:
        common = os.path.commonpath((here, whole))
    except ValueError:  # another drive
        return whole
    return whole if common == os.path.dirname(common) else os.path.relpath(whole, here)  # noqa: PTH120 - paths stay text


def kernel(value: Any, place: ConfigPlace) -> str:
    """A path, or the kernel that runs here."""
    return RUNNING if value == RUNNING else path(value, place)


def paths(value: Any, place: ConfigPlace) -> tuple[str, ...]:
    """A path, or an array of paths."""
    if isinstance(value, str):
        return tuple(filter(None, (path(value, place),)))
    if isinstance(value, tuple):
        return tuple(path(each, place) for each in value)
    needed = "a path or an array of paths"
    return tuple(path(each, place) for each in of_type(list, value, place, needed))


def exclusions(value: Any, place: ConfigPlace) -> tuple[Exclusion, ...]:
    """Patterns of files, seen from the configuration's folder, or from the working folder."""
    from dtlink.firmware.choice import Exclusion

    whole = (
        value if isinstance(value, tuple) else of_type(list, value, place, "an array of patterns")
    )
    found = tuple(text(each, place) for each in whole)
    for each in found:
        if wrong := _wrong_in(each):
            raise place.error(f"{short(each)} is not a pattern of files{wrong}")
    return tuple(Exclusion(each, place.base or os.getcwd()) for each in found)  # noqa: PTH109


def _wrong_in(pattern: str) -> str:
    """What makes git pass over a line of ``.gitignore``, to follow the message; empty if nothing.

    Source: git, wildmatch.c, dowild(); dir.c, add_patterns_from_buffer().
    """
    import re

    if "\0" in pattern or "\n" in pattern or not pattern.strip("!/ "):
        return "; give a name, as in .gitignore"
    if pattern.startswith("#"):
        return r": it is a comment (write \# for a name)"
    bare = re.sub(r"\\.", "_", pattern)
    if bare.endswith("\\"):
        return ": it ends with a backslash"
    if "[" in re.sub(r"\[[!^]?+\]?+[^\]]*\]", "", bare):
        return ": the ] of a [ is missing"
    return ""


def pattern(value: Any, place: ConfigPlace) -> str:
    """A pattern of files below the configuration's folder."""
    found = text(value, place)
    if found.startswith("/"):
        raise place.error("a path seen from the folder of this file is needed, not one from /")
    return found


def reason(value: Any, place: ConfigPlace) -> str:
    """Words that are not empty."""
    found = text(value, place).strip()
    if not found:
        raise place.error("is empty: say why")
    return found


def level(value: Any, place: ConfigPlace) -> Severity:
    """A severity."""
    return value if isinstance(value, Severity) else Severity(_one_of(LEVELS, value, place))


def threshold(value: Any, place: ConfigPlace) -> Severity | None:
    """A severity, or never."""
    if value is None or isinstance(value, Severity):
        return value
    found = _one_of((*LEVELS, NEVER), value, place)
    return None if found == NEVER else Severity(found)


def _one_of(choices: tuple[str, ...], value: Any, place: ConfigPlace) -> str:
    found = text(value, place)
    if found not in choices:
        hint = " ('ignore' takes a rule out)" if found in ("off", "ignore", "none") else ""
        raise place.error(f"{short(found)} is not one of {', '.join(choices)}{hint}")
    return found


def version(value: Any, place: ConfigPlace) -> KernelVersion:
    """A kernel version."""
    from dtlink.facts.kernels import modelled

    if isinstance(value, float):
        raise place.error('a string is needed, as in "6.10": as a number that would be 6.1')
    is_pair = isinstance(value, tuple) and [type(each) for each in value] == [int, int]
    named = value if is_pair else text(value, place)[:_LONGEST_RELEASE]
    try:
        return modelled(named)
    except ValueError as error:
        raise place.error(str(error)) from error


def command_line(value: Any, place: ConfigPlace) -> CommandLine:
    """A kernel's command line."""
    from dtlink.facts.cmdline import CommandLine
    from dtlink.facts.errors import OptionError

    if isinstance(value, CommandLine):
        return value
    line = text(value, place)
    if len(line) > _LONGEST_LINE:
        raise place.error(f"longer than {_LONGEST_LINE} characters, which no kernel takes")
    try:
        return CommandLine.parse(line)
    except OptionError as error:
        allowed = ", ".join(error.allowed)
        wrong = f"{error.option}: {short(error.value)} is not a value of it; allowed: {allowed}"
        raise place.error(wrong) from error


def severities(value: Any, place: ConfigPlace) -> tuple[tuple[str, Severity], ...]:
    """A table of rules and families."""
    inside = place.inside()
    rows = of_type(dict, value, place).items()
    return tuple((word(name, inside), level(each, inside.at(name))) for name, each in rows)
