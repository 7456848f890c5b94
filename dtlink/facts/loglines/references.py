"""What the kernel prints of a reference that it cannot read, and the rules that find the same.

Rows for :mod:`dtlink.facts.loglines`.
"""

from __future__ import annotations

from dtlink.facts.loglines.row import Harm, LogMessage, Topic

_ITERATE = "drivers/of/base.c, of_phandle_iterator_next()"
_LINT = "dtlink lint on the tree that the board booted with names the property and the entry"


def _unread(
    kind: str,
    needle: str,
    pattern: str,
    meaning: str,
    rule: str,
    *,
    sample: str,
    forms: tuple[str, ...] = (),
    since: str = "",
) -> LogMessage:
    return LogMessage(
        kind=f"reference-{kind}",
        topic=Topic.FIRMWARE,
        needles=(needle,),
        pattern=r"OF: (?P<node>/[^\s:]{0,512}): " + pattern,
        harm=Harm.HARMFUL,
        sample=sample,
        forms=forms,
        meaning=meaning,
        cure=_LINT,
        rule=rule,
        source=_ITERATE,
        since=since,
    )


REFERENCE_LINES = (
    _unread(
        "short",
        " found ",
        r"(?:(?P<cells>#[\w,-]{1,64}-cells) = (?P<wanted>\d{1,3})"
        r"|phandle \S{1,200} needs (?P<old_wanted>\d{1,3}),) found (?P<had>-?\d{1,6})",
        "An entry of a list of references has fewer argument cells than its supplier takes: what "
        "the entry is for is not found.",
        "phandle/truncated-specifier",
        sample="OF: /backlight: phandle pwm@1000 needs 3, found 2",
    ),
    _unread(
        "cells",
        ": could not get #",
        r"could not get (?P<cells>#[\w,-]{1,64}-cells) for (?P<by>/\S{0,512})",
        "A reference leads to a node that is no such supplier: it lacks the number of argument "
        "cells.",
        "phandle/missing-cells",
        sample="OF: /mmc@1000: could not get #clock-cells for /regulator",
    ),
    _unread(
        "phandle",
        ": could not find phandle",
        r"could not find phandle(?: (?P<phandle>-?\d{1,10}))?",
        "A reference leads to no node.",
        "phandle/dangling",
        sample="OF: /mmc@1000: could not find phandle 28673",
        forms=("OF: /mmc@1000: could not find phandle",),
    ),
)
