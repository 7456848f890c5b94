"""The judge of each format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.support.hostile import oracles, statements

#: By the name of the format.
JUDGES: Mapping[str, Callable[[bytes], None]] = {
    "text": oracles.text,
    "coloured": oracles.coloured,
    "concise": oracles.text,
    "json": oracles.json_document,
    "jsonl": oracles.json_lines,
    "sarif": oracles.sarif,
    "gitlab": oracles.strict_json,
    "rdjson": oracles.strict_json,
    "junit": oracles.junit,
    "checkstyle": oracles.checkstyle,
    "github": oracles.github,
    "markdown": oracles.markdown,
    "html": oracles.html,
    "dot": statements.dot,
    "mermaid": statements.mermaid,
    "graphml": oracles.graphml,
    "dracut": statements.shell,
    "mkinitcpio": statements.shell,
    "nixos": statements.nix,
    "list": statements.words,
    "initramfs-tools": statements.words,
    "modules.load": statements.words,
    "toml": statements.toml,
}
