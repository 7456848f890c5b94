"""Only ``dtlink.escaping`` escapes, and only ``dtlink.cli.messages`` writes to standard error."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import dtlink

PACKAGE = Path(dtlink.__file__).parent

#: Calls that escape, or that write, and the modules that may make them, each for its reason.
ALLOWED: Mapping[str, Mapping[str, str]] = {
    "json.dumps": {
        "escaping/jsontext.py": "the one place",
        "cache.py": "a file that dtlink itself reads",
        "report/baseline.py": "ASCII, which dtlink itself reads",
        "schema/worker.py": "a message between two processes of dtlink",
        "views/history/index.py": "a database that dtlink itself reads",
    },
    "html.escape": {"escaping/html.py": "the one place"},
    "quoteattr": {"escaping/xml.py": "the one place"},
    "escape": {
        "escaping/xml.py": "the one place",
        "firmware/source/absent.py": "of glob",
        "observed/live.py": "of glob",
    },
    "shlex.quote": {"escaping/shell.py": "the one place"},
    "quote": {"escaping/uris.py": "the one place"},
    "sys.stderr.write": {
        "cli/messages.py": "the one place",
        "cli/progress.py": "a line that moves the cursor; its text is escaped",
        "__main__.py": "'dtlink: interrupted', without importing more",
    },
    "print": {},
    "click.secho": {},
}


@cache
def _calls() -> list[tuple[str, str, ast.Call]]:
    return list(_found())


def _found() -> Iterator[tuple[str, str, ast.Call]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path.relative_to(PACKAGE).as_posix(), ast.unparse(node.func), node


def test_nothing_else_escapes_or_writes_to_standard_error() -> None:
    found = [
        f"{path}:{node.lineno}: {called}()"
        for path, called, node in _calls()
        if called in ALLOWED and path not in ALLOWED[called]
    ]
    assert found == []


def test_no_message_goes_past_the_one_place() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, called, node in _calls()
        if called.endswith("echo") and any(each.arg == "err" for each in node.keywords)
    ]
    assert found == []
