"""Who judges the formats that are statements: pictures, and lists that programs read."""

from __future__ import annotations

import re

from tests.support.hostile.oracles import nothing_hidden, text

_DOT = re.compile(
    r'digraph "(?:[^"\\\n]|\\.)*" \{|\}|'
    r"  (?:rankdir=LR|(?:node|edge|n\d+(?: -> n\d+)?) "
    r'\[(?:\w+=(?:"(?:[^"\\\n]|\\.)*"|[\w.]+),?)*\]);'
)


def dot(data: bytes) -> None:
    """Statements of dtlink's own, each in its line."""
    for row in nothing_hidden(data).splitlines():
        assert _DOT.fullmatch(row), row


_LABEL = r'"[^"\\<>`{}]*(?:<br>)?[^"\\<>`{}]*"'
_MERMAID = re.compile(
    r"flowchart LR|"
    rf"  n\d+[\[({{>/]{{1,2}}{_LABEL}[\])}}/]{{1,2}}|"
    rf"  n\d+ [=.>-]+\|{_LABEL}\| n\d+|"
    r"  classDef \w+ [\w:,#-]+|  class n[\dn,]+ \w+|  style n\d+ stroke-width:3px"
)


def mermaid(data: bytes) -> None:
    """Statements of dtlink's own, each in its line."""
    for row in nothing_hidden(data).splitlines():
        assert _MERMAID.fullmatch(row), row


def shell(data: bytes) -> None:
    """A file that a shell reads: settings of plain words."""
    text(data)
    for row in data.decode().splitlines():
        if row and not row.startswith("#"):
            name, _, value = row.partition("=")
            assert name in ("add_drivers+", "MODULES"), row
            assert re.fullmatch(r'" [\w. -]*"|\([\w. -]*\)', value), row


def words(data: bytes) -> None:
    """A list of modules: a name per line, with comments."""
    text(data)
    for row in data.decode().splitlines():
        assert row.startswith("#") or re.fullmatch(r"[\w.-]*\s*(#.*)?", row), row


def nix(data: bytes) -> None:
    """A NixOS setting."""
    text(data)
    for row in data.decode().splitlines():
        assert re.fullmatch(
            r'#.*|boot\.initrd\.availableKernelModules = \[( "[\w.-]+")* \];', row
        ), row


def toml(data: bytes) -> None:
    """TOML."""
    import tomllib

    text(data)
    tomllib.loads(data.decode())


def patch(data: bytes) -> None:
    """Bytes of the user's own files."""
    data.decode("utf-8", "surrogateescape")
