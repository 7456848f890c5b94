"""One HTML file of a page: styles, scripts and data in it, and a policy that allows nothing else.

All that is read of firmware, of file names or of saved reports is data: it gets into the page as
JSON, and from there into the document as text. The skeleton has the landmarks, the colours (light,
dark, for printing) and the functions that pages share: ``base/base.css`` and ``base/base.js``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources

from dtlink.escaping import html, jsontext
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.version import __version__

if TYPE_CHECKING:
    from dtlink.typed import Any

#: Ends a script, or changes what ends it.
_NOT_IN_SCRIPTS = ("</script", "<script", "<!--")


class Page(NamedTuple):
    """A page: what it shows and does. Only ``data`` and ``title`` may be of untrusted origin."""

    title: str
    main: str
    """The HTML in ``<main>``: a text of dtlink's own."""
    styles: Sequence[str] = ()
    """CSS after that of the skeleton."""
    scripts: Sequence[str] = ()
    """Scripts, run in this order when the document is there; ``dtlink`` is the skeleton's."""
    data: Mapping[str, Any] = {}
    """JSON data by the id that ``dtlink.data(id)`` reads."""
    inserted_styles: Sequence[str] = ()
    """The style sheets that scripts insert as elements, so that the policy allows them."""
    without_scripts: str = ""
    """What a browser that runs no scripts shows, as text."""

    def html(self) -> str:
        """The file: the same bytes for the same page."""
        style = "\n".join((asset("base/base.css"), *self.styles))
        scripts = [asset("base/base.js"), *self.scripts]
        title = html.content(self.title)
        return _PAGE.format(
            policy=policy(scripts, [style, *self.inserted_styles]),
            title=title,
            style=style,
            first=_script(scripts[0]),
            main=self.main,
            without=html.content(self.without_scripts),
            version=html.content(__version__),
            data="\n".join(_data(name, value) for name, value in self.data.items()),
            rest="\n".join(map(_script, scripts[1:])),
        )


@cache
def asset(name: str) -> str:
    """A text file of this package, such as ``base/base.css``."""
    return resources.files("dtlink.page").joinpath(name).read_text(encoding="utf-8")


def policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """The content security policy that allows these scripts and style sheets alone."""
    parts = (
        "default-src 'none'",
        f"script-src {' '.join(map(_hash, scripts))}",
        f"style-src {' '.join(map(_hash, styles))}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(parts)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _script(text: str) -> str:
    if any(each in text.lower() for each in _NOT_IN_SCRIPTS):
        raise ValueError("a script that would not end where it ends")
    return f"<script>{text}</script>"


def _data(name: str, value: Any) -> str:
    return f'<script type="application/json" id="{name}">{jsontext.in_html(value)}</script>'


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="dtlink {version}">
<title>{title}</title>
<style>{style}</style>
{first}
</head>
<body>
<a class="skip" href="#main" data-skip>Skip to the content</a>
<header class="page-head">
<h1 id="title">{title}</h1>
<div class="page-tools">
<button type="button" id="theme" class="quiet" hidden>Theme</button>
</div>
</header>
<main id="main" tabindex="-1">
<noscript><p class="notice">{without} This page needs JavaScript.</p></noscript>
{main}
</main>
<footer class="page-foot"><p>Made by dtlink {version}. All data is in this file.</p></footer>
<div id="announce" class="visually-hidden" role="status" aria-live="polite"></div>
{data}
{rest}
</body>
</html>
"""
