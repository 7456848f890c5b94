"""From paths to input reports: read, ask, gather; in this process or in several."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from dtlink.firmware.errors import InputError
from dtlink.firmware.read import STDIN, SUFFIXES, load
from dtlink.firmware.read import read as read_tree
from dtlink.links.bindings import DEFAULT_KERNEL
from dtlink.report.model import InputFault, InputReport
from dtlink.rules.board import Board
from dtlink.rules.catalogue import choose
from dtlink.rules.run import check

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.kernel.cmdline import CommandLine
    from dtlink.links.binding import Version
    from dtlink.rules.model import Rule

#: Fewer inputs than this are not worth another process.
_WORTH_A_PROCESS = 24
#: So many inputs at most go to a process at a time.
_CHUNK = 32
#: After so many inputs the collector runs all the same, for what libraries may leave behind.
_COLLECT_EVERY = 256

#: What a command does with one tree: it returns the fields of :class:`InputReport` it fills in.
#: It must be a function of a module, or a partial of one, so that it can go to another process.
Task = Callable[["Tree"], dict[str, Any]]


def expand(paths: Iterable[str]) -> Iterator[str]:
    """The inputs that paths stand for: files as they are, folders by what they hold, sorted."""
    for path in paths:
        if path != STDIN and os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
            yield from _inputs_below(path)
        else:
            yield path


def _inputs_below(folder: str) -> list[str]:
    """The blobs below a folder, and the sources that no blob beside them was made from."""
    found = {
        os.path.join(top, name)  # noqa: PTH118 - pathlib costs more than the rest of the walk
        for top, _, names in os.walk(folder)
        for name in names
        if name.endswith(SUFFIXES)
    }
    return sorted(path for path in found if path.removesuffix(".dts") + ".dtb" not in found)


def run(
    paths: Sequence[str], task: Task, *, jobs: int = 0, digest: bool = False
) -> Iterator[InputReport]:
    """Do a task on every input, in the order of the inputs.

    ``jobs`` is the number of processes; 0 takes as many as there are processors, where there are
    inputs enough to be worth it.
    """
    one = partial(process, task=task, digest=digest)
    jobs = jobs or (os.cpu_count() or 1 if len(paths) >= _WORTH_A_PROCESS else 1)
    if jobs == 1 or len(paths) < 2 or STDIN in paths:
        yield from _here(paths, one)
    else:
        yield from _elsewhere(paths, one, min(jobs, len(paths)))


def _here(paths: Sequence[str], one: Callable[[str], InputReport]) -> Iterator[InputReport]:
    """In this process. Trees hold no reference cycles: the collector would look in vain."""
    gc.disable()
    try:
        for number, path in enumerate(paths, 1):
            yield one(path)
            if number % _COLLECT_EVERY == 0:
                gc.collect()
    finally:
        gc.enable()


def _elsewhere(
    paths: Sequence[str], one: Callable[[str], InputReport], jobs: int
) -> Iterator[InputReport]:
    """In several processes; the results come back in order."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - slow to import

    size = max(1, min(_CHUNK, len(paths) // (jobs * 4)))
    with ProcessPoolExecutor(jobs) as pool:
        chunks = [paths[at : at + size] for at in range(0, len(paths), size)]
        for reports in pool.map(partial(_chunk, one=one), chunks):
            yield from reports


def _chunk(paths: Sequence[str], one: Callable[[str], InputReport]) -> list[InputReport]:
    return list(_here(paths, one))


def process(path: str, task: Task, *, digest: bool) -> InputReport:
    """Read one input and do the task; what can't be read becomes a report that says so."""
    try:
        data = load(path)
        tree = read_tree(data, path)
        told = task(tree)
    except InputError as error:
        return InputReport(path, error=InputFault(error.message, error.offset))
    sha256 = ""
    if digest:
        import hashlib  # noqa: PLC0415 - only archives ask for it

        sha256 = hashlib.sha256(data).hexdigest()
    return InputReport(
        path,
        form="dts" if tree.locations else "fdt-overlay" if tree.is_overlay else "fdt",
        sha256=sha256,
        model=next(iter(tree.root.strings("model")), ""),
        compatible=tree.root.compatible,
        nodes=len(tree),
        **told,
    )


def lint_tree(
    tree: Tree,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    version: Version = DEFAULT_KERNEL,
    cmdline: CommandLine | None = None,
    against: Version | None = None,
) -> dict[str, Any]:
    """Run the chosen rules over one tree; see :class:`Board` for what decides what they see."""
    board = Board(tree, version, cmdline=cmdline, against=against)
    checked = check(board, _rules(tuple(select), tuple(ignore)))
    return {
        "findings": checked.findings,
        "faults": checked.faults,
        "references": len(board.graph.references),
    }


@lru_cache(maxsize=8)
def _rules(select: tuple[str, ...], ignore: tuple[str, ...]) -> Sequence[Rule]:
    return choose(select, ignore)
