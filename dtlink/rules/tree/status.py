"""A ``status`` has a value that is none of the specification's.

What it finds: any value of ``status`` but okay, disabled, reserved, fail, and fail with a word
after it: ``"okey"``, ``"enabled"``, ``"disable"``, an empty one, or cells instead of a string. A
value that disables the node as it was meant to is a note.
Why it matters: only "okay" and "ok" make a node available. Any other value disables it without a
message: no device is created for it and its children, and what depends on it never gets it.
What to do: write ``status = "okay";`` or ``status = "disabled";``.
References: Linux, drivers/of/base.c, __of_device_is_status(); Devicetree Specification 2.3.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule

#: How those begin, in lower case, that were meant to disable.
_OFF = ("dis", "off", "no", "false", "0", "n", "fail", "reserv")


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the device may not have been tested with the status that was meant"),
    since="0.2",
    needs=("status",),
    asks="odd_statuses",
    bad=Dts(
        """
        / {
            serial@1000 { compatible = "ns16550a"; reg = <0x1000>; status = "okey"; };
        };
        """,
        finds=("/serial@1000:status",),
    ),
    good=Dts(
        """
        / {
            serial@1000 { compatible = "ns16550a"; reg = <0x1000>; status = "okay"; };
        };
        """
    ),
)
def status(board: TreeBoard) -> Iterator[Finding]:
    """Each node whose status is not a value of the specification."""
    tree = board.tree
    bad = {node: value for value, nodes in board.odd_statuses.items() for node in nodes}
    for node in sorted(bad):
        yield _finding(tree[node], bad[node])


def _finding(node: Node, value: bytes) -> Finding:
    text = value.partition(b"\0")[0].decode("latin-1")
    is_text = bool(text) and text.isascii() and text.isprintable()
    is_off = is_text and text.lower().startswith(_OFF)
    shown = f'"{text[:40]}"' if is_text else "not a string" if value else "empty"
    wrong = ", which is not a value of the specification" if is_text or not value else ""
    return status.finding(
        node,
        f"status of {node.path} is {shown}{wrong}",
        effect="none today: every value but okay and ok disables the node"
        if is_off
        else f"the node is disabled: {_lost(node)}",
        fix=_fix(node, "disabled" if is_off else "okay"),
        property_name="status",
        severity=Severity.INFO if is_off else Severity.WARNING,
    )


def _lost(node: Node) -> str:
    below = " and its children" if node.children else ""
    return f"no device is created for {node.name}{below}"


def _fix(node: Node, value: str) -> Fix:
    from dtlink.firmware.edits import SetProperty, ref

    return Fix(f'Write status = "{value}";', (SetProperty(ref(node), "status", (value,)),))
