"""The table of resources: every binding has every column, or says why it has not."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

import dtlink
from dtlink.facts.binding import SupplierBinding, Walk
from dtlink.facts.bindings import BINDINGS, IOMMU_NAMES, KERNEL_BINDINGS, STRICT_NAMES, binding_of
from dtlink.facts.resource import UNKNOWN_REQUEST, Asker, Effort, Resource
from dtlink.facts.resources import RESOURCES

PACKAGE = Path(dtlink.__file__).parent
FACTS = PACKAGE / "facts"


def resource_of(name: str) -> Resource:
    binding = binding_of(name)
    assert binding is not None
    return binding.resource


def unknown_columns(row: Resource) -> list[str]:
    known = {
        "request": row.request != UNKNOWN_REQUEST,
        "if_disabled": row.if_disabled is not None,
        "log_words": bool(row.log_words),
    }
    return [column for column, is_known in known.items() if not is_known]


@pytest.mark.parametrize("row", BINDINGS, ids=lambda row: row.name)
def test_a_binding_has_every_column_or_says_why_not(row: SupplierBinding):
    missing = unknown_columns(row.resource)
    assert not missing or row.resource.unknown, (
        f"the resource of {row.name} has no {', '.join(missing)}: give the columns in "
        "dtlink/facts/resources.py, or say in its column `unknown` why they are not known"
    )
    assert missing or not row.resource.unknown, (
        f"the resource of {row.name} has every column: remove its `unknown`"
    )


@pytest.mark.parametrize("row", BINDINGS, ids=lambda row: row.name)
def test_a_request_has_a_source(row: SupplierBinding):
    resource = row.resource
    for place in filter(None, re.split(r"; |(?<=\)), ", resource.source)):
        assert re.fullmatch(r"([\w/-]+\.c, )?\w+\(\)", place), (
            f"source of {row.name}: write kernel files and functions, as in "
            f"'clk/clk.c, of_clk_get_hw_from_clkspec()', not {place!r}"
        )
    known = resource.request != UNKNOWN_REQUEST or resource.if_pci_host is not None
    assert bool(resource.source) is known, (
        f"give the resource of {row.name} a source: the kernel file and function that answers "
        "its request"
    )


@pytest.mark.parametrize("row", BINDINGS, ids=lambda row: row.name)
def test_the_columns_of_a_row_agree(row: SupplierBinding):
    resource = row.resource
    assert resource.names is None or resource.names.endswith("-names")
    assert all(word == word.lower() for word in resource.log_words)
    assert not resource.kept_by or resource.kept_by.endswith("_ignore_unused")
    assert resource.is_iommu is (row.name in IOMMU_NAMES)
    if resource.effort is Effort.BEFORE_PROBE:
        assert resource.request.asker is not Asker.DRIVER
    if resource.may_be_empty is False:
        assert row.cells, "rules find a surplus 0 by the suppliers' cells property"
    if row.walk is Walk.ENDPOINT:
        assert resource.cells is None


def test_resources_are_unique():
    twice = [kind for kind, count in Counter(_key(row) for row in RESOURCES).items() if count > 1]
    assert twice == [], "let the bindings point to one row, or copy it with _replace()"


def _key(row: Resource) -> tuple[str, bool]:
    """A bus that only displays ask for, and that which anything may ask for, are two rows."""
    return row.kind, row.if_disabled is None


def test_every_resource_is_used():
    used = {id(row.resource) for row in BINDINGS}
    unused = [row.kind for row in RESOURCES if id(row) not in used]
    assert unused == [], "remove the row from dtlink/facts/resources.py, or add its binding"


def test_log_words_lead_to_one_kind_first():
    """Of rows with the same words the binding decides; no row's words hide a later row's."""
    rows = [row for row in RESOURCES if row.log_words]
    seen: dict[str, tuple[str, ...]] = {}
    for row in rows:
        for word in row.log_words:
            assert seen.setdefault(word, row.log_words) == row.log_words, (
                f"{word!r} is a word of two resources: the later one is never compared"
            )


def test_what_fw_devlink_follows_with_strict_only():
    assert {"iommus", "iommu-map", "dmas"} == STRICT_NAMES


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("clocks", "clock-names"),
        ("phys", "phy-names"),
        ("interrupts-extended", "interrupt-names"),
        ("nvmem-cells", "nvmem-cell-names"),
        ("memory-region", "memory-region-names"),
        ("vdd-supply", None),
    ],
)
def test_names_of_entries(name: str, names: str | None):
    assert resource_of(name).names == names


@pytest.mark.parametrize(
    ("name", "empty"),
    [
        ("clocks", True),
        ("cd-gpios", True),
        ("cd-gpio", True),
        ("pwms", False),
        ("sound-dai", False),
        ("power-domains", None),
    ],
)
def test_which_lists_may_have_empty_entries(name: str, *, empty: bool | None):
    assert resource_of(name).may_be_empty is empty


# Who writes a row by position can't be checked by the type checker when columns move.
FORMS = {"Resource", "Request", "SupplierBinding"}


@pytest.mark.parametrize("path", sorted(FACTS.glob("*.py")), ids=lambda path: path.name)
def test_rows_are_written_by_name(path: Path):
    tree = ast.parse(path.read_text())
    by_position = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in FORMS
        and (node.args or any(keyword.arg is None for keyword in node.keywords))
    ]
    assert by_position == [], f"{path.name}: write every column by its name, as kind=…"


#: A list of what the kernel reads of any device, most of which are not suppliers; what rules need,
#: which is made of their declarations; and a board that is made to be linted.
MAY_LIST = {"schema/suppliers.py", "rules/index.py", "engine/warm.py"}


def test_no_other_module_has_a_list_of_bindings():
    lists = [
        f"{path.relative_to(PACKAGE)}:{line}: {', '.join(sorted(kinds))}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent != FACTS and path.relative_to(PACKAGE).as_posix() not in MAY_LIST
        for line, kinds in _lists(path)
    ]
    assert lists == [], (
        "what is true of some resources is a column of dtlink/facts/resource.py: read it as "
        "binding.resource.COLUMN, so that a new binding has it too"
    )


def _lists(path: Path) -> Iterator[tuple[int, set[str]]]:
    """Where properties of several resources are listed."""
    text = path.read_text()
    if sum(f'"{name}"' in text for name in KINDS) > 1:
        nodes = list(ast.walk(ast.parse(text)))
        needs = {id(each.value) for each in nodes if _is_needs(each)}
        for node in nodes:
            kinds = set() if id(node) in needs else {KINDS[name] for name in _strings(node)}
            if len(kinds) > 1:
                yield node.lineno, kinds


KINDS = {row.name: row.kind for row in KERNEL_BINDINGS} | {
    row.resource.names: row.kind for row in KERNEL_BINDINGS if row.resource.names
}


def _is_needs(node: ast.AST) -> TypeGuard[ast.keyword]:
    """Whether it says without which properties a rule is not run."""
    return isinstance(node, ast.keyword) and node.arg == "needs"


def _strings(node: ast.AST) -> set[str]:
    """The properties in a literal collection, or among the keys of a dictionary."""
    items: list[ast.expr | None] = []
    if isinstance(node, ast.Tuple | ast.Set | ast.List):
        items = [*node.elts]
    elif isinstance(node, ast.Dict):
        items = node.keys
    texts = {each.value for each in items if isinstance(each, ast.Constant)}
    return texts & KINDS.keys()
