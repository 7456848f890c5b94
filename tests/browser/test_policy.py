"""The policy of a page, against a page that tries what it forbids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dtlink.page.embed import Page

#: Each tries one thing, and notes that it was done.
_TRIES = """
window.done = [];
const trying = (name, run) => {
  try { if (run()) window.done.push(name); } catch { /* refused */ }
};
trying("eval", () => eval("1"));
trying("function", () => new Function("return 1")());
trying("timer", () => setTimeout("window.done.push('timer')", 0) && false);
const script = document.createElement("script");
script.textContent = "window.done.push('inline script')";
document.body.append(script);
const style = document.createElement("style");
style.textContent = "body { --inline: yes }";
document.head.append(style);
const image = new Image();
image.onload = () => window.done.push("image");
image.src = "http://127.0.0.1:9/x.png";
fetch("http://127.0.0.1:9/").then(() => window.done.push("fetch"), () => {});
const frame = document.createElement("iframe");
frame.src = "http://127.0.0.1:9/";
document.body.append(frame);
const form = document.createElement("form");
form.action = "http://127.0.0.1:9/";
document.body.append(form);
addEventListener("load", () => setTimeout(() => form.submit(), 100));
"""


def test_nothing_that_the_policy_forbids_is_done(browser: Any, tmp_path: Path) -> None:
    """So a page that asked for something would be seen: the tests of real pages assert none."""
    file = tmp_path / "page.html"
    file.write_text(Page("t", "<p>x</p>", scripts=[_TRIES]).html(), encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    # The request for the image is there, and is refused before it leaves.
    context.on("requestfinished", lambda request: asked.append(request.url))
    page.add_init_script(
        "window.refused = []; document.addEventListener('securitypolicyviolation',"
        " (event) => window.refused.push(event.effectiveDirective));"
    )
    page.goto(file.as_uri())
    page.wait_for_timeout(500)
    assert page.evaluate("window.done") == []
    inline = "getComputedStyle(document.body).getPropertyValue('--inline')"
    assert page.evaluate(inline) == ""
    assert {*page.evaluate("window.refused")} >= {
        *("script-src", "script-src-elem", "style-src-elem", "img-src", "connect-src"),
        *("frame-src", "form-action"),
    }
    assert [url for url in asked if not url.startswith("file:")] == []
    context.close()
