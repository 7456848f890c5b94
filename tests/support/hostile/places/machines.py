"""What machines report: logs, sysfs, PCI functions, memory maps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dtlink.firmware.fdt_write import write
from tests.support.hostile.places.base import (
    TABLES,
    Texts,
    lint,
    place,
    raw,
    views,
)
from tests.support.hostile.places.trees import tree
from tests.support.hostile.running import Call

_BASE = "../../../firmware/devicetree/base"


@place
def logs(folder: Path, texts: Texts) -> Iterator[Call]:
    (folder / "board.dtb").write_bytes(write(tree(texts)))
    head = (
        f"[    0.000000] Linux version 6.12.0-{texts[0]} (x) #1 SMP\n"
        f"[    0.000000] Kernel command line: {' '.join(texts)}\n"
    )
    rows = []
    for text in texts:
        rows += [
            f"platform {text}: deferred probe pending: {text}: supplier {text} not ready",
            f"{text} {text}.auto: error -EPROBE_DEFER: {text}",
            f"platform 1.{text}: Fixed dependency cycle(s) with /{text}",
            f"arm-smmu-v3 {text}: {text}",
            f"OF: /{text}: could not get #clock-cells for /{text}",
            f"OF: overlay: {text}",
            f"Machine model: {text}",
            f"{text}",
        ]
    rows = [each.replace("\0", "") for each in rows]
    head = head.replace("\0", "")
    (folder / "boot.log").write_bytes(
        raw(head + "".join(f"[    1.{at:06}] {row}\n" for at, row in enumerate(rows)))
    )
    yield from views("boot.log", "--all", of=("log",))
    yield from views("boot.log", of=("log",), forms=("text",))
    yield from views("boot.log", "--dtb", "board.dtb", "--all", of=("log",))
    yield from views("board.dtb", "--observed", "boot.log", of=("devlink",))
    yield Call(("graph", "board.dtb", "--observed", "boot.log", "--format", "html"), "html")


@place
def observed(folder: Path, texts: Texts) -> Iterator[Call]:
    (folder / "board.dtb").write_bytes(write(tree(texts)))
    rows = ["devices/platform/gone/waiting_for_supplier:1"]
    for text in texts:
        rows += [
            f"devices/virtual/devlink/platform:{text}--platform:{text}/status:{text}",
            f"l 1 root root 0 Jan 1 devices/platform/{text}/of_node -> {_BASE}/{text}",
            f"devices/platform/{text}/waiting_for_supplier:1",
            f"[    0.000000] Linux version 6.1.0-{text} (x)",
        ]
    (folder / "seen.txt").write_bytes(raw("\n".join(rows)))
    yield from views("board.dtb", "--observed", "seen.txt", "--all", of=("devlink",))
    yield Call(("graph", "board.dtb", "--observed", "seen.txt", "--format", "html"), "html")
    (folder / "lspci.txt").write_bytes(
        raw(
            "".join(
                f"00:0{at % 8}.0 Class [0604]: {each} [8086:{each}]\n\tKernel driver: {each}\n"
                for at, each in enumerate(texts)
            )
        )
    )
    (folder / "iomem").write_bytes(
        raw("".join(f"{at:04x}0000-{at:04x}ffff : {each}\n" for at, each in enumerate(texts)))
    )
    given = (os.fspath(TABLES / "intel-desktop"), "--lspci", "lspci.txt", "--iomem", "iomem")
    yield from lint(*given, forms=("text", "json"))
