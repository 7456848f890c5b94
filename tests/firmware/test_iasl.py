"""ACPICA's disassembler reads the tables that dtlink writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dtlink.rules.catalogue import choose
from dtlink.rules.model import Tables
from dtlink.testing.assemble import assemble
from tests.support.make_tables import machines

#: What iasl says of structures that are younger than its version of 2020, or older than it knows,
#: and of a name that ends where its node does, which leaves no padding.
YOUNGER = (
    "Unknown Subtable Type",
    "Unknown DMAR subtable type 0x6",
    "Unknown IORT node type 0x6",
    "Unknown IVRS subtable type 0x40",
    "Unknown ACPI table signature [VIOT]",
    "Unknown ACPI table signature [RIMT]",
    "ACPI subtable terminates early - may be older version",
    "Invalid zero length subtable",
)
COMPLAINTS = ("nvalid", "Unknown", "***", "rror")


def sound_tables() -> dict[str, bytes]:
    """The tables of all good examples, and of the fixtures."""
    found = {}
    for rule in choose(kind=Tables):
        example = rule.example(Tables)
        source = example.good.source if example else ""
        for word, data in assemble(source).items():
            found[f"{rule.id.replace('/', '-')}-{word}"] = data
    for folder, tables in machines().items():
        found |= {f"{folder.name}-{word}": data for word, data in tables.items()}
    return found


def test_iasl_decodes_the_sound_tables(tmp_path: Path) -> None:
    iasl = shutil.which("iasl")
    if iasl is None:
        pytest.skip("iasl is not installed")
    tables = sound_tables()
    for name, data in tables.items():
        (tmp_path / f"{name}.dat").write_bytes(data)
    files = [str(path) for path in sorted(tmp_path.glob("*.dat"))]
    subprocess.run([iasl, "-d", *files], capture_output=True, check=False, timeout=120)
    complaints = {}
    for name in tables:
        text = (tmp_path / f"{name}.dsl").read_text(encoding="utf-8", errors="replace")
        rows = [row for row in text.splitlines() if any(word in row for word in COMPLAINTS)]
        complaints[name] = [row for row in rows if not any(each in row for each in YOUNGER)]
    assert {name: rows for name, rows in complaints.items() if rows} == {}
