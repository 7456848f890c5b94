"""The report as one HTML page, for one input or a thousand.

The page is a single file: see :mod:`dtlink.page.embed`. What is in it is data; the page's script
filters it and makes the document of it.
"""

from __future__ import annotations

from dtlink.page.embed import Page, asset
from dtlink.report.groups import counts as counts_of
from dtlink.report.groups import groups
from dtlink.report.html.data import data_of
from dtlink.report.model import Report
from dtlink.report.wording import counts
from dtlink.wording import counted

__all__ = ["render"]


def render(report: Report, folder: str | None = None) -> str:
    """The page. ``folder``: where it will be; pages of ``dtlink graph`` there are linked."""
    found = groups(report)
    inputs = counted(report.totals.inputs, "input")
    summary = f"{counts(counts_of(found, report)).capitalize()} in {inputs}"
    return Page(
        title=f"dtlink: {summary}",
        main=asset("report/report.html"),
        styles=[asset("report/report.css")],
        scripts=[asset("report/report.js")],
        data={"report": data_of(report, found, folder)},
        without_scripts=f"{summary}. dtlink lint prints the same as text.",
    ).html()
