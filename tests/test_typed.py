"""The names of typing that the command has of its own do at run time what modules ask of them."""

from __future__ import annotations

import importlib.util
import pkgutil
import subprocess
import sys
import typing
from typing import Any

import pytest

import dtlink
from dtlink import process
from dtlink import typed as of_programs


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module as the command has it."""
    monkeypatch.setattr(process, "is_command", True)
    spec = importlib.util.spec_from_file_location("typed_of_command", of_programs.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_name_is_one_of_typing(typed: Any) -> None:
    for name in set(typed.__all__) - {"TYPE_CHECKING"}:
        assert getattr(of_programs, name) is getattr(typing, name)
        assert hasattr(typed, name)
        assert getattr(typed, name) is not getattr(typing, name)


def test_names_stand_in_expressions(typed: Any) -> None:
    either = typed.Literal["a", "b"] | None
    assert either is not None
    assert typed.cast("int", "1") == "1"
    assert typed.overload(len) is len
    assert typed.TypeVar("T", bound=int) is not None


def test_classes_need_nothing_of_their_base(typed: Any) -> None:
    class Box(typed.Generic[typed.TypeVar("T")]):  # type: ignore[misc]
        __slots__ = ("held",)

    class Held(typed.Protocol):  # type: ignore[misc]
        def size(self) -> int: ...

    class Row(typed.TypedDict, total=False):  # type: ignore[misc]
        name: str

    assert Box[int] is Box
    assert not hasattr(Box(), "__dict__")
    assert Held().size() is None
    assert type(Row(name="a")) is dict
    assert Row(name="a") == {"name": "a"}


def test_every_module_can_be_imported_by_itself() -> None:
    """None waits for another to be imported first, or for typing to be there."""
    names = [
        each.name
        for each in pkgutil.walk_packages(dtlink.__path__, "dtlink.")
        if not each.name.startswith(("dtlink.lsp", "dtlink.__main__"))
    ]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    for each in [each for each in sys.modules if each.startswith('dtlink')]:\n"
        "        del sys.modules[each]\n"
        "    importlib.import_module(name)\n"
    )
    chosen = names[::9]
    done = subprocess.run(
        [sys.executable, "-c", code, *chosen], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
