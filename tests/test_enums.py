"""Our enumerations do what enum's do; only the making of their classes differs.

In a program that imports dtlink they are enumerations of enum; those of the command are not.
"""

# ruff: noqa: ARG005

from __future__ import annotations

import copy
import enum
import json
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dtlink
from dtlink import enums
from dtlink.rules.finding import Severity

ROOT = Path(__file__).resolve().parents[1]
FAULTS = ROOT / "fixtures" / "boards" / "phandle-faults.dtb"


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


QUICK = SimpleNamespace(Enum=enums.QuickEnum, IntEnum=enums.QuickIntEnum, auto=enums._Next)
THEIRS = _made(enum)


@pytest.fixture(params=[QUICK, enums], ids=["command", "library"])
def ours(request: pytest.FixtureRequest) -> Any:
    return _made(request.param)


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
def test_they_do_the_same(use: Any, ours: Any) -> None:
    assert str(use(*ours)) == str(use(*THEIRS))


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
def test_they_refuse_the_same(use: Any, ours: Any) -> None:
    with pytest.raises((ValueError, KeyError, AttributeError)) as caught:
        use(ours[0])
    with pytest.raises((ValueError, KeyError, AttributeError)) as theirs:
        use(THEIRS[0])
    assert caught.type is theirs.type


class Kept(enums.QuickEnum):
    ONE = "one"


class Counted(enums.QuickIntEnum):
    ONE = 1


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_they_go_to_other_processes(protocol: int) -> None:
    for member in (Kept.ONE, Counted.ONE, Severity.ERROR):
        assert pickle.loads(pickle.dumps(member, protocol)) is member  # noqa: S301


def test_they_match() -> None:
    for kind, member in ((Kept, "one"), (Severity, "error")):
        match kind(member):
            case Kept.ONE | Severity.ERROR:
                matched = True
            case _:
                matched = False
        assert matched


def test_members_are_formatted_and_do_not_change() -> None:
    assert f"{Kept.ONE:<9}|" == "Kept.ONE |"
    with pytest.raises(AttributeError, match="cannot set 'value'"):
        Kept.ONE.value = "fatal"
    with pytest.raises(AttributeError, match="cannot delete 'value'"):
        del Kept.ONE.value
    assert Kept.ONE.value == "one"
    with pytest.raises(AttributeError, match="value"):
        Severity.ERROR.value = "fatal"  # type: ignore[misc]
    assert Severity.ERROR.value == "error"


@pytest.mark.parametrize(
    "name", [name for name in dtlink.__all__ if isinstance(getattr(dtlink, name), enum.EnumMeta)]
)
def test_public_ones_are_enumerations_of_enum(name: str) -> None:
    kind = getattr(dtlink, name)
    assert issubclass(kind, enum.Enum)
    assert [*kind] == [*kind.__members__.values()]
    for member in kind:
        assert isinstance(member, enum.Enum)
        assert kind(member.value) is kind[member.name] is copy.deepcopy(member) is member
        assert {member: 1}[kind(member.value)] == 1


def test_those_of_results_are_enumerations_of_enum() -> None:
    (found, *_) = dtlink.lint(FAULTS, config=False).findings()
    for value in (found.severity, found.confidence):
        assert isinstance(value, enum.Enum)
    assert found.severity in dtlink.Severity
    assert json.dumps(found.severity.value) == '"error"'


def test_the_command_makes_its_own() -> None:
    """It imports no enum for them, and a member that it pickled is one of a program's."""
    code = (
        "import sys; sys.path.insert(0, '.'); import dtlink.__main__, pickle\n"
        "from dtlink.rules.finding import Severity\n"
        "print(type(Severity).__module__, pickle.dumps(Severity.INFO).hex())"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    home, data = done.stdout.split()
    assert home == "dtlink.enums"
    assert pickle.loads(bytes.fromhex(data)) is Severity.INFO  # noqa: S301
