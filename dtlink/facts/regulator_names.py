"""The names of the nodes below a PMIC that its driver looks for, by the PMIC's compatible string.

They are the texts of the drivers of regulators in Linux 5.10 to 7.2 that may be such names, with
others that drivers have; ``tools/regulator_names.py`` lists them. Drivers that put names together
are not among them.
"""

from __future__ import annotations

from functools import lru_cache

from dtlink.facts.shipped import REGULATOR_NAMES, read_data


@lru_cache(maxsize=1)
def _lines() -> bytes:
    return read_data(REGULATOR_NAMES)


@lru_cache(maxsize=256)
def regulator_names(compatible: str) -> frozenset[str]:
    """The names that the driver of a PMIC may look for; empty: they are not known.

    The file is searched and not read into a table: a board has a PMIC or two.
    """
    lines, name = _lines(), f" {compatible} ".encode("latin-1")
    at = lines.find(name)
    names = lines[at : lines.find(b"\n", at)].partition(b" | ")[2] if at >= 0 else b""
    return frozenset(names.decode("ascii").split())  # empty: a regulator is called so
