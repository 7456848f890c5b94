"""From paths to input reports: read, ask, gather; in this process or in several."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dtlink.firmware.errors import InputError
from dtlink.firmware.read import STDIN, SUFFIXES, TABLE_SUFFIXES, decode, load
from dtlink.firmware.tree import Tree
from dtlink.links.bindings import DEFAULT_KERNEL
from dtlink.report.model import InputFault, InputReport, Refused
from dtlink.rules.board import Board
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Dts, Tables
from dtlink.rules.run import check

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.kernel.cmdline import CommandLine
    from dtlink.kernel.facts import Facts, Paths
    from dtlink.links.binding import Version
    from dtlink.rules.catalogue import Kind
    from dtlink.rules.model import AnyBoard, Rule

#: Fewer inputs than this are not worth another process.
_WORTH_A_PROCESS = 24
#: So many inputs at most go to a process at a time.
_CHUNK = 32
#: After so many inputs the collector runs all the same, for what libraries may leave behind.
_COLLECT_EVERY = 256


class Task(NamedTuple):
    """What a command does with one input: it returns the fields of :class:`InputReport` it fills.

    Each must be a function of a module, or a partial of one, so that it can go to another process.
    ``None`` stands for a kind of input that the command says nothing of.
    """

    tree: Callable[[Tree], dict[str, Any]] | None = None
    tables: Callable[[Machine], dict[str, Any]] | None = None

    def do(self, firmware: Tree | Machine) -> dict[str, Any]:
        """Do it. Raises :class:`InputError` for an input of the other kind."""
        if isinstance(firmware, Tree):
            if self.tree is None:
                raise InputError("a devicetree: this command is about ACPI tables")
            return self.tree(firmware)
        if self.tables is None:
            raise InputError("ACPI tables: this command is about devicetrees")
        return self.tables(firmware)


def expand(paths: Iterable[str]) -> Iterator[str]:
    """The inputs that paths stand for: files as they are, folders by what they hold, sorted."""
    for path in paths:
        if path != STDIN and os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
            yield from _inputs_below(path)
        else:
            yield path


def _inputs_below(folder: str) -> list[str]:
    """The blobs below a folder, the sources that no blob beside them was made from, and the tables.

    The tables of one machine are one input: their folder.
    """
    found: set[str] = set()
    for top, _, names in os.walk(folder):
        # pathlib would cost more than the rest of the walk.
        named = [name for name in names if name.endswith(SUFFIXES)]
        paths = {os.path.join(top, name) for name in named}  # noqa: PTH118
        found |= {path for path in paths if path.removesuffix(".dts") + ".dtb" not in paths}
        if any(_may_be_table(name) for name in names):
            from dtlink.firmware.acpi.read import look  # noqa: PLC0415 - few inputs are tables

            tables = look(top)
            found |= {*tables.alone, *([top] if tables.members else ())}
    return sorted(found)


def _may_be_table(name: str) -> bool:
    """A name worth a look: by its ending, or a signature alone, as the system names its tables."""
    return name.lower().endswith(TABLE_SUFFIXES) or (len(name) <= 7 and name.isupper())


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
        data, firmware = _read(path)
        told = task.do(firmware)
    except InputError as error:
        # It may be about another file: one of a folder's, or what the user named of a kernel.
        about = f"{error.path}: " if error.path not in ("", path) else ""
        return InputReport(path, error=InputFault(about + error.message, error.offset))
    sha256 = _sha256(data, firmware) if digest else ""
    report = InputReport(path, sha256=sha256, nodes=len(firmware), **told)
    if not isinstance(firmware, Tree):
        return _with_tables(report, firmware)
    return report._replace(
        form="dts" if firmware.locations else "fdt-overlay" if firmware.is_overlay else "fdt",
        model=next(iter(firmware.root.strings("model")), ""),
        compatible=firmware.root.compatible,
    )


def _read(path: str) -> tuple[bytes, Tree | Machine]:
    """The bytes of a file, none for a folder of tables, and what they say."""
    if path == STDIN or not os.path.isdir(path):  # noqa: PTH112 - as above
        data = load(path)
        return data, decode(data, path)
    from dtlink.firmware.acpi.read import read_folder  # noqa: PLC0415 - few inputs are tables

    return b"", read_folder(path)


def _with_tables(report: InputReport, machine: Machine) -> InputReport:
    """What is told of tables: where they are from, and what of them could not be read."""
    from dtlink.firmware.acpi.machine import CODE  # noqa: PLC0415 - as above

    programs = ", ".join(name for name in machine.skipped if name in CODE)
    notes = [f"{programs} not read: dtlink runs no program of firmware"] if programs else []
    refused = [Refused(error.path, error.message, error.offset) for error in machine.refused]
    return report._replace(
        form=machine.form, model=machine.oem, notes=(*report.notes, *notes), refused=refused
    )


def _sha256(data: bytes, firmware: Tree | Machine) -> str:
    """The hash of a file; that of a folder's tables, by signature."""
    import hashlib  # noqa: PLC0415 - only archives ask for it

    if not data and not isinstance(firmware, Tree):
        data = b"".join(firmware.tables[name].data for name in sorted(firmware.tables))
    return hashlib.sha256(data).hexdigest()


def lint_tree(
    tree: Tree,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    version: Version = DEFAULT_KERNEL,
    cmdline: CommandLine | None = None,
    against: Version | None = None,
    kernel: Paths | None = None,
    root: str = "",
) -> dict[str, Any]:
    """Run the chosen rules over one tree; see :class:`Board` for what decides what they see.

    Raises :class:`InputError` for facts of a kernel that can't be read.
    """
    facts = _facts(kernel)
    board = Board(tree, version, cmdline=cmdline, against=against, facts=facts, root=root)
    return _checked(board, _rules(tuple(select), tuple(ignore), Dts, kernel=facts is not None))


def lint_tables(
    machine: Machine,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    version: Version = DEFAULT_KERNEL,
    kernel: Paths | None = None,
) -> dict[str, Any]:
    """Run the chosen rules over the tables of one machine.

    Raises :class:`InputError` for facts of a kernel that can't be read.
    """
    from dtlink.rules.acpi_board import AcpiBoard  # noqa: PLC0415 - as above

    facts = _facts(kernel)
    there, named = frozenset(machine.tables), facts is not None
    rules = _rules(tuple(select), tuple(ignore), Tables, there, kernel=named)
    return _checked(AcpiBoard(machine, version, facts=facts), rules)


def _facts(kernel: Paths | None) -> Facts | None:
    """What the kernel that the user named holds."""
    if kernel is None:
        return None
    from dtlink.kernel.facts import load  # noqa: PLC0415 - few runs name a kernel

    return load(kernel)


def _checked(board: AnyBoard, rules: Sequence[Rule]) -> dict[str, Any]:
    checked = check(board, rules)
    return {
        "findings": checked.findings,
        "faults": checked.faults,
        "references": len(board.graph.references),
    }


@lru_cache(maxsize=8)
def _rules(
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    kind: Kind,
    tables: frozenset[str] | None = None,
    *,
    kernel: bool = False,
) -> Sequence[Rule]:
    return choose(select, ignore, kind, tables, kernel=kernel)
