"""What a configuration makes of findings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

import dtlink
from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.config.apply import apply
from dtlink.config.model import FindingPattern, LintSettings
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.machine import Machine
from dtlink.report.model import Ignored, InputFault, InputReport, Refused
from dtlink.rules.catalogue import choose, ids
from dtlink.rules.model import Severity
from dtlink.rules.run import RuleFault, check
from dtlink.rules.words import problem
from dtlink.testing.assemble import assemble

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
BOARD = "boards/phandle-faults.dtb"
SERVER = "boards/server-mmu-masters.dtb"
TABLES = "tables/arm-server-faults"

Lint = Callable[..., InputReport]


@pytest.fixture(scope="module")
def lint() -> Lint:
    """Lint a fixture once."""
    kept: dict[tuple[str, ...], InputReport] = {}

    def told(name: str, *ignore: str) -> InputReport:
        key = (name, *ignore)
        if key not in kept:
            (kept[key],) = dtlink.lint([str(FIXTURES / name)], ignore=ignore).inputs
            assert kept[key].findings
        return kept[key]

    return told


def rules(report: InputReport) -> set[str]:
    return {finding.rule for finding in report.findings}


def allowing(rule: str, node: str = "", reason: str = "r") -> LintSettings:
    return LintSettings(allow=(FindingPattern(rule, node, "", reason, "dtlink.toml"),))


def expecting(rule: str, node: str = "", **others: object) -> LintSettings:
    entry = FindingPattern(rule, node, "", "r", "dtlink.toml")
    return LintSettings.of({"expect": (entry,), **others})


def unmet(report: InputReport, settings: LintSettings, *tables: str) -> list[str]:
    return [each.rule for each in apply(report, settings, tables or None).unmet]


def test_where_nothing_is_configured_the_report_is_the_same(lint: Lint) -> None:
    report = lint(BOARD)
    settings = LintSettings(Settings(kernel_version=KernelVersion(6, 1)), ignore=("cycle",))
    assert apply(report, settings) is report


def test_an_input_that_cannot_be_read_stays_as_it_is() -> None:
    report = InputReport("x.dtb", error=InputFault("an empty file"))
    assert apply(report, expecting("legacy")) is report


def test_a_rule_s_severity_goes_before_its_family_s_and_the_worst_stay_first(lint: Lint) -> None:
    report = lint(BOARD)
    assert {"phandle/dangling", "phandle/truncated-specifier"} <= rules(report)
    graded = (("phandle", Severity.INFO), ("phandle/truncated-specifier", Severity.ERROR))
    told = apply(report, LintSettings(severity=graded)).findings
    levels = {finding.rule: finding.severity for finding in told}
    assert levels["phandle/dangling"] is Severity.INFO
    assert levels["phandle/truncated-specifier"] is Severity.ERROR
    ranks = [finding.severity.rank for finding in told]
    assert ranks == sorted(ranks)
    before, after = (
        [finding.subject.path for finding in each if finding.rule == "phandle/dangling"]
        for each in (report.findings, told)
    )
    assert before == after
    assert len(told) == len(report.findings)


def test_what_is_allowed_is_put_away_with_its_reason(lint: Lint) -> None:
    report = lint(BOARD)
    told = apply(report, allowing("phandle/dangling", reason="No such part."))
    assert "phandle/dangling" not in rules(told)
    assert {(each.finding.rule, each.reason) for each in told.ignored} == {
        ("phandle/dangling", "No such part.")
    }
    assert len(told.ignored) + len(told.findings) == len(report.findings)
    assert told.unmet == ()


def test_a_family_and_a_node(lint: Lint) -> None:
    report = lint(BOARD)
    subject = report.findings[0].subject.path
    told = apply(report, allowing("phandle", subject))
    assert {each.finding.subject.path for each in told.ignored} == {subject}
    assert all(f.subject.path != subject for f in told.findings if f.rule.startswith("phandle/"))
    upper = subject.upper()
    assert upper != subject
    assert apply(report, allowing("phandle", upper)).ignored == []


@pytest.mark.parametrize(
    "node",
    [
        "IORT/smmu-v3@0xb8 (0x2b500000)",
        "IORT/smmu-v3 (0x2b500000)",
        "IORT/smmu-v3*",
        "*(0x2b500000)",
    ],
)
def test_a_table_s_node_may_be_named_without_its_offset(lint: Lint, node: str) -> None:
    told = apply(lint(TABLES), allowing("iort/mapping-cycle", node))
    assert [each.finding.subject.path for each in told.ignored] == [
        "IORT/smmu-v3@0xb8 (0x2b500000)"
    ]


def test_a_backslash_is_itself(lint: Lint) -> None:
    report = lint(TABLES)
    subjects = {finding.subject.path for finding in report.findings if "\\" in finding.subject.path}
    assert subjects
    subject = min(subjects)
    told = apply(report, allowing("iort", subject))
    assert {each.finding.subject.path for each in told.ignored} == {subject}


def test_what_is_expected_and_there_is_put_away(lint: Lint) -> None:
    told = apply(lint(SERVER), expecting("legacy/mmu-masters", "*/iommu@*"))
    assert {(each.finding.rule, each.reason) for each in told.ignored} == {
        ("legacy/mmu-masters", "r")
    }
    assert told.unmet == ()


def test_what_is_expected_and_gone_is_told(lint: Lint) -> None:
    told = apply(lint(SERVER), expecting("legacy/mmu-masters", "/elsewhere"))
    assert told.ignored == []
    (missed,) = told.unmet
    assert missed[:4] == ("legacy/mmu-masters", "/elsewhere", "r", "dtlink.toml")
    assert unmet(lint(BOARD), expecting("legacy/mmu-masters")) == ["legacy/mmu-masters"]


def test_a_baseline_s_finding_is_there_too(lint: Lint) -> None:
    report = lint(SERVER)
    known = report._replace(findings=(), known=report.findings)
    assert unmet(known, expecting("legacy/mmu-masters")) == []
    assert unmet(report._replace(findings=()), expecting("legacy/mmu-masters")) != []


def test_what_is_allowed_meets_an_expectation(lint: Lint) -> None:
    both = expecting("legacy/mmu-masters")._replace(allow=allowing("legacy").allow)
    assert apply(lint(SERVER), both).unmet == ()
    asked = LintSettings(
        allow=(FindingPattern("legacy", reason="old"),),
        expect=(FindingPattern("legacy/mmu-masters", source="--expect"),),
    )
    told = apply(lint(SERVER), asked).ignored
    assert {each.reason for each in told} == {"old"}


@pytest.mark.parametrize(
    ("rule", "checked", "unchecked"),
    [
        ("module/late-supplier", {"kernel": "k"}, {}),
        ("module", {"kernel": "k"}, {}),
        ("version/behaviour-change", {"against": KernelVersion(5, 15)}, {}),
        ("cycle/self-link", {}, {"ignore": ("cycle",)}),
        ("cycle/self-link", {"select": ("cycle",)}, {"select": ("phandle",)}),
        (
            "cycle/self-link",
            {"ignore": ("cycle/supplier-cycle",)},
            {"ignore": ("cycle/self-link",)},
        ),
        ("viot", {"form": "acpi-folder"}, {}),
        ("phandle/dangling", {}, {"form": "acpi-folder"}),
        ("module/iommu-late", {"kernel": "k", "form": "acpi"}, {"form": "acpi"}),
        ("module/unload", {"kernel": "k"}, {"kernel": "k", "form": "acpi"}),
    ],
)
def test_only_what_was_looked_for_can_be_missed(
    rule: str, checked: dict[str, object], unchecked: dict[str, object]
) -> None:
    def missed(form: str = "fdt", **others: object) -> list[str]:
        return unmet(InputReport("x", form), expecting(rule, **others))

    assert missed(**checked) == [rule]
    assert missed(**unchecked) == []


def test_schemas_must_be_asked_for() -> None:
    rule = next((each for each in ids() if each.startswith("schema/")), None)
    if rule is None:
        pytest.skip("no rule asks schemas")
    report = InputReport("x.dtb", "fdt")
    for word in (rule, "schema"):
        assert unmet(report, expecting(word, schema=True)) == [word]
        assert unmet(report, expecting(word)) == []


def test_a_table_that_is_not_there_is_not_looked_at() -> None:
    report = InputReport("tables", "acpi-folder")
    assert unmet(report, expecting("iort/gap"), "IORT", "MCFG") == ["iort/gap"]
    assert unmet(report, expecting("iort/gap"), "DMAR") == []
    assert unmet(report, expecting("acpi/checksum"), "DMAR") == ["acpi/checksum"]


def test_a_rule_that_raised_and_a_table_that_could_not_be_read_miss_nothing() -> None:
    raised = InputReport("x", "fdt", faults=[RuleFault("cycle/self-link", "ValueError: x")])
    assert unmet(raised, expecting("cycle/self-link")) == []
    assert unmet(raised, expecting("cycle")) == []
    assert unmet(raised, expecting("cycle/supplier-cycle")) == ["cycle/supplier-cycle"]
    refused = InputReport("x", "acpi-folder", refused=[Refused("x/IORT", "cut off")])
    assert unmet(refused, expecting("iort/gap")) == []


def test_what_was_put_away_before_stays(lint: Lint) -> None:
    report = lint(SERVER)
    before = report._replace(
        findings=report.findings[1:], ignored=[Ignored(report.findings[0], "before")]
    )
    told = apply(before, allowing("cycle/self-link"))
    assert [each.reason for each in told.ignored] == ["before"]


# Aliases: the check of one table


def frames() -> InputReport:
    """The frames of two tables are wrong."""
    text = """
    IORT node_count=2
      its: its-group ids=0
    VIOT
      iommu: virtio-iommu-pci function=0x8
      range: pci-range bdf_end=0xff output=iommu length=16
    """
    checked = check(TablesBoard(Machine.of(assemble(dedent(text)))), choose(["acpi/frame"]))
    assert {each.alias for each in checked.findings} == {"iort/node-frame", "viot/frame"}
    return InputReport("tables", form="acpi", findings=checked.findings)


@pytest.mark.parametrize(
    ("severity", "iort", "viot"),
    [
        ({"iort/node-frame": "info"}, "info", "error"),
        ({"acpi/frame": "info"}, "info", "info"),
        ({"iort": "info"}, "info", "error"),
        ({"acpi": "info"}, "info", "info"),
        ({"acpi": "info", "iort": "warning"}, "warning", "info"),
        ({"acpi/frame": "info", "iort/node-frame": "error"}, "error", "info"),
        ({"acpi/frame": "info", "iort": "error"}, "info", "info"),
    ],
)
def test_the_severity_of_an_alias_is_for_its_table_alone(
    severity: dict[str, str], iort: str, viot: str
) -> None:
    levels = tuple((word, Severity(value)) for word, value in severity.items())
    graded = {each.alias: each for each in apply(frames(), LintSettings(severity=levels)).findings}
    assert graded["iort/node-frame"].severity is Severity(iort)
    assert graded["viot/frame"].severity is Severity(viot)


@pytest.mark.parametrize("word", ["iort/node-frame", "iort"])
def test_an_alias_or_its_family_is_allowed_or_expected(word: str) -> None:
    for settings in (allowing(word), expecting(word)):
        report = apply(frames(), settings)
        assert [each.alias for each in report.findings] == ["viot/frame"]
        assert [each.finding.alias for each in report.ignored] == ["iort/node-frame"]
        assert not report.unmet


def test_an_alias_that_is_expected_and_gone_is_unmet() -> None:
    clean = InputReport("tables", form="acpi")
    assert unmet(clean, expecting("iort/node-frame"), "IORT") == ["iort/node-frame"]
    assert unmet(clean, expecting("iort/node-frame"), "VIOT") == []
    assert unmet(clean, expecting("iort/node-frame", ignore=("iort",)), "IORT") == []
    assert unmet(clean, expecting("iort/node-frame", select=("viot",)), "IORT") == []
    raised = InputReport("tables", form="acpi", faults=[RuleFault("acpi/frame", "KeyError")])
    assert unmet(raised, expecting("iort/node-frame"), "IORT") == []


def test_an_alias_in_a_configuration_is_no_mistake() -> None:
    assert problem("iort/node-frame") == ""
    assert "did you mean iort/node-frame?" in problem("iort/node-fram")
