"""What is kept of a run is enough for the formats, and does not grow with what is fine."""

import gc
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import cycle, islice

import pytest

from dtlink import packed
from dtlink.report import statistics, text
from dtlink.report.formats import FORMATS, ONLY_FINDINGS, STREAMED, render
from dtlink.report.kept import KeptReports
from dtlink.report.layout import plain
from dtlink.report.model import (
    BaselineEntry,
    Ignored,
    InputFault,
    InputReport,
    Refused,
    Report,
    TriedBase,
    Unmet,
)
from dtlink.report.totals import Totals
from dtlink.rules.finding import Snippet
from dtlink.rules.model import Severity
from dtlink.rules.run import RuleFault
from tests.report.reports import ERROR, INFO, WARNING, finding, of_fixtures

FOUND = [
    *(finding(message=f"clocks[{at}] is wrong", severity=at, offset=8) for at in Severity),
    finding(rule="phandle/missing-cells", snippet=Snippet("clocks = <1>", 0, 3), offset=12),
]


def inputs(number: int) -> Iterator[InputReport]:
    """Reports with all there may be in one, and as many that are fine."""
    gone = BaselineEntry("a.dtb", "tree/x", "/a", "", "", "0" * 16)
    unmet = Unmet("legacy/x", "/a", "a reason", "dtlink.toml")
    fields = [
        {"findings": FOUND},
        {"findings": [FOUND[0]._replace(offset=99), FOUND[0]._replace(offset=3)]},
        {"findings": FOUND[3:], "known": FOUND[:1], "model": "board <x>"},
        {"known": FOUND},
        {"ignored": [Ignored(FOUND[1], "a reason")]},
        {"fixed": [gone]},
        {"unmet": [unmet, unmet._replace(is_expected=False)]},
        {"error": InputFault("cut short", 4)},
        {"refused": [Refused("x.dat", "cut short")]},
        {"faults": [RuleFault("tree/x", "KeyError: 1")]},
        {"passed": ["a member"], "notes": ["a member", "a note"]},
        {"kernel": {"version": "6.12", "release": "6.12.1", "path": "k", "index_release": "6.12"}},
        {"bases": [TriedBase("a.dtb", ""), TriedBase("b.dtb", "no label x")]},
    ]
    for at, each in enumerate(islice(cycle([*fields, *[{}] * len(fields)]), number)):
        path = f"folder{at % 3}/board{at // 2}.dtb"
        yield InputReport(path, "fdt", "ab" * 32, nodes=7, compatible=["a,b"])._replace(**each)


def kept(forms: Iterable[str], reports: list[InputReport], *, every: bool = False) -> Report:
    collected = KeptReports(set(forms), every=every)
    for each in reports:
        collected.add(each)
    return collected.report(Report("lint", (), named=[each.input for each in reports]))


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "_PLAIN", 5)
    monkeypatch.setattr(packed, "_TOGETHER", 3)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("form", sorted(FORMATS.keys() - STREAMED - {"text"}))
@pytest.mark.parametrize("number", [0, 1, 40])
def test_every_format_is_the_same_from_what_is_kept_for_it(form: str, number: int) -> None:
    reports = list(inputs(number))
    assert render(form, kept([form], reports)) == render(form, Report("lint", reports))
    assert render(form, kept([form, "jsonl"], reports)) == render(form, Report("lint", reports))


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("form", sorted(ONLY_FINDINGS - {"text"}))
def test_formats_of_real_findings_are_the_same_from_what_is_kept(form: str) -> None:
    whole = of_fixtures()
    part = kept([form], list(whole.inputs))._replace(kernel=whole.kernel)
    assert render(form, part) == render(form, whole)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("number", [0, 1, 40])
def test_text_is_the_same_from_what_is_kept_for_it(number: int, everything: bool) -> None:  # noqa: FBT001
    reports = list(inputs(number))
    found = kept(["text"], reports, every=everything)
    whole = Report("lint", reports)
    for least in Severity:
        lines = text.lines(whole, 80, least, everything=everything)
        assert plain(text.lines(found, 80, least, everything=everything)) == plain(lines)
    assert plain(statistics.lines(found, 80)) == plain(statistics.lines(whole, 80))


def test_numbers_and_status_are_those_of_all_inputs() -> None:
    reports = [each._replace(fail_on=on) for each in inputs(30) for on in (*Severity, None)]
    for part in (reports, reports[3:4], [each for each in reports if not each.error], []):
        whole, found = Report("lint", part), kept(["jsonl"], part)
        assert list(found.inputs) == []
        assert found.totals.inputs == len(part)
        assert found.status == max((each.exit_status(each.fail_on) for each in part), default=2)
        for least in (*Severity, None):
            statuses = [each.exit_status(least) for each in part]
            assert found.exit_status(least) == whole.exit_status(least)
            assert found.exit_status(least) == max(statuses, default=2)
        assert found.counts() == whole.counts()


def test_a_missing_expectation_counts_as_a_warning() -> None:
    totals = Totals.of([InputReport("a", unmet=[Unmet("legacy/x", "", "", "")])])
    statuses = [totals.exit_status(each) for each in (ERROR, WARNING, INFO, None)]
    assert statuses == [0, 1, 1, 0]


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("number", [0, 4, 5, 6, 7, 8, 9, 30])
def test_packed_reports_are_a_sequence(number: int) -> None:
    reports = list(inputs(number))
    sequence: packed.Packed[InputReport] = packed.Packed()
    for each in reports:
        sequence.append(each)
    assert len(sequence) == number
    assert list(sequence) == reports
    assert [sequence[at] for at in range(-number, number)] == reports * 2
    assert sequence[1:7:2] == reports[1:7:2]
    with pytest.raises(IndexError):
        sequence[number]


def clean(number: int) -> Iterator[InputReport]:
    for at in range(number):
        yield InputReport(f"folder/{at}.dtb", "fdt", f"{at:064}", f"Board {at}", ["a,b"], nodes=9)


@pytest.mark.parametrize("forms", [["text"], ["jsonl"], ["concise", "github", "jsonl"]])
def test_inputs_without_findings_take_no_memory(forms: list[str]) -> None:
    collected = KeptReports(forms)
    gc.collect()
    tracemalloc.start()
    try:
        for each in clean(20_000):
            collected.add(each)
        assert tracemalloc.get_traced_memory()[0] < 10_000
    finally:
        tracemalloc.stop()


def test_equal_findings_of_boards_are_kept_once() -> None:
    collected = KeptReports(["text"])
    for at in range(100):
        same = FOUND[3]._replace(offset=at, message="made anew")
        collected.add(InputReport(f"{at}.dtb", findings=[same, same._replace(offset=at + 1)]))
    found = collected.report(Report("lint", ())).inputs
    assert len({id(each) for item in found for each in item.findings}) == 2


def test_packed_reports_take_a_fraction_of_the_memory() -> None:
    collected = KeptReports(["sarif"])
    for each in clean(packed._PLAIN):
        collected.add(each)
    gc.collect()
    tracemalloc.start()
    try:
        for each in clean(10_240):
            collected.add(each)
        assert tracemalloc.get_traced_memory()[0] / 10_240 < 200
    finally:
        tracemalloc.stop()
