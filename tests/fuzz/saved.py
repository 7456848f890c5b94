"""Damaged files that dtlink itself wrote, or that users write for it: reports, configuration."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

from tests.fuzz import seeds
from tests.fuzz.calls import CLEAN, GUEST_TABLES, lint
from tests.fuzz.case import Call, Made
from tests.fuzz.damage import HOSTILE, damaged, damaged_lines, some
from tests.fuzz.oracle import invoke
from tests.support.boards import FIXTURES

_FAULTS = str(FIXTURES / "phandle-faults.dtb")
#: Values that are not what a member is.
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1 << 63, 1 << 70, 1.5, "", "x", "\x1b[1m", "\u202e", "\ud800", [], {},
    [[]], {"": {}}, ["x"], [None], {"path": 1}, "0" * 16, "f" * 16, "error", "2024-01-01", "../x",
)  # fmt: skip


@lru_cache(maxsize=1)
def documents() -> Mapping[str, Any]:
    """Reports of the fixtures, by command, as JSON data."""
    calls: Mapping[str, Call] = {
        "lint": ["lint", CLEAN, GUEST_TABLES],
        "links": ["links", GUEST_TABLES],
        "cycles": ["cycles", CLEAN],
        "devlink": ["devlink", CLEAN, "--against", "5.15"],
    }
    return {
        name: json.loads(invoke([*call, "--format", "json"]).out) for name, call in calls.items()
    }


@lru_cache(maxsize=1)
def baseline() -> Mapping[str, Any]:
    """A baseline of the fixtures."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "known.json"
        invoke(["lint", _FAULTS, "--baseline", str(path), "--write-baseline"])
        found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


def _places(data: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every member and entry, as what holds it and its key."""
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        found.append((data, key))
        _places(data[key], found)
    return found


def damaged_document(document: Any, chance: random.Random) -> bytes:
    """A document with members that are lost, of other types, exchanged or repeated."""
    data = json.loads(json.dumps(document))
    for _ in some(chance, 6):
        places = _places(data, [])
        if not places:
            break
        holder, key = chance.choice(places)
        kind = chance.randrange(6)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, list):
            holder += deepcopy(holder[: chance.choice((1, 3, 40))])
        elif kind == 2:
            other, there = chance.choice(places)
            holder[key] = deepcopy(other[there])  # nothing contains itself
        elif kind == 3 and isinstance(holder, dict):
            holder[chance.choice(HOSTILE).decode("latin-1")] = holder.pop(key)
        else:
            holder[key] = deepcopy(chance.choice(_VALUES))
    text = json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")
    kind = chance.random()
    if kind < 0.15:
        return damaged(text, chance)
    if kind < 0.2:
        deep = chance.choice((50, 5000))
        return text[: len(text) // 2] + chance.choice((b"[", b'{"a":')) * deep
    return text


def make_report(chance: random.Random) -> Made:
    """A damaged report, compared with a whole one, or as a build of a history."""
    kind = chance.choice(list(documents()))
    whole = json.dumps(documents()[kind]).encode()
    bad = damaged_document(documents()[kind], chance)
    pair = ["$HERE/a.json", "$HERE/b.json"]
    chance.shuffle(pair)
    form = chance.choice(("text", "json"))
    if kind != "lint" or chance.random() < 0.5:
        call: Call = ["diff", *pair, "--format", form]
    else:
        form = chance.choice(("text", "json", "html", "markdown"))
        call = ["history", *pair, "--format", form]
    return Made({"a.json": whole, "b.json": bad}, [call])


def make_baseline(chance: random.Random) -> Made:
    """A damaged baseline."""
    bad = damaged_document(baseline(), chance)
    call = [*lint(chance, _FAULTS), "--baseline", "$HERE/known.json"]
    if chance.random() < 0.2:
        call.append(chance.choice(("--write-baseline", "--prune-baseline")))
    return Made({"known.json": bad}, [call])


@lru_cache(maxsize=1)
def keys() -> list[str]:
    """The keys of a configuration, but for the one that starts dtschema."""
    from dtlink.config.keys import KEYS, TABLES

    return sorted({each.name for each in (*KEYS, *TABLES)} - {"schema"})


_TOML = (
    "1", "-1", "true", '""', '"x"', '["x"]', "[]", "{}", '"error"', '"never"', '"6.12"', "6.12",
    '["phandle", "cycle"]', '["all"]', '"../x"', '"/dev/zero"', "[1]", "[[]]", '{phandle = "info"}',
    '"\\u001b[1m"', '["*"]', '["**/"]', '["!"]', '["[", "a[!"]', '"\\u202e"', "2024-01-01", "nan",
    '["A=1"]', '["A B=1"]', '"."', "[{}]", '[{rule = "cycle", reason = "x"}]', "9" * 40, "0x1_0",
)  # fmt: skip
_BLOCKS = (
    '[[allow]]\nrule = "phandle/dangling"\nreason = "x"\n', '[[expect]]\nrule = "cycle"\n',
    '[[expect]]\nrule = "phandle/dangling"\nnode = "/soc/*"\nreason = "y"\n', "[severity]\n",
    '[[files]]\npaths = ["*.dtb"]\nfail-on = "never"\n', '[severity]\ncycle = "info"\n', "[x]\n",
    '[[input]]\nname = "v"\nbase = "board.dtb"\noverlays = ["o.dtbo"]\n', "[[allow]]\n", "[[x]]\n",
    '[[allow]]\nrule = "cycle"\nreason = "x"\ninput = "*"\nuntil = 2020-01-01\n', 'extend = "."\n',
)  # fmt: skip


def _toml(chance: random.Random) -> bytes:
    """A configuration of known keys with any values."""
    rounds = range(chance.randint(0, 4))
    lines = [f"{chance.choice(keys())} = {chance.choice(_TOML)}\n" for _ in rounds]
    blocks = chance.choices(_BLOCKS, k=chance.randint(0, 3))
    text = "".join((*lines, *blocks)).encode()
    kind = chance.random()
    if kind < 0.25 and text:
        return damaged(text, chance)
    return damaged_lines(text, chance) if kind < 0.5 else text


def make_config(chance: random.Random) -> Made:
    """A damaged dtlink.toml, in the folder of a board."""
    files = {"dtlink.toml": _toml(chance), "board.dtb": chance.choice(seeds.blobs())}
    rows: list[Callable[[], Call]] = [
        lambda: lint(chance, "$HERE/board.dtb"),
        lambda: ["lint", "$HERE", "-j1"],
        lambda: ["config", "$HERE/board.dtb", "--format", chance.choice(("text", "json"))],
        lambda: ["links", "$HERE/board.dtb", "-j1"],
        lambda: ["diff", "$HERE/board.dtb", CLEAN],
    ]
    return Made(files, [chance.choice(rows)()])
