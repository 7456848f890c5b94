"""What a function does with the error of a call: return it, ignore it, or only some of it.

The statement around the call, and the first test of what the call's result went into, decide. What
has another form is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.enums import Enum
from dtlink.kernel.source.driver_facts import Need
from dtlink.kernel.source.functions import Call, Function
from dtlink.kernel.source.macros import arguments
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


class Handling(Enum):
    """What becomes of an error."""

    RETURNED = "the function returns it"
    PARTLY = "the function returns it unless it says that nothing was declared"
    IGNORED = "the function continues"
    UNKNOWN = "unknown"


_LITERAL = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
_STRINGS = re.compile(_LITERAL)
_BRACES = re.compile(rf"{_LITERAL}|[{{}}]")
_RETURN = re.compile(r"\s*return\b")
_CONDITION = re.compile(r"\s*(?:\}?\s*else\s+)?(?P<word>if|while|for|switch)\s*(?=\()")
_IF = re.compile(r"\s*if\s*(?=\()")
_ELSE = re.compile(r"\s*else\b\s*")
_NESTED = re.compile(r"\s*(?:if|for|while|switch|\w*for_each\w*)\s*(?=\()")
_TARGET = re.compile(
    r"\s*(?:[\w\s*]*?[\s*])?\**(?:[A-Za-z_][\w.>-]*\s*=\s*(?=\w+\s*=))?"
    r"(?P<to>[A-Za-z_](?:[\w.]|->|\[[^\[\]]*\])*)\s*\|?=(?!=)"
)
_LABEL = re.compile(r"(?:case\s[^;{}]*|\n\s*\w+|default)\s*\Z")
_EXIT = re.compile(
    r"(?:return\b(?P<value>[^;]*)|goto\s+(?P<label>\w+)|(?P<loop>continue|break)\s*);"
)
_SUCCESS = re.compile(r"\s*\(?\s*(?:0|true)?\s*\)?\s*")
_SEVERAL = re.compile(r"(?:\)|\belse)\s*\Z")
#: ``if (ret) goto out;`` within what is done for an error.
_ANY_ERROR = re.compile(
    r"=\s*PTR_ERR\([^;]*;\s*if\s*\(\s*(?:ret|rc|err|error|r)(?:\s*!=\s*0)?\s*\)\s*(?:goto|return)\b"
)
_TAKEN = re.compile(r"\bPTR_ERR(?:_OR_ZERO)?\s*\(\s*\Z")
_ALTERNATIVE = re.compile(r"\A\s*else\b|\bbreak\s*;\s*(?:case\b|default\b)")
#: Errors that say that the device declares no such supplier.
_NONE: Final = r"-\s*(?:ENOENT|ENODEV|ENODATA|EINVAL|ENXIO|EOPNOTSUPP|ENOTSUPP|ENOSYS)\b"
_ABSENT = re.compile(rf"[!=]=\s*{_NONE}|==\s*-\s*EPROBE_DEFER")
_WAITING = re.compile(r"==\s*-\s*EPROBE_DEFER")
_IS_NONE = re.compile(rf"==\s*{_NONE}")
_NO_ERROR = re.compile(
    r"\A\s*!\s*(?:IS_ERR\w*|ret|err|error|rc|r|status)\b|(?:==\s*0|>=?\s*0)\s*\Z|!\s*IS_ERR"
)
#: How far a result, or a statement, is followed, and through how many variables.
_FAR: Final = 4000
#: How much is searched backwards at once: most statements are shorter.
_NEAR: Final = 250
_SIGN = re.compile(r"[(){};:]")
_VARIABLES: Final = 3


def passed(need: Need, how: Handling) -> Need:
    """The need of a request seen from the caller of the function that makes it."""
    if how is Handling.IGNORED or need is Need.IGNORED:
        return Need.IGNORED
    if how is Handling.UNKNOWN:
        return Need.UNKNOWN
    return Need.OPTIONAL if how is Handling.PARTLY and need is Need.REQUIRED else need


def handling(function: Function, call: Call) -> Handling:
    """What a function does with an error of a call."""
    body = function.body
    start = _statement(body, call.start)
    before = body[start : call.start]
    if _RETURN.match(before):
        return Handling.RETURNED
    condition = _CONDITION.match(before)
    if condition is not None:
        given = arguments(body, start + condition.end())
        if given is None or call.start < given[1]:
            is_if = condition["word"] == "if" and given is not None
            return _branch(function, start + condition.end(), "") if is_if else Handling.UNKNOWN
        # The call is the branch, without braces.
        before = body[given[1] : call.start]
        if _RETURN.match(before):
            return Handling.RETURNED
    target = _TARGET.match(before)
    if target is None:
        return Handling.IGNORED
    return _followed(function, target["to"], _end(body, call.end), _VARIABLES)


def _statement(body: str, place: int) -> int:
    """Where the statement around a place begins; of a very long one, a place in it."""
    depth, least = 0, max(0, place - _FAR)
    for match in _signs_before(body, place, least):
        letter, at = match[0], match.start()
        depth += (letter == ")") - (letter == "(")
        if letter in "{}" or (letter == ";" and depth <= 0):
            return at + 1
        if letter == ":" and depth == 0 and _LABEL.search(body[max(0, at - 80) : at]):
            return at + 1
    return least


def _signs_before(body: str, place: int, least: int) -> Iterator[re.Match[str]]:
    """The signs that separate statements, backwards from a place."""
    while place > least:
        begin = max(least, place - _NEAR)
        yield from reversed(list(_SIGN.finditer(body, begin, place)))
        place = begin


def _end(body: str, place: int) -> int:
    end = body.find(";", place)
    return len(body) if end < 0 else end + 1


class _Use(NamedTuple):
    """What one use of a variable says of the error in it."""

    found: Handling | None
    """``None``: nothing."""
    after: int
    """Where to look for the next use."""
    is_wait: bool = False
    """Only -EPROBE_DEFER is returned here; other errors may be below."""


def _followed(function: Function, target: str, start: int, left: int) -> Handling:
    """The handling of an error that went into a variable."""
    word = re.compile(rf"(?<![\w.>]){re.escape(target)}(?![\w\[])")
    place, waits = start, False
    while (match := word.search(function.body, place, start + _FAR)) is not None:
        use = _used(function, match, place, left)
        place = use.after
        if use.is_wait:
            waits = True
        elif use.found is not None:
            return Handling.PARTLY if waits and use.found is not Handling.RETURNED else use.found
    return Handling.PARTLY if waits else Handling.IGNORED


def _used(function: Function, match: re.Match[str], start: int, left: int) -> _Use:
    body, place = function.body, match.start()
    begin = _statement(body, place)
    text = body[begin:place]
    condition = _CONDITION.match(text)
    if condition is not None and condition["word"] == "if":
        given = arguments(body, begin + condition.end())
        if given is not None and place < given[1]:
            return _tested(function, begin + condition.end(), match)
        text = body[given[1] : place] if given else text
        if _RETURN.match(text):
            return _Use(None, match.end())
    if _RETURN.match(text):
        return _Use(Handling.RETURNED, match.end())
    if condition is not None and condition["word"] == "switch":
        block = body[match.end() : match.end() + _FAR // 10]
        returns = "default" in block and "return" in block
        return _Use(Handling.PARTLY if returns else Handling.UNKNOWN, match.end())
    if re.match(r"\s*\|?=(?!=)", body[match.end() : match.end() + 4]):
        other = _end_of_other_branch(body, start, place)
        return _Use(Handling.IGNORED if other is None else None, other or match.end())
    return _Use(_moved(function, text, match.end(), left), match.end())


def _tested(function: Function, opening: int, match: re.Match[str]) -> _Use:
    """The handling by an ``if`` on a variable."""
    found = _branch(function, opening, match[0])
    parts = _parts(function.body, opening)
    if parts is None or parts.rest is not None:
        return _Use(found, match.end())
    if found is Handling.IGNORED and _tries_again(parts.block, match[0]):
        later = _followed(function, match[0], parts.end, 0)
        # "if (!p) p = other();" leaves an error as it is.
        for_none = re.match(rf"\s*!\s*{re.escape(match[0])}(?![\w.>-])", parts.condition)
        sure = for_none or later is Handling.IGNORED
        return _Use(later if sure else Handling.UNKNOWN, parts.end)
    if found is Handling.IGNORED and not _changes(parts.block, match[0]):
        return _Use(_kept(function, parts, match[0]), parts.end)
    if found is not Handling.PARTLY:
        return _Use(found, match.end())
    return _Use(found, parts.end, is_wait=_WAITING.search(parts.condition) is not None)


def _kept(function: Function, parts: _Branches, target: str) -> Handling | None:
    """The handling of an error that a block only puts into another variable."""
    kept = re.search(rf"(\w+)\s*=\s*PTR_ERR\(\s*{re.escape(target)}\s*\)", parts.block)
    later = _followed(function, kept[1], parts.end, 0) if kept else None
    return later if later is Handling.RETURNED else None


def _changes(block: str, target: str) -> bool:
    """Whether a block gives a variable the value of no error, or leaves."""
    assigned = rf"(?<![\w.>]){re.escape(target)}\s*=(?!=)"
    return re.search(assigned, block) is not None or _EXIT.search(block) is not None


def _tries_again(block: str, target: str) -> bool:
    """Whether a block makes another request for the same variable."""
    assigned = rf"(?<![\w.>]){re.escape(target)}\s*=(?!=)\s*\w*(?:get|request)\w*\s*\("
    return re.search(assigned, block) is not None


def _moved(function: Function, before: str, end: int, left: int) -> Handling | None:
    """The handling of an error that is taken out of a variable into another one."""
    other = _TARGET.match(before)
    if other is None or not left or not _TAKEN.search(before):
        return None
    return _followed(function, other["to"], _end(function.body, end), left - 1)


def _end_of_other_branch(body: str, start: int, place: int) -> int | None:
    """The end of the branch around a place, if it is taken instead of the one before it."""
    between = body[start:place]
    if _ALTERNATIVE.search(between):
        return place + len(_block(body, place)[0])
    depth = 0
    for match in _BRACES.finditer(between):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        following = _ELSE.match(between, match.end()) if depth < 0 else None
        if following is not None:
            return _block(body, start + following.end())[1]
    return None


class _Branches(NamedTuple):
    """An ``if`` and what follows it."""

    condition: str
    block: str
    rest: int | None
    """Where the text after ``else`` begins."""
    end: int


def _parts(body: str, opening: int) -> _Branches | None:
    """The parts of an ``if``, whose condition opens at a place."""
    given = arguments(body, opening)
    if given is None:
        return None
    block, end = _block(body, given[1])
    rest = _ELSE.match(body, end)
    condition = body[opening + 1 : given[1] - 1]
    return _Branches(condition, block, rest.end() if rest else None, end)


def _branch(function: Function, opening: int, target: str) -> Handling:
    """The handling by an ``if`` on an error."""
    parts = _parts(function.body, opening)
    if parts is None:
        return Handling.UNKNOWN
    first = _of_block(function, parts.block)
    if _NO_ERROR.search(parts.condition):
        return _without_error(function, parts)
    if first is Handling.RETURNED:
        return _of_condition(parts.condition, target)
    if first is Handling.PARTLY:
        return first
    if parts.rest is None:
        return _after_absent(function, parts, first)
    return _with_else(function, parts, first)


def _of_condition(condition: str, target: str) -> Handling:
    """The handling where an error that meets a condition is returned."""
    if _ABSENT.search(condition):
        return Handling.PARTLY
    if "&&" in condition and target:
        others = [term for term in condition.split("&&") if target not in term]
        return Handling.UNKNOWN if others else Handling.RETURNED
    return Handling.RETURNED


def _without_error(function: Function, parts: _Branches) -> Handling:
    """The handling by an ``if`` whose branch is for success."""
    if parts.rest is not None:
        return _of_block(function, _block(function.body, parts.rest)[0])
    last = _last_exit(_STRINGS.sub('""', parts.block))
    return Handling.UNKNOWN if last is not None else Handling.IGNORED


def _with_else(function: Function, parts: _Branches, first: Handling) -> Handling:
    rest = parts.rest or 0
    if first is Handling.IGNORED and not _ABSENT.search(parts.condition):
        # The other branch is for success.
        return first
    nested = _IF.match(function.body, rest)
    if nested is not None:
        other = _branch(function, nested.end(), "")
    else:
        other = _of_block(function, _block(function.body, rest)[0])
    if first is Handling.IGNORED and other in (Handling.RETURNED, Handling.PARTLY):
        return Handling.PARTLY
    return first if first is other else Handling.UNKNOWN


def _after_absent(function: Function, parts: _Branches, first: Handling) -> Handling:
    """``if (error == -ENOENT) error = 0;`` is followed by the test of what is left."""
    if first is not Handling.IGNORED or not _IS_NONE.search(parts.condition):
        return first
    plain = re.sub(r"\b(?:IS_ERR|PTR_ERR)\b", "", parts.condition)
    names = re.findall(r"[A-Za-z_](?:[\w.]|->|\[[^\[\]]*\])*", plain)
    later = _followed(function, names[0], parts.end, 0) if names else first
    if names and not _changes(parts.block, names[0]):
        return later  # the block only says so
    return Handling.PARTLY if later in (Handling.RETURNED, Handling.PARTLY) else first


def _block(body: str, place: int) -> tuple[str, int]:
    """The statement or block after a condition, and where it ends."""
    opening = re.compile(r"\s*\{").match(body, place)
    if opening is not None:
        return _braced(body, opening.end())
    nested = _NESTED.match(body, place)
    given = arguments(body, nested.end()) if nested else None
    if given is not None:
        _, end = _block(body, given[1])
        rest = _ELSE.match(body, end)
        if rest is not None:
            _, end = _block(body, rest.end())
    else:
        end = _end(body, place)
    return body[place:end], end


def _braced(body: str, start: int) -> tuple[str, int]:
    depth = 1
    for match in _BRACES.finditer(body, start):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return body[start : match.start()], match.end()
    return body[start:], len(body)


def _of_block(function: Function, block: str) -> Handling:
    """Whether a block leaves the function with an error, at its end or somewhere in it."""
    plain = _STRINGS.sub('""', block)
    kinds = {_of_exit(function, each) for each in _EXIT.finditer(plain)}
    last = _last_exit(plain)
    if last is None and _ANY_ERROR.search(plain):
        return Handling.RETURNED
    if last is None:
        # Only a part of it leaves.
        return Handling.IGNORED if kinds <= {Handling.IGNORED} else _partly(plain)
    found = _of_exit(function, last)
    if len(kinds) == 1 or (found is Handling.RETURNED and Handling.IGNORED not in kinds):
        return found
    return _partly(plain)


def _partly(block: str) -> Handling:
    """The handling by a block of which only a part leaves with the error."""
    return Handling.PARTLY if _ABSENT.search(block) else Handling.UNKNOWN


def _last_exit(plain: str) -> re.Match[str] | None:
    """The statement that leaves a block at its end in any case."""
    exits = list(_EXIT.finditer(plain))
    if not exits or plain[exits[-1].end() :].strip():
        return None
    last = exits[-1]
    before = plain[: last.start()]
    nested = before.count("{") > before.count("}")
    return None if nested or _SEVERAL.search(before) else last


def _of_exit(function: Function, match: re.Match[str]) -> Handling:
    """What a statement that leaves says of the error."""
    if match["loop"]:
        return Handling.IGNORED if match["loop"] == "continue" else Handling.UNKNOWN
    if match["label"]:
        return _of_label(function, match["label"])
    if re.fullmatch(r"\s*false\s*", match["value"]):
        return Handling.UNKNOWN
    return Handling.IGNORED if _SUCCESS.fullmatch(match["value"]) else Handling.RETURNED


def _of_label(function: Function, name: str) -> Handling:
    """What follows a label: an error is returned, or nothing."""
    label = re.search(rf"^\s*{name}\s*:", function.body, re.MULTILINE)
    if label is None:
        return Handling.UNKNOWN
    following = re.compile(r"return\b([^;]*);").search(function.body, label.end())
    value = following[1] if following else ""
    return Handling.IGNORED if _SUCCESS.fullmatch(value) else Handling.RETURNED
