"""What a command does, by the library: without options to parse an input takes a third of the time.

A call ``library PATH --format FORMAT --kernel-version VERSION --view METHOD`` is a lint with all
rules in a format, and another result of the same board as text and as JSON. ``live ROOT`` is
``lint --live`` on the machine whose root the folder is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

#: Methods of a board without arguments: of both kinds of firmware, and of devicetrees.
VIEWS = ("links", "cycles", "order", "iommu", "graph_view")
OF_TREES = (*VIEWS, "devlink")


def invoke(call: Sequence[str]) -> tuple[int, str, str]:
    """Exit status, output and standard error, as the command would have them."""
    from dtlink import Board, InputError
    from dtlink.report.formats import render

    if call[0] == "live":
        return _live(call[1])
    _, path, *pairs = call
    given = dict(zip(pairs[::2], pairs[1::2], strict=True))
    try:
        board = Board.read(path, kernel_version=given["--kernel-version"])
        report = board.lint(select="all")
        told = report.status
        if faults := [fault for item in report.inputs for fault in item.faults]:
            return 3, f"fault: {faults}", ""
        lint = render(given["--format"], report)
        try:
            view = getattr(board, given["--view"])()
        except InputError as error:  # such a result there is not for every input
            return told, lint, f"{error}\n"
        document = json.dumps(view.to_json())
        return told, lint, f"{view.text()}\n" if document else ""
    except InputError as error:
        return 2, "", f"{error}\n"


def _live(root: str) -> tuple[int, str, str]:
    from dtlink import InputError, lint
    from dtlink.observed.live import live_machine
    from dtlink.report.formats import render

    try:
        machine = live_machine(root)
        report = lint(machine.paths, select="all", cache=False, config=False, **machine.given)
    except InputError as error:
        return 2, "", f"{error}\n"
    if faults := [fault for item in report.inputs for fault in item.faults]:
        return 3, f"fault: {faults}", ""
    return report.status, render("json", report), "".join(f"{each}\n" for each in machine.missing)
