"""Which values of a devicetree are private, and their removal.

What boot loaders write for one machine is private: its command line, addresses, serial numbers and
seeds. Values keep their lengths, so that the form of each property stays. A property that
references suppliers is never touched: it is what findings are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.facts.bindings import binding_of
from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.overlay.nodes import walk
from dtlink.records import NamedTuple


class PrivateName(NamedTuple):
    """Properties whose names say that their values are private."""

    what: str
    pattern: re.Pattern[str]


def _named(what: str, pattern: str) -> PrivateName:
    return PrivateName(what, re.compile(pattern, re.IGNORECASE))


#: Names are those of devicetree bindings (net/ethernet-controller.yaml, Devicetree Specification
#: 0.4, 3.6), and of what U-Boot, the Raspberry Pi's and vendors' boot loaders add.
NAMES = (
    _named("MAC address", r"(mac|bd|hw|hardware|eth(ernet)?|wifi|wlan|bt)[-_,]?addr|^address$"),
    _named(
        "serial number",
        r"serial([-_,]?(number|num|no|nr|id|#)|\d*$)|(^|[-_,])sn$|imei|iccid|imsi",
    ),
    _named("seed", r"seed|entropy"),
    _named("UUID", r"uuid|guid|(^|[-_,])(unique|machine|device|system)-id$"),
    _named("key", r"(^|[-_,])(key|secret|token|psk|credential)s?$|passw|passphrase|certificate"),
    _named("name of somebody", r"host-?name|ssid|asset|owner|user-?name|e-?mail|phone-number"),
    _named("build", r"(build|compile)[-_,]?(id|user|host|date|time|path)|timestamp"),
    _named("command line", r"bootargs|cmdline|command-line"),
    _named("calibration data", r"calibration-data|cal-data|nvram"),
)

#: What in a text is private, whatever its property is called.
TEXTS = (
    ("MAC address", re.compile(rb"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")),
    ("UUID", re.compile(rb"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")),
    ("IP address", re.compile(rb"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")),
    ("path of a file", re.compile(rb"/(?:home|Users|root|build|tmp|mnt|srv)/[^\0\s\"]+")),
    ("name of somebody", re.compile(rb"(?<![/\w])[\w.+-]+@[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)+")),
)

#: What of ``/chosen`` says something about devices, and nothing about the machine's owner.
_CHOSEN = frozenset(("stdout-path", "linux,stdout-path", "stdin-path", "phandle", "ranges"))
_CELLS = re.compile(r"#[\w-]+-cells")
#: Nodes whose properties have names of nodes as their names.
_INDEXES = ("/aliases", "/__symbols__", "/__fixups__", "/__local_fixups__")
_TEXT = re.compile(rb"(?:[ -~]*\0)+")
#: A text that is shorter may be found anywhere.
_SHORTEST = 6


class Removed(NamedTuple):
    """A value that was removed."""

    what: str
    node: str
    property_name: str


def scrub(root: SourceNode) -> list[Removed]:
    """Remove what is private from a tree, and say what and where."""
    removed, secrets = [], set[bytes]()
    for node, path in list(walk(root)):
        for name, value in list(node.properties.items()):
            what = _what(path, name, value, node)
            if what:
                removed.append(Removed(what, path, name))
                secrets.update(_texts(value))
                _remove(node, path, name, value)
    for node, path in walk(root):
        for name, value in node.properties.items():
            cleaned, what = _cleaned(value, secrets) if _is_touched(path, name) else (value, "")
            if what:
                node.properties[name] = cleaned
                removed.append(Removed(what, path, name))
    return removed


def _is_touched(path: str, name: str) -> bool:
    return not path.startswith(_INDEXES) and binding_of(name) is None


def _what(path: str, name: str, value: bytes, node: SourceNode) -> str:
    """Why a value is private; empty if it is not."""
    if path == "/chosen" or (path.startswith("/chosen/") and "compatible" not in node.properties):
        is_kept = name in _CHOSEN or _CELLS.fullmatch(name) or name == "compatible"
        return "" if is_kept else "what boot loaders put into /chosen"
    if not value or not _is_touched(path, name):
        return ""
    return next((row.what for row in NAMES if row.pattern.search(name)), "")


def _remove(node: SourceNode, path: str, name: str, value: bytes) -> None:
    if path == "/chosen" or path.startswith("/chosen/"):
        del node.properties[name]  # its presence alone changes what a kernel does
    else:
        node.properties[name] = _blank(value)


def _blank(value: bytes) -> bytes:
    """A value of the same length and form."""
    return re.sub(rb"[^\0]", b"x", value) if _TEXT.fullmatch(value) else bytes(len(value))


def _texts(value: bytes) -> Iterator[bytes]:
    """The texts in a value that are long enough to be looked for elsewhere."""
    for text in value.split(b"\0"):
        if len(text) >= _SHORTEST and text.isascii() and text.decode().isprintable():
            yield text
            for word in text.split():
                _, _, assigned = word.partition(b"=")
                if len(assigned) >= _SHORTEST:
                    yield assigned


def _cleaned(value: bytes, secrets: set[bytes]) -> tuple[bytes, str]:
    """A value without what is private in its texts, and what that was."""
    found = ""
    for what, pattern in TEXTS:
        if pattern.search(value):
            value = pattern.sub(lambda match: b"x" * len(match[0]), value)
            found = found or what
    for secret in secrets:
        if secret in value:
            value = value.replace(secret, b"x" * len(secret))
            found = found or "what was removed elsewhere"
    return value, found
