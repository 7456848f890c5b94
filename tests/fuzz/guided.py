"""Coverage-guided fuzzing of the readers of blobs, source and tables, with atheris.

``pip install atheris``, then ``python -m tests.fuzz.guided READER FOLDER [libFuzzer options]``:
inputs that reach new code are kept in the folder, which begins with the sound ones. Without
``-max_total_time=SECONDS`` or ``-runs=N`` it goes on until a fault, whose input it writes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import dumps, seeds


class Target(NamedTuple):
    """A reader: what runs it on bytes, and sound inputs."""

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    words: Callable[[], list[bytes]]
    """What its inputs contain, for the mutator."""


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


def _of_tables() -> list[bytes]:
    found: list[bytes] = []
    for each in seeds.tables():
        found += each.values()
        found += (dumps.acpidump(each), dumps.listing(each))
        found += (dumps.dumped(form, each) for form in dumps.FORMS)
    return list(dict.fromkeys(found))


def _names() -> list[bytes]:
    from tests.fuzz.words import properties

    return list(properties())


TARGETS: Mapping[str, Target] = {
    "blob": Target(_blob, lambda: list(seeds.blobs()), _names),
    "source": Target(_source, lambda: [text.encode() for text in seeds.sources()], _names),
    "tables": Target(_tables, _of_tables, lambda: [b"IORT", b"DMAR", b"IVRS", b"VIOT", b"RIMT"]),
}


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

        for data in target.seeds()[:200]:  # what is imported late
            target.run(data)

    def one(data: bytes) -> None:
        try:
            target.run(data)
        except InputError:
            return

    atheris.Setup([sys.argv[0], "-timeout=5", "-rss_limit_mb=2048", *more, *given], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
