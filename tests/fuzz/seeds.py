"""Sound inputs, small ones more often: the rules' examples, the fixtures, the corpus if there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from dtlink.testing.assemble import assemble
from tests.fuzz.nodes import PlainNode, parse, write
from tests.support.boards import FIXTURES, SHARED, corpus
from tests.support.make_tables import machines

#: The largest board of the corpus that is a seed: small inputs make more of them in an hour.
LARGEST = 9000


@lru_cache(maxsize=1)
def examples() -> tuple[Sequence[str], Sequence[str]]:
    """The devicetrees and the tables of the rules' examples, as text."""
    from dtlink.rules.catalogue import all_rules
    from dtlink.rules.model import Dts

    each = [pair for rule in all_rules() for pair in rule.examples]
    both = [example for pair in each for example in (pair.bad, pair.good)]
    trees = sorted({one.source for one in both if isinstance(one, Dts)})
    overlays = sorted({text for one in both if isinstance(one, Dts) for text in one.overlays})
    return trees + overlays, sorted({one.source for one in both if not isinstance(one, Dts)})


@lru_cache(maxsize=1)
def sources() -> tuple[str, ...]:
    """Devicetree sources: the examples', and the fixtures'."""
    texts = [f"/dts-v1/;\n{text}" for text in examples()[0]]
    return (*texts, *(each.read_text("utf-8") for each in sorted(FIXTURES.glob("*.dts"))))


@lru_cache(maxsize=1)
def blobs() -> tuple[bytes, ...]:
    """Blobs of boards."""
    return tuple(dict.fromkeys(_blobs()))


def _blobs() -> Iterator[bytes]:
    from dtlink.firmware import dts
    from dtlink.firmware.source.options import SourceOptions

    for text in examples()[0]:
        yield dts.read_text(text, sources=SourceOptions(symbols="/plugin/" in text)).blob
    for path in sorted(FIXTURES.glob("*.dtb")):
        yield path.read_bytes()
    for path in corpus():
        if path.stat().st_size <= LARGEST:
            yield path.read_bytes()


@lru_cache(maxsize=1)
def small() -> tuple[bytes, ...]:
    """The blobs that :func:`trees` has."""
    return tuple(map(write, trees()))


#: The largest board of the corpus that is a seed of whole boards.
WHOLE = 64 << 10


@lru_cache(maxsize=1)
def boards() -> tuple[Path, ...]:
    """Whole boards: those of the corpus, else the largest fixtures."""
    real = [path for path in corpus() if LARGEST < path.stat().st_size <= WHOLE]
    return tuple(real or sorted(FIXTURES.glob("*.dtb")))


@lru_cache(maxsize=1)
def trees() -> tuple[PlainNode, ...]:
    """The nodes of the blobs: small ones ten times as often, the largest not at all."""
    found = [parse(blob) for blob in blobs() if len(blob) <= LARGEST]
    small = [each for each in found if sum(1 for _ in each.walk()) <= 40]
    return (*found, *small * 9)


@lru_cache(maxsize=1)
def tables() -> tuple[dict[str, bytes], ...]:
    """The tables of machines, by signature: small ones four times as often."""
    found = [assemble(text) for text in examples()[1]]
    found += machines().values()
    found += [_folder(each) for each in _folders()]
    found = [each for each in found if each]
    small = [each for each in found if sum(map(len, each.values())) <= 1500]
    return (*found, *small * 3)


def _folders() -> Iterator[Path]:
    """Folders of real tables that are small."""
    for folder in sorted((SHARED / "cases" / "acpi").glob("*/")):
        if sum(each.stat().st_size for each in folder.iterdir() if each.is_file()) < 8192:
            yield folder


def _folder(folder: Path) -> dict[str, bytes]:
    files = [each for each in sorted(folder.iterdir()) if each.suffix in (".bin", ".dat")]
    return {data[:4].decode("latin-1"): data for data in (each.read_bytes() for each in files)}
