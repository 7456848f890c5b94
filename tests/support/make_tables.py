"""Writes the fixtures' tables from their texts: ``python tests/support/make_tables.py``."""

from pathlib import Path

from dtlink.testing.assemble import assemble

TABLES = Path(__file__).resolve().parents[2] / "fixtures" / "tables"


def machines() -> dict[Path, dict[str, bytes]]:
    """The tables of each folder, by signature."""
    texts = sorted(TABLES.glob("*/tables.txt"))
    return {text.parent: assemble(text.read_text(encoding="utf-8")) for text in texts}


if __name__ == "__main__":
    for folder, tables in machines().items():
        for signature, data in tables.items():
            (folder / f"{signature}.dat").write_bytes(data)
