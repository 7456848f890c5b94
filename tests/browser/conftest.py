"""A real browser, and a watch over what its pages do. Without one the tests skip.

What is needed: the extra ``browser`` (playwright), and Chromium, by ``DTLINK_CHROMIUM`` or as
Debian installs it. ``DTLINK_AXE`` names axe-core's ``axe.min.js``, which checks accessibility.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

#: Set before the scripts of the page run: what it must not do is noted.
_WATCH = """
window.__violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.__violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""

#: Opens a page of some HTML, at a hash, with options of the context.
Open = Callable[..., Any]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (pip install dtlink[browser])"
    )
    path = os.environ.get("DTLINK_CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("no browser: install chromium, or set DTLINK_CHROMIUM")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=path)
        yield opened
        opened.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Open pages; none may ask for anything, break its policy, or raise."""
    contexts, pages, complaints = [], [], []

    def open_(html: str, hash_: str = "", **options: Any) -> Any:
        file = tmp_path / f"page-{len(pages)}.html"
        file.write_text(html, encoding="utf-8", errors="backslashreplace")
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.add_init_script(_WATCH)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda told: complaints.append(told.text) if told.type == "error" else None
        )
        page.on(
            "request",
            lambda asked: complaints.append(asked.url) if asked.url != page.url else None,
        )
        contexts.append(context)
        pages.append(page)
        page.goto(file.as_uri() + hash_)
        # What a page asks for from now on fails: navigation within it asks for nothing.
        page.route("**/*", lambda route: (complaints.append(route.request.url), route.abort()))
        return page

    yield open_
    for page in pages:
        complaints += page.evaluate("window.__violations")
        assert page.evaluate("window.__pwned") is None
    for context in contexts:
        context.close()
    allowed = {page.as_uri() for page in tmp_path.glob("page-*.html")}
    assert [each for each in complaints if each.partition("#")[0] not in allowed] == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    path = Path(os.environ.get("DTLINK_AXE", ""))
    if not path.is_file():
        pytest.skip("accessibility is not checked: set DTLINK_AXE to axe-core's axe.min.js")
    return path.read_text(encoding="utf-8")


def faults_of_access(page: Any, axe: str) -> list[str]:
    """What axe-core finds in a page as it is."""
    page.evaluate(axe)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}: {each['nodes'][0]['failureSummary']}"
        for each in result["violations"]
    ]


def times_of(page: Any, actions: list[str]) -> list[float]:
    """The milliseconds from each action to the frame that shows what it did."""
    return [
        page.evaluate(
            f"""async () => {{
              const begin = performance.now();
              {each};
              await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
              return performance.now() - begin;
            }}"""
        )
        for each in actions
    ]
