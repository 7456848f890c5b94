"""A comment that allows or expects findings cannot be followed.

What it finds: a comment that begins with dtlink: and is not of the form
`/* dtlink: allow RULE[, RULE …]: reason */` (or expect): without a reason, with a rule that dtlink
does not have, with nothing after it that it could be about; as a warning, a comment without the
colon (`/* dtlink allow RULE: reason */`).
Why it matters: it allows nothing, and an expectation in it is never checked. In dtlink.toml, such a
mistake ends the run; here everything else is still checked.
What to do: write the rule as `dtlink rules` lists it, and why the finding is acceptable; put the
comment directly before the property or the node, at the end of its line, or at the head of the
file.
References: dtlink's documentation, "Devicetree source", "Comments in the source".
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.model import Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    since="0.2",
    asks="tree.origins",
    bad=Dts(
        """
        / {
            /* dtlink: allow supplier/disabled */
            a { x = <1>; };
            /* dtlink: allow supplier/off: fitted on the other variant only */
            b { x = <1>; };
            /* dtlink allow supplier/disabled: fitted on the other variant only */
            c { x = <1>; };
        };
        """,
        finds=("/a", "/b", "/c"),
    ),
    good=Dts(
        """
        / {
            /* dtlink: allow supplier/disabled: fitted on the other variant only */
            a { x = <1>; };
        };
        """
    ),
)
def invalid_comment(board: TreeBoard) -> Iterator[Finding]:
    """Every comment that cannot be followed."""
    origins = board.tree.origins
    if origins is None or not origins.comments:
        return
    from dtlink.firmware.source.comments import NO_COLON
    from dtlink.rules.words import problem

    for comment in origins.comments:
        words = () if comment.fault else comment.rules
        for wrong in filter(None, (comment.fault, *map(problem, words))):
            node = board.tree.find(comment.nodes[0]) if comment.nodes else None
            found = invalid_comment.finding(
                node or board.tree.root,
                f"invalid dtlink comment: {wrong}",
                effect="it allows nothing, and what it expects is not checked",
                fix="Correct the comment: /* dtlink: allow RULE: reason */, or expect.",
                likely=wrong == NO_COLON,
            )
            yield found._replace(location=comment.place)
