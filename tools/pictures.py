"""Draw the pictures of the documentation: ``python -m tools.pictures`` (needs a browser).

The board is a fixture of the project, and its kernel a sketch: drivers of the SoC's base are built
in, most others are modules of the initramfs, and that of one PHY is on the root filesystem.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from dtlink.board.tree import TreeBoard
from dtlink.firmware.read import read
from dtlink.firmware.tree import Tree
from dtlink.testing.sketch import sketch
from dtlink.views.graph.view import GraphView

ROOT = Path(__file__).parent.parent
#: Seen from the checkout, so that the page does not have where that is.
BOARD = "fixtures/boards/phone-soc.dts"
ASSETS = ROOT / "docs/assets"
#: The name of each picture, with the view that it shows.
PICTURES = {
    "graph-focus": "view=focus&node=/soc@0/ufshc@1d80000",
    "graph-timeline": "view=timeline&to=/soc@0/ufshc@1d80000",
}
_BUILT_IN = re.compile("gcc|rpmh|smmu|intc|pinctrl|tlmm|psci|bus|noc|rsc|timer|gic|aoss|pdc")
_LATE = re.compile("qmp-ufs")


def kernel(tree: Tree) -> str:
    """The lines of a sketch with a driver for each device."""
    lines = []
    for number, node in enumerate(tree.holders("compatible")):
        name = tree[node].compatible[0]
        file = re.sub(r"\W", "-", name.partition(",")[2] or name)
        how = "built-in" if _BUILT_IN.search(name) else "module"
        held = "" if how == "built-in" or _LATE.search(name) else " initramfs"
        lines.append(f"{how} OPTION_{number} drivers/{file}.c {name}{held}")
    return "\n".join(lines)


def main() -> None:
    """Write the pictures."""
    from playwright.sync_api import sync_playwright

    os.chdir(ROOT)
    tree = read(BOARD)
    if not isinstance(tree, Tree):
        raise TypeError(f"{BOARD} is not a devicetree")
    text = GraphView.of(TreeBoard(tree, facts=sketch(kernel(tree))), path="board.dts").render(
        "html"
    )
    path = os.environ.get("DTLINK_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as running, tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "board.html"
        page.write_text(text, encoding="utf-8")
        browser = running.chromium.launch(executable_path=path)
        tab = browser.new_page(viewport={"width": 1280, "height": 760})
        for name, view in PICTURES.items():
            tab.goto(f"{page.as_uri()}#{view}")
            tab.reload()
            tab.wait_for_timeout(600)
            tab.screenshot(path=str(ASSETS / f"{name}.png"))
        browser.close()


if __name__ == "__main__":
    main()
