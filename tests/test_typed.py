"""The names of typing that dtlink has of its own do at run time what its modules ask of them."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
import typing

import dtlink
from dtlink import typed


def test_each_name_is_one_of_typing() -> None:
    for name in typed.__all__:
        assert hasattr(typing, name)
        assert hasattr(typed, name)


def test_names_stand_in_expressions() -> None:
    either = typed.Literal["a", "b"] | None
    assert either is not None
    assert typed.cast("int", "1") == "1"
    assert typed.overload(len) is len
    assert typed.TypeVar("T", bound=int) is not None


def test_classes_need_nothing_of_their_base() -> None:
    class Box(typed.Generic[typed.TypeVar("T")]):
        __slots__ = ("held",)

    class Held(typed.Protocol):
        def size(self) -> int: ...

    class Row(typed.TypedDict, total=False):
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
