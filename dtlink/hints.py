"""Type hints of public names that can be resolved, although few modules import what they name.

Modules import what only annotations name under ``TYPE_CHECKING``. At run time those names are not
there, so ``typing.get_type_hints``, ``inspect.signature(eval_str=True)``, pydantic, typeguard and
Sphinx would raise :class:`NameError`. :func:`arm` replaces the annotations of a module by
:class:`LateAnnotations`: when they are read, the module gets the names that it lacks, from the
statements under its ``TYPE_CHECKING``. Until then nothing is parsed or imported, and the command
does not use this module at all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from threading import RLock
from types import FunctionType
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast

__all__ = ["LateAnnotations", "arm"]

_PACKAGE = "dtlink"
_armed: set[str] = set()
#: The statements that are still to be run for each module whose annotations were read.
_left: dict[str, list[ast.stmt]] = {}
#: The modules that are being completed: some name each other.
_busy: set[str] = set()
_lock = RLock()


class LateAnnotations(dict[str, Any]):
    """Annotations of a module, as text; reading them completes the names of the module."""

    __slots__ = ("home",)
    home: str

    @classmethod
    def of(cls, annotations: dict[str, Any], home: str) -> LateAnnotations:
        """These annotations, which belong to the module of this name."""
        made = cls(annotations)
        made.home = home
        return made

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, (dict(self),)


def _reading(name: str) -> Any:
    """A method of a dictionary that completes the module first."""
    plain = getattr(dict, name)

    def read(self: LateAnnotations, *args: Any) -> Any:
        complete(self.home)
        return plain(self, *args)

    return read


# With __iter__ of its own, dict(annotations) and {**annotations} ask for keys() too.
for _name in ("__iter__", "__getitem__", "get", "keys", "values", "items", "copy", "__or__"):
    setattr(LateAnnotations, _name, _reading(_name))


def arm(home: str) -> None:
    """Make the annotations of a module's functions and classes resolvable."""
    if home in _armed or home.partition(".")[0] != _PACKAGE:
        return
    _armed.add(home)
    for value in list(vars(sys.modules[home]).values()):
        _arm_value(value, home)


def _arm_value(value: Any, home: str) -> None:
    """Arm a function, or a class with its members; not those of other modules."""
    if getattr(value, "__module__", None) != home:
        return
    if isinstance(value, type):
        _replace(value, vars(value).get("__annotations__"), home)
        for base in value.__mro__[1:]:
            arm(base.__module__)
        for member in list(vars(value).values()):
            for each in _made_of(member):
                _arm_value(each, home)
    elif isinstance(value, FunctionType):
        _replace(value, value.__annotations__, home)
        _arm_value(getattr(value, "__wrapped__", None), home)
    else:
        for each in _made_of(value):
            _arm_value(each, home)


def _made_of(value: Any) -> Iterator[Any]:
    """The functions or classes that a member of a class, or of a module, is made of."""
    if isinstance(value, FunctionType | type):
        yield value
    elif isinstance(value, property):
        yield from (value.fget, value.fset)
    else:  # class and static methods, cached properties, cached functions
        members = getattr(value, "__dict__", {})
        yield getattr(value, "__func__", members.get("func", members.get("__wrapped__")))


def _replace(owner: Any, annotations: Any, home: str) -> None:
    if annotations and type(annotations) is dict:
        owner.__annotations__ = LateAnnotations.of(annotations, home)


def complete(home: str) -> None:
    """Give a module the names that it imports or defines for type checkers only."""
    if _left.get(home) == []:
        return
    with _lock:
        if home in _busy:
            return  # this thread is at it: two modules name each other
        _busy.add(home)
        try:
            if home not in _left:
                _left[home] = list(_for_checkers(home))
            namespace = vars(sys.modules[home])
            _left[home] = [each for each in _left[home] if not _is_run(each, namespace)]
            for value in list(namespace.values()):
                if isinstance(value, type | FunctionType):
                    arm(value.__module__)
        finally:
            _busy.discard(home)


def _for_checkers(home: str) -> Iterator[ast.stmt]:
    """The statements under ``if TYPE_CHECKING``; none where the source is not installed."""
    import ast
    from inspect import getsource

    try:
        source = getsource(sys.modules[home])
    except OSError:
        return
    for statement in ast.parse(source).body:
        match statement:
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body):
                yield from body


def _is_run(statement: ast.stmt, namespace: dict[str, Any]) -> bool:
    """Run a statement whose names are not there yet; false if it has to wait for another."""
    import ast

    try:
        match statement:
            case ast.ImportFrom(module=str(source), names=names):
                for each in names:
                    _import(source, each.name, each.asname or each.name, namespace)
            case ast.Assign(targets=[ast.Name(id=name)]) if name in namespace:
                pass
            case _:
                code = compile(ast.Module([statement], []), namespace["__file__"], "exec")
                exec(code, namespace)  # noqa: S102 - a statement of dtlink itself
    except ModuleNotFoundError as error:  # an optional dependency that is not installed
        return not str(error.name).startswith(_PACKAGE)
    except (ImportError, NameError):
        return False
    return True


def _import(source: str, name: str, known_as: str, namespace: dict[str, Any]) -> None:
    """Import a name, unless it is there, from a module that may have it for checkers only."""
    if known_as in namespace:
        return
    module = import_module(source)
    if source.partition(".")[0] == _PACKAGE:
        arm(source)
        if name not in vars(module):
            complete(source)
    if not hasattr(module, name):
        import_module(f"{source}.{name}")
    namespace[known_as] = value = getattr(module, name)
    for each in getattr(value, "__args__", ()):  # names within an alias
        text = getattr(each, "__forward_arg__", each)
        for inner in compile(text, source, "eval").co_names if isinstance(text, str) else ():
            _import(source, inner, inner, namespace)
