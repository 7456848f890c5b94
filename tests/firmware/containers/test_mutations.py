"""Damaged images: each is read, or refused in one sentence; none hangs, crashes or fills memory."""

from __future__ import annotations

import random
import resource
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

import dtlink
from tests.support.image_rows import FAULTS, IMAGES, OTHER
from tests.support.limits import at_most
from tests.support.mutate import EXTREMES

#: Of the default run; the marker ``corpus`` has more.
COUNT, LONG = 300, 5000
_KINDS = ("bits", "words", "truncated", "moved", "doubled", "zeros")


def damaged(count: int, seed: int) -> Iterator[tuple[str, str, bytes]]:
    """So many damaged images: a name, a suffix and the bytes."""
    chance = random.Random(seed)  # noqa: S311 - repeatable is what it must be
    sound = [(name, row.suffix, row.make(FAULTS, OTHER)) for name, row in IMAGES.items()]
    for number in range(count):
        name, suffix, data = sound[number % len(sound)]
        kind = chance.choice(_KINDS)
        yield f"{number} {name} {kind}", suffix, _damage(data, kind, chance)


def _damage(data: bytes, kind: str, chance: random.Random) -> bytes:
    changed = bytearray(data)
    # Headers and tables are at the beginning: most of the damage is there.
    reach = chance.choice((64, 512, 4096, len(data)))
    places = [chance.randrange(min(reach, len(data))) for _ in range(chance.randint(1, 6))]
    if kind == "bits":
        for at in places:
            changed[at] ^= 1 << chance.randrange(8)
    elif kind == "words":
        for at in places:
            order = chance.choice((">I", "<I"))
            changed[at & ~3 : (at & ~3) + 4] = struct.pack(order, chance.choice(EXTREMES))
    elif kind == "truncated":
        del changed[chance.randrange(len(data)) :]
    elif kind == "moved":
        at, to, size = places[0], chance.randrange(len(data)), chance.randint(1, 4096)
        changed[to : to + size] = changed[at : at + size]
    elif kind == "doubled":
        changed[places[0] : places[0]] = changed[: chance.randint(1, 4096)]
    else:
        changed[places[0] : places[0] + chance.randint(1, 4096)] = bytes(chance.randint(0, 64))
    return bytes(changed)


def check(count: int, seed: int, folder: Path) -> dict[str, int]:
    """Lint damaged images; returns how many were read, refused, or partly refused."""
    told = {"read": 0, "refused": 0, "partly": 0}
    for name, suffix, data in damaged(count, seed):
        path = folder / f"image{suffix}"
        path.write_bytes(data)
        with at_most(20):
            report = dtlink.lint(path)
        assert report.inputs, name
        for item in report.inputs:
            assert not item.faults, name
            assert item.error is None or not item.error.bug, (name, item.error)
            messages = [each.message for each in item.refused]
            messages += [item.error.message] if item.error else []
            for message in messages:
                assert message, name
                assert message.isprintable(), (name, message[:300])
                assert len(message) < 300, (name, message[:300])
        errors = [item.error for item in report.inputs]
        kind = "refused" if all(errors) else "partly" if any(errors) else "read"
        told[kind] += 1
        path.unlink()
    return told


def test_damaged_images(tmp_path: Path) -> None:
    told = check(COUNT, 1, tmp_path)
    assert min(told.values()) > 5, told


@pytest.mark.corpus
def test_many_damaged_images(tmp_path: Path) -> None:
    told = check(LONG, 2, tmp_path)
    assert min(told.values()) > 50, told
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 << 20, "more than 2 GiB"
