"""Predictions against what real kernels made of real boards: without drivers, and with them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dtlink.boot.devlink.model import Prediction
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
}

Answer = dict[str, Any]
Rows = Iterable[tuple[object, ...]]

#: What is compared: its name, the prediction's rows, and the kernel's.
FIELDS: dict[str, tuple[Callable[[Prediction], Rows], Callable[[Answer], Rows]]] = {
    "devices in order": (
        lambda p: enumerate((d.node, d.bus, d.driver) for d in p.devices),
        lambda o: enumerate(_devices(o)),
    ),
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
    "device links": (
        lambda p: p.device_links,
        lambda o: (
            (*_ends(x), x["sync_state_only"], x["runtime_pm"] == "1", x["status"])
            for x in o["device_links"]
        ),
    ),
    "cycle reports": (lambda p: p.cycles, lambda o: map(_ends, o["cycles"])),
    "references not linked": (
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


def _ends(link: Answer) -> tuple[str, str]:
    return link["consumer"], link["supplier"]


def _devices(answer: Answer) -> list[tuple[str, str, str | None]]:
    """The devices in the order they were added; CPUs have a node but take no part in links."""
    table = {d["of"]: (d["of"], d["bus"], d["driver"]) for d in answer["devices"]}
    added = (table[node] for node in answer["device_add_order"])
    return [device for device in added if device[1] != "cpu"]


def differences(run: str, path: Path) -> list[str]:
    """One line per field in which the prediction for a board differs from the kernel's answer."""
    answer = json.loads(gzip.decompress(path.read_bytes()))
    family = path.relative_to(SHARED / "oracle" / run).parts[0]
    tree = fdt.read((SHARED / "corpus" / family / answer["dtb"]).read_bytes())
    prediction = predicted(tree, KernelProfile.of(*RUNS[run]))
    told = []
    for name, (ours, theirs) in FIELDS.items():
        mine, real = Counter(map(tuple, ours(prediction))), Counter(map(tuple, theirs(answer)))
        if mine != real:
            missing, extra = list(real - mine), list(mine - real)
            told.append(
                f"{answer['dtb']}: {name}: {len(missing)} missing, {len(extra)} extra, "
                f"e.g. {(missing + extra)[0]}"
            )
    return told


@pytest.mark.parametrize(
    "every", [pytest.param(EVERY), pytest.param(1, id="all", marks=pytest.mark.corpus)]
)
@pytest.mark.parametrize("run", RUNS)
def test_the_prediction_is_what_the_kernel_did(run: str, every: int) -> None:
    paths = sorted((SHARED / "oracle" / run).rglob("*.json.gz"))[::every]
    if not paths:
        pytest.skip(f"no kernel's answers in {SHARED / 'oracle' / run} (set DTLINK_SHARED)")
    with ProcessPoolExecutor(max_workers=2) as pool:
        results = pool.map(differences, [run] * len(paths), paths, chunksize=8)
        told = [line for lines in results for line in lines]
    assert not told, f"{len(told)} differences on {len(paths)} boards:\n" + "\n".join(told)


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
