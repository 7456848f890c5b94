"""All that is generated: whole pages, and parts of pages that are written by hand.

A part stands where a page has ``<!-- generated: NAME -->`` on a line of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dtlink
from dtlink.config.show import table
from dtlink.facts.kernels import KNOWN_KERNELS
from dtlink.version import SITE
from tools.docs import commands, json_schema, measure, performance, rules, toml_schema

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
_MARK = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)


def kernels() -> str:
    """The versions whose fw_devlink is modelled, and how each was checked."""
    head = "| version | checked | release |\n|---|---|---|\n"
    rows = (f"| {row.version} | {row.checked.value} | {row.release} |" for row in KNOWN_KERNELS)
    return head + "\n".join(rows)


#: The parts, by name.
PARTS: Mapping[str, Callable[[], str]] = {
    "costs": performance.table,
    "errors": measure.errors,
    "keys": table,
    "kernels": kernels,
    "measured": measure.table,
    "memory": performance.memory,
    "phases": performance.phases,
}


def filled(text: str) -> str:
    """A page with its generated parts. Raises :class:`KeyError` for a part that there is not."""
    return _MARK.sub(lambda match: PARTS[match[1]](), text)


def pages() -> Iterator[tuple[str, str]]:
    """The path below ``docs/`` and the text of each page that is generated as a whole."""
    yield from rules.pages()
    yield "reference/commands.md", commands.page()
    yield "reference/dtlink-toml.md", _toml()
    yield "reference/report-json.md", _report()
    yield "reference/library.md", _library()
    for schema in sorted(SCHEMAS.glob("*.json")):
        yield f"schemas/{schema.name}", schema.read_text(encoding="utf-8")


def _toml() -> str:
    address = f"{SITE}schemas/{toml_schema.FILE.name}"
    intro = (
        "[Configuration](../configuration.md) explains how a file is found and what applies. "
        f"The schema is [dtlink-toml.schema.json](../schemas/{toml_schema.FILE.name}); editors "
        "that know Taplo read it if the first line of the file is\n\n"
        f"```toml\n#:schema {address}\n```\n"
    )
    return json_schema.page("dtlink.toml", intro, toml_schema.schema(), "none")


def _report() -> str:
    file = SCHEMAS / "report-1.schema.json"
    intro = (
        "What `--format json` of every command prints, from "
        f"[{file.name}](../schemas/{file.name}). Within version 1 members are only added, so "
        "ignore those that you do not know."
    )
    schema = json.loads(file.read_text(encoding="utf-8"))
    return json_schema.page("JSON report", intro, schema, "$defs")


def _library() -> str:
    parts = [
        "# Library, name by name\n",
        "From the docstrings. [Library](../library.md) explains them by task.\n",
    ]
    names = [name for name in dtlink.__all__ if name not in ("__version__", "Json")]
    parts += [f"::: dtlink.{name}\n" for name in names]
    return "\n".join(parts)
