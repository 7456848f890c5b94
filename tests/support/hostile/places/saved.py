"""Saved reports and baselines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.hostile.places.base import (
    ROOT,
    Texts,
    lint,
    place,
    raw,
    views,
)
from tests.support.hostile.running import Call, run

#: Members whose values are one of a few words.
_WORDS = ("schema", "severity", "confidence", "kind", "version", "fingerprint")


def _replaced(data: Any, text: str) -> Any:
    """The same data, with a text in place of every other."""
    if isinstance(data, dict):
        return {
            name: value if name in _WORDS else _replaced(value, text)
            for name, value in data.items()
        }
    if isinstance(data, list):
        return [_replaced(each, text) for each in data]
    return text if isinstance(data, str) else data


def _saved(*args: str) -> Any:
    made = run(ROOT, Call(args))
    return json.loads(made.stdout)


@place
def saved_reports(folder: Path, texts: Texts) -> Iterator[Call]:
    board = ("lint", "-j1", "fixtures/boards/phandle-faults.dts", "--format", "json")
    saved = _saved(*board)
    saved["inputs"][0]["findings"] = saved["inputs"][0]["findings"][:3]
    reports = [_replaced(saved, text) for text in texts]
    for number, each in enumerate(reports):
        (folder / f"r{number}.json").write_text(json.dumps(each))
    (folder / "all.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in reports))
    names = [f"r{number}.json" for number in range(len(texts))]
    for form in ("text", "json", "html"):
        yield Call(("history", *names, "--format", form), form)
    yield Call(("history", "all.jsonl"))
    for name in names:
        yield from views(names[0], name, of=("diff",))
    for number, text in enumerate(texts):
        (folder / f"bad{number}.json").write_bytes(raw(text))
        (folder / f"worse{number}.json").write_text(json.dumps({"schema": text, "inputs": text}))
    yield from (
        Call(("history", f"{kind}{at}.json"))
        for kind in ("bad", "worse")
        for at in range(len(texts))
    )


@place
def baselines(folder: Path, texts: Texts) -> Iterator[Call]:
    (folder / "a.dts").write_text("/dts-v1/;\n/ { n { clocks = <0x77>; }; };\n")
    for number, text in enumerate(texts):
        entry = {
            "input": "a.dts",
            "severity": "error",
            "rule": text,
            "subject": text,
            "property": text,
            "supplier": text,
            "fingerprint": f"{number:016x}",
        }
        document = {"schema": "baseline-1", "dtlink": text, "findings": [entry]}
        (folder / f"b{number}.json").write_text(json.dumps(document))
        (folder / f"raw{number}.json").write_bytes(raw(text))
    for number in range(len(texts)):
        yield from lint(
            "a.dts",
            "--baseline",
            f"b{number}.json",
            forms=("text", "junit", "markdown", "json", "html"),
        )
        yield Call(("lint", "-j1", "a.dts", "--baseline", f"raw{number}.json"))
