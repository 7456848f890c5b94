"""The baseline's file, and what it makes of the findings of one run."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from dtlink import engine
from dtlink.cli.main import cli
from dtlink.firmware.errors import InputError
from dtlink.report.baseline import Baseline, input_key, prune, read, write
from dtlink.report.known import BaselineComparison, asked
from dtlink.report.model import BaselineEntry, Ignored, InputFault, InputReport, Refused
from dtlink.rules.catalogue import find
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.rules.run import RuleFault
from tests.report.reports import made
from tests.support.boards import CHECKOUT, FIXTURES

SCHEMA = json.loads((CHECKOUT / "schemas" / "baseline-1.schema.json").read_text())
RULE = "phandle/dangling"
GIT = shutil.which("git")
EMPTY = '{"schema": "baseline-1", "findings": [\n]}\n'
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def finding(
    subject: str = "/soc/usb@1000",
    *,
    rule: str = RULE,
    name: str | None = "phys",
    supplier: str = "",
    severity: Severity = WARNING,
    index: int = 0,
) -> Finding:
    """One of a board's; what the fingerprint is not made of is as in any build."""
    return made(
        rule=rule,
        severity=severity,
        confidence=Confidence.SURE,
        subject=subject,
        property_name=name,
        index=index,
        message="a sentence",
        effect="what will be seen",
        fix="what to do",
        related=(),
        supplier=supplier,
        location=None,
        offset=index * 4,
    )


def report(*findings: Finding, path: str = "board.dtb", **fields: Any) -> InputReport:
    return InputReport(path, form="fdt", findings=findings, **fields)


def accepted(*reports: InputReport, folder: str | Path = "") -> Baseline:
    """What a baseline knows once these reports have been written into one."""
    path = Path(folder, "dtlink-baseline.json")
    path.write_text(write(reports, str(path)), encoding="utf-8")
    return read(str(path))


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def compared(baseline: Baseline, *items: InputReport) -> list[InputReport]:
    comparison = BaselineComparison(baseline, [item.path for item in items])
    return [comparison.compare(item) for item in items]


def subjects(items: Any) -> list[str]:
    return [str(item.subject) for item in items]


# The file


def real_reports() -> list[InputReport]:
    task = engine.Task(engine.lint, engine.lint)
    paths = [str(FIXTURES), str(FIXTURES.parent / "tables")]
    return list(engine.run(list(engine.expand(paths)), task, jobs=1))


def test_file_is_of_the_schema_sorted_and_has_a_finding_a_line() -> None:
    reports = real_reports()
    text = write(reports, str(CHECKOUT / "baseline.json"))
    document = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    first, *rows, last = text.splitlines()
    assert (first, last) == ('{"schema": "baseline-1", "findings": [', "]}")
    assert [json.loads(row.removesuffix(",")) for row in rows] == document["findings"]
    assert len(rows) == sum(len(item.findings) for item in reports) > 50
    order = [list(row.values())[:3] for row in document["findings"]]
    assert order == sorted(order)
    assert text.endswith("]}\n")
    assert {row["input"].split("/")[0] for row in document["findings"]} == {"fixtures"}


def test_same_findings_make_the_same_bytes() -> None:
    reports = real_reports()
    turned = [item._replace(findings=item.findings[::-1]) for item in reversed(reports)]
    assert write(reports, "baseline.json") == write(turned, "baseline.json")


def test_a_file_that_was_read_is_written_as_it_was(tmp_path: Path) -> None:
    baseline = accepted(*real_reports(), folder=tmp_path)
    assert prune(baseline, []) == Path(baseline.path).read_text(encoding="utf-8")


def test_no_findings_make_an_empty_list() -> None:
    assert write([report()], "baseline.json") == EMPTY
    Path("baseline.json").write_text(EMPTY, encoding="utf-8")
    assert read("baseline.json").entries == ()


def test_every_member_has_title_and_description_and_is_written() -> None:
    members = SCHEMA["$defs"]["finding"]["properties"]
    document = json.loads(write([report(finding())], "baseline.json"))
    assert list(document["findings"][0]) == list(members) == SCHEMA["$defs"]["finding"]["required"]
    for member in (*members.values(), *SCHEMA["properties"].values(), SCHEMA):
        assert member["title"]
        assert member["description"].endswith(".")


def test_names_that_are_no_utf_8_can_be_written_and_read() -> None:
    path = os.fsdecode(b"b\xffard.dtb")
    baseline = accepted(report(finding(), path=path), report(finding(), path="b\u00e4r.dtb"))
    assert Path(baseline.path).read_bytes().isascii()
    assert [len(item.known) for item in compared(baseline, report(finding(), path=path))] == [1]


@pytest.mark.skipif(GIT is None, reason="no git to merge with")
def test_git_merges_what_two_branches_accept() -> None:
    def text(*letters: str) -> str:
        return write([report(*(finding(f"/{each}") for each in letters))], "baseline.json")

    names = {"ours": "abcde", "base": "bde", "theirs": "bdef"}
    for name, letters in names.items():
        Path(name).write_text(text(*letters), encoding="utf-8")
    merged = subprocess.run(
        [str(GIT), "merge-file", "-p", *names], capture_output=True, check=False
    )
    assert merged.returncode == 0
    assert merged.stdout.decode() == text(*"abcdef")


# Reading


def entry(**members: Any) -> dict[str, Any]:
    return json.loads(write([report(finding())], "b"))["findings"][0] | members


def document(**members: Any) -> str:
    return json.dumps({"schema": "baseline-1", "findings": [entry(**members)]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no JSON"),
        ('{"schema": "baseline-1",\n"findings": [,]}', "line 2: no JSON"),
        (f"{EMPTY[:39]}\n<<<<<<< ours\n", "line 3: a merge conflict to be resolved"),
        ("\N{LATIN SMALL LETTER A WITH DIAERESIS}".encode("latin-1"), "not UTF-8"),
        ("[" * 100_000, "no baseline has"),
        ("9" * 10_000, "no baseline has"),
        ("[]", 'lacks "schema"'),
        ('{"schema": "report-1", "inputs": []}', "'report-1', where this dtlink reads"),
        ('{"schema": "baseline-2", "findings": []}', "'baseline-2', where this dtlink reads"),
        ('{"schema": "baseline-1"}', '"findings" is no list'),
        ('{"schema": "baseline-1", "findings": [7]}', "finding 1: no object"),
        (document(rule=None), 'finding 1: "rule" is missing, or no text'),
        (document(property=0), 'finding 1: "property" is missing, or no text'),
        (document(severity="fatal"), '"severity" is not one of error, warning, info'),
        (document(fingerprint="phandle"), '"fingerprint" is invalid: dtlink makes'),
    ],
)
def test_what_is_no_baseline_is_refused(text: str | bytes, message: str) -> None:
    Path("b.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match="(?s)" + message) as caught:
        read("b.json")
    assert caught.value.path == "b.json"


def test_a_file_that_is_missing_or_too_large_is_refused() -> None:
    with pytest.raises(InputError, match="No such file"):
        read("b.json")
    with open("b.json", "wb") as file:
        file.truncate(17 << 20)
    with pytest.raises(InputError, match="more than 16777216 bytes"):
        read("b.json")


def test_a_byte_order_mark_and_members_of_later_versions_are_fine() -> None:
    Path("b.json").write_text("\ufeff" + document(reason="later"), encoding="utf-8")
    assert len(read("b.json").entries) == 1


def outcome(data: bytes) -> object:
    Path("fuzz.json").write_bytes(data)
    try:
        return read("fuzz.json")
    except InputError as error:
        return error.message


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(SCHEMA["$defs"]["finding"]["required"])


@given(VALUES)
def test_any_json_is_read_or_refused(value: Any) -> None:
    assert outcome(json.dumps(value).encode())


@given(MEMBERS, VALUES)
def test_any_member_is_read_or_refused_and_can_be_written_again(name: str, value: Any) -> None:
    found = outcome(document(**{name: value}).encode())
    assert found
    if isinstance(found, Baseline):
        Path("again.json").write_text(prune(found, []), encoding="utf-8")
        assert read("again.json").entries == found.entries


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    assert isinstance(outcome(data), str)


# The names of inputs


def test_inputs_below_the_baseline_are_named_by_their_way_from_it(tmp_path: Path) -> None:
    below = tmp_path / "project" / "boards" / "a.dtb"
    for path in ("boards/a.dtb", "./boards/../boards/a.dtb", "../project/boards/a.dtb", str(below)):
        assert input_key(path, "baseline.json") == "boards/a.dtb"
        assert input_key(path, str(tmp_path / "baseline.json")) == "project/boards/a.dtb"
    assert input_key("boards/machine/", "ci/../baseline.json") == "boards/machine"
    assert input_key(".", "baseline.json") == "."


def test_other_inputs_are_named_by_their_last_name(tmp_path: Path) -> None:
    assert input_key("boards/a.dtb", "ci/baseline.json") == "a.dtb"
    assert input_key(str(tmp_path / "build-7f3a" / "a.dtb"), "baseline.json") == "a.dtb"
    assert input_key("..", "baseline.json") == tmp_path.name
    assert input_key("-", "baseline.json") == "-"
    assert input_key("/", "baseline.json") == "/"


def test_a_link_to_the_folder_makes_no_difference(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "project", target_is_directory=True)
    assert input_key(str(link / "a.dtb"), "baseline.json") == "a.dtb"
    assert input_key(str(link / "boards" / "a.dtb"), "baseline.json") == "boards/a.dtb"
    assert input_key("boards/a.dtb", str(link / "baseline.json")) == "boards/a.dtb"


# Known, new and fixed


def test_what_was_accepted_is_known_and_what_is_gone_is_fixed() -> None:
    baseline = accepted(report(finding("/a"), finding("/b")))
    (item,) = compared(baseline, report(finding("/b"), finding("/c")))
    assert subjects(item.known) == ["/b"]
    assert subjects(item.findings) == ["/c"]
    assert subjects(item.fixed) == ["/a"]


def test_index_offset_and_words_make_no_difference() -> None:
    baseline = accepted(report(finding(index=3)))
    (item,) = compared(baseline, report(finding(index=5)._replace(message="another sentence")))
    assert (len(item.known), len(item.findings), len(item.fixed)) == (1, 0, 0)


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "/soc/usb@2000"},
        {"rule": "phandle/missing-cells"},
        {"name": "clocks"},
        {"name": None},
        {"supplier": "/soc/phy@1000"},
    ],
)
def test_another_place_is_another_finding(other: dict[str, Any]) -> None:
    baseline = accepted(report(finding()))
    (item,) = compared(baseline, report(finding(**other)))
    assert (len(item.known), len(item.findings), len(item.fixed)) == (0, 1, 1)


def fixed(*items: InputReport) -> list[BaselineEntry]:
    return [each for item in items for each in item.fixed]


@pytest.mark.parametrize(("had", "has"), [(1, 3), (3, 1), (2, 2)])
def test_of_several_with_one_fingerprint_it_knows_as_many_as_it_has(had: int, has: int) -> None:
    baseline = accepted(report(*[finding()] * had))
    (item,) = compared(baseline, report(*[finding()] * has))
    assert len(item.known) == min(had, has)
    assert len(item.findings) == max(has - had, 0)
    assert len(item.fixed) == max(had - has, 0)
    assert len(json.loads(prune(baseline, fixed(item)))["findings"]) == min(had, has)


def test_a_finding_that_got_worse_is_new_and_the_old_one_not_fixed() -> None:
    baseline = accepted(report(finding(severity=INFO)))
    (item,) = compared(baseline, report(finding(severity=ERROR)))
    assert (len(item.known), len(item.findings), len(item.fixed)) == (0, 1, 0)
    (item,) = compared(accepted(report(finding(severity=ERROR))), report(finding(severity=INFO)))
    assert (len(item.known), len(item.findings), len(item.fixed)) == (1, 0, 0)


def test_as_many_as_possible_are_known() -> None:
    both = report(finding(severity=ERROR), finding(severity=INFO))
    (item,) = compared(accepted(both), both._replace(findings=both.findings[::-1]))
    assert len(item.known) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"error": InputFault("no devicetree")},
        {"refused": [Refused("iort.dat", "cut short")]},
        {"faults": [RuleFault(RULE, "KeyError: 1")]},
        {"ignored": [Ignored(finding(), "a reason")]},
    ],
)
def test_nothing_is_fixed_where_nothing_could_be_found(fields: dict[str, Any]) -> None:
    baseline = accepted(report(finding()))
    (item,) = compared(baseline, report(**fields))
    assert (item.known, item.findings, item.fixed) == ([], [], [])
    assert prune(baseline, fixed(item)) == Path(baseline.path).read_text(encoding="utf-8")


def test_what_was_not_asked_for_is_not_fixed() -> None:
    baseline = accepted(report(finding(), finding(rule="module/no-driver")))
    comparison = BaselineComparison(baseline, ["board.dtb"])
    item = comparison.compare(report(), asked(without=("module",)))
    assert [each.rule for each in item.fixed] == [RULE]


def test_rules_are_asked_as_they_are_chosen() -> None:
    everything = asked()
    error, note = Severity.ERROR, Severity.INFO
    assert everything(RULE, error)
    assert everything("module/no-driver", error)
    assert not everything("phandle/of-a-later-version", error)
    assert not asked(select=["legacy"])(RULE, error)
    assert asked(select=["legacy", "phandle/"])(RULE, error)
    assert not asked(ignore=[RULE])(RULE, error)
    assert not asked(without=["phandle"])(RULE, error)
    assert not everything("module/unload", note), "it is off by default"
    assert asked(select=["default", "module/unload"])("module/unload", note)
    assert everything("cycle/supplier-cycle", Severity.WARNING)
    assert not everything("cycle/supplier-cycle", note), "its notes are off by default"
    assert asked(select=["all"])("cycle/supplier-cycle", note)


def test_other_inputs_are_no_matter() -> None:
    baseline = accepted(report(finding(), path="a.dtb"), report(finding("/b"), path="b.dtb"))
    (item,) = compared(baseline, report(finding("/b"), path="a.dtb"))
    assert subjects(item.findings) == ["/b"]
    assert subjects(item.fixed) == ["/soc/usb@1000"]
    assert "b.dtb" in prune(baseline, fixed(item))


# Inputs with one name


def test_inputs_with_one_name_share_what_is_known_of_it() -> None:
    one, other = (report(finding(), path=f"/build/{name}/board.dtb") for name in "ab")
    baseline = accepted(one)
    assert [len(item.findings) for item in compared(baseline, one, other)] == [0, 1]
    baseline = accepted(one, other)
    assert [len(item.known) for item in compared(baseline, one, other)] == [1, 1]
    items = compared(baseline, one._replace(findings=[]), other)
    assert [(len(item.known), len(item.fixed)) for item in items] == [(0, 0), (1, 1)]
    assert prune(baseline, fixed(*items)) == write([one], baseline.path)


def test_of_inputs_with_one_name_all_must_have_been_read() -> None:
    one, other = (report(finding(), path=f"/build/{name}/board.dtb") for name in "ab")
    unread = one._replace(findings=(), error=InputFault("cut short"))
    items = compared(accepted(one, other), unread, other)
    assert [len(item.fixed) for item in items] == [0, 0]


def test_an_input_that_is_named_twice_shares_nothing_with_itself() -> None:
    one = report(finding())
    twice = ("board.dtb", "./board.dtb")
    baseline = accepted(one, one._replace(path="./board.dtb"))
    assert len(baseline.entries) == 1
    items = compared(baseline, one, one._replace(path="./board.dtb"))
    assert [len(item.known) for item in items] == [1, 1]
    comparison = BaselineComparison(baseline, twice)
    items = [comparison.compare(report(path=each)) for each in twice]
    assert [len(item.fixed) for item in items] == [1, 1]
    assert len(list(comparison.fixed())) == 1, "and yet it is one entry"
    assert prune(baseline, comparison.fixed()) == EMPTY


def test_inputs_that_a_baseline_does_not_name_leave_nothing_in_a_comparison() -> None:
    baseline = accepted(report(finding()))
    paths = ["board.dtb", *(f"{number}.dtb" for number in range(100))]
    comparison = BaselineComparison(baseline, paths)
    for path in paths[1:]:
        item = report(finding(), path=path)
        assert comparison.compare(item) is item
    assert len(comparison._names) == 1


# Writing anew, and pruning


def test_a_new_baseline_keeps_what_the_run_says_nothing_of() -> None:
    old = accepted(
        report(finding("/a"), finding("/gone"), finding("/m", rule="module/no-driver")),
        report(finding("/x"), path="other.dtb"),
        report(finding("/y"), path="broken.dtb"),
    )
    paths = ["board.dtb", "broken.dtb"]
    comparison = BaselineComparison(old, paths)
    items = [
        comparison.compare(report(finding("/a"), finding("/new")), asked(without=("module",))),
        comparison.compare(report(path="broken.dtb", error=InputFault("cut short"))),
    ]
    rows = json.loads(write(items, old.path, comparison.kept()))["findings"]
    assert [(row["input"], row["subject"]) for row in rows] == [
        ("board.dtb", "/m"),
        ("board.dtb", "/a"),
        ("board.dtb", "/new"),
        ("broken.dtb", "/y"),
        ("other.dtb", "/x"),
    ]
    assert write(items, old.path).count("board.dtb") == 2


def test_a_new_baseline_has_the_severities_of_today() -> None:
    old = accepted(report(finding(severity=INFO)))
    comparison = BaselineComparison(old, ["board.dtb"])
    item = comparison.compare(report(finding(severity=ERROR)))
    (row,) = json.loads(write([item], old.path, comparison.kept()))["findings"]
    assert row["severity"] == "error"


def test_pruning_drops_what_is_fixed_and_accepts_nothing() -> None:
    baseline = accepted(report(finding("/a"), finding("/b")))
    items = compared(baseline, report(finding("/b"), finding("/new")))
    assert prune(baseline, fixed(*items)) == write([report(finding("/b"))], baseline.path)


def test_a_source_takes_the_entries_of_its_blob() -> None:
    """A folder with both stood for the blob before it stood for the source."""
    baseline = accepted(report(finding("/a"), finding("/gone")))
    (item,) = compared(baseline, report(finding("/a"), finding("/new"), path="board.dts"))
    assert (subjects(item.known), subjects(item.findings)) == (["/a"], ["/new"])
    assert [each.subject for each in item.fixed] == ["/gone"]
    both = accepted(report(finding("/a")), report(finding("/b"), path="board.dts"))
    (item,) = compared(both, report(finding("/a"), path="board.dts"))
    assert subjects(item.findings) == ["/a"], "the source has entries of its own"


def test_a_baseline_of_the_first_version_still_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written by dtlink 0.1.0 for all fixtures: fingerprints never change, rules keep old ids."""
    monkeypatch.chdir(CHECKOUT)
    path = "tests/report/baselines/0.1.0.json"
    command = ["lint", "fixtures", "--no-config", "--baseline", path, "--format", "json"]
    report = json.loads(CliRunner().invoke(cli, command).stdout)
    new = [
        (each["path"], found["rule"])
        for each in report["inputs"]
        for found in each["findings"]
        if getattr(find(found["rule"]), "since", "0.1") == "0.1"
    ]
    lost = [(each["path"], gone) for each in report["inputs"] for gone in each.get("fixed", ())]
    assert (new, lost) == ([], [])
