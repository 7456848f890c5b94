"""From a finding to its node in the graph that is beside the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner

from dtlink.cli.main import cli
from tests.support.boards import CHECKOUT

BOARD = CHECKOUT / "fixtures" / "boards" / "phandle-faults.dtb"


def test_a_finding_links_to_its_node(browser: Any, tmp_path: Path) -> None:
    calls = (
        ["graph", BOARD, "-o", tmp_path / f"{BOARD.name}.graph.html"],
        ["lint", BOARD, "--fail-on", "never", "--format", f"html={tmp_path / 'report.html'}"],
    )
    for call in calls:
        assert CliRunner().invoke(cli, [*map(str, call)]).exit_code == 0
    context = browser.new_context()
    page = context.new_page()
    page.goto((tmp_path / "report.html").as_uri() + "#rule=supplier/disabled")
    page.locator(".finding h3 button").first.click()
    node = page.locator(".detail").first.locator("code").last.inner_text().split()[-3]
    page.locator(".detail a").first.click()
    page.locator("body", has_text="Focus").wait_for()
    assert page.url.split("#")[0].endswith(".graph.html")
    assert node in page.evaluate("decodeURIComponent(location.hash)")
    page.locator("#main", has_text=node).wait_for()
    context.close()
