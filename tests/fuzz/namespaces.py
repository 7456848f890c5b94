"""Tables beside damaged programs of the firmware, which iasl disassembles where it is installed."""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from tests.fuzz import seeds
from tests.fuzz.calls import lint
from tests.fuzz.case import Made
from tests.fuzz.damage import damaged
from tests.fuzz.tables import damaged_table

_ASL = """DefinitionBlock ("dsdt.aml", "DSDT", 2, "DTLINK", "EXAMPLE", 1)
{
    Scope (\\_SB)
    {
        Device (DEV0) { Name (_HID, "LNRO0005") Method (_STA) { Return (0xF) } }
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Device (DEV1) { Name (_ADR, 0x00010000) }
            Method (MAKE) { If (One) { Name (^XYZ, 1) } }
        }
    }
    Scope (\\_SB.PCI0.DEV1) { Device (DEV2) { Name (_ADR, 0) } }
}
"""


@lru_cache(maxsize=1)
def program() -> bytes:
    """A small DSDT; nothing where iasl is not installed."""
    iasl = shutil.which("iasl")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "dsdt.asl").write_text(_ASL, encoding="ascii")
        if iasl:
            call = [iasl, "dsdt.asl"]
            subprocess.run(call, cwd=folder, capture_output=True, check=False, timeout=60)
        made = Path(folder) / "dsdt.aml"
        return made.read_bytes() if made.is_file() else b""


@lru_cache(maxsize=1)
def _naming() -> list[dict[str, bytes]]:
    """The tables that name devices of the namespace."""
    return [each for each in seeds.tables() if any(b"_SB" in data for data in each.values())]


def make(chance: random.Random) -> Made:
    """A machine with a damaged DSDT, whose checksum is right."""
    tables = dict(chance.choice(_naming()))
    if chance.random() < 0.3:
        word = chance.choice(sorted(tables))
        tables[word] = damaged_table(word, tables[word], chance)
    code = bytearray(program())
    if code:
        code[36:] = damaged(bytes(code[36:]), chance, 2)
        code[4:8] = len(code).to_bytes(4, "little")
        code[9] = 0
        code[9] = -sum(code) & 0xFF
        tables["DSDT"] = bytes(code)
    files = {f"m/{word}.dat": data for word, data in tables.items()}
    return Made({**files, "m/": b""}, [lint(chance, "$HERE/m")])
