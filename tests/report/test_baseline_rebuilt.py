"""A baseline outlives the build: other phandles, a node more, everything elsewhere."""

import random
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from dtlink.board.seen import SeenMachine
from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts, fdt
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.tree import Tree
from dtlink.report.baseline import read, write
from dtlink.report.known import BaselineComparison
from dtlink.report.model import InputReport
from dtlink.rules.catalogue import all_rules, choose
from dtlink.rules.model import Dts, Finding, Rule, Tables
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble
from dtlink.testing.seen import seen_by
from dtlink.testing.sketch import sketch
from tests.rules.test_examples import need_schemas
from tests.support.boards import EVERY, FIXTURES, need_corpus
from tests.support.faults import FAULTS
from tests.support.faults.bed import Bed
from tests.support.faults.model import Fault
from tests.support.rebuild import EXTRA, rebuilt

#: Faults each of which one finding tells, wherever they are planted.
PLANTS = (
    "phandle/invalid-phandle:phandle-0",
    "phandle/leftover-cells:map-row-with-a-cell-too-few",
    "phandle/dangling:map-row-that-names-no-node",
    "phandle/duplicate-phandle:phandle-of-another-node",
    "supplier/never-probes:panel-without-compatible",
    "cycle/self-link:iommu-behind-itself",
    "iommu/map-mask:msi-mask-that-contradicts-a-row",
)
#: The sweep takes every so-manyth board, so as to stay at a minute.
SWEEP = 4

plants = [fault for fault in FAULTS if fault.id in PLANTS]
boards = pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.dtb")), ids=lambda path: path.stem)


def test_the_plants_are_there() -> None:
    assert sorted(fault.id for fault in plants) == sorted(PLANTS)


def lint(tree: Tree) -> InputReport:
    checked = check(TreeBoard(tree), choose(kind=Dts, kernel=False, schema=False))
    assert checked.faults == []
    return InputReport("board.dtb", form="fdt", findings=checked.findings)


def since(before: InputReport, now: InputReport, folder: Path) -> InputReport:
    """The findings now, compared with a baseline that was written before."""
    path = folder / "baseline.json"
    path.write_text(write([before], str(path)), encoding="utf-8")
    return BaselineComparison(read(str(path)), ["board.dtb"]).compare(now)


def told(findings: Sequence[Finding]) -> list[tuple[str, str, str | None]]:
    return [(each.rule, each.subject.path, each.property_name) for each in findings]


def changes(item: InputReport) -> list[str]:
    """What is new, and what was lost."""
    new = [f"new {each.rule} {each.subject.path}: {each.message}" for each in item.findings]
    return [*new, *(f"lost {each.rule} {each.subject}" for each in item.fixed)]


# Other builds of devicetrees


@boards
def test_a_rebuilt_board_has_nothing_new_and_nothing_lost(path: Path, tmp_path: Path) -> None:
    tree = fdt.read(path.read_bytes())
    before = lint(tree)
    for seed in range(3):
        again = fdt.read(rebuilt(tree, f"{path.stem} {seed}"))
        assert len(again) == len(tree) + 1
        item = since(before, lint(again), tmp_path)
        assert changes(item) == []
        assert told(item.known) == told(before.findings)


def test_a_rebuilt_board_is_another_blob_of_the_same_links() -> None:
    tree = fdt.read((FIXTURES / "server-mmu-masters.dtb").read_bytes())
    again = fdt.read(rebuilt(tree, "seed"))
    numbers = {node.path: node.phandle for node in tree if node.phandle}
    moved = {path: again.by_path[path].phandle for path in numbers}
    assert sum(moved[path] != number for path, number in numbers.items()) > len(numbers) // 2
    assert again[1].name == EXTRA
    assert again[1].phandle not in (0, *numbers.values())
    assert links(again) == links(tree)
    assert len(links(tree)) > 50


def links(tree: Tree) -> Counter[tuple[str, str, str, int]]:
    found = TreeBoard(tree).graph.references
    return Counter(
        (tree.path(ref.consumer), tree.path(ref.supplier), tree.property_name(ref.at), ref.entry)
        for ref in found
    )


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.dts")), ids=lambda path: path.stem)
def test_a_recompiled_source_has_nothing_new_and_nothing_lost(path: Path, tmp_path: Path) -> None:
    """The compiler numbers by first use: a node in front that uses all labels turns that round."""
    source = path.read_text(encoding="utf-8")
    labels = re.findall(r"^\s*(\w+):", source, re.MULTILINE)
    uses = " ".join(f"&{label}" for label in reversed(labels))
    first = f"/ {{ {EXTRA} {{ uses = <{uses}>; }}; }}; / {{"
    more = source.replace("/ {", first, 1)
    before, again = dts.read_text(source), dts.read_text(more)
    known = [node.path for node in before if node.phandle]
    assert any(again.by_path[each].phandle != before.by_path[each].phandle for each in known)
    assert changes(since(lint(before), lint(again), tmp_path)) == []


# One fault more


def test_one_fault_more_is_exactly_one_new_finding(tmp_path: Path) -> None:
    planted = 0
    for path in sorted(FIXTURES.glob("*.dtb")):
        tree = fdt.read(path.read_bytes())
        before = lint(tree)
        board = TreeBoard(fdt.read(rebuilt(tree, path.stem)))
        for fault in plants:
            wrong = one_more(fault, board, before, path.stem, tmp_path)
            assert wrong in ([], None), f"{path.stem}, {fault.id}"
            planted += wrong is not None
    assert planted > 40


def one_more(
    fault: Fault, board: TreeBoard, before: InputReport, name: str, folder: Path
) -> list[str] | None:
    """What is not as it should be once the fault is in; ``None`` if the board has no place."""
    bed = Bed(board, f"{name} {fault.id}")
    place = fault.plant(bed)
    if place is None:
        return None
    item = since(before, lint(fdt.read(bed.blob())), folder)
    right = len(item.findings) == 1 and item.findings[0].rule == fault.rule
    if right and place.is_told_by(item.findings[0]) and not item.fixed:
        return []
    return [f"{name}, {fault.id} at {place.node}:", *changes(item)]


# Real boards


def with_findings(every: int) -> Iterator[tuple[Path, Tree, InputReport]]:
    for path in need_corpus()[::every]:
        tree = fdt.read(path.read_bytes())
        before = lint(tree)
        if before.findings:
            yield path, tree, before


def sweep(every: int, folder: Path) -> tuple[int, list[str]]:
    """How many boards were rebuilt, and what was not as it should be."""
    wrong: list[str] = []
    count = 0
    choice = random.Random("baseline")  # noqa: S311 - repeatable is what it must be
    for path, tree, before in with_findings(every):
        count += 1
        board = TreeBoard(fdt.read(rebuilt(tree, path.stem)))
        wrong += [
            f"{path.stem}: {each}" for each in changes(since(before, lint(board.tree), folder))
        ]
        wrong += one_more(choice.choice(plants), board, before, path.stem, folder) or ()
    return count, wrong


def test_real_boards_rebuilt_have_nothing_new_but_what_is_planted(tmp_path: Path) -> None:
    count, wrong = sweep(2 * EVERY, tmp_path)
    assert wrong == []
    assert count > 20


@pytest.mark.corpus
def test_many_real_boards_rebuilt_have_nothing_new_but_what_is_planted(tmp_path: Path) -> None:
    count, wrong = sweep(SWEEP, tmp_path)
    assert wrong == []
    assert count > 250


@pytest.mark.corpus
def test_no_two_findings_of_a_real_board_share_a_fingerprint() -> None:
    for path, _, before in with_findings(2):
        shared = Counter(each.fingerprint for each in before.findings).most_common(1)
        assert shared[0][1] == 1, path


# Every rule


def example_of(rule: Rule, kind: type[Dts | Tables]) -> bool:
    return any(isinstance(pair.bad, kind) for pair in rule.examples)


def rules_with(kind: type[Dts | Tables]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    # The family "source" is about the text: nothing of it is in a blob.
    rules = [rule for rule in all_rules() if rule.family != "source"]
    cases = [rule for rule in rules if example_of(rule, kind)]
    return pytest.mark.parametrize("rule", cases, ids=lambda rule: rule.id)


@rules_with(Dts)
def test_a_rule_tells_a_rebuilt_example_the_same(rule: Rule) -> None:
    for pair in rule.examples:
        if not isinstance(pair.bad, Dts):
            continue
        if pair.bad.overlays or pair.bad.config_txt or pair.bad.bases:
            continue  # the paths of an overlay are the same in every build
        tree = dts.read_text(pair.bad.source, patch=pair.bad.patch)
        before = fingerprints(rule, pair.bad, tree)
        assert before.total() == len(pair.bad.finds)
        assert max(before.values()) == 1
        for seed in range(4):
            again = fdt.read(rebuilt(tree, str(seed)))
            assert fingerprints(rule, pair.bad, again) == before


def fingerprints(rule: Rule, example: Dts, tree: Tree) -> Counter[str]:
    facts = sketch(example.kernel) if example.kernel else None
    if example.schema:
        need_schemas()
    settings = Settings(against=example.against, schema=example.schema)
    board = TreeBoard(tree, settings, facts=facts)
    return Counter(each.fingerprint for each in check(board, [rule]).findings)


#: What no table minds in front of all others, by the table; and what must be there beside it.
MORE = {
    "IORT": ("smmu-v3 base=0x7fed0000 identifier=0xee event_gsiv=901 pri_gsiv=902 gerr_gsiv=903",),
    "DMAR": ("drhd base=0x7fed0000", '  endpoint hops="0e.0"'),
    "VIOT": (
        "extra: virtio-iommu-mmio base=0x7fed0000",
        "mmio-endpoint base=0x7fed4000 endpoint=0xeeee output=extra",
    ),
    "RIMT": ('iommu id=0xee base=0x7fed0000 hardware_id="RSCV0004"',),
}
#: A table that has none of these is told to have none: one more would mend it.
NEEDED = {"DMAR": "drhd", "VIOT": "virtio-iommu"}

#: Rules whose message names all nodes of a kind, also the one that is added.
NAMES_ALL = {"bsa/smmu-version-mix"}


def moved(text: str) -> str:
    """The text of tables with a node more in front, and an entry more in each block of an IVRS."""
    rows = []
    for row in textwrap.dedent(text).splitlines():
        rows.append(row)
        word = row.split()[0] if row.strip() else ""
        if row.startswith(tuple(MORE)) and NEEDED.get(word, "") in text:
            rows += [f"  {each}" for each in MORE[word]]
        elif word.startswith("ivhd"):
            rows.append("    pad")
    return "\n".join(rows)


def of_tables(
    text: str, rules: Sequence[Rule], kernel: str = "", seen: SeenMachine | None = None
) -> InputReport:
    """The findings, but those of what was added."""
    facts = sketch(kernel) if kernel else None
    board = TablesBoard(Machine.of(assemble(text)), facts=facts, seen=seen)
    checked = check(board, rules)
    assert checked.faults == []
    found = [
        each
        for each in checked.findings
        if "0x7fed0000"
        not in f"{each.subject.path} {'' if each.rule in NAMES_ALL else each.message}"
    ]
    return InputReport("board.dtb", form="acpi", findings=found)


@rules_with(Tables)
def test_a_rule_tells_a_table_the_same_when_all_has_moved(rule: Rule, tmp_path: Path) -> None:
    for pair in rule.examples:
        if isinstance(pair.bad, Tables):
            before = of_tables(pair.bad.source, [rule], pair.bad.kernel, seen_by(pair.bad))
            again = of_tables(moved(pair.bad.source), [rule], pair.bad.kernel, seen_by(pair.bad))
            item = since(before, again, tmp_path)
            assert changes(item) == []
            assert len(item.known) == len(before.findings) > 0


@pytest.mark.parametrize("folder", sorted(FIXTURES.parent.glob("tables/*/")), ids=lambda x: x.name)
def test_tables_whose_nodes_have_moved_have_nothing_new(folder: Path, tmp_path: Path) -> None:
    if not (folder / "tables.txt").is_file():
        pytest.skip("no tables")
    text = (folder / "tables.txt").read_text(encoding="utf-8")
    rules = choose(kind=Tables, kernel=False)
    before, again = of_tables(text, rules), of_tables(moved(text), rules)
    assert moved(text) != text
    assert changes(since(before, again, tmp_path)) == []


def test_the_faulty_server_has_moved_and_one_fault_more_is_one_finding(tmp_path: Path) -> None:
    text = (FIXTURES.parent / "tables/arm-server-faults/tables.txt").read_text(encoding="utf-8")
    rules = choose(kind=Tables, kernel=False)
    before, again = of_tables(text, rules), of_tables(moved(text), rules)
    assert not {each.subject.path for each in before.findings} & {
        each.subject.path for each in again.findings if "header" not in each.subject.path
    }
    more = moved(text).replace(
        "segment=2\n    map count=0xffff", "segment=2\n    map count=0x10000"
    )
    (new,) = since(before, of_tables(more, rules), tmp_path).findings
    assert "segment 2" in new.subject.path
