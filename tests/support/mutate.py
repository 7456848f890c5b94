"""Damage, by a seed: blobs as broken storage, broken tools and ill will make them."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from tests.support.blobs import FIELDS, field, with_field, with_word

#: Numbers at which lengths, offsets and cells go wrong.
EXTREMES = (
    0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 255, 256, 0xFFFF, 0x10000, 0xFFFFFF,
    0x7FFFFFFC, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFC, 0xFFFFFFFE, 0xFFFFFFFF,
)  # fmt: skip
TOKENS = (1, 2, 3, 4, 9)


class Places(NamedTuple):
    """Where a sound blob has what can be damaged, as byte offsets."""

    tokens: list[int]
    lengths: list[int]
    names: list[int]
    cells: list[int]
    """The whole cells of property values."""
    small: list[int]
    """The values of one cell: phandles, ``#…-cells`` and the like."""


def places(blob: bytes) -> Places:
    """A second, plain reading of the structure block."""
    found = Places([], [], [], [], [])
    at = field(blob, "off_dt_struct")
    token = 0
    while token != 9:
        token = struct.unpack_from(">I", blob, at)[0]
        found.tokens.append(at)
        at += 4
        if token == 1:
            at += (blob.index(b"\0", at) - at + 4) & ~3
        elif token == 3:
            size = struct.unpack_from(">I", blob, at)[0]
            found.lengths.append(at)
            found.names.append(at + 4)
            cells = range(at + 8, at + 8 + (size & ~3), 4)
            found.cells.extend(cells)
            if size == 4:
                found.small.extend(cells)
            at += 8 + ((size + 3) & ~3)
    return found


class Mutator:
    """Makes damaged blobs out of sound ones, the same ones for the same seed."""

    def __init__(self, blobs: Mapping[str, bytes], seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable is what it must be
        self.sources = [(name, blob, places(blob)) for name, blob in blobs.items()]
        self.kinds: dict[str, Callable[[bytes, Places], bytes]] = {
            "truncated": self.truncated,
            "bits": self.bits,
            "header": self.header,
            "tokens": self.tokens,
            "lengths": self.lengths,
            "names": self.names,
            "cells": self.cells,
            "small": self.small,
            "copied": self.copied,
            "shuffled": self.shuffled,
            "swapped": self.swapped,
        }

    def blobs(self, count: int) -> Iterator[tuple[str, bytes]]:
        """So many damaged blobs, each with a name that says what was done to which."""
        for number in range(count):
            name, blob, where = self.random.choice(self.sources)
            kind = self.random.choice(list(self.kinds))
            yield f"{number} {name} {kind}", self.kinds[kind](blob, where)

    def _some(self, offsets: list[int], most: int) -> list[int]:
        return self.random.choices(offsets, k=self.random.randint(1, most))

    def _set(self, blob: bytes, offsets: list[int]) -> bytes:
        for offset in offsets:
            blob = with_word(blob, offset, self.random.choice(EXTREMES))
        return blob

    def truncated(self, blob: bytes, _: Places) -> bytes:
        """Cut off; half of the time with a header that says so."""
        cut = blob[: self.random.randrange(len(blob))]
        honest = len(cut) > 40 and self.random.random() < 0.5
        return with_field(cut, "totalsize", len(cut)) if honest else cut

    def bits(self, blob: bytes, _: Places) -> bytes:
        """Some bits turned over."""
        damaged = bytearray(blob)
        for _bit in range(self.random.randint(1, 8)):
            damaged[self.random.randrange(len(blob))] ^= 1 << self.random.randrange(8)
        return bytes(damaged)

    def header(self, blob: bytes, _: Places) -> bytes:
        """Header fields at extremes, or a little off."""
        for name in self.random.sample(FIELDS[1:], self.random.randint(1, 2)):
            near = field(blob, name) + self.random.choice((-8, -4, -1, 1, 4, 8))
            blob = with_field(blob, name, self.random.choice((*EXTREMES, near, near, near)))
        return blob

    def tokens(self, blob: bytes, where: Places) -> bytes:
        """Tokens replaced by others."""
        for offset in self._some(where.tokens, 2):
            blob = with_word(blob, offset, self.random.choice((*TOKENS, 0, 5, 0x03000000)))
        return blob

    def lengths(self, blob: bytes, where: Places) -> bytes:
        """Property lengths at extremes."""
        return self._set(blob, self._some(where.lengths, 2))

    def names(self, blob: bytes, where: Places) -> bytes:
        """Property names at extremes, or taken from each other."""
        for offset in self._some(where.names, 8):
            other = self.random.choice(where.names)
            blob = blob[:offset] + blob[other : other + 4] + blob[offset + 4 :]
        return self._set(blob, self._some(where.names, 1)) if self.random.random() < 0.3 else blob

    def cells(self, blob: bytes, where: Places) -> bytes:
        """Cells of property values at extremes."""
        return self._set(blob, self._some(where.cells, 40))

    def small(self, blob: bytes, where: Places) -> bytes:
        """Phandles and cell counts at extremes."""
        return self._set(blob, self._some(where.small, 10))

    def copied(self, blob: bytes, where: Places) -> bytes:
        """Cells taken from elsewhere: phandles that name the wrong nodes, and loops of them."""
        for offset in self._some(where.cells, 40):
            other = self.random.choice(where.small)
            blob = blob[:offset] + blob[other : other + 4] + blob[offset + 4 :]
        return blob

    def shuffled(self, blob: bytes, where: Places) -> bytes:
        """Pieces between tokens put into another order."""
        cuts = sorted({*self._some(where.tokens, 6), where.tokens[0], where.tokens[-1]})
        pieces = [blob[a:b] for a, b in pairwise(cuts)]
        self.random.shuffle(pieces)
        return blob[: cuts[0]] + b"".join(pieces) + blob[cuts[-1] :]

    def swapped(self, blob: bytes, _: Places) -> bytes:
        """The offsets, or the sizes, of two blocks exchanged."""
        offsets = ("off_dt_struct", "off_dt_strings", "off_mem_rsvmap")
        pairs = (self.random.sample(offsets, 2), ["size_dt_strings", "size_dt_struct"])
        one, other = self.random.choice(pairs)
        first, second = field(blob, one), field(blob, other)
        return with_field(with_field(blob, one, second), other, first)
