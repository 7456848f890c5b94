"""Baselines that dtlink 0.1.0 wrote: nothing is new, nothing is lost.

``baseline_0_1_0/`` has its baseline of ``fixtures/``, the bad example of each of its rules about
tables, and its baseline of these. Rules have been renamed since: their fingerprints have not.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import dtlink
from dtlink.report.baseline import Baseline, read
from dtlink.report.known import BaselineComparison
from dtlink.rules.aliases import alias_ids
from dtlink.rules.catalogue import find, ids
from dtlink.testing.assemble import assemble
from tests.support.boards import CHECKOUT

KEPT = Path(__file__).parent / "baseline_0_1_0"
#: Notes that were part of another: SMMUs with one identifier are told apart from other nodes.
APART = {"iort/duplicate-identifier IORT/named-component@0xb8 (\\_SB_.DMA0)"}


def changes(baseline: Baseline, paths: Sequence[Path]) -> list[str]:
    """What is new, and what was lost."""
    report = dtlink.lint([str(path) for path in paths], select="all")
    comparison = BaselineComparison(baseline, [item.path for item in report.inputs])
    found = []
    for item in map(comparison.compare, report.inputs):
        assert item.error is None
        assert not item.faults
        found += [
            f"new {each.identity} {each.subject}"
            for each in item.findings
            if getattr(find(each.rule), "since", "0.1") == "0.1"
            and f"{each.identity} {each.subject}" not in APART
        ]
        found += [f"lost {each.rule} {each.subject}" for each in item.fixed]
    return found


def test_the_baseline_of_the_fixtures_knows_all_findings() -> None:
    baseline = read(str(KEPT / "fixtures-baseline.json"))._replace(
        path=str(CHECKOUT / "baseline.json")
    )
    assert len(baseline.entries) > 60
    assert changes(baseline, [CHECKOUT / "fixtures"]) == []


def test_the_baseline_of_the_examples_knows_all_findings(tmp_path: Path) -> None:
    examples = json.loads((KEPT / "examples.json").read_text(encoding="utf-8"))
    for name, source in examples.items():
        (tmp_path / name).mkdir()
        for signature, data in assemble(source).items():
            (tmp_path / name / f"{signature}.dat").write_bytes(data)
    baseline = read(str(KEPT / "examples-baseline.json"))._replace(
        path=str(tmp_path / "baseline.json")
    )
    assert len(baseline.entries) > 160
    assert changes(baseline, [tmp_path]) == []


def test_every_rule_of_a_baseline_is_a_rule_or_an_alias() -> None:
    for file in KEPT.glob("*-baseline.json"):
        rules = {entry.entry.rule for entry in read(str(file)).entries}
        assert rules <= {*ids(), *alias_ids()}
