"""Coverage-guided fuzzing of the readers of blobs, source and tables, and of rules, with atheris.

``pip install atheris``, then ``python -m tests.fuzz.guided READER FOLDER [libFuzzer options]``:
inputs that reach new code are kept in the folder, which begins with the sound ones. Without
``-max_total_time=SECONDS`` or ``-runs=N`` it goes on until a fault, whose input it writes.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import dumps, seeds
from tests.fuzz.blobs import TreeDamage
from tests.fuzz.damage import some
from tests.fuzz.nodes import parse, write
from tests.fuzz.sources import pieces
from tests.fuzz.tables import damaged_table


class Target(NamedTuple):
    """A reader: what runs it on bytes, and sound inputs."""

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    words: Callable[[], list[bytes]]
    """What its inputs contain, for the mutator."""
    damage: Callable[[bytes, random.Random], bytes]
    """Damage by structure; raises an error where it finds none."""


def _blob(data: bytes) -> None:
    from dtlink.firmware import fdt

    for node in fdt.read(data):
        _ = node.path, dict(node.properties)


def _source(data: bytes) -> None:
    from dtlink.firmware import dts

    tree = dts.read_text(data.decode("utf-8", "surrogateescape"), "board.dts")
    for node in tree:
        _ = node.path, dict(node.properties)


def _tables(data: bytes) -> None:
    from dtlink.firmware.acpi.read import decode

    machine = decode(data)
    for table in machine.tables.values():
        for each in table.everything():
            _ = each.path, [getattr(each, name) for name in type(each).fields()]
        _ = list(table.frame_faults), list(table.minor_frame_faults)


def _lint(data: bytes, name: str = "input") -> None:
    """The reader, then all rules and the results of commands, in which any fault is raised."""
    from dtlink import Board
    from dtlink.firmware.tree import Tree

    board = Board.read(data, name=name, against="5.15")
    report = board.lint(select=["all"])
    report.to_dict()
    for item in report.inputs:
        if item.faults:
            raise AssertionError(item.faults)
    board.links(disabled=True).to_json()
    board.order().to_json()
    board.cycles().to_json()
    board.iommu().to_json()
    if isinstance(board.firmware, Tree):
        board.devlink().to_json()


def _damaged_blob(data: bytes, chance: random.Random) -> bytes:
    """A blob with other nodes and properties."""
    damage = TreeDamage(parse(data), chance)
    for _ in some(chance, 4):
        damage.once()
    return write(damage.root)


def _damaged_table(data: bytes, chance: random.Random) -> bytes:
    """A table with other fields."""
    return damaged_table(data[:4].decode("ascii"), data, chance)


def _damaged_source(data: bytes, chance: random.Random) -> bytes:
    """A source with more pieces."""
    return pieces(data.decode("utf-8", "surrogateescape"), chance).encode(
        "utf-8", "surrogateescape"
    )


def _of_tables() -> list[bytes]:
    found: list[bytes] = []
    for each in seeds.tables():
        found += each.values()
        found += (dumps.acpidump(each), dumps.listing(each))
        found += (dumps.dumped(form, each) for form in dumps.FORMS)
    return list(dict.fromkeys(found))


def _of_sources() -> list[bytes]:
    return [text.encode() for text in seeds.sources()]


def _small_blobs() -> list[bytes]:
    return [each for each in seeds.blobs() if len(each) < 2000]


def _raw_tables() -> list[bytes]:
    return list(dict.fromkeys(data for each in seeds.tables() for data in each.values()))


def _names() -> list[bytes]:
    from tests.fuzz.words import properties

    return list(properties())


TARGETS: Mapping[str, Target] = {
    "blob": Target(_blob, lambda: list(seeds.blobs()), _names, _damaged_blob),
    "source": Target(_source, _of_sources, _names, _damaged_source),
    "tables": Target(_tables, _of_tables, lambda: _SIGNATURES, _damaged_table),
    "lint-blob": Target(_lint, _small_blobs, _names, _damaged_blob),
    "lint-source": Target(
        lambda data: _lint(data, "board.dts"), _of_sources, _names, _damaged_source
    ),
    "lint-tables": Target(_lint, _raw_tables, lambda: _SIGNATURES, _damaged_table),
}
_SIGNATURES = [b"IORT", b"DMAR", b"IVRS", b"VIOT", b"RIMT", b"APIC", b"MCFG", b"SRAT"]


def begin(target: Target, folder: Path) -> list[str]:
    """Write the sound inputs and the words; the arguments that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds()):
        (folder / f"sound-{number}").write_bytes(data)
    words = folder.parent / f"{folder.name}.dict"
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in target.words()]
    words.write_text("".join(lines), encoding="ascii")
    return [f"-dict={words}", str(folder)]


def main() -> None:
    """Run libFuzzer; it ends the process."""
    import atheris

    name, folder, *more = sys.argv[1:]
    target = TARGETS[name]
    given = begin(target, Path(folder))
    # Only what is imported from here on counts, in code that is instrumented.
    for module in [each for each in sys.modules if each.startswith("dtlink")]:
        del sys.modules[module]
    with atheris.instrument_imports(include=["dtlink"]):
        from dtlink.firmware.errors import InputError

        def one(data: bytes) -> None:
            try:
                target.run(data)
            except InputError:
                return

        for data in target.seeds()[:40]:  # what is imported late
            one(data)

    def damaged(data: bytes, most: int, seed: int) -> bytes:
        """Damage by structure, or any where there is none."""
        if seed % 3:
            try:
                chance = random.Random(seed)  # noqa: S311 - repeatable is what it must be
                return target.damage(data, chance)[:most]
            except Exception:  # noqa: BLE001 - the input is not sound enough to be damaged so
                return bytes(atheris.Mutate(data, most))
        return bytes(atheris.Mutate(data, most))

    atheris.Setup(
        [sys.argv[0], "-timeout=60", "-rss_limit_mb=2048", *more, *given],
        one,
        custom_mutator=damaged,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
