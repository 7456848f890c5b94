"""The page of a report, in a browser."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from dtlink.escaping.text import prose
from dtlink.report.html import render
from dtlink.report.model import InputFault, InputReport, Report
from dtlink.rules.finding import Snippet
from dtlink.rules.model import Severity
from tests.browser.conftest import Open, faults_of_access, times_of
from tests.report import reports

ERROR, WARNING, INFO = Severity
#: What would run, or break out of its place, if it were taken for HTML, CSS or a script.
HOSTILE = (
    "</script><script>window.__pwned=1</script>",
    "<img src=x onerror=window.__pwned=1>",
    "javascript:window.__pwned=1",
    "\"'><svg onload=window.__pwned=1>",
    "\u202egpj.\u2066exe\x1b]8;;http://evil.example\x07",
    "__proto__",
    "constructor",
)
RULES = ("phandle/dangling", "supplier/disabled", "legacy/old-name", "cycle/supplier-cycle")
LEVELS = (ERROR, WARNING, INFO, WARNING)


@lru_cache(maxsize=1)
def _small() -> str:
    """Three boards; one finding is shared by two."""
    shared = reports.finding(location=None, offset=None, snippet=Snippet("clocks = <7>;", 10, 1))
    return render(
        Report(
            "lint",
            [
                InputReport("boards/a.dtb", form="fdt", model="Alpha", findings=[shared]),
                InputReport(
                    "boards/b.dtb",
                    form="fdt",
                    model="Beta",
                    findings=[
                        shared,
                        reports.finding("legacy/old-name", INFO, subject="/soc/old@1"),
                        reports.finding("supplier/disabled", WARNING, subject="/soc/spi@2"),
                    ],
                ),
                InputReport("boards/c.dtb", error=InputFault("the header is cut short", 12)),
            ],
            notes=["checked without a base: x.dtbo"],
        )
    )


@lru_cache(maxsize=1)
def _large() -> str:
    """A thousand boards with twenty findings each, five of which are of one board alone."""
    inputs = []
    for board in range(1000):
        found = [
            reports.finding(
                RULES[at % 4],
                LEVELS[at % 4],
                subject=f"/soc@{board % 40 if at < 15 else board:x}/device@{at:x}",
                message=f"clocks[{at}] references phandle {at * 7:#x}, but no node has it",
                offset=None,
            )
            for at in range(20)
        ]
        path = f"boards/vendor-{board % 17}/board-{board:04}.dtb"
        inputs.append(InputReport(path, form="fdt", model=f"Board {board}", findings=found))
    return render(Report("lint", inputs))


def _heads(page: Any) -> list[str]:
    return [each.inner_text() for each in page.locator(".finding h3 button").all()]


def test_the_worst_is_first_and_what_was_not_read_is_there(opened: Open) -> None:
    page = opened(_small())
    heads = _heads(page)
    assert len(heads) == 3
    assert "error" in heads[0]
    assert "2 boards" in heads[0]
    notices = page.locator("#notices").inner_text()
    assert "the header is cut short" in notices
    assert "checked without a base: x.dtbo" in notices
    assert page.locator("#about").inner_text().startswith("3 inputs · kernel 6.12")


def test_search_rule_board_and_severity_filter(opened: Open) -> None:
    page = opened(_small())
    page.locator("#q").fill("SPI@2")
    assert len(_heads(page)) == 1
    assert page.locator("#result").inner_text() == "1 of 3 findings"
    page.locator("#q").fill("ALPHA")
    assert len(_heads(page)) == 1
    page.locator("#reset").click()
    assert len(_heads(page)) == 3
    page.locator("#rule").select_option("legacy")
    assert len(_heads(page)) == 1
    page.locator("#rule").select_option("")
    page.locator("#some-boards button", has_text="a.dtb").click()
    assert len(_heads(page)) == 1
    assert "Alpha" in page.locator("#one-board").inner_text()
    page.locator("#some-boards button", has_text="a.dtb").click()
    page.locator("#level-error").click()
    assert len(_heads(page)) == 2
    page.locator("#q").fill("nothing has this")
    assert page.locator(".empty").is_visible()
    page.locator(".empty button").click()
    assert len(_heads(page)) == 3


def test_a_finding_opens_with_its_snippet_boards_and_rule(opened: Open) -> None:
    page = opened(_small())
    page.locator(".finding h3 button").first.click()
    detail = page.locator(".detail").first
    assert detail.locator("mark").inner_text() == "7"
    assert "serial@1000 finds no clock there" in detail.inner_text()
    assert "dtlink graph boards/a.dtb /soc/serial@1000" in detail.inner_text()
    assert [each.inner_text() for each in detail.locator(".names button").all()] == [
        "a.dtb",
        "b.dtb",
    ]
    detail.locator("summary").click()
    detail.locator("details pre").first.wait_for()
    assert "A property references a phandle that no node has." in detail.inner_text()
    assert detail.locator("details pre").count() >= 2


def test_the_address_keeps_the_view(opened: Open) -> None:
    page = opened(_small())
    page.locator("#q").fill("soc")
    page.locator("#level-info").click()
    page.locator(".finding h3 button").first.click()
    hash_ = page.evaluate("location.hash")
    again = opened(_small(), hash_)
    assert again.locator("#q").input_value() == "soc"
    assert _heads(again) == _heads(page)
    assert again.locator(".detail:visible").count() == 1
    focus = "document.activeElement.getAttribute('aria-expanded')"
    assert again.evaluate(focus) == "true"
    again.locator("#rule").select_option("supplier")
    again.go_back()
    assert again.locator("#rule").input_value() == ""


def test_a_link_to_a_finding_shows_the_page_that_it_is_on(opened: Open) -> None:
    page = opened(_large())
    page.locator("#after").click()
    page.locator(".finding h3 button").nth(3).click()
    open_ = page.evaluate("new URLSearchParams(location.hash.slice(1)).get('open')")
    again = opened(_large(), f"#open={open_}")
    assert again.locator(".detail:visible").count() == 1
    assert again.locator("#where").inner_text().startswith("51\N{EN DASH}100 of")


def test_the_keyboard_is_enough(opened: Open) -> None:
    page = opened(_small())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("soc/j")
    assert page.locator("#q").input_value() == "soc/j"
    page.keyboard.press("Escape")
    assert page.locator("#q").input_value() == ""
    page.evaluate("document.activeElement.blur()")
    for _ in range(2):
        page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert page.locator(".detail:visible").count() == 1
    assert page.locator(".finding").first.locator(".detail").is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "PRE"


def test_the_theme_can_be_chosen(opened: Open) -> None:
    page = opened(_small(), color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.locator("#theme").click()
    assert page.evaluate(ground) != dark
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_a_phone_needs_no_scrolling_sideways(opened: Open) -> None:
    page = opened(_small())
    page.set_viewport_size({"width": 360, "height": 700})
    page.locator(".finding h3 button").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_inert(opened: Open, text: str) -> None:
    """The fixture asserts that nothing ran, and that nothing was asked for."""
    found = reports.finding(
        "phandle/dangling",
        subject=f"/{text}",
        message=text,
        effect=text,
        fix=text,
        related=(text,),
        snippet=Snippet(text, 1, 2),
    )
    strange = reports.finding(text, WARNING, subject=f"/x{text}")
    item = InputReport(text, form="fdt", model=text, compatible=[text], findings=[found, strange])
    page = opened(render(Report("lint", [item], notes=[text])))
    for each in page.locator(".finding h3 button").all():
        each.click()
    page.locator(".detail summary").first.click()
    assert page.locator(".message").first.inner_text().strip() == prose(text).strip()
    page.locator(".names button").first.click()
    assert page.evaluate("document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert page.evaluate("document.scripts.length") == 3
    again = opened(render(Report("lint", [item])), page.evaluate("location.hash"))
    assert again.locator(".finding").count() == 2


def test_hostile_addresses_are_inert(opened: Open) -> None:
    page = opened(_small(), "#q=%3Cimg%20src=x%20onerror=window.__pwned=1%3E&page=-7&open=%00,x")
    assert page.locator(".empty").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(opened: Open, axe: str, scheme: str) -> None:
    page = opened(_small(), color_scheme=scheme)
    assert faults_of_access(page, axe) == []
    for each in page.locator(".finding h3 button").all():
        each.click()
    page.locator(".detail summary").first.click()
    page.locator("#some-boards button").first.click()
    assert faults_of_access(page, axe) == []


#: What a reader does, as scripts.
_ACTIONS = (
    "q.value = 'device@1'; q.dispatchEvent(new Event('input'))",
    "q.value = 'device@13'; q.dispatchEvent(new Event('input'))",
    "q.value = 'board-0999'; q.dispatchEvent(new Event('input'))",
    "q.value = ''; q.dispatchEvent(new Event('input'))",
    "document.getElementById('level-warning').click()",
    "document.getElementById('level-warning').click()",
    "board.value = 'vendor-3/'; board.dispatchEvent(new Event('input'))",
    "board.value = ''; board.dispatchEvent(new Event('input'))",
    "rule.value = 'supplier/disabled'; rule.dispatchEvent(new Event('change'))",
    "rule.value = ''; rule.dispatchEvent(new Event('change'))",
    "after.click()",
    "document.querySelector('.finding h3 button').click()",
)


def test_a_thousand_boards_answer_within_a_tenth_of_a_second(opened: Open) -> None:
    """The best of three runs counts: a machine under load is no fault of the page."""
    page = opened(_large())
    assert page.locator("#result").inner_text() == "5,600 findings"
    names = "".join(f"const {each} = document.getElementById('{each}');" for each in _names())
    runs = [times_of(page, [f"{names} {each}" for each in _ACTIONS]) for _ in range(3)]
    best = {
        action: min(times) for action, times in zip(_ACTIONS, zip(*runs, strict=True), strict=True)
    }
    print({action: round(time) for action, time in best.items()})  # noqa: T201 - for -s
    assert {action: time for action, time in best.items() if time > 100} == {}


def _names() -> tuple[str, ...]:
    return ("q", "board", "rule", "after")
