"""Reports as plain data that JSON holds, and back: equal, with the same types.

A list is a code and what belongs to it. A code stands for one of the types below, whatever the
data say: nothing is imported, called or made by a name in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module

from dtlink.engine.cache.shapes import check, shapes_of
from dtlink.enums import Enum
from dtlink.report.model import InputReport
from dtlink.typed import Any

_TUPLE, _LIST, _MAPPING, _BYTES = range(4)

#: Where the types are that a report of a devicetree is made of. The place of one is its code.
_TYPES = (
    *("dtlink.rules.finding:" + name for name in ("Severity", "Confidence", "PlaceRole")),
    *("dtlink.rules.finding:" + name for name in ("Finding", "RelatedPlace", "Snippet")),
    *("dtlink.rules.fix:" + name for name in ("Fix", "Safety")),
    *("dtlink.firmware.names:" + name for name in ("Subject", "SubjectKind")),
    *("dtlink.firmware.edits:" + name for name in ("SetProperty", "DeleteProperty", "AddNode")),
    *("dtlink.firmware.edits:" + name for name in ("NodeRef", "Hex")),
    *("dtlink.firmware.text_edits:" + name for name in ("Written", "TextEdit")),
    "dtlink.firmware.tree:Location",
    *("dtlink.report.model:" + name for name in ("Ignored", "CommentEntry")),
)
_FIRST = _BYTES + 1
_CODES = {name: number for number, name in enumerate(_TYPES, _FIRST)}
#: What JSON holds as it is.
_SCALARS = (str, int, bool, type(None))
_DEFAULTS = InputReport._field_defaults
_SHAPES = shapes_of(InputReport)
#: What most reports have: no findings, no faults, no notes.
_LISTS, _NOTHING = ("findings", "faults", "notes"), [_LIST]
#: What an input is called in a run: it is not kept with what was found in it.
_OF_INPUT = ("path", "member", "overlays", "variant")


def packed(report: InputReport) -> dict[str, Any]:
    """The fields of a report that are not its defaults, but for those that say which input it is.

    Raises :class:`TypeError` for a report with anything that has no code.
    """
    return {
        name: _packed(value)
        for name, value in zip(InputReport._fields, report, strict=True)
        if name not in _OF_INPUT and not _is_default(name, value)
    }


def unpacked(path: str, data: Mapping[str, Any], *, digest: bool = True) -> InputReport:
    """The report of a file, with its hash or without.

    Raises :class:`TypeError` and the like for other data.
    """
    fields: dict[str, Any] = {}
    for name, value in data.items():
        if value == _NOTHING and name in _LISTS:
            fields[name] = []
            continue
        fields[name] = found = _unpacked(value) if type(value) is list else value
        if not _SHAPES[name](found):
            raise TypeError(name)
    if not digest:
        fields.pop("sha256", None)
    return InputReport(path, **fields)


def _is_default(name: str, value: Any) -> bool:
    default = _DEFAULTS.get(name)
    return type(value) is type(default) and bool(value == default)


def _packed(value: Any) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is tuple or kind is list:
        return [_TUPLE if kind is tuple else _LIST, *map(_packed, value)]
    if kind is dict:
        return [_MAPPING, *([_packed(key), _packed(each)] for key, each in value.items())]
    if kind is bytes:
        return [_BYTES, value.decode("latin-1")]
    code = _CODES.get(f"{kind.__module__}:{kind.__name__}")
    if code is None:
        raise TypeError(f"{kind.__name__} is not kept")
    if isinstance(value, tuple):
        return [code, *map(_packed, value)]
    return [code, value.value if isinstance(value, Enum) else int(value)]


def _unpacked(value: Any) -> Any:
    if type(value) is not list:
        return value
    code, *rest = value
    if code == _LIST:
        return [_unpacked(each) for each in rest]
    if code == _TUPLE:
        return tuple([_unpacked(each) for each in rest])
    if code == _MAPPING:
        return {_unpacked(key): _unpacked(each) for key, each in rest}
    if code == _BYTES:
        return rest[0].encode("latin-1")
    return _maker(code)(rest)


@lru_cache(maxsize=1024)
def _is_rule(name: str) -> bool:
    """Whether a name is of the form of a rule's id: formats print ids as they are."""
    family, slash, rule = name.partition("/")
    words = (*family.split("-"), *rule.split("-"))
    return bool(slash) and all(word.isascii() and word.isalnum() for word in words)


@lru_cache(maxsize=len(_TYPES))
def _maker(code: int) -> Callable[[list[Any]], Any]:
    """What makes a value of the type with a code, of what belongs to it."""
    if code < _FIRST:
        raise LookupError(code)
    module, _, name = _TYPES[code - _FIRST].partition(":")
    kind: Any = getattr(import_module(module), name)
    if not issubclass(kind, tuple):
        return lambda rest: kind(rest[0])
    record: Any = kind
    shapes = [*shapes_of(record).values()]
    has_rule = "rule" in record._fields

    def make(rest: list[Any]) -> Any:
        values = [*map(_unpacked, rest)]
        check(values, shapes)  # as many as there are fields, or none
        made = record._make(values)
        if has_rule and not _is_rule(made.rule):
            raise ValueError(made.rule)
        return made

    return make
