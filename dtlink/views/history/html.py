"""The history as one HTML page; see :mod:`dtlink.page.embed`."""

from __future__ import annotations

from dtlink.page.embed import Page, asset
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.views.history.view import HistoryView


def render(view: HistoryView) -> str:
    """The page."""
    about = f"{counted(len(view.builds), 'build')} of {counted(len(view.boards), 'board')}"
    return Page(
        title=f"dtlink history: {about}",
        main=asset("history/history.html"),
        styles=[asset("history/history.css")],
        scripts=[asset("history/history.js")],
        data={"history": view.to_json()},
        without_scripts=f"{about}. dtlink history prints the same as text.",
    ).html()
