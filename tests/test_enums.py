"""Our enumerations do what enum's do; only the making of their classes differs."""

# ruff: noqa: ARG005

from __future__ import annotations

import copy
import enum
import json
import pickle
from typing import Any

import pytest

from dtlink import enums
from dtlink.rules.finding import Severity


def _made(module: Any) -> tuple[Any, Any, Any]:
    class Level(module.Enum):
        ERROR = "error"
        """What follows a member is not kept."""
        WARNING = "warning"
        WORST = "error"

        @property
        def rank(self) -> int:
            return list(type(self)).index(self)

        @classmethod
        def least(cls) -> Any:
            return cls.WARNING

    class Step(module.Enum):
        FIRST = module.auto()
        SECOND = module.auto()
        FIFTH = 5
        SIXTH = module.auto()

    class Number(module.IntEnum):
        ONE = 1
        TWO = 2

    return Level, Step, Number


OURS, THEIRS = _made(enums), _made(enum)


@pytest.mark.parametrize(
    "use",
    [
        lambda level, step, number: [each.value for each in (*level, *step, *number)],
        lambda level, step, number: [each.name for each in (*reversed(level), *step)],
        lambda level, step, number: (repr(level.ERROR), str(level.ERROR), f"{level.ERROR}"),
        lambda level, step, number: (repr(number.ONE), str(number.ONE), f"{number.TWO:03}"),
        lambda level, step, number: (level.WORST is level.ERROR, level("error") is level.ERROR),
        lambda level, step, number: (level(level.WARNING) is level.WARNING, level["WORST"].name),
        lambda level, step, number: (len(level), bool(level), list(level.__members__)),
        lambda level, step, number: (
            level.ERROR in level,
            "error" in [each.value for each in level],
        ),
        lambda level, step, number: (
            level.WARNING.rank,
            level.least().value,
            level.ERROR.least().name,
        ),
        lambda level, step, number: (number.ONE < number.TWO, number.ONE + 1, max(number).name),
        lambda level, step, number: (number.ONE == 1, hash(number.TWO) == hash(2), number(2).name),
        lambda level, step, number: (json.dumps([number.ONE, {"a": number.TWO}]), sorted(number)),
        lambda level, step, number: (level.ERROR == "error", level("error") == level.ERROR),
        lambda level, step, number: (copy.deepcopy([level.ERROR])[0] is level.ERROR,),
        lambda level, step, number: (isinstance(level.ERROR, level), type(level.ERROR) is level),
        lambda level, step, number: ({level.ERROR: 1}[level.WORST], len({*level, *level})),
    ],
)
def test_they_do_the_same(use: Any) -> None:
    assert str(use(*OURS)) == str(use(*THEIRS))


@pytest.mark.parametrize(
    "use",
    [
        lambda level: level("none"),
        lambda level: level([]),
        lambda level: level["none"],
        lambda level: level.NONE,
        lambda level: setattr(level, "ERROR", 1),
    ],
)
def test_they_refuse_the_same(use: Any) -> None:
    with pytest.raises((ValueError, KeyError, AttributeError)) as ours:
        use(OURS[0])
    with pytest.raises((ValueError, KeyError, AttributeError)) as theirs:
        use(THEIRS[0])
    assert ours.type is theirs.type


class Kept(enums.Enum):
    ONE = "one"


class Counted(enums.IntEnum):
    ONE = 1


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_they_go_to_other_processes(protocol: int) -> None:
    for member in (Kept.ONE, Counted.ONE):
        assert pickle.loads(pickle.dumps(member, protocol)) is member  # noqa: S301


def test_they_match() -> None:
    match Kept("one"):
        case Kept.ONE:
            matched = True
    assert matched


def test_members_are_formatted_and_do_not_change() -> None:
    assert f"{Severity.ERROR:<16}|" == "Severity.ERROR  |"
    with pytest.raises(AttributeError, match="cannot set 'value'"):
        Severity.ERROR.value = "fatal"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot delete 'value'"):
        del Severity.ERROR.value
    assert Severity.ERROR.value == "error"
