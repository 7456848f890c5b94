"""Overlays that the kernel itself applies to a running machine, and refuses.

Rows for :mod:`dtlink.facts.loglines`.
"""

from __future__ import annotations

from dtlink.facts.loglines.row import Harm, LogMessage, Topic

_OVERLAY = "drivers/of/overlay.c"
_RESOLVER = "drivers/of/resolver.c, of_resolve_phandles()"
_LINT = "dtlink lint BASE --overlay OVERLAY lists all that is wrong with it"


def _refused(
    kind: str,
    needle: str,
    pattern: str,
    sample: str,
    meaning: str,
    *,
    source: str,
    rule: str = "",
    cure: str = _LINT,
    forms: tuple[str, ...] = (),
    follows: tuple[str, ...] = (),
) -> LogMessage:
    return LogMessage(
        kind=f"overlay-{kind}",
        topic=Topic.FIRMWARE,
        needles=(needle,),
        pattern=pattern,
        harm=Harm.HARMFUL,
        sample=sample,
        forms=forms,
        meaning=meaning,
        cure=cure,
        rule=rule,
        source=source,
        follows=follows,
    )


OVERLAY_LINES = (
    _refused(
        "label",
        "OF: resolver: node label '",
        r"OF: resolver: node label '(?P<label>[^']{1,200})' not found",
        "OF: resolver: node label 'i2c2' not found in live devicetree symbols table",
        "An overlay was refused: the devicetree does not export a label that it references.",
        source=_RESOLVER,
        rule="overlay/unknown-label",
    ),
    _refused(
        "symbols",
        "OF: resolver: no symbols in root",
        r"OF: resolver: no symbols in root of device tree",
        "OF: resolver: no symbols in root of device tree.",
        "An overlay was refused: the devicetree has no __symbols__.",
        source=_RESOLVER,
        rule="overlay/unknown-label",
        cure="build the devicetree with dtc -@ (in the kernel's build: DTC_FLAGS_<board> := -@)",
    ),
    _refused(
        "fixup",
        "OF: resolver: overlay phandle fixup failed",
        r"OF: resolver: overlay phandle fixup failed: (?P<error>-\d{1,4})",
        "OF: resolver: overlay phandle fixup failed: -22",
        "An overlay was refused: its references do not fit its nodes, or the label before it is "
        "missing.",
        source=_RESOLVER,
        rule="overlay/invalid-fixup",
        follows=("overlay-label",),
    ),
    _refused(
        "target",
        "OF: overlay: find target, node: ",
        r"OF: overlay: find target, node: (?P<fragment>[^,]{1,200}), "
        r"(?:path '[^']{0,400}' not found|phandle 0x[0-9a-f]{1,8} not found|no target property)",
        "OF: overlay: find target, node: /fragment@0, path '/soc/i2c@1' not found",
        "An overlay was refused: the devicetree does not have the target of a fragment.",
        source=f"{_OVERLAY}, find_target()",
        rule="overlay/no-target",
        forms=(
            "OF: overlay: find target, node: /fragment@0, phandle 0x12 not found",
            "OF: overlay: find target, node: /fragment@0, no target property",
        ),
    ),
    _refused(
        "twice",
        "OF: overlay: ERROR: multiple fragments add",
        r"OF: overlay: ERROR: multiple fragments add(?:, update,)? and/or delete "
        r"(?P<what>node|property) ",
        "OF: overlay: ERROR: multiple fragments add, update, and/or delete property /soc/x/status",
        "An overlay was refused: two of its fragments change one thing.",
        source=f"{_OVERLAY}, changeset_dup_entry_check()",
        rule="overlay/run-time",
        forms=("OF: overlay: ERROR: multiple fragments add and/or delete node /soc/x",),
        cure="put all changes of a node into one fragment",
    ),
    _refused(
        "cells",
        "OF: overlay: ERROR: changing value of ",
        r"OF: overlay: ERROR: changing value of (?P<property>#(?:address|size)-cells) ",
        "OF: overlay: ERROR: changing value of #address-cells is not allowed in /soc",
        "An overlay was refused: it changes the cells of a node that is there already.",
        source=f"{_OVERLAY}, add_changeset_property()",
        rule="overlay/run-time",
        cure="give the property the value that it has",
    ),
    _refused(
        "empty",
        "OF: overlay: ",
        r"OF: overlay: (?:no fragments or symbols in overlay"
        r"|symbols in overlay, but not in live tree)",
        "OF: overlay: no fragments or symbols in overlay",
        "An overlay was refused: it has no fragments, or labels where the devicetree has none.",
        source=f"{_OVERLAY}, init_overlay_changeset()",
        rule="overlay/empty",
        forms=("OF: overlay: symbols in overlay, but not in live tree",),
    ),
    LogMessage(
        kind="overlay-leak",
        topic=Topic.FIRMWARE,
        needles=("OF: overlay: WARNING: memory leak will occur",),
        pattern=r"OF: overlay: WARNING: memory leak will occur if overlay removed, property: ",
        harm=Harm.HARMLESS,
        sample="OF: overlay: WARNING: memory leak will occur if overlay removed, property: "
        "/soc/i2c@1/status",
        meaning="An overlay changed a property of the devicetree, whose memory is not freed when "
        "the overlay is removed.",
        source=f"{_OVERLAY}, add_changeset_property()",
    ),
)
