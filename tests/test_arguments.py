"""A wrong value of any argument of a public function is one error, which names the argument."""

from __future__ import annotations

import inspect
import io
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import dtlink
from dtlink import arguments
from dtlink.api.options import BoardOptions, LintOptions

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
SOURCE, TABLES = FIXTURES / "boards" / "phone-soc.dts", FIXTURES / "tables" / "arm-server"
BOARD, LINT = [*BoardOptions.__annotations__], [*LintOptions.__annotations__]


class Function(NamedTuple):
    """A public function, and the arguments that are wrong one after the other."""

    call: Callable[..., Any]
    given: Mapping[str, Any]
    names: tuple[str, ...]


def _names(call: Callable[..., Any], *more: str) -> tuple[str, ...]:
    kinds = inspect.Parameter
    own = inspect.signature(call).parameters.values()
    return (*(each.name for each in own if each.kind is not kinds.VAR_KEYWORD), *more)


def _of(call: Callable[..., Any], *more: str, **given: Any) -> Function:
    return Function(call, given, _names(call, *more))


def _positional(call: Callable[..., Any], name: str, *more: str, **given: Any) -> Function:
    """A function that takes any number of one argument."""

    def called(**values: Any) -> Any:
        first = (values.pop(name),) if name in values else ()
        return call(*first, **values)

    return Function(called, given, (name, *more))


def _listed(*args: Any, **options: Any) -> list[Any]:
    return list(dtlink.lint_iter(*args, **options))


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Function]]:
    folder = tmp_path_factory.mktemp("given")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shutil.copy(FIXTURES / "boards" / "clean-board.dtb", "b.dtb")
        shutil.copytree(FIXTURES / "kernel", "kernel")
        shutil.copytree(FIXTURES / "reports", "reports")
        yield _functions()


def _functions() -> dict[str, Function]:
    board, tables = dtlink.Board.read("b.dtb"), dtlink.Board.read(TABLES)
    source, known = dtlink.Board.read(SOURCE), dtlink.Board.read("b.dtb", kernel="kernel")
    tree, machine, report = board.firmware, tables.firmware, board.lint()
    assert isinstance(tree, dtlink.Tree)
    assert isinstance(machine, dtlink.Machine)
    iter_names = [name for name in LINT if name != "baseline"]
    return {
        "lint": _of(dtlink.lint, *LINT, paths="b.dtb", config=False, cache=False),
        "lint_iter": Function(
            _listed, {"inputs": ["b.dtb"], "config": False}, _names(dtlink.lint_iter, *iter_names)
        ),
        "fix": _of(dtlink.fix, *LINT, paths="b.dtb", config=False),
        "diff": _of(dtlink.diff, *BOARD, old="b.dtb", new="b.dtb", config=False),
        "same_machine": _of(dtlink.same_machine, one=board, other=tables),
        "history": _of(dtlink.history, reports="reports"),
        "inspect": _of(dtlink.inspect, path="b.dtb"),
        "log": _of(dtlink.log, dmesg="kernel/boot.log"),
        "explain": _positional(dtlink.explain, "words"),
        "read": Function(dtlink.read, {"source": "b.dtb"}, ("source", "name")),
        "read_tree": _of(dtlink.read_tree, source="b.dtb"),
        "read_tables": _of(dtlink.read_tables, source=str(TABLES)),
        "Board": Function(dtlink.Board, {"firmware": tree}, ("firmware", "path", *BOARD)),
        "Board.read": _of(dtlink.Board.read, *BOARD, source="b.dtb"),
        "Board.lint": _of(board.lint),
        "Board.links": _positional(board.links, "bindings", "disabled"),
        "Board.graph_view": _positional(
            board.graph_view, "nodes", "depth", "consumers", "old", "observed"
        ),
        "Board.preprocess": _of(source.preprocess),
        "Board.devlink": _of(board.devlink),
        "Board.why": _of(board.why, node="/"),
        "Board.modules": _positional(known.modules, "nodes", "missing"),
        "Board.iommu": _of(tables.iommu),
        "Board.iort": _of(tables.iort),
        "Graph.of": Function(dtlink.Graph.of, {"firmware": tree}, ("firmware", "version")),
        "KernelVersion.of": _of(dtlink.KernelVersion.of),
        "ModulesUnion.of": _of(dtlink.ModulesUnion.of),
        "ModulesUnion.lines": _of(dtlink.ModulesUnion.of({"b": known.modules()}).lines),
        "ModulesView.lines": _of(known.modules().lines),
        "GraphView.render": _of(board.graph_view().render),
        "Report.exit_status": _of(report.exit_status),
        "InputReport.exit_status": _of(report.inputs[0].exit_status),
        "InputReport.counts": _of(report.inputs[0].counts),
        "Graph.not_followed": _of(board.graph.not_followed),
        "AcpiGraph.not_followed": _of(tables.graph.not_followed),
        "Machine.of": Function(dtlink.Machine.of, {}, ("blobs",)),
        "Machine.with_tables": _of(machine.with_tables),
        "Tree.find": _of(tree.find),
        "Machine.find": _of(machine.find),
    }


#: Values that are right for few arguments.
WRONG: dict[str, Callable[[], Any]] = {
    "one": partial(int, 1),
    "minus one": partial(int, -1),
    "a fraction": partial(float, 1.5),
    "not a number": partial(float, "nan"),
    "empty text": str,
    "text": partial(str, "x"),
    "long text": partial(str, "9" * 5000),
    "NUL": partial(str, "a\0b"),
    "a surrogate": partial(str, "\ud800"),
    "bytes": partial(bytes, b"x"),
    "a bytearray": partial(bytearray, b"x"),
    "a memoryview": partial(memoryview, b"x"),
    "None": lambda: None,
    "True": lambda: True,
    "a list": list,
    "a list of a number": partial(list, (1,)),
    "a list of None": partial(list, (None,)),
    "a list of bytes": partial(list, (b"x",)),
    "a mapping": partial(dict, A=1),
    "an empty mapping": dict,
    "a set": partial(set, (1,)),
    "a pair": partial(tuple, ("a", b"")),
    "a generator": lambda: (each for each in ("no-such-thing",)),
    "a path": partial(Path, "no-such-thing"),
    "a function": lambda: len,
    "a class": lambda: int,
    "an object": object,
    "a severity": lambda: dtlink.Severity.ERROR,
    "a version": partial(dtlink.KernelVersion, 6, 1),
    "a report": lambda: dtlink.InputReport("b.dtb"),
}


#: How much of a message has the name.
_BEGINNING = 40


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_value_is_an_error_that_names_the_argument(
    functions: dict[str, Function], wrong: str
) -> None:
    left = []
    for title, function in functions.items():
        for name in function.names:
            value = WRONG[wrong]()
            try:
                function.call(**{**function.given, name: value})
            except dtlink.InputError:
                pass  # a file that is not there: the path is in the message
            except (TypeError, ValueError) as error:
                if not re.search(rf"\b{name}\b", str(error)[:_BEGINNING]):
                    left.append(f"{title}({name}={value!r}): {type(error).__name__}: {error}")
            except Exception as error:  # noqa: BLE001 - whatever else is the fault to find
                left.append(f"{title}({name}={value!r}): {type(error).__name__}: {error}")
    assert not left, "\n".join(each[:300] for each in left)


#: What a newcomer may write, and what it is answered with.
NEAR: list[tuple[str, dict[str, Any], str]] = [
    ("lint", {"paths": bytearray(b"x")}, r"^paths: a path .* not bytearray; lint_iter\(\) and"),
    ("lint", {"paths": ""}, "^paths: a path is needed, not an empty string"),
    ("lint", {"paths": io.BytesIO()}, "^paths: a path .* is needed, not BytesIO"),
    ("lint_iter", {"inputs": [io.BytesIO()]}, "^inputs: a path, bytes, .* not BytesIO"),
    ("Board.read", {"source": io.BytesIO()}, "^source: a path .* is needed, not BytesIO"),
    ("lint", {"cache": 1}, "^cache: a folder, True or False is needed, not int"),
    ("lint", {"cache": None}, "^cache: a folder, True or False is needed, not NoneType"),
    ("lint", {"select": b"x"}, "^select: a word, or several, is needed, not bytes"),
    ("lint", {"select": [1]}, "^select: a word, or several, is needed, not int"),
    ("lint", {"define": {"A": 1}}, "^define: a word, or several, is needed, not dict"),
    ("lint", {"severity": "error"}, "^severity: a mapping of rules and families"),
    ("lint", {"kernel": 1}, r"^kernel: a path \(str or Path\) is needed, not int"),
    ("lint", {"jobs": "2"}, "^jobs: a number of processes is needed, 0 or more, not '2'"),
    ("lint", {"jobs": -1}, "^jobs: a number of processes is needed, 0 or more, not -1"),
    ("lint", {"executor": "x"}, r"^executor: what has submit\(\) is needed, not str"),
    ("lint", {"search": "yes"}, "^search: True or False is needed, not str"),
    ("lint", {"since": 3}, "^since: a commit, as a string, is needed, not int"),
    ("lint", {"config": True}, "^config: a path .* False or None is needed, not bool"),
    ("lint", {"kernel_version": 6.1}, "^kernel_version: a string is needed, as in"),
    ("lint_iter", {"inputs": [None]}, "^inputs: a path, bytes, .* is needed, not NoneType"),
    ("lint_iter", {"inputs": [("a", "b")]}, r"^inputs: .* is needed, not \(str, str\)"),
    ("lint_iter", {"inputs": [()]}, r"^inputs: .* is needed, not \(\)"),
    ("lint_iter", {"inputs": [dtlink.InputReport("a")]}, "InputReport: give its .input"),
    ("lint_iter", {"inputs": dtlink.InputReport("a").input}, "^inputs: several are needed"),
    ("lint_iter", {"inputs": ["a\0b"]}, "^inputs: a path can't have a NUL in it"),
    ("lint_iter", {"settings": 1}, "^settings: a Settings is needed, not int"),
    ("lint_iter", {"in_flight": -1}, "^in_flight: a number is needed, 0 or more, not -1"),
    ("fix", {"only": b"x"}, "^only: a rule or family, or several, is needed, not bytes"),
    ("fix", {"only": "nope"}, "^only: no rule or family is named nope"),
    ("fix", {"write": "no"}, "^write: True or False is needed, not str"),
    ("log", {"dmesg": b""}, r"^dmesg: a path \(str or Path\) is needed, not bytes"),
    ("log", {"board": "b.dtb"}, "^board: a Board is needed, not str"),
    ("read", {"source": 1}, "^source: a path .*, or the bytes of a file, is needed, not int"),
    ("Board", {"firmware": "b.dtb"}, r"^firmware: .* is needed, not str; Board.read\(\) reads one"),
    ("Board.read", {"source": ""}, "^source: a path is needed, not an empty string"),
    ("Board.read", {"source": "a\0b"}, "^source: a path can't have a NUL in it"),
    ("Board.links", {"bindings": ["clocks"]}, "^bindings: .* as a string, is needed, not list"),
    ("Board.why", {"depth": 0}, "^depth: a number is needed, 1 or more, not 0"),
    ("Board.iort", {"rid": 256}, "^rid: a PCI function such as '0000:01:00.0', or .* not int"),
    ("Board.iort", {"rid": "x"}, "^rid: x is not a PCI function"),
    ("explain", {"words": ["phandle"]}, "^words: a rule or family, as a string, is needed"),
    ("Report.exit_status", {"fail_on": "error"}, "^fail_on: a Severity is needed, not str"),
    ("GraphView.render", {"form": "svg"}, "^form: 'svg' is not one of html, dot, mermaid, graphml"),
    ("ModulesView.lines", {"form": "x"}, "^form: 'x' is not one of list, "),
    (
        "Machine.of",
        {"blobs": {"IORT": 1}},
        "^blobs: a mapping of signatures to the bytes",
    ),
    ("history", {"rules": 1}, "^rules: a string, or several, is needed, not int"),
    ("history", {"sort": "date"}, "^sort: 'date' is not one of given, name, time"),
]


@pytest.mark.parametrize(
    ("title", "wrong", "message"),
    NEAR,
    ids=[f"{row[0]}-{next(iter(row[1]))}-{at}" for at, row in enumerate(NEAR)],
)
def test_a_near_miss_is_told_what_is_accepted(
    functions: dict[str, Function], title: str, wrong: dict[str, Any], message: str
) -> None:
    function = functions[title]
    with pytest.raises((TypeError, ValueError), match=message):
        function.call(**{**function.given, **wrong})


@pytest.mark.parametrize(
    "item",
    [
        lambda data: data,
        bytearray,
        memoryview,
        lambda data: ("b.dtb", data),
        lambda data: (Path("b.dtb"), bytearray(data)),
        lambda data: ["b.dtb", memoryview(data)][1],
    ],
)
def test_bytes_of_a_file_in_any_form(item: Callable[[bytes], Any]) -> None:
    data = (FIXTURES / "boards" / "phandle-faults.dtb").read_bytes()
    (report,) = dtlink.lint_iter([item(data)], config=False)
    assert report.error is None
    assert report.findings
    assert report.name in ("b.dtb", "input")


def test_a_board_of_bytes_in_any_form() -> None:
    data = (FIXTURES / "boards" / "phandle-faults.dtb").read_bytes()
    for form in (bytes, bytearray, memoryview):
        assert dtlink.Board.read(form(data)).lint().findings()
        assert len(dtlink.read_tree(form(data))) == 66


def test_one_word_is_a_word(functions: dict[str, Function]) -> None:
    every = functions["history"].call(**functions["history"].given)
    one, several = (dtlink.history("reports", rules=each) for each in ("phandle", ["phandle"]))
    assert one.to_dict() == several.to_dict()
    assert 0 < len(one.findings) < len(every.findings)


def test_the_kinds_of_an_argument() -> None:
    assert arguments.paths("p", (Path("a"), "b")) == ["a", "b"]
    assert arguments.paths("p", iter(["a"])) == ["a"]
    assert arguments.words("w", "a b") == ("a b",)
    assert arguments.words("w", {"a"}) == ("a",)
    with pytest.raises(ValueError, match=r"^n: a number is needed, 1 or more, not True$"):
        arguments.number("n", True, 1)
    with pytest.raises(TypeError, match=r"^p: a path .* is needed, not the class Path$"):
        arguments.path("p", Path)
    with pytest.raises(ValueError, match=r"^w: '9+\.\.\. is not one of a, b$"):
        arguments.choice("w", "9" * 500, ["a", "b"])


@pytest.mark.parametrize("given", [{"paths": "a.dtb"}, {"since": "HEAD"}])
def test_a_live_machine_goes_with_no_other_inputs(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="live takes the inputs of this machine"):
        dtlink.lint(live=True, **given)
