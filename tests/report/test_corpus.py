"""What linting real boards gives: these boards boot."""

import json
import statistics
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from dtlink import engine
from dtlink.report.json import document
from dtlink.report.model import Report
from dtlink.rules.model import Severity

SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "report-1.schema.json"

#: The errors there are, each looked at: a supplier without a node to speak of, lists out of step.
ERRORS = {
    "ipq8074-hk01.dtb": ["supplier/no-device"],
    "sdx75-idp.dtb": ["phandle/missing-cells"],
    # Of 5.10: the old binding; of 7.2: overlapping stream matches, a provider without its cells.
    "amd-overdrive-rev-b1.dtb": ["legacy/mmu-masters", "legacy/mmu-masters"],
    "sm8750-qrd.dtb": ["iommu/stream-match-overlap"],
    "tegra210-p3450-0000.dtb": ["phandle/missing-cells"],
}


@pytest.mark.corpus
def test_findings_on_boards_that_boot(shared: Path) -> None:
    paths = [each for each in engine.expand([str(shared / "corpus")]) if each.path.endswith(".dtb")]
    assert len(paths) > 1900
    report = Report("lint", list(engine.run(paths, engine.Task(engine.lint), jobs=2, digest=True)))
    assert [item.path for item in report.inputs if item.error or item.faults] == []

    errors: dict[str, list[str]] = {}
    for item in report.inputs:
        for finding in item.findings:
            if finding.severity is Severity.ERROR:
                errors.setdefault(Path(item.path).name, []).append(finding.rule)
    assert errors == ERRORS

    warnings = [
        Counter(finding.severity for finding in item.findings)[Severity.WARNING]
        for item in report.inputs
    ]
    assert statistics.median(warnings) <= 3
    assert max(warnings) <= 10

    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(document(report))))
