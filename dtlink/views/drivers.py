"""Who drives each device, as JSON data and as lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dtlink.facts.outcomes import State
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.report.rows import counted

if TYPE_CHECKING:
    from dtlink.board.tree import Board
    from dtlink.facts.outcomes import Driver
    from dtlink.firmware.tree import Tree
    from dtlink.kernel.facts import Facts

Entry = dict[str, Any]

#: How a state looks: what keeps a device away stands out.
_STYLES = {State.NOT_BUILT.value: STYLES["error"], State.UNKNOWN.value: STYLES["warning"]}


def drivers(board: Board) -> Entry:
    """The driver of each enabled node with ``compatible``, and how many there are of each state."""
    tree, facts, found = board.tree, board.named_facts, board.drivers
    nodes = [node for node in sorted(tree.holders("compatible")) if node not in tree.disabled]
    entries = [_entry(tree, node, found.of(node), facts) for node in nodes]
    states = Counter(entry["state"] for entry in entries)
    return {
        "kernel": facts.build.release or None,
        "states": {state.value: states[state.value] for state in State if states[state.value]},
        "nodes": entries,
    }


def _entry(tree: Tree, node: int, driver: Driver, facts: Facts) -> Entry:
    held = [facts.holds(module) for module in driver.modules]
    return {
        "node": tree.path(node),
        "compatible": list(tree[node].compatible),
        "state": driver.state.value,
        "modules": list(driver.modules),
        "config": driver.config or None,
        "by": driver.by or None,
        # Any of several modules will do.
        "in_initramfs": True if True in held else None if None in held or not held else False,
    }


def annotate(part: Entry, board: Board) -> None:
    """Put the driver of each node of ``why`` beside it; mark those where a chain breaks.

    A culprit is a node whose driver this kernel lacks, or an initramfs that was named.
    """
    tree, facts, found = board.tree, board.named_facts, board.drivers
    told = {tree.path(node): node for node in range(len(tree))}
    stack = [part]
    while stack:
        entry = stack.pop()
        path: str = entry["supplier"] if "supplier" in entry else entry["node"]
        about = _entry(tree, told[path], found.of(told[path]), facts)
        entry["driver"] = {
            name: about[name] for name in ("state", "modules", "config", "by", "in_initramfs")
        }
        absent = about["state"] == State.NOT_BUILT.value or about["in_initramfs"] is False
        entry["driver"]["culprit"] = absent
        stack += entry["suppliers"]


def driver_of(board: Board, node: int) -> str:
    """The driver of one node in a few words."""
    entry = _entry(board.tree, node, board.drivers.of(node), board.named_facts)
    option = f" (CONFIG_{entry['config']})" if entry["config"] and entry["modules"] else ""
    return word(entry) + option


def word(driver: Entry) -> str:
    """A driver in a few words."""
    what = " or ".join(driver["modules"]) or driver["state"]
    if driver["modules"]:
        what += ", module"
        place = {True: ", in the initramfs", False: ", NOT IN THE INITRAMFS", None: ""}
        what += place[driver["in_initramfs"]]
    elif driver["state"] == State.NOT_BUILT.value:
        what = f"NOT BUILT (CONFIG_{driver['config']} is off)" if driver["config"] else "NOT BUILT"
    return what


def lines(part: Entry, states: frozenset[str]) -> Iterator[Line]:
    """The nodes of these states (all if none is named), and the counts."""
    for entry in part["nodes"]:
        if not states or entry["state"] in states:
            yield _line(entry)
    told = ", ".join(f"{count:,} {state}" for state, count in part["states"].items())
    kernel = f" · kernel {part['kernel']}" if part["kernel"] else ""
    yield line(Span(f"{counted(len(part['nodes']), 'node')}: {told}{kernel}", BOLD))


def _line(entry: Entry) -> Line:
    what = entry["state"]
    if entry["modules"]:
        what = f"module {' or '.join(entry['modules'])}"
    option = f"  CONFIG_{entry['config']}" if entry["config"] else ""
    place = {True: "in the initramfs", False: "not in the initramfs", None: ""}
    held = place[entry["in_initramfs"]]
    notes = f"  ({held})" if held else ""
    style = _STYLES.get(entry["state"], "")
    return line(f"{entry['node']}  ", Span(what, style), Span(option + notes, DIM))
