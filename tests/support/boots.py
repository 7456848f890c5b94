"""Booted boards: what each reported, told as the text list that a user would bring."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.support.boards import SHARED

#: Boards that were booted without and with modules, and the folder of the tree.
BOOTS = {
    "ast2600-evb": "armhf",
    "orangepi-pc": "armhf",
    "raspi2b": "armhf",
    "raspi3b-64": "arm64/broadcom",
    "sabrelite": "armhf",
    "vexpress-a15": "armhf",
}

_LINK = "lrwxrwxrwx    1 root     root             0 Jan  1 00:00"


def boot(name: str) -> dict[str, Any] | None:
    """What one boot reported; ``None`` if it is not there."""
    path = SHARED / "boots" / f"{name}.json.gz"
    return json.loads(gzip.decompress(path.read_bytes())) if path.is_file() else None


def blob(board: str, answer: dict[str, Any]) -> Path:
    """The tree with which a board was booted."""
    return SHARED / "corpus" / BOOTS[board] / Path(answer["dtb"]).name


def text_list(answer: dict[str, Any]) -> str:
    """A boot as the command for the board prints it."""
    deferred = [f"{x['device']}\t{x['reason']}" for x in answer["deferred"]]
    rows = [f"kernel/debug/devices_deferred:{row}" for row in deferred]
    for link in answer["device_links"]:
        at = f"devices/virtual/devlink/{link['name']}"
        names = ("auto_remove_on", "runtime_pm", "status", "sync_state_only")
        rows += [f"{at}/{name}:{link[name]}" for name in names]
        rows += [f"{_LINK} {at}/{x} -> ../../../{link[x]}" for x in ("consumer", "supplier")]
    for device in answer["devices"]:
        rows += _device(device)
    return "\n".join([*rows, *answer["dmesg"]])


def _device(device: dict[str, str]) -> list[str]:
    at = f"devices/{device['sys']}"
    up = "../" * (at.count("/") + 1)
    rows = []
    if device.get("waiting_for_supplier", "-") != "-":
        rows.append(f"{at}/waiting_for_supplier:{device['waiting_for_supplier']}")
    if device.get("of"):
        rows.append(f"{_LINK} {at}/of_node -> {up}firmware/devicetree/base{device['of']}")
    if device.get("driver"):
        rows.append(f"{_LINK} {at}/driver -> {up}bus/{device['bus']}/drivers/{device['driver']}")
    return rows
