"""The task of ``dtlink lint``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dtlink.board.tree import Board
from dtlink.facts.kernels import DEFAULT
from dtlink.firmware.tree import Tree
from dtlink.rules.catalogue import SCHEMA_FAMILY, choose
from dtlink.rules.model import Dts, Tables
from dtlink.rules.run import check

if TYPE_CHECKING:
    from dtlink.facts.cmdline import CommandLine
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.kernel.facts import Facts, Paths
    from dtlink.rules.catalogue import Kind
    from dtlink.rules.model import AnyBoard, Rule
    from dtlink.schema.source import SchemaSource


def lint_tree(
    tree: Tree,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    version: KernelVersion = DEFAULT,
    cmdline: CommandLine | None = None,
    against: KernelVersion | None = None,
    kernel: Paths | None = None,
    root: str = "",
    schemas: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Run the chosen rules over one tree; see :class:`Board` for what decides what they see.

    ``schemas`` are the user's own beside dtlink's; ``None``: none are asked. Raises
    :class:`InputError` for facts of a kernel, or schemas, that can't be read.
    """
    facts = _facts(kernel)
    named, asked = facts is not None, schemas is not None
    rules = _rules(tuple(select), tuple(ignore), Dts, kernel=named, schema=asked)
    board = Board(
        tree,
        version,
        cmdline=cmdline,
        against=against,
        facts=facts,
        root=root,
        schema=_schemas(schemas, rules),
    )
    silent = () if board.verdict.answered else (SCHEMA_FAMILY,)
    return {**_checked(board, rules), "notes": board.notes, "silent": silent}


def lint_tables(
    machine: Machine,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    version: KernelVersion = DEFAULT,
    kernel: Paths | None = None,
) -> dict[str, Any]:
    """Run the chosen rules over the tables of one machine.

    Raises :class:`InputError` for facts of a kernel that can't be read.
    """
    from dtlink.board.tables import AcpiBoard

    facts = _facts(kernel)
    there, named = frozenset(machine.tables), facts is not None
    rules = _rules(tuple(select), tuple(ignore), Tables, there, kernel=named)
    return _checked(AcpiBoard(machine, version, facts=facts), rules)


def _schemas(named: tuple[str, ...] | None, rules: Sequence[Rule]) -> SchemaSource | None:
    """The schemas that are asked. Raises :class:`InputError` for those that can't be had."""
    if named is None or not any(rule.family == SCHEMA_FAMILY for rule in rules):
        return None
    from dtlink.schema.source import SchemaSource

    source = SchemaSource(named)
    source.load()
    return source


def _facts(kernel: Paths | None) -> Facts | None:
    """What the kernel that the user named holds."""
    if kernel is None:
        return None
    from dtlink.kernel.facts import load

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
    schema: bool = False,
) -> Sequence[Rule]:
    return choose(select, ignore, kind, tables, kernel=kernel, schema=schema)
