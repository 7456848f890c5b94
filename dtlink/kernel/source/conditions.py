"""Conditions of Makefiles and of the preprocessor, in the form that an index keeps.

A condition is ``X``, ``!X``, ``X=y``, ``X=m``, ``!X=y``, several of these with ``|`` between, or
``?`` (``source_index.Source.also``). All conditions of a tuple hold together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from math import prod

from dtlink.kernel.source.index import UNKNOWN
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

Conditions = tuple[str, ...]

#: What is never compiled, or not in a kernel that knows devicetrees at all.
NEVER: Final = "!"

#: How many conditions one ``||`` may become.
_MOST: Final = 8

#: Symbols that are on wherever a devicetree is read, so that they decide nothing.
_GIVEN = frozenset({"OF", "OF_ADDRESS", "OF_IRQ", "USE_OF"})

_TERM = re.compile(
    r"(?P<no>!?)\s*(?:(?P<test>defined|IS_ENABLED|IS_BUILTIN|IS_MODULE|IS_REACHABLE)\s*)?"
    r"\(?\s*(?P<name>\w+)\s*\)?"
)
_EITHER = re.compile(
    r"defined\s*\(?\s*CONFIG_(\w+?)\s*\)?\s*\|\|\s*defined\s*\(?\s*CONFIG_(\w+?)_MODULE\s*\)?"
)
#: What a test of the preprocessor asks of a symbol. A plain ``#ifdef CONFIG_X`` is false for =m.
_TESTS = {"defined": "=y", "": "=y", "IS_ENABLED": "", "IS_BUILTIN": "=y", "IS_MODULE": "=m"}


def joined(*parts: Iterable[str]) -> Conditions:
    """Conditions together, each once, without those that are always so."""
    every = dict.fromkeys(condition for part in parts for condition in part)
    if not every:
        return ()
    if any(condition in every for condition in _never(every)):
        return (NEVER,)
    return tuple(condition for condition in every if not _is_given(condition, every))


def _is_given(condition: str, every: Iterable[str]) -> bool:
    """Whether a condition says nothing that devicetrees, or other conditions, don't say."""
    options = condition.split("|")
    if any(option.partition("=")[0] in _GIVEN for option in options):
        return True
    return f"{condition}=y" in every or (len(options) > 1 and any(o in every for o in options))


def _never(every: Iterable[str]) -> list[str]:
    """The conditions that cannot hold with devicetrees, or together with another of them."""
    opposites = [f"!{condition}" for condition in every]
    return [NEVER, *opposites, *(f"!{name}{how}" for name in _GIVEN for how in ("", "=y"))]


def negated(conditions: Conditions) -> Conditions:
    """The conditions of an ``else``."""
    if conditions == (NEVER,):
        return ()
    # What is taken to be always so may be a guess, and its opposite is then no certain never.
    return either([_opposite(condition) for condition in conditions]) if conditions else (UNKNOWN,)


def _opposite(condition: str) -> Conditions:
    if condition == UNKNOWN:
        return (UNKNOWN,)
    options = condition.split("|")
    return tuple(o[1:] if o.startswith("!") else f"!{o}" for o in options)


def either(options: list[Conditions]) -> Conditions:
    """Conditions that hold where all of one of these do: ``a || (b && c)`` is ``a|b`` and ``a|c``.

    Options that never hold don't count.
    """
    options = [option for option in options if NEVER not in option]
    if not options:
        return (NEVER,)
    if len(options) == 1:
        return options[0]
    if any(UNKNOWN in option for option in options) or prod(map(len, options)) > _MOST:
        return (UNKNOWN,)
    return joined("|".join(dict.fromkeys("|".join(one).split("|"))) for one in product(*options))


def of_expression(expression: str) -> Conditions:
    """The conditions of an ``#if``."""
    expression = _EITHER.sub(
        lambda m: f"IS_ENABLED(CONFIG_{m[1]})" if m[1] == m[2] else m[0], expression
    )
    return _of_operand(expression, 0)


def _of_operand(text: str, depth: int) -> Conditions:
    """The conditions of an expression, or of a part of one."""
    text = text.strip()
    if depth > _MOST:
        return (UNKNOWN,)
    if len(options := _split(text, "||")) > 1:
        return either([_of_operand(option, depth + 1) for option in options])
    if len(terms := _split(text, "&&")) > 1:
        return joined(*(_of_operand(term, depth + 1) for term in terms))
    if text.startswith("(") and text.endswith(")"):
        return _of_operand(text[1:-1], depth + 1)
    return _of_term(text)


def _split(text: str, operator: str) -> list[str]:
    """The operands of an operator that are in no parentheses."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and text.startswith(operator, place):
            parts.append(text[start:place])
            start = place + len(operator)
    return [*parts, text[start:]]


def _of_term(term: str) -> Conditions:
    """The conditions of what holds no operator but ``!``."""
    if term in ("0", "1"):
        return (NEVER,) if term == "0" else ()
    match = _TERM.fullmatch(term)
    if match is None:
        return (UNKNOWN,)
    name, test, no = match["name"], match["test"] or "", match["no"]
    if not name.startswith("CONFIG_"):
        # Guards of headers ask for what is not defined; nothing else is known to be so or not.
        return () if test == "defined" and no else (UNKNOWN,)
    if test not in _TESTS or name.endswith("_MODULE"):
        return (UNKNOWN,)
    return (f"{no}{name.removeprefix('CONFIG_')}{_TESTS[test]}",)
