"""Reading a saved report, so that it can be compared with another, or with firmware.

What is on the disk is untyped: its form is checked here, and rows are made of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

from dtlink.boot.devlink.model import CycleReport, WaitingDevice
from dtlink.facts.binding import Origin
from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.records import NamedTuple
from dtlink.report.json import SCHEMA
from dtlink.report.model import FORMS
from dtlink.rules.model import Confidence, Severity
from dtlink.typed import Any
from dtlink.views.cycles import CycleRow, CycleStep
from dtlink.views.data import ABSENT
from dtlink.views.diff.firmware import waits
from dtlink.views.diff.former import reason
from dtlink.views.diff.rows import FindingRow, IdentityRow, WaitRow
from dtlink.views.diff.sides import Side
from dtlink.views.diff.snapshot import Snapshot
from dtlink.views.forms import (
    CELL,
    COUNT,
    COUNT_OR_NONE,
    FLAG,
    NODE,
    NONE,
    PAIR,
    TEXT,
    Members,
    check,
    check_present,
    matching,
    one_of,
)
from dtlink.views.links import LinkRow, PropertyRow

_FINDING: Members = {
    "rule": matching("[a-z]+/[a-z0-9-]+", "the name of a rule"),
    "severity": TEXT,
    "subject": NODE,
    **dict.fromkeys(("message", "fix", "consequence"), TEXT),
    "fingerprint": matching("[0-9a-f]{16}(-[0-9]+)?", "a fingerprint"),
    "confidence": one_of(*(each.value for each in Confidence)),
    "property": TEXT + NONE,
    "related": [NODE],
}
_LINK: Members = {
    **dict.fromkeys(("consumer", "supplier", "node"), NODE),
    **dict.fromkeys(("binding", "property", "kind"), TEXT),
    "origin": one_of(*(each.value for each in Origin)),
    "index": COUNT,
    "args": [CELL],
    **dict.fromkeys(("optional", "followed"), FLAG),
    "why_not": TEXT + NONE,
}
_PROPERTY: Members = {
    **dict.fromkeys(("node", "name", "meaning"), TEXT),
    "value": COUNT,
    "is_flag": FLAG,
}
_STEP: Members = {
    **dict.fromkeys(("consumer", "supplier"), NODE),
    "property": TEXT + NONE,
    "index": COUNT_OR_NONE,
}
_PAIR: Members = {"consumer": NODE, "supplier": NODE}
_DEVLINK: Members = {
    "view": TEXT,
    "cycles": [_PAIR],
    "waiting": [{"device": NODE, "suppliers": [NODE]}],
    "device_links": [{**_PAIR, "sync_state_only": FLAG}],
    "devices": [{"node": NODE, "driver": TEXT + NONE}],
}
_ENTRY: Members = {
    "path": TEXT,
    "sha256": matching("[0-9a-f]{64}", "a SHA-256", TEXT + NONE),
    **dict.fromkeys(("form", "model"), TEXT + NONE),
    "compatible": [TEXT],
}
#: What is read of an input, each with its form: the types of a value, or the form of members.
_READ: Members = {
    "findings": [_FINDING],
    "known": [_FINDING],
    "ignored": [{"finding": _FINDING}],
    "truncated": [{"rule": TEXT, "omitted": COUNT}],
    "links": [_LINK],
    "properties": [_PROPERTY],
    "cycles": [{"nodes": [NODE], "chain": [_STEP], "breaks": [_STEP]}],
    "devlink": _DEVLINK,
}
#: Members that not every version wrote: they have their form, or are absent.
_LATER_OF_LINKS: Members = {
    "used_by_linux": FLAG,
    "inputs": PAIR,
    "output": COUNT_OR_NONE,
    "through": TEXT + NONE,
}
_LATER_OF_CYCLES: Members = {"links": COUNT, "relaxed": [_STEP]}
_SEVERITIES = frozenset(each.value for each in Severity)


class SavedInput(NamedTuple):
    """One input of a saved report."""

    side: Side
    error: str = ""
    """Why it could not be read when the report was made."""


def read(data: bytes) -> list[SavedInput]:
    """The inputs of a report that ``--format json`` or ``jsonl`` printed.

    Raises :class:`InputError`, without a path, for what is not such a report, and for one that has
    nothing to compare.
    """
    if len(data) > fdt.MAX_SIZE:
        raise InputError(f"a report of more than {fdt.MAX_SIZE} bytes")
    found = [saved for document in _documents(data) for saved in _inputs(document)]
    readable = [each for each in found if not each.error]
    if readable and all(each.side.snapshot == Snapshot() for each in readable):
        raise InputError(
            "a report without findings, links, cycles or devlink: nothing in it can be compared "
            "(use one of dtlink lint, links, cycles or devlink)"
        )
    return found


def _documents(data: bytes) -> Iterator[Any]:
    """The document, or those of every line."""
    try:
        try:
            yield json.loads(data)
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Extra data"):
                raise
            yield from map(json.loads, data.splitlines())
    except RecursionError as error:
        raise InputError("JSON that is nested too deep for a report") from error
    except UnicodeDecodeError as error:
        raise InputError("not a JSON document: not UTF-8", offset=error.start) from error
    except ValueError as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else None
        raise InputError(f"not a JSON document: {error}", offset=at) from error


def _inputs(document: Any) -> Iterator[SavedInput]:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        schema = document.get("schema") if isinstance(document, dict) else None
        raise InputError(
            f"a JSON document that is not a report of dtlink: its schema is {schema!r}"
        )
    check(document, {"dtlink": TEXT, "inputs": [_ENTRY]}, "")
    kernel = document.get("kernel")
    check(kernel, ({"version": TEXT}, NONE), "kernel")
    version = kernel["version"] if kernel else ""
    for number, entry in enumerate(document["inputs"]):
        where = f"inputs[{number}]"
        check(entry.get("error"), ({"message": TEXT}, NONE), f"{where}.error")
        there = {name: form for name, form in _READ.items() if name in entry}
        check(entry, there, where)
        check_present(entry.get("links", ()), _LATER_OF_LINKS, f"{where}.links")
        check_present(entry.get("cycles", ()), _LATER_OF_CYCLES, f"{where}.cycles")
        if not entry["path"]:
            raise InputError(f"{where}.path is empty")
        snapshot = _snapshot(_whole(entry), kernel or {}, where)
        identity = IdentityRow(
            path=entry["path"],
            sha256=entry["sha256"],
            form=entry["form"] if entry["form"] in FORMS else None,  # a later version's
            model=entry["model"],
            compatible=tuple(entry["compatible"]),
            dtlink=document["dtlink"],
            kernel_version=version or None,
        )
        error = entry["error"]["message"] if entry.get("error") else ""
        yield SavedInput(Side(identity, snapshot), error)


def _omitted(entry: Members) -> Mapping[str, int]:
    """How many findings of each rule a report lacks, in any of its lists."""
    found = Counter[str]()
    for each in entry.get("truncated", ()):
        found[each["rule"]] += each["omitted"]
    return found


def _whole(entry: Members) -> Members:
    """The entry without lists that are not whole: what a report leaves out is not lost."""
    left_out = entry.get("left_out")
    cut = set(left_out) if isinstance(left_out, dict) else set[str]()
    if any("left_out" in each for each in entry.get("cycles", ())):
        cut.add("cycles")
    devlink = entry.get("devlink")
    if devlink and ("left_out" in devlink or any("more" in each for each in devlink["waiting"])):
        cut.add("devlink")
    return {name: value for name, value in entry.items() if name not in cut}


def _snapshot(entry: Members, kernel: Members, where: str) -> Snapshot:
    ignored = [each["finding"] for each in entry.get("ignored", ())]
    findings = entry.get("findings")
    if findings is not None:
        findings = [*findings, *entry.get("known", ()), *ignored]
        if strange := {each["severity"] for each in findings} - _SEVERITIES:
            raise InputError(f"{where}: {min(strange)!r} is not a severity of a finding")
    devlink, cycles, links = (entry.get(name) for name in ("devlink", "cycles", "links"))
    # Without drivers devices wait that no kernel in use would let wait.
    full = devlink if devlink and devlink["view"] == "full" else None
    lines = None if full is None else [(x["consumer"], x["supplier"]) for x in full["cycles"]]
    return Snapshot(
        findings=None if findings is None else [FindingRow.of(each) for each in findings],
        waits=None if full is None else _waits(full, kernel),
        cycles=None if cycles is None else [_cycle(each) for each in cycles],
        cycle_lines=None if lines is None else [CycleReport(*each) for each in lines],
        links=None if links is None else [_link(each) for each in links],
        ignored=frozenset(each["fingerprint"] for each in ignored),
        properties=[
            PropertyRow(**{name: each[name] for name in _PROPERTY}) for each in entry["properties"]
        ]
        if "properties" in entry
        else None,
        omitted=_omitted(entry),
    )


def _cycle(members: Members) -> CycleRow:
    return CycleRow(
        nodes=tuple(members["nodes"]),
        chain=tuple(map(_step, members["chain"])),
        breaks=tuple(map(_step, members["breaks"])),
        links=members.get("links", ABSENT),
        relaxed=tuple(map(_step, members["relaxed"])) if "relaxed" in members else ABSENT,
    )


def _step(members: Members) -> CycleStep:
    return CycleStep(
        consumer=members["consumer"],
        supplier=members["supplier"],
        property_name=members["property"],
        index=members["index"],
    )


def _link(members: Members) -> LinkRow:
    inputs = members.get("inputs", ABSENT)
    return LinkRow(
        consumer=members["consumer"],
        supplier=members["supplier"],
        binding=members["binding"],
        kind=members["kind"],
        origin=members["origin"],
        node=members["node"],
        property_name=members["property"],
        index=members["index"],
        args=tuple(members["args"]),
        optional=members["optional"],
        followed=members["followed"],
        why_not=reason(members["why_not"]),
        used_by_linux=members.get("used_by_linux", ABSENT),
        inputs=tuple(inputs) if isinstance(inputs, list) else inputs,
        output=members.get("output", ABSENT),
        through=members.get("through", ABSENT),
    )


def _waits(devlink: Members, kernel: Members) -> list[WaitRow]:
    """As :class:`dtlink.boot.devlink.ordering.Ordering` has them of a prediction."""
    if kernel.get("fw_devlink") in ("off", "permissive"):
        return []
    bound = {each["node"] for each in devlink["devices"] if each["driver"]}
    held: dict[str, list[str]] = {}
    for link in devlink["device_links"]:
        if not link["sync_state_only"] and not bound & {link["consumer"], link["supplier"]}:
            held.setdefault(link["consumer"], []).append(link["supplier"])
    waiting = [WaitingDevice(x["device"], tuple(x["suppliers"])) for x in devlink["waiting"]]
    return list(waits(waiting, held.items()))
