"""Predictions against what real kernels made of real boards: without drivers, and with them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dtlink.boot.devlink.effects import TryResult
from dtlink.boot.devlink.model import Prediction
from dtlink.facts.kernels import KNOWN
from dtlink.facts.profile import KernelProfile
from dtlink.firmware import fdt
from tests.support.boards import EVERY, SHARED, predicted
from tests.support.boots import BOOTS

#: The folder of each run, the kernel, and its command line.
RUNS = {
    "6.12": ("6.12", ""),
    "6.12-strict": ("6.12", "fw_devlink.strict=1"),
    "6.1": ("6.1", ""),
    "7.2": ("7.2", ""),
    "7.2-strict": ("7.2", "fw_devlink.strict=1"),
    "7.3-rc7": ("7.3", ""),
    "5.10": ("5.10", ""),
    "5.10-on": ("5.10", "fw_devlink=on"),
}
#: Boards that differ, by run and path: the fields, and why they do.
DIFFERENT = {
    (run, "arm/juno.dtb"): (
        {"devices in order"},
        "5.10 has no mask in names: LEDs of one address collide, and all but the first are refused",
    )
    for run in ("5.10", "5.10-on")
}

Answer = dict[str, Any]
Rows = Iterable[tuple[object, ...]]

Field = tuple[Callable[[Prediction], Rows], Callable[[Answer], Rows]]

COMMON: dict[str, Field] = {
    "devices in order": (
        lambda p: enumerate((d.node, d.bus, d.driver) for d in p.devices),
        lambda o: enumerate(_devices(o)),
    ),
    "device links": (
        lambda p: p.device_links,
        lambda o: (
            (*_ends(x), x["sync_state_only"], x["runtime_pm"] == "1", x["status"])
            for x in o["device_links"]
        ),
    ),
}

#: What is compared: its name, the prediction's rows, and the kernel's.
FIELDS: dict[str, Field] = {
    **COMMON,
    "parsed nodes in order": (
        lambda p: enumerate(p.parsed_nodes),
        lambda o: enumerate(o["parsed_nodes"]),
    ),
    "fwnode links": (
        lambda p: ((*x[:2], x.flags, x.moved, x.remaining) for x in p.fwnode_links),
        lambda o: (
            (*_ends(x), tuple(x["flags"]), x["origin"] == "moved", x["end"] == "remaining")
            for x in o["fwnode_links"]
        ),
    ),
    "origins of fwnode links": (
        lambda p: ((*x[:2], *origin) for x in p.fwnode_links for origin in x.origins),
        lambda o: ((*_ends(x), *origin) for x in o["fwnode_links"] for origin in x["from"]),
    ),
    "cycle lines": (lambda p: p.cycles, lambda o: map(_ends, o["cycles"])),
    "dropped references": (
        lambda p: ((*x[:2], *x.origin, x.reason, x.at) for x in p.not_linked),
        lambda o: (
            (*_ends(x), x["node"], x["prop"], x["index"], x["reason"], x["at"])
            for x in o["not_linked"]
        ),
    ),
    "waiting devices": (
        lambda p: ((x.device, x.suppliers[0], frozenset(x.suppliers)) for x in p.waiting),
        lambda o: ((x["device"], x["first"], frozenset(x["suppliers"])) for x in o["waiting"]),
    ),
    "relaxed device links": (lambda p: p.relaxed, lambda o: map(tuple, o["relaxed"])),
    "refused device links": (lambda p: p.refused, lambda o: map(tuple, o["failed"])),
}

#: The same for kernels without links between nodes: they log no cycles, and name no suppliers.
DIRECT_FIELDS: dict[str, Field] = {
    **COMMON,
    "fwnode links": (lambda p: p.fwnode_links, lambda o: o.get("fwnode_links", ())),
    "cycle lines": (lambda p: p.cycles, lambda o: o.get("cycles", ())),
    "tried references": (
        lambda p: ((x.device, *x.origin, x.supplier, _RESULTS[x.result]) for x in p.tried),
        lambda o: (
            (x["device"], x["node"], x["prop"], x["index"], x["target"], x["result"])
            for x in o["refs"]
        ),
    ),
    "dropped references": (
        lambda p: _dropped((x.device, *x.origin, _RESULTS[x.result]) for x in p.tried),
        lambda o: _dropped(
            (x["device"], x["node"], x["prop"], x["index"], x["result"]) for x in o["refs"]
        ),
    ),
    "waiting devices": (
        lambda p: ((x.device,) for x in p.waiting),
        lambda o: ((device,) for device in o["waiting"]),
    ),
}
_RESULTS = {
    TryResult.LINKED: "linked",
    TryResult.LATER: "later",
    TryResult.NO_DEVICE: "no_device",
    TryResult.DESCENDANT: "refused",
    TryResult.LOOP: "refused",
}


def _dropped(rows: Rows) -> Rows:
    return (row for row in rows if row[-1] in ("refused", "no_device"))


def _ends(link: Answer) -> tuple[str, str]:
    return link["consumer"], link["supplier"]


def _devices(answer: Answer) -> list[tuple[str, str, str | None]]:
    """The devices in the order they were added; CPUs have a node but take no part in links."""
    table = {d["of"]: (d["of"], d["bus"], d["driver"]) for d in answer["devices"]}
    added = (table[node] for node in answer["device_add_order"])
    return [device for device in added if device[1] != "cpu"]


class Difference(NamedTuple):
    """A field in which the prediction for a board is not the kernel's answer."""

    board: str
    field: str
    missing: int
    extra: int
    example: object


def differences(run: str, path: Path) -> list[Difference]:
    """The fields in which the prediction for a board differs from the kernel's answer."""
    answer = json.loads(gzip.decompress(path.read_bytes()))
    family = path.relative_to(SHARED / "oracle" / run).parts[0]
    tree = fdt.read((SHARED / "corpus" / family / answer["dtb"]).read_bytes())
    prediction = predicted(tree, KernelProfile.of(*RUNS[run]))
    found = []
    for name, (ours, theirs) in (DIRECT_FIELDS if "refs" in answer else FIELDS).items():
        mine, real = Counter(map(tuple, ours(prediction))), Counter(map(tuple, theirs(answer)))
        missing, extra = real - mine, mine - real
        if missing or extra:
            example = next(iter(missing or extra))
            found.append(Difference(answer["dtb"], name, missing.total(), extra.total(), example))
    return found


def compared(run: str, every: int) -> tuple[int, list[Difference]]:
    """The number of boards of a run that were compared, and what differs."""
    paths = sorted((SHARED / "oracle" / run).rglob("*.json.gz"))[::every]
    with ProcessPoolExecutor(max_workers=2) as pool:
        results = pool.map(differences, [run] * len(paths), paths, chunksize=8)
        return len(paths), [each for found in results for each in found]


def as_table(run: str, boards: int, found: Iterable[Difference]) -> str:
    """The missing and extra rows of each field, in one line."""
    fields = DIRECT_FIELDS if run.startswith(str(KNOWN[0])) else FIELDS
    sums = {name: [0, 0] for name in fields}
    for each in found:
        sums[each.field][0] += each.missing
        sums[each.field][1] += each.extra
    cells = " | ".join(f"{name} {lack}/{more}" for name, (lack, more) in sums.items())
    return f"{run} | {boards} boards | missing/extra: {cells}"


@pytest.mark.parametrize(
    "every", [pytest.param(EVERY), pytest.param(1, id="all", marks=pytest.mark.corpus)]
)
@pytest.mark.parametrize("run", RUNS)
def test_the_prediction_is_what_the_kernel_did(
    run: str, every: int, record_property: Callable[[str, object], None]
) -> None:
    boards, found = compared(run, every)
    if not boards:
        pytest.skip(f"no kernel's answers in {SHARED / 'oracle' / run} (set DTLINK_SHARED)")
    table = as_table(run, boards, found)
    record_property("missing and extra", table)
    unexplained = [
        each for each in found if each.field not in DIFFERENT.get((run, each.board), ((), ""))[0]
    ]
    assert not unexplained, "\n".join([table, *map(str, unexplained)])


def _ordering(links: list[Answer]) -> set[tuple[str, str]]:
    """The device links between nodes that fw_devlink made and that hold back probes."""
    return {
        (x["consumer_of"], x["supplier_of"])
        for x in links
        if x["auto_remove_on"] == "never"
        and x["sync_state_only"] == "0"
        and x.get("consumer_of")
        and x.get("supplier_of")
    }


@pytest.mark.parametrize("board", BOOTS)
def test_with_all_drivers_the_links_are_those_of_a_booted_board(board: str) -> None:
    path = SHARED / "boots" / f"b-{board}-mods.json.gz"
    if not path.is_file():
        pytest.skip(f"no {path} (set DTLINK_SHARED)")
    answer = json.loads(gzip.decompress(path.read_bytes()))
    blob = SHARED / "corpus" / BOOTS[board] / Path(answer["dtb"]).name
    version = answer["kernel"].removeprefix("vmlinuz-")
    prediction = predicted(fdt.read(blob.read_bytes()), KernelProfile.of(version), "full")
    ours = {tuple(link[:2]) for link in prediction.device_links if not link.sync_state_only}
    real = _ordering(answer["device_links"])
    both = len(ours & real)
    assert both >= 0.95 * len(ours), f"never made: {sorted(ours - real)}"
    assert both >= 0.9 * len(real), f"not predicted: {sorted(real - ours)}"
