"""Reading a saved report, so that it can be compared with another, or with firmware."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dtlink.boot.devlink.model import WaitingDevice
from dtlink.firmware import fdt
from dtlink.firmware.errors import InputError
from dtlink.report.json import SCHEMA
from dtlink.rules.model import Severity
from dtlink.views.diff.compare import Picture
from dtlink.views.diff.pictures import waits
from dtlink.views.parts import Entry

_TEXT, _NUMBER, _FLAG, _NONE = (str,), (int,), (bool,), (type(None),)
_FINDING: Entry = {
    **dict.fromkeys(("rule", "severity", "subject", "message", "fix", "fingerprint"), _TEXT),
    **dict.fromkeys(("consequence", "confidence"), _TEXT),
    "property": _TEXT + _NONE,
    "related": [_TEXT],
}
_LINK: Entry = {
    **dict.fromkeys(("consumer", "supplier", "node", "binding", "property"), _TEXT),
    "args": [_NUMBER],
    "why_not": _TEXT + _NONE,
}
_STEP: Entry = {"consumer": _TEXT, "supplier": _TEXT, "property": _TEXT + _NONE}
_PAIR: Entry = {"consumer": _TEXT, "supplier": _TEXT}
_DEVLINK: Entry = {
    "view": _TEXT,
    "cycles": [_PAIR],
    "waiting": [{"device": _TEXT, "suppliers": [_TEXT]}],
    "device_links": [{**_PAIR, "sync_state_only": _FLAG}],
    "devices": [{"node": _TEXT, "driver": _TEXT + _NONE}],
}
_ENTRY: Entry = {
    "path": _TEXT,
    **dict.fromkeys(("sha256", "form", "model"), _TEXT + _NONE),
    "compatible": [_TEXT],
}
#: What is read of an input, each with its form: the types of a value, or the form of members.
_READ: Entry = {
    "findings": [_FINDING],
    "known": [_FINDING],
    "ignored": [{"finding": _FINDING}],
    "links": [_LINK],
    "cycles": [{"nodes": [_TEXT], "chain": [_STEP]}],
    "devlink": _DEVLINK,
}
_NAMES = {str: "text", int: "a number", bool: "true or false", type(None): "null"}
_SEVERITIES = frozenset(each.value for each in Severity)


class Saved(NamedTuple):
    """One input of a saved report."""

    path: str
    entry: Entry
    """Its members that every command tells."""
    picture: Picture
    kernel: str
    """The version of the kernel that the answers hold for."""
    dtlink: str
    """The version of dtlink that wrote it."""
    error: str = ""
    """Why it could not be read when the report was made."""


def read(data: bytes) -> list[Saved]:
    """The inputs of a report that ``--format json`` or ``jsonl`` printed.

    Raises :class:`InputError`, without a path, for what is no such report, and for one that has
    nothing to compare.
    """
    if len(data) > fdt.MAX_SIZE:
        raise InputError(f"a report of more than {fdt.MAX_SIZE} bytes")
    found = [saved for document in _documents(data) for saved in _inputs(document)]
    readable = [each for each in found if not each.error]
    if readable and all(each.picture == Picture() for each in readable):
        raise InputError(
            "a report without findings, links, cycles or devlink: nothing in it can be compared "
            "(dtlink lint, links, cycles and devlink print such)"
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
    except ValueError as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else None
        raise InputError(f"no JSON document: {error}", offset=at) from error


def _inputs(document: Any) -> Iterator[Saved]:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        told = document.get("schema") if isinstance(document, dict) else None
        raise InputError(f"a JSON document that is no report of dtlink: its schema is {told!r}")
    _check(document, {"dtlink": _TEXT, "inputs": [_ENTRY]}, "")
    kernel = document.get("kernel")
    _check(kernel, ({"version": _TEXT}, _NONE), "kernel")
    version = kernel["version"] if kernel else ""
    for number, entry in enumerate(document["inputs"]):
        where = f"inputs[{number}]"
        _check(entry.get("error"), ({"message": _TEXT}, _NONE), f"{where}.error")
        there = {name: form for name, form in _READ.items() if name in entry}
        _check(entry, there, where)
        picture = _picture(entry, kernel or {}, where)
        error = entry["error"]["message"] if entry.get("error") else ""
        told = {name: entry[name] for name in _ENTRY}
        yield Saved(entry["path"], told, picture, version, document["dtlink"], error)


def _check(value: Any, form: Any, where: str) -> None:
    """Raise :class:`InputError` unless a value has a form; see :data:`_READ`."""
    if isinstance(form, tuple) and isinstance(form[0], dict):
        if value is not None:
            _check(value, form[0], where)
    elif isinstance(form, tuple):
        if type(value) not in form:
            raise InputError(f"{where} is not {' or '.join(_NAMES[each] for each in form)}")
    elif isinstance(form, list):
        if not isinstance(value, list):
            raise InputError(f"{where} is no list")
        for number, each in enumerate(value):
            _check(each, form[0], f"{where}[{number}]")
    else:
        _check_members(value, form, where)


def _check_members(value: Any, form: Mapping[str, Any], where: str) -> None:
    if not isinstance(value, dict):
        raise InputError(f"{where or 'the document'} is no object")
    for name, below in form.items():
        place = f"{where}.{name}".lstrip(".")
        if name not in value:
            raise InputError(f"{place} is missing")
        _check(value[name], below, place)


def _picture(entry: Entry, kernel: Entry, where: str) -> Picture:
    ignored = [each["finding"] for each in entry.get("ignored", ())]
    findings = entry.get("findings")
    if findings is not None:
        findings = [*findings, *entry.get("known", ()), *ignored]
        if strange := {each["severity"] for each in findings} - _SEVERITIES:
            raise InputError(f"{where}: {min(strange)!r} is no severity of a finding")
    devlink = entry.get("devlink")
    # Without drivers devices wait that no kernel in use would let wait.
    full = devlink if devlink and devlink["view"] == "full" else None
    return Picture(
        findings=findings,
        waits=None if full is None else _waits(full, kernel),
        cycles=entry.get("cycles"),
        cycle_lines=None if full is None else full["cycles"],
        links=entry.get("links"),
        ignored=frozenset(each["fingerprint"] for each in ignored),
    )


def _waits(devlink: Entry, kernel: Entry) -> list[Entry]:
    """As :class:`dtlink.boot.devlink.ordering.Ordering` tells of a prediction."""
    if kernel.get("fw_devlink") in ("off", "permissive"):
        return []
    bound = {each["node"] for each in devlink["devices"] if each["driver"]}
    held: dict[str, list[str]] = {}
    for link in devlink["device_links"]:
        if not link["sync_state_only"] and not bound & {link["consumer"], link["supplier"]}:
            held.setdefault(link["consumer"], []).append(link["supplier"])
    waiting = [WaitingDevice(x["device"], tuple(x["suppliers"])) for x in devlink["waiting"]]
    return list(waits(waiting, held.items()))
