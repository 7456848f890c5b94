"""The strings that an expression of C may have: names of resources, as far as the text shows them.

What an expression stands for is a set of :class:`Value`. One that depends on the caller is left for
it (``PARAMETER``), one that a structure's member holds for those that fill the structure
(``MEMBER``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dtlink.enums import Enum
from dtlink.kernel.source.functions import CFile, Function, members_of
from dtlink.kernel.source.macros import arguments, string
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing import Final


class Is(Enum):
    """What is known of a value."""

    NAME = "its text"
    PARAMETER = "a parameter of the function"
    MEMBER = "a member of a structure that is filled elsewhere"
    UNKNOWN = "nothing"


class Value(NamedTuple):
    """One value that an expression may have."""

    how: Is
    text: str = ""
    """The name; or that of the member; or the parameter's place."""
    field: str = ""
    """The member of each of its elements that is meant; ``*``: the elements."""


UNKNOWN: Final = Value(Is.UNKNOWN)
UNNAMED: Final = Value(Is.NAME, "")
EVERY: Final = Value(Is.NAME, "*")
#: Members that so many structures have that only those of the right type count.
COMMON: Final = frozenset({"name", "label", "id", "desc"})
Values = frozenset[Value]

#: How deep expressions lead to expressions.
_DEPTH: Final = 6
#: How many expressions one leads to.
_STEPS: Final = 400
#: How many values an expression has at most.
MOST: Final = 200

_LITERALS = re.compile(r"(?:\s*(?:\"(?:\\.|[^\"\\])*\"|[A-Z_][A-Z0-9_]*))+\s*")
_STRING = re.compile(r"\"((?:\\.|[^\"\\])*)\"")
_CAST = re.compile(
    r"^\(\s*(?:const\s+)?(?:struct\s+\w+|void|char|\w+_t|unsigned\s+\w+)(?:\s|\*|const|\[\w*\])*\)\s*"
)
_PATH = re.compile(
    r"&?\s*\*?\s*(?P<path>[A-Za-z_]\w*(?:\s*(?:->|\.)\s*\w+|\s*\[[^\[\]]*(?:\[[^\[\]]*\])?[^\[\]]*\])*)"
)
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(")
#: Functions that return their argument: which one.
_READ_NAMES = re.compile(r"of_property_read_string\w*\s*\([^;]*\"[\w-]+-names\"")
_COPIES: Final = {
    "devm_kmemdup": 1,
    "kmemdup": 0,
    "devm_kstrdup": 1,
    "devm_kstrdup_const": 1,
    "kstrdup": 0,
    "devm_kmemdup_array": 1,
    "ERR_PTR": 99,
}
#: Functions that make a string of a format: which argument that is.
_FORMATS: Final = {"kasprintf": 1, "devm_kasprintf": 2}
_ELEMENT = re.compile(r"\[[^\[\]]*\]")


class Scope(Protocol):
    """Where the values of a file's structures are looked for."""

    def files(self, path: str) -> Iterable[CFile]:
        """The file, then those that are linked with it."""
        raise NotImplementedError


class Names:
    """Evaluates expressions of functions."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._steps = 0

    def of(self, text: str, function: Function, field: str = "", depth: int = 0) -> Values:
        """The values of an expression in a function."""
        text = _bare(text)
        if depth == 0:
            self._steps = 0
        self._steps += 1
        if depth > _DEPTH or self._steps > _STEPS:
            return frozenset({UNKNOWN})
        if text in ("NULL", "0", ""):
            return frozenset({UNNAMED})
        if (options := _alternatives(text)) is not None:
            return self._together(self.of(each, function, field, depth + 1) for each in options)
        if not field and (literal := self._literal(text, function)) is not None:
            return frozenset({Value(Is.NAME, literal)})
        return self._compound(text, function, field, depth)

    def _compound(self, text: str, function: Function, field: str, depth: int) -> Values:
        """The values of what is no literal."""
        if text.startswith("{"):
            return self._listed(text, function, field, depth)
        if (call := _CALLED.match(text)) is not None:
            return self._returned(call, text, function, field, depth)
        match = _PATH.fullmatch(text)
        if match is None:
            return frozenset({UNKNOWN})
        return self._path(_plain(match["path"]), function, field, depth)

    def _literal(self, text: str, function: Function) -> str | None:
        if '"' not in text and not text[:1].isupper():
            return None
        if _LITERALS.fullmatch(text) is None:
            return None
        for file in self._scope.files(function.path):
            if (found := string(text, file.macros)) is not None:
                return found
            if '"' in text or text in file.macros:
                return None
        return None

    def _returned(
        self, call: re.Match[str], text: str, function: Function, field: str, depth: int
    ) -> Values:
        """The value of a call."""
        if call[1] not in _COPIES and call[1] not in _FORMATS:
            return frozenset({UNKNOWN})
        given = arguments(text, call.end() - 1)
        if given is not None and call[1] in _FORMATS:
            return frozenset({_format(given[0][_FORMATS[call[1]]])})
        place = _COPIES.get(call[1], 99)
        if given is not None and place < len(given[0]):
            return self.of(given[0][place], function, field, depth + 1)
        return frozenset({UNKNOWN})

    def _path(self, path: str, function: Function, field: str, depth: int) -> Values:
        """The values of a variable, an element or a member."""
        base, *members = re.split(r"->|\.", path)
        simple = _ELEMENT.sub("", path)
        here = [
            *self._assigned(path, function, field, depth),
            *self._filled(simple, function, field, depth),
        ]
        name = _ELEMENT.sub("", base)
        if here:
            found = self._together(here)
            # An element of no array is none.
            return found - {UNNAMED} or found if path.endswith("]") else found
        if not members:
            return self._variable(name, function, field, depth)
        return self._member(
            name, [_ELEMENT.sub("", each) for each in members], function, field, depth
        )

    def _assigned(self, path: str, function: Function, field: str, depth: int) -> Iterator[Values]:
        """What a function assigns to a path, or gives it where it is declared."""
        for name in dict.fromkeys((path, _ELEMENT.sub("", path))):
            pattern = (
                rf"(?<![\w.>]){re.escape(name)}\s*(?:\[[^\]]*\]\s*)?=(?!=)\s*(?P<value>[^;]*);"
            )
            for match in re.finditer(pattern, function.body):
                value = match["value"].strip()
                if not _allocates(value) and name not in re.findall(r"[\w>.\-]+", value):
                    yield self.of(value, function, field, depth + 1)

    def _filled(self, path: str, function: Function, field: str, depth: int) -> Iterator[Values]:
        """What is put into the elements of an array: ``clks[i].id = names[i]``."""
        if not field:
            return
        last = re.split(r"->|\.", path)[-1]
        member = "" if field == "*" else rf"\s*(?:\.|->)\s*{field}"
        pattern = re.compile(
            rf"\b{re.escape(last)}\s*\[[^\[\]]*(?:\[[^\]]*\])?\]{member}\s*=(?!=)\s*([^;]*);"
        )
        names = re.compile(
            rf"regulator_bulk_set_supply_names\s*\(\s*[^,;]*\b{re.escape(last)}\s*,\s*([^,;]*),"
        )
        for file in self._scope.files(function.path):
            if last not in file.code:
                continue
            for functions in file.functions.values():
                for other in functions:
                    for match in pattern.finditer(other.body):
                        yield self._upward(self.of(match[1], other, "", depth + 1), other, function)
                    for match in names.finditer(other.body) if field == "supply" else ():
                        yield self._upward(
                            self.of(match[1], other, "*", depth + 1), other, function
                        )

    @staticmethod
    def _upward(values: Values, other: Function, function: Function) -> Values:
        """Values of another function: what its caller decides is unknown here."""
        if other == function:
            return values
        return frozenset(UNKNOWN if each.how is Is.PARAMETER else each for each in values)

    def _variable(self, name: str, function: Function, field: str, depth: int) -> Values:
        if name in function.parameters:
            return frozenset({Value(Is.PARAMETER, str(function.parameters.index(name)), field)})
        if (local := self._local(name, function, field, depth)) is not None:
            return local
        for file in self._scope.files(function.path):
            if (data := file.data.get(name)) is not None:
                at_top = Function("", (), "", file.path)
                return self.of(data.value, at_top, field, depth + 1)
            if (macro := file.macros.get(name)) is not None and macro.parameters is None:
                return self.of(macro.body, function, field, depth + 1)
        return frozenset({UNKNOWN})

    def _local(self, name: str, function: Function, field: str, depth: int) -> Values | None:
        """The values of a local variable that a function fills."""
        if written := list(self._written(name, function)):
            return frozenset(written)
        if _READ_NAMES.search(function.body) and f"&{name}" in function.body:
            # All the names that the node lists.
            return frozenset({EVERY})
        array = re.search(rf"\b{name}\s*(?:\[[^\]]*\]\s*)+=\s*(\{{)", function.body)
        if array is None:
            return None
        return self._listed(_braced(function.body, array.start(1)), function, field, depth)

    @staticmethod
    def _written(name: str, function: Function) -> Iterator[Value]:
        """What is printed into a variable; a number is ``*``."""
        if "printf" not in function.body and "strscpy" not in function.body:
            return
        for match in re.finditer(rf"\b(s\w*printf|strscpy)\s*\(\s*{name}\s*,", function.body):
            given = arguments(function.body, match.start(1) + len(match[1]))
            text = next(
                (each for each in (given[0] if given else ())[1:] if each.startswith('"')), ""
            )
            yield _format(text)

    def _member(
        self, base: str, members: list[str], function: Function, field: str, depth: int
    ) -> Values:
        """What the files give a member of a structure."""
        last = members[-1]
        files = tuple(self._scope.files(function.path))
        if len(members) == 1 and (data := _data_named(base, files)) is not None:
            # An array of structures: its own initializer decides.
            return self._listed(data[1], Function("", (), "", data[0]), last, depth + 1)
        types = _types_of(members[-2] if len(members) > 1 else base, function, files)
        found: list[Values] = []
        for file in files:
            at_top = Function("", (), "", file.path)
            found += (
                self.of(value, at_top, field, depth + 1)
                for value in _initializers(file, last, types)
            )
            found += self._set_elsewhere(file, last, function, field, depth, types)
        if found:
            return self._together(found)
        if any(last in file.written for file in files):
            # Something is written to it, such as a name from the devicetree.
            return frozenset({UNKNOWN})
        return frozenset({Value(Is.MEMBER, last, field)})

    def _set_elsewhere(
        self,
        file: CFile,
        member: str,
        function: Function,
        field: str,
        depth: int,
        types: frozenset[str],
    ) -> Iterator[Values]:
        """What other functions of a file assign to a member."""
        for other, value in file.assignments.get(member, ()):
            if _allocates(value) or other == function:
                continue
            if member not in COMMON or _has_one_of(other, types):
                yield self._upward(self.of(value, other, field, depth + 1), other, function)

    def member(self, name: str, field: str, path: str) -> Values:
        """The values that a file and those linked with it give a member."""
        at_top = Function("", (), "", path)
        return self._member("", [name], at_top, field, 0)

    def _listed(self, text: str, function: Function, field: str, depth: int) -> Values:
        """The strings of an initializer in braces."""
        if depth > _DEPTH:
            return frozenset({UNKNOWN})
        if field and field != "*":
            values = [
                match[1].strip()
                for match in re.finditer(
                    rf"\.\s*{field}\s*=\s*((?:\"[^\"]*\"|[^,{{}}\"]|\{{[^{{}}]*\}})*)", text
                )
            ]
            if values:
                inner = (
                    "*"
                    if any(each.startswith("{") or not each.startswith('"') for each in values)
                    else ""
                )
                return self._together(
                    self.of(v, function, inner if not v.startswith('"') else "", depth + 1)
                    for v in values
                )
            firsts = [
                each
                for each in re.findall(r"\{\s*([^{},]+?)\s*[,}]", text)
                if not each.startswith(".")
            ]
            items = firsts or _items(text)
        else:
            items = _items(text)
        found = [
            self.of(each, function, "", depth + 1) for each in items if each not in ("", "NULL")
        ]
        return self._together(found)

    @staticmethod
    def _together(several: Iterable[Values]) -> Values:
        found: set[Value] = set()
        for each in several:
            found |= each
        if not found or len(found) > MOST:
            return frozenset({UNKNOWN})
        return frozenset(found)


def _data_named(name: str, files: Iterable[CFile]) -> tuple[str, str] | None:
    """The file and the initializer of a variable."""
    for file in files:
        if (data := file.data.get(name)) is not None:
            return file.path, data.value
    return None


def _types_of(variable: str, function: Function, files: Iterable[CFile]) -> frozenset[str]:
    """The structures that a variable, or a member, may be or point to; empty: not known."""
    if not variable:
        return frozenset()
    declared = re.compile(rf"\bstruct\s+(\w+)[\s*]+(?:const\s+)?\*?{variable}\b")
    local = declared.findall(function.signature) or declared.findall(function.body)
    if local:
        return frozenset(local)
    return frozenset(each for file in files for each in declared.findall(file.outside))


def _has_one_of(function: Function, types: frozenset[str]) -> bool:
    """Whether a function has a variable of one of some structures."""
    return any(f"struct {each} " in function.signature + function.body for each in types)


def _initializers(file: CFile, member: str, types: frozenset[str]) -> Iterable[str]:
    """What the initializers of a file give a member, of a structure of these types if possible."""
    typed = [
        value
        for data in file.data.values()
        if data.type in types
        for value in members_of(data.value).get(member, ())
    ]
    return typed or (() if member in COMMON else file.members.get(member, ()))


def _format(text: str) -> Value:
    """The pattern of the strings that a format makes, if it says more than nothing."""
    match = _STRING.fullmatch(text)
    pattern = re.sub(r"%[-0-9.]*(?:l|ll|z|h)?[diuxs]", "*", match[1]) if match else ""
    return Value(Is.NAME, pattern) if pattern.strip("*") and "%" not in pattern else UNKNOWN


def _allocates(value: str) -> bool:
    """Whether a value is memory that is filled later."""
    return bool(
        re.match(r"(?:\([^()]*\)\s*)?(?:devm_)?k[mvzc]\w*alloc\w*\s*\(|devm_k\w*alloc\w*", value)
    ) or bool(re.match(r"(?:devm_)?k\w*alloc", value))


def _bare(text: str) -> str:
    """An expression without casts and parentheses around it."""
    text = text.strip()
    while True:
        shorter = _CAST.sub("", text)
        if (
            shorter.startswith("(")
            and (given := arguments(shorter, 0)) is not None
            and given[1] == len(shorter)
        ):
            shorter = shorter[1:-1]
        shorter = shorter.strip()
        if shorter == text:
            return text
        text = shorter


def _plain(path: str) -> str:
    return re.sub(r"\s+", "", path)


def _alternatives(text: str) -> tuple[str, str] | None:
    """The two values of ``condition ? a : b``."""
    if "?" not in text:
        return None
    depth, question = 0, -1
    for match in _SIGNS.finditer(text):
        sign = match[0]
        depth += (sign in "({[") - (sign in ")}]")
        if depth == 0 and sign == "?" and question < 0:
            question = match.end()
        elif depth == 0 and sign == ":" and question >= 0:
            return text[question : match.start()].strip() or "NULL", text[match.end() :]
    return None


_SIGNS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[(){}\[\]?:]")


def _braced(text: str, start: int) -> str:
    depth = 0
    for match in _SIGNS.finditer(text, start):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0 and match[0] == "}":
            return text[start : match.end()]
    return text[start:]


def _items(text: str) -> list[str]:
    """The elements of an initializer, without ``[INDEX] =`` before them."""
    given = arguments("(" + text.strip()[1:-1] + ")", 0)
    items = given[0] if given else []
    return [re.sub(r"^\[[^\]]*\]\s*=\s*", "", each).strip() for each in items]
