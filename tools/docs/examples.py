"""What a rule finds in its examples: what its page shows beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.board.tree import TreeBoard
from dtlink.facts.kernels import KNOWN, KernelVersion
from dtlink.firmware.acpi.machine import Machine
from dtlink.rules.model import Dts, Finding, Rule, Tables
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble
from dtlink.testing.seen import seen_by
from dtlink.testing.sketch import sketch
from dtlink.testing.trees import tree_of, write_bases


def findings(
    example: Dts | Tables, rule: Rule, version: KernelVersion | None = None
) -> list[Finding]:
    """What a rule finds in an example, with a kernel version or with dtlink's default."""
    facts = sketch(example.kernel) if example.kernel else None
    settings = Settings(kernel_version=version)
    if isinstance(example, Tables):
        machine = Machine.of(assemble(example.source))
        board = TablesBoard(machine, settings, facts=facts, seen=seen_by(example))
        return check(board, [rule]).findings
    with TemporaryDirectory() as folder:
        bases = write_bases(example, Path(folder)) if example.bases else ()
        settings = settings._replace(against=example.against, schema=example.schema, bases=bases)
        return check(TreeBoard(tree_of(example), settings, facts=facts), [rule]).findings


def versions(rule: Rule) -> Iterator[KernelVersion]:
    """The known kernel versions with which a rule finds something in one of its bad examples.

    Examples that compare two kernels, or ask dtschema, have one answer for all versions.
    """
    for version in KNOWN:
        if any(_is_fixed(pair.bad) or findings(pair.bad, rule, version) for pair in rule.examples):
            yield version


def _is_fixed(example: Dts | Tables) -> bool:
    return isinstance(example, Dts) and (example.schema or example.against is not None)
