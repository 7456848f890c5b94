"""Fixes of damaged inputs, written to files of their own."""

from __future__ import annotations

import random

from tests.fuzz.blobs import structured
from tests.fuzz.case import Made
from tests.fuzz.tables import damaged_tables

_FIX = ("-j1", "--no-config", "--select", "all", "--fix", "--unsafe-fixes")


def make(chance: random.Random) -> Made:
    """A damaged blob or damaged tables, with a command that writes what is mended."""
    if chance.random() < 0.5:
        data, _ = structured(chance)
        out = chance.choice(
            (["--blob-out", "$HERE/o.dtb"], ["--overlay-out", "$HERE/o.dtso"], ["--in-place"])
        )
        call = ["lint", "$HERE/board.dtb", *_FIX, *out]
        # What was written is read again.
        again = ["lint", "$HERE/o.dtb" if "--blob-out" in out else "$HERE/board.dtb", "-j1"]
        return Made({"board.dtb": data}, [call, again])
    files = {f"m/{word}.dat": data for word, data in damaged_tables(chance).items()}
    out = chance.choice(
        (["--tables-out", "$HERE/o"], ["--acpi-override-out", "$HERE/o.cpio"], ["--diff"])
    )
    fix = [each for each in _FIX if each != "--fix" or "--diff" not in out]
    return Made({**files, "m/": b""}, [["lint", "$HERE/m", *fix, *out]])
